"""Where a run took place: versions, machine, engine, commit."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.engines.base import Engine
from chainrule.train.runs.repository import commit_of

__all__ = ["describe_environment"]

_PACKAGES = ("scipy", "threadpoolctl", "pandas", "pyarrow")
_VARIABLES = ("CHAINRULE_NATIVE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONHASHSEED")


def describe_environment(engine: Engine) -> dict[str, Any]:
    """Return all that another machine would have to share, JSON-able; nothing is run to find it out."""
    from chainrule import __version__

    return {
        "chainrule": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "numpy": np.__version__,
        "blas": _blas(),
        "packages": {name: version for name in _PACKAGES if (version := _version(name)) is not None},
        "engine": engine.name,
        "build": _build(engine.name),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "processors": os.cpu_count(),
        "host": platform.node(),
        "variables": {name: os.environ[name][:200] for name in _VARIABLES if name in os.environ},
        "folder": _folder(),
        "git": commit_of(_program_folder()),
    }


def _build(engine: str) -> str | None:
    if engine != "native":
        return None
    from chainrule.engines.native_build import load

    return load().name


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _blas() -> str | None:
    try:
        built: Any = np.show_config(mode="dicts")
        blas = built["Build Dependencies"]["blas"]
        return f"{blas['name']} {blas.get('version', '')}".strip()
    except (AttributeError, KeyError, TypeError):
        return None


def _processor() -> str | None:
    """The processor's name; Linux alone tells it in a file, the others to `platform`."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file.read(2**16).splitlines():
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    return value.strip()
    except OSError:
        pass
    return os.environ.get("PROCESSOR_IDENTIFIER") if os.name == "nt" else None


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


def _program_folder() -> Path:
    """Where the running program lies, whose commit counts; at a prompt and for commands, the current folder."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if file is None or Path(file).stem in ("chainrule", "__main__"):
        return Path()
    return Path(file).parent
