"""Build the native engine beside the Python sources, so that a checkout finds it: ``python native/build.py``.

Needs nanobind, CMake and Ninja in the environment of the interpreter that runs this, and a C++ compiler.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

NATIVE = Path(__file__).resolve().parent
ROOT = NATIVE.parent
ENGINES = ROOT / "src" / "chainrule" / "engines"


def main() -> None:
    """Configure once, then build what has changed."""
    options = _arguments()
    if options.optional and not _has_compiler():
        print("no C++ compiler: the native engine is left out, the eager engine does the work", file=sys.stderr)
        return
    name = f"{sys.implementation.cache_tag}{'-' if options.sanitize else ''}{options.sanitize.replace(',', '-')}"
    build = ROOT / "build" / "native" / name
    # A sanitizer's modules must not be taken for the ordinary ones: CHAINRULE_NATIVE_DIR names their folder.
    output = build / "modules" if options.sanitize else ENGINES
    _configure(build, output, options)
    isas = ["all"] if options.all else [f"_native_{_best(build)}"]
    _run([_tool("cmake"), "--build", str(build), "--target", *isas])
    if not options.all and output == ENGINES:
        _remove_others(isas[0])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every instruction set, not the best of this machine alone")
    parser.add_argument("--optional", action="store_true", help="without a compiler, say so and succeed")
    parser.add_argument("--sanitize", default="", help="address,undefined or thread; built in a folder of its own")
    parser.add_argument("--build-type", default="Release", help="CMake's, Release unless told")
    parser.add_argument("definitions", nargs="*", help="more -D… for CMake, after --")
    return parser.parse_args()


def _configure(build: Path, output: Path, options: argparse.Namespace) -> None:
    spec = importlib.util.find_spec("nanobind")
    if spec is None or spec.origin is None:
        sys.exit(f"nanobind is missing: {sys.executable} -m pip install nanobind cmake ninja")
    _run([
        *(_tool("cmake"), "-S", str(NATIVE), "-B", str(build), "-G", "Ninja", "--log-level=WARNING"),
        f"-DCMAKE_MAKE_PROGRAM={_tool('ninja')}",
        f"-DCMAKE_BUILD_TYPE={options.build_type}",
        f"-DPython_EXECUTABLE={sys.executable}",
        f"-Dnanobind_DIR={Path(spec.origin).parent / 'cmake'}",
        f"-DCHAINRULE_OUTPUT={output}",
        f"-DCHAINRULE_SANITIZE={options.sanitize}",
        *options.definitions,
    ])  # fmt: skip


def _tool(name: str) -> str:
    """The program of the interpreter's own environment, or else of the system."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        sys.exit(f"{name} is missing: {sys.executable} -m pip install nanobind cmake ninja")
    return found


def _has_compiler() -> bool:
    named = os.environ.get("CXX")
    return any(shutil.which(name) for name in ([named] if named else ["c++", "g++", "clang++", "clang-cl"]))


def _best(build: Path) -> str:
    return (build / "best_isa").read_text().strip()


def _remove_others(module: str) -> None:
    """Builds that were left behind by another call would be older than the sources."""
    for path in ENGINES.glob("_native_*"):
        if not path.name.startswith(f"{module}."):
            path.unlink()


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
