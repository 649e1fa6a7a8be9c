"""Which build of the native engine runs here: the sources are compiled once for each instruction set.

``v4`` needs AVX-512 (F, BW, CD, DQ, VL), ``v3`` AVX2 and FMA, ``base`` any processor of its family; on ARM and macOS
there is ``base`` alone.  Each build refuses to be imported where its instructions are missing, so the first of them
that can be imported is the best.  Nothing is loaded before somebody asks.

Environment variables:
    CHAINRULE_NATIVE: ``v4``, ``v3`` or ``base`` allows that build alone, ``off`` none.
    CHAINRULE_NATIVE_DIR: take the builds from this folder (`make native SANITIZE=…` names one), not from the package.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType
from typing import NamedTuple

__all__ = ["BUILDS", "NativeBuild", "find", "load"]

BUILDS = {"v4": "AVX-512", "v3": "AVX2", "base": "baseline"}
"""The builds, best first, and what a reader calls them."""

_REPAIR = "install chainrule where there is a C++ compiler (GCC 12, Clang 14 or newer); in a checkout: make native"


class NativeBuild(NamedTuple):
    """The build that was loaded, or why there is none.

    Attributes:
        name: ``"v4"``, ``"v3"`` or ``"base"``; None if there is none.
        path: the file that it was loaded from.
        reason: why there is none, or why it is not a better one; empty for the best.
        module: the extension module itself.
    """

    name: str | None
    path: str | None
    reason: str
    module: ModuleType | None = None

    def __str__(self) -> str:
        """One line for a reader."""
        if self.name is None:
            return f"not loaded: {self.reason}"
        return f"{self.name} ({BUILDS[self.name]})" + (f"; {self.reason}" if self.reason else "")


@functools.cache
def load() -> NativeBuild:
    """The best build for this machine, looked for once."""
    folder = os.environ.get("CHAINRULE_NATIVE_DIR")
    return find(os.environ.get("CHAINRULE_NATIVE", ""), folder or os.path.dirname(__file__))


def find(wanted: str, folder: str | os.PathLike[str]) -> NativeBuild:
    """Load the best build in a folder.

    Args:
        wanted: the value of ``CHAINRULE_NATIVE``; empty for the best.
        folder: where the modules ``_native_v4``, ``_native_v3`` and ``_native_base`` are.
    """
    if wanted == "off":
        return NativeBuild(None, None, "CHAINRULE_NATIVE=off")
    if wanted and wanted not in BUILDS:
        return NativeBuild(None, None, f"CHAINRULE_NATIVE={wanted!r} is none of {', '.join(BUILDS)}, off")
    refusals: list[str] = []
    for name in [wanted] if wanted else BUILDS:
        file = _file(name, folder)
        if file is None:
            continue
        module, refusal = _load(name, file)
        if module is not None:
            return NativeBuild(name, file, "; ".join(refusals), module)
        refusals.append(f"{name}: {refusal}")
    missing = f"{wanted or 'it'} was not built: {_REPAIR}"
    return NativeBuild(None, None, "; ".join(refusals) or missing)


def _file(name: str, folder: str | os.PathLike[str]) -> str | None:
    files = (os.path.join(folder, f"_native_{name}{suffix}") for suffix in importlib.machinery.EXTENSION_SUFFIXES)
    return next(filter(os.path.isfile, files), None)


def _load(name: str, file: str) -> tuple[ModuleType | None, str]:
    """The module, or the reason why it cannot be imported here."""
    from chainrule import __version__

    full_name = f"chainrule.engines._native_{name}"
    known = sys.modules.get(full_name)
    if known is not None and known.__file__ == file:  # a process loads a file once
        return known, ""
    spec = importlib.util.spec_from_file_location(full_name, file)
    if spec is None or spec.loader is None:
        return None, f"{file} is no extension module"
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as error:
        return None, str(error)
    if module.version() != __version__:
        return None, f"it is of version {module.version()}, chainrule of {__version__}; build it again"
    sys.modules[full_name] = module
    return module, ""
