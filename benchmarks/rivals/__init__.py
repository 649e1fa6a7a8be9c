"""Libraries that do the tasks, each as its own experts would write it.

A rival is a module with a class ``Model(task)``, a `Trainer`; the module is imported in that rival's process alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["OURS", "RIVALS", "TRAINERS", "Rival", "matching", "native_engine"]

# Without compiled bytecode every import would be slower than any user's.
_NEVER = {"PYTHONDONTWRITEBYTECODE"}


def native_engine() -> Any:
    """The extension module of chainrule's native engine; None if it was not built."""
    if importlib.util.find_spec("chainrule") is None:
        return None
    return importlib.import_module("chainrule.engines.native_build").load().module


@dataclass(frozen=True)
class Rival:
    """A contender: its module in this folder, what must be installed, and the environment of its process.

    `variants` are other ways to do the same, which its module knows by ``BENCHMARK_VARIANT``; the fastest counts.
    """

    name: str
    title: str
    module: str
    needs: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    variants: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """What is not installed here."""
        if self.name == "blocks" and not native_engine():
            return ["the native engine: make native"]
        return [name for name in self.needs if importlib.util.find_spec(name) is None]

    def load(self) -> ModuleType:
        return importlib.import_module(f"rivals.{self.module}")

    def variables(self, threads: int) -> dict[str, str]:
        """Environment of a process that uses this many threads; NPROC is what XLA's pool of threads goes by."""
        count = str(threads)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC")
        inherited = {name: value for name, value in os.environ.items() if name not in _NEVER}
        return {**inherited, **dict.fromkeys(names, count), "BENCHMARK_THREADS": count, **dict(self.environment)}


OURS = Rival("chainrule", "chainrule", "chainrule_fit", ("chainrule",))

_JAX = (("JAX_PLATFORMS", "cpu"),)
_TENSORFLOW = (("KERAS_BACKEND", "tensorflow"), ("TF_CPP_MIN_LOG_LEVEL", "3"), ("CUDA_VISIBLE_DEVICES", ""))

RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival("blocks", "chainrule's engine alone", "chainrule_blocks", ("chainrule",)),
        Rival("eager", "chainrule eager", "chainrule_eager", ("chainrule",)),
        Rival("jax", "JAX lax.scan", "jax_scan", ("jax",), _JAX, ("uint8", "unroll")),
        Rival("torch", "PyTorch eager", "pytorch_eager", ("torch",)),
        Rival("torch-compile", "PyTorch compiled", "pytorch_compiled", ("torch",)),
        Rival("keras-jax", "Keras 3 (JAX)", "keras_fit", ("keras", "jax"), (("KERAS_BACKEND", "jax"), *_JAX)),
        Rival("keras-tensorflow", "Keras 3 (TensorFlow)", "keras_fit", ("keras", "tensorflow"), _TENSORFLOW),
        Rival("sklearn", "scikit-learn", "sklearn_mlp", ("sklearn",)),
        Rival("onnx", "ONNX Runtime", "", ("onnx", "onnxruntime")),
    )
}
"""In the order in which they are measured.  The first two are chainrule itself: its native engine without `fit` around
it, and its NumPy engine."""

TRAINERS = tuple(name for name, rival in RIVALS.items() if rival.module)
"""Those that can train."""


def matching(wanted: str) -> list[Rival]:
    """The rivals that a comma-separated list names; ``keras`` stands for Keras on every backend.

    Raises:
        SystemExit: for a name that is nobody's.
    """
    chosen: list[Rival] = []
    for name in filter(None, (part.strip() for part in wanted.split(","))):
        found = [rival for rival in RIVALS.values() if rival.name == name or rival.name.startswith(f"{name}-")]
        if not found:
            raise SystemExit(f"run.py: unknown rival {name!r}; known: {', '.join((*RIVALS, 'keras'))}")
        chosen += [rival for rival in found if rival not in chosen]
    return chosen
