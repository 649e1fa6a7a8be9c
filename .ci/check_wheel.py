"""Run in an environment with nothing but the wheel: is the package whole, and does it need NumPy alone?"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import chainrule

sources = Path(sys.argv[1])
installed = Path(chainrule.__file__).parent
if sources.resolve() == installed.resolve():
    sys.exit("the sources were imported, not the wheel")

expected = {path.relative_to(sources) for path in sources.rglob("*") if path.is_file() and path.suffix != ".pyc"}
missing = sorted(str(path) for path in expected if not (installed / path).is_file())
if missing:
    sys.exit(f"the wheel lacks: {', '.join(missing)}")

packages = {distribution.metadata["Name"].lower() for distribution in importlib.metadata.distributions()}
unwanted = packages - {"chainrule", "numpy", "pip", "setuptools"}
if unwanted:
    sys.exit(f"the wheel pulls in more than NumPy: {', '.join(sorted(unwanted))}")

if chainrule.__version__ != importlib.metadata.version("chainrule"):
    sys.exit(f"version {chainrule.__version__} is installed as {importlib.metadata.version('chainrule')}")

print(f"chainrule {chainrule.__version__} works with {', '.join(sorted(packages - {'pip', 'setuptools'}))} alone")
