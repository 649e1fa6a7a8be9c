"""Run in an environment with nothing but the wheel: is the package whole, does it need NumPy alone, does it train?

Arguments: the folder of the sources, and ``native`` or ``eager``, which says what the wheel was built with.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

import chainrule
from chainrule.engines.native_build import BUILDS, load

sources, kind = Path(sys.argv[1]), sys.argv[2]
installed = Path(chainrule.__file__).parent
if sources.resolve() == installed.resolve():
    sys.exit("the sources were imported, not the wheel")

files = {path.relative_to(sources) for path in sources.rglob("*") if path.is_file()}
expected = {path for path in files if path.suffix != ".pyc" and not path.name.startswith("_native_")}
missing = sorted(str(path) for path in expected if not (installed / path).is_file())
if missing:
    sys.exit(f"the wheel lacks: {', '.join(missing)}")

packages = {distribution.metadata["Name"].lower() for distribution in importlib.metadata.distributions()}
unwanted = packages - {"chainrule", "numpy", "pip", "setuptools"}
if unwanted:
    sys.exit(f"the wheel pulls in more than NumPy: {', '.join(sorted(unwanted))}")

if chainrule.__version__ != importlib.metadata.version("chainrule"):
    sys.exit(f"version {chainrule.__version__} is installed as {importlib.metadata.version('chainrule')}")

TRAIN = """
import chainrule as cr
from chainrule import nn
from chainrule.engines.native_build import load
x = cr.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
cr.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
history = cr.fit(model, (x, [0, 1, 1, 0]), loss="bce_with_logits", optimizer="adam", lr=0.05, epochs=200, verbose=0)
print(load().name, history["loss"][-1])
"""


def trained(build: str) -> tuple[str, float]:
    """Train XOR in a process that may load that build alone; return the build that it had, and the last loss."""
    settings = {**os.environ, "CHAINRULE_NATIVE": build}
    result = subprocess.run(
        [sys.executable, "-I", "-c", TRAIN], env=settings, capture_output=True, text=True, check=True
    )
    name, loss = result.stdout.split()
    return name, float(loss)


there = [name for name in BUILDS if any((installed / "engines").glob(f"_native_{name}.*"))]
wanted = list(BUILDS) if platform.machine() in ("x86_64", "AMD64") and sys.platform != "darwin" else ["base"]
if there != (wanted if kind == "native" else []):
    sys.exit(f"the wheel was to have the builds {wanted if kind == 'native' else []} and has {there}")
if (load().name is None) != (kind == "eager"):
    sys.exit(f"of a wheel with the builds {there}: {load()}")

# Each build that this processor can run, best first, and none of them.
runnable = there[there.index(load().name) :] if load().name else []
for build in [*runnable, "off"]:
    name, loss = trained(build)
    if name != ("None" if build == "off" else build) or not loss < 0.05:
        sys.exit(f"with CHAINRULE_NATIVE={build}: loaded {name}, loss {loss}")

alone = ", ".join(sorted(packages - {"pip", "setuptools"}))
print(f"chainrule {chainrule.__version__} works with {alone} alone; builds: {', '.join(runnable) or load()}")
