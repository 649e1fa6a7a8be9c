"""What a program pays before its first line of work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from harness import Options, Result
from rivals import OURS, Rival

from workloads.base import Goal, Workload, say

__all__ = ["Imports"]

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
    title = "Fresh processes: the import statement by itself"
    repeats = 11
    rivals = tuple(_THEIRS)
    goals = (Goal("numpy", 1 / 1.5, "at most 1.5 × NumPy's import", "import"),)

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        repeats = options.pairs(self.repeats)
        say("  import numpy")
        for case, statement in (("import", _OURS), ("import all", _ALL_OF_OURS)):
            yield self._imports(case, statement, "numpy", "import numpy", OURS, repeats)
        for rival in self.present(rivals, skipped):
            say(f"  {rival.title}")
            repeats_here = min(repeats, 5)
            theirs = _THEIRS[rival.name]
            yield self._imports("import all", _ALL_OF_OURS, rival.name, theirs, rival, repeats_here)

    def _imports(self, case: str, statement: str, name: str, other: str, rival: Rival, repeats: int) -> Result:
        """Alternate two import statements, each in a fresh process that times it from within."""
        _import_seconds(statement, OURS)
        _import_seconds(other, rival)  # so that the files of both are in the system's cache
        pairs = [(_import_seconds(statement, OURS), _import_seconds(other, rival)) for _ in range(repeats)]
        ours, theirs = (list(side) for side in zip(*pairs, strict=True))
        return Result(self.name, name, "s", ours, theirs, case, f"`{statement}` / `{other}`")


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
