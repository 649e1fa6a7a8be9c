"""Means and ratios of the results."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from results import Result
from sets import SETS

__all__ = ["Scores"]


class Scores:
    """What can be asked of the fits that succeeded."""

    def __init__(self, rows: Iterable[Result]) -> None:
        self._rows: dict[tuple[str, str], dict[int, Result]] = {}
        for row in rows:
            if row.error is not None:
                self._rows.setdefault((row.set, row.method), {})[row.seed] = row
        self._sets = list(dict.fromkeys(name for name, _ in self._rows))

    def mean(self, name: str, method: str) -> float | None:
        """Mean error over all seeds done."""
        errors = [row.error or 0.0 for row in self._of(name, method).values()]
        return statistics.fmean(errors) if errors else None

    def spread(self, name: str, method: str) -> float:
        """Standard deviation of the errors over the seeds; 0 for a single one."""
        errors = [row.error or 0.0 for row in self._of(name, method).values()]
        return statistics.stdev(errors) if len(errors) > 1 else 0.0

    def seeds(self, name: str) -> str:
        """How many seeds the methods have done."""
        numbers = {len(rows) for (of, _), rows in self._rows.items() if of == name}
        return "–".join(map(str, sorted({min(numbers), max(numbers)}))) if numbers else "0"

    def time(self, name: str, method: str) -> float | None:
        """Median processor time of a fit."""
        times = [row.cpu_s for row in self._of(name, method).values()]
        return statistics.median(times) if times else None

    def ratios(self, method: str, rivals: tuple[str, ...], shift: float | None = None) -> dict[str, float]:
        """For each set the error of `method` over that of the best of `rivals`.

        Only seeds that all of them have done count, and rivals without results for a set are left out of it.

        Args:
            shift: added to both errors; by default half a test row for classes and nothing for quantities.
        """
        found = {}
        for name in self._sets:
            ours = self._of(name, method)
            theirs = [rows for rival in rivals if (rows := self._of(name, rival))]
            seeds = set(ours).intersection(*theirs) if theirs else set()
            if not seeds:
                continue
            half = 0.5 / ours[min(seeds)].rows[1] if SETS[name].classes else 0.0
            added = half if shift is None else shift
            best = min(_mean(rows, seeds) for rows in theirs)
            found[name] = (_mean(ours, seeds) + added) / (best + added)
        return found

    def time_ratios(self, method: str, rival: str) -> dict[str, float]:
        """For each set the median time of `method` over that of `rival`."""
        pairs = {name: (self.time(name, method), self.time(name, rival)) for name in self._sets}
        return {name: a / b for name, (a, b) in pairs.items() if a and b}

    def _of(self, name: str, method: str) -> dict[int, Result]:
        return self._rows.get((name, method), {})


def _mean(rows: dict[int, Result], seeds: set[int]) -> float:
    return statistics.fmean(rows[seed].error or 0.0 for seed in seeds)
