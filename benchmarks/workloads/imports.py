"""What a program pays before its first line of work: imports, and a cold process to its first trained network."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from harness import Options, Result
from rivals import OURS, Rival

from workloads.base import Workload, say

__all__ = ["Imports"]

_WORKER = Path(__file__).resolve().parents[1] / "worker.py"
_TIMED = "import time; t = time.perf_counter(); {what}; print(time.perf_counter() - t)"
_OURS = "import chainrule"
_ALL_OF_OURS = "import chainrule as cr; cr.nn, cr.fit, cr.data.load, cr.optim.Adam, cr.Tensor"
_THEIRS = {
    "torch": "import torch",
    "jax": "import jax, jax.numpy",
    "keras-jax": "import keras",
    "keras-tensorflow": "import keras",
    "sklearn": "import sklearn.neural_network",
}


class Imports(Workload):
    name = "import"
    title = "Fresh processes: the import statement by itself, and from the start to a trained XOR"
    repeats = 11
    goals = ((("numpy", "import"), 1 / 1.5, "at most 1.5 × NumPy's import"),)

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        repeats = options.repeats or (2 if options.smoke else self.repeats)
        say("  import numpy")
        for case, statement in (("import", _OURS), ("import all", _ALL_OF_OURS)):
            yield self._imports(case, statement, "numpy", "import numpy", OURS, repeats)
        for rival in self.present(rivals, skipped):
            say(f"  {rival.title}")
            repeats_here = min(repeats, 5)
            theirs = _THEIRS[rival.name]
            yield self._imports("import all", _ALL_OF_OURS, rival.name, theirs, rival, repeats_here)
            yield self._cold(rival, repeats_here, options)

    def _imports(self, case: str, statement: str, name: str, other: str, rival: Rival, repeats: int) -> Result:
        """Alternate two import statements, each in a fresh process that times it from within."""
        _import_seconds(statement, OURS)
        _import_seconds(other, rival)  # so that the files of both are in the system's cache
        pairs = [(_import_seconds(statement, OURS), _import_seconds(other, rival)) for _ in range(repeats)]
        ours, theirs = (list(side) for side in zip(*pairs, strict=True))
        return Result(self.name, name, "s", ours, theirs, case, f"`{statement}` / `{other}`")

    def _cold(self, rival: Rival, repeats: int, options: Options) -> Result:
        pairs = [(_cold_seconds(OURS, options), _cold_seconds(rival, options)) for _ in range(repeats)]
        ours, theirs = (list(side) for side in zip(*pairs, strict=True))
        return Result(self.name, rival.name, "s", ours, theirs, "cold start to trained XOR")


def _import_seconds(statement: str, rival: Rival) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(what=statement)],
        env=rival.variables(1),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return float(done.stdout)


def _cold_seconds(rival: Rival, options: Options) -> float:
    command = [sys.executable, str(_WORKER), "xor", rival.name, "--once", *(["--smoke"] if options.smoke else [])]
    began = time.perf_counter()
    subprocess.run(command, env=rival.variables(1), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
