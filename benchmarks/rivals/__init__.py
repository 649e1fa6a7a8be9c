"""Libraries that do the tasks, each as its own experts would write it.

A rival is a module with a class ``Model(task)``, a `Trainer`; the module is imported in that rival's process alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
from dataclasses import dataclass
from types import ModuleType

__all__ = ["OURS", "RIVALS", "Rival", "matching"]

# Without compiled bytecode every import would be slower than any user's.
_NEVER = {"PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Rival:
    """A contender: its module in this folder, what must be installed, and the environment of its process."""

    name: str
    title: str
    module: str
    needs: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def missing(self) -> list[str]:
        """Packages that are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name) is None]

    def load(self) -> ModuleType:
        return importlib.import_module(f"rivals.{self.module}")

    def variables(self, threads: int) -> dict[str, str]:
        """Environment of a process that uses this many threads."""
        count = str(threads)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
        inherited = {name: value for name, value in os.environ.items() if name not in _NEVER}
        return {**inherited, **dict.fromkeys(names, count), "BENCHMARK_THREADS": count, **dict(self.environment)}


OURS = Rival("chainrule", "chainrule (eager)", "chainrule_eager", ("chainrule",))

RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival("torch", "PyTorch eager", "pytorch_eager", ("torch",)),
        Rival("jax", "JAX lax.scan", "jax_scan", ("jax",), (("JAX_PLATFORMS", "cpu"),)),
        Rival("keras-jax", "Keras 3 (JAX)", "keras_fit", ("keras", "jax"),
              (("KERAS_BACKEND", "jax"), ("JAX_PLATFORMS", "cpu"))),
        Rival("keras-tensorflow", "Keras 3 (TensorFlow)", "keras_fit", ("keras", "tensorflow"),
              (("KERAS_BACKEND", "tensorflow"), ("TF_CPP_MIN_LOG_LEVEL", "3"), ("CUDA_VISIBLE_DEVICES", ""))),
        Rival("sklearn", "scikit-learn", "sklearn_mlp", ("sklearn",)),
    )
}  # fmt: skip


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
