"""The machine and the software that numbers belong to."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rivals import native_engine

__all__ = ["busy", "cores", "describe", "fma_peak", "memory_mib", "name", "peak_memory_mib"]

_PACKAGES = ("chainrule", "numpy", "torch", "jax", "jaxlib", "keras", "tensorflow", "scikit-learn", "onnxruntime")


def describe() -> dict[str, Any]:
    """CPU, cores, memory, system, versions of Python and packages, and the BLAS that NumPy was built with."""
    return {
        "cpu": _cpu_name(),
        "cores": cores(),
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "blas": _blas(),
        "native": _native(),
        "commit": _commit(),
        "fma_peak": {str(threads): peak for threads in sorted({1, cores()}) if (peak := fma_peak(threads))},
        "load_at_start": busy(),
    }


def fma_peak(threads: int, seconds: float = 0.3) -> float | None:
    """Floating-point operations per second that so many threads reach, in single precision, doing nothing else.

    By a loop of the native engine's, for the instruction set that it was built for; None without that engine.
    """
    module = native_engine()
    return None if module is None else float(module._peak(threads, seconds))


def name() -> str:
    """The machine's name in a file's: its processor and its cores."""
    words = re.sub(r"\(.*?\)|[^a-z0-9]+", " ", f"{_cpu_name()} {cores()} cores".lower())
    return "-".join(words.split())


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def busy() -> float | None:
    """Mean number of running processes in the last minute; above 0 at the start, others shared the machine."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def memory_mib() -> float | None:
    """Memory that this process holds now, in MiB; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def peak_memory_mib() -> float | None:
    """The most memory that this process has held, in MiB; None where the system does not tell."""
    try:
        # Not `getrusage`, which begins with what the parent process held when it started this one.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _native() -> str:
    from chainrule.engines import native_build

    return str(native_build.load())


def _commit() -> str | None:
    """The source's commit, if git knows one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _memory_gib() -> float | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        if package != "chainrule":
            return None
        import chainrule  # found through PYTHONPATH, without having been installed

        return chainrule.__version__


def _blas() -> str:
    import numpy as np

    built = np.show_config(mode="dicts") or {}
    library = built.get("Build Dependencies", {}).get("blas", {})
    return f"{library.get('name', 'unknown')} {library.get('version', '')}".strip()
