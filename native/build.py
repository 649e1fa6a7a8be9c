"""Build the native engine beside the Python sources, so that a checkout finds it: ``python native/build.py``.

Needs nanobind, CMake and Ninja in the environment of the interpreter that runs this, and a C++ compiler.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

NATIVE = Path(__file__).resolve().parent
ROOT = NATIVE.parent
ENGINES = ROOT / "src" / "chainrule" / "engines"
ISAS = ("v4", "v3", "base")


def main() -> None:
    """Configure, which takes no time when nothing is new, then build what has changed."""
    options = _arguments()
    name = f"{sys.implementation.cache_tag}{'-' if options.sanitize else ''}{options.sanitize.replace(',', '-')}"
    build = ROOT / "build" / "native" / name
    # A sanitizer's modules must not be taken for the ordinary ones: CHAINRULE_NATIVE_DIR names their folder.
    output = build / "modules" if options.sanitize else ENGINES
    configured = _configure(build, output, options)
    if configured.returncode:
        if options.optional:
            print("The native engine cannot be built here, the eager engine does its work; why: make native")
            return
        sys.exit(configured.stdout + configured.stderr)
    best = (build / "best_isa").read_text().strip()
    isas = [isa for isa in ISAS if isa == best or options.all or (options.optional and any(_files(output, isa)))]
    targets = ["all"] if options.all else [f"_native_{isa}" for isa in isas]
    if subprocess.run([_tool("cmake"), "--build", str(build), "--target", *targets], check=False).returncode:
        sys.exit(1)
    for isa in set(ISAS) - set(isas):
        for left in _files(output, isa):  # by an earlier call: nothing has checked that it is as new as the sources
            left.unlink()
    if options.sanitize:
        print(f"CHAINRULE_NATIVE_DIR={output}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every instruction set, not the best of this machine alone")
    parser.add_argument(
        "--optional",
        action="store_true",
        help="where it cannot be configured, say so and succeed; else build what is there and the best",
    )
    parser.add_argument("--sanitize", default="", help="address,undefined or thread; built in a folder of its own")
    parser.add_argument("--build-type", default="Release", help="CMake's, Release unless told")
    parser.add_argument("definitions", nargs="*", help="more -D… for CMake, after --")
    return parser.parse_args()


def _configure(build: Path, output: Path, options: argparse.Namespace) -> subprocess.CompletedProcess[str]:
    spec = importlib.util.find_spec("nanobind")
    if spec is None or spec.origin is None:
        sys.exit(f"nanobind is missing: {sys.executable} -m pip install nanobind cmake ninja")
    settings = {
        "CMAKE_MAKE_PROGRAM": _tool("ninja"),
        "CMAKE_BUILD_TYPE": options.build_type,
        "Python_EXECUTABLE": sys.executable,
        "nanobind_DIR": Path(spec.origin).parent / "cmake",
        "CHAINRULE_OUTPUT": output,
        "CHAINRULE_SANITIZE": options.sanitize,
    }
    command = [_tool("cmake"), "-S", str(NATIVE), "-B", str(build), "-G", "Ninja"]
    command += [f"-D{name}={value}" for name, value in settings.items()] + options.definitions
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _tool(name: str) -> str:
    """The program of the interpreter's own environment, or else of the system."""
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        sys.exit(f"{name} is missing: {sys.executable} -m pip install nanobind cmake ninja")
    return found


def _files(output: Path, isa: str) -> list[Path]:
    """The modules of one instruction set that this interpreter could load."""
    return [file for suffix in EXTENSION_SUFFIXES if (file := output / f"_native_{isa}{suffix}").is_file()]


if __name__ == "__main__":
    main()
