"""The results: a line of JSON for each fit, added when it is done, so that a run that was ended loses one fit."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Key", "Result", "Results"]


class Key(NamedTuple):
    """What is done once."""

    set: str
    method: str
    seed: int
    cap: int


@dataclass
class Result:
    """One fit.

    Attributes:
        set, method, seed, cap: which one.
        error: share of test rows with the wrong class, or RMSE over the standard deviation of all targets; None if the
            fit failed.
        rows: rows that the fit saw, and test rows.
        wall_s, cpu_s: seconds of the fit, preparation of the columns included: by the clock, and of processor time,
            which other programs on the machine disturb less.
        predict_s: processor time of predicting the test rows.
        message: why it failed.
        origin: versions, commit, day, machine.
        details: what else the method tells.
    """

    set: str
    method: str
    seed: int
    cap: int
    error: float | None = None
    rows: tuple[int, int] = (0, 0)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    predict_s: float = 0.0
    message: str = ""
    origin: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return Key(self.set, self.method, self.seed, self.cap)


class Results:
    """A file of results. Several processes may add to it at once."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self) -> dict[Key, Result]:
        """The latest of each, failures not replacing successes; what a killed process left half-written is skipped."""
        found: dict[Key, Result] = {}
        for line in self.file.read_bytes().splitlines() if self.file.exists() else ():
            try:
                result = Result(**json.loads(line))
                result.rows = tuple(result.rows)
            except (ValueError, TypeError):
                continue
            if result.error is not None or result.key not in found:
                found[result.key] = result
        return found

    def done(self, key: Key) -> bool:
        """Whether this fit succeeded before."""
        known = self.read().get(key)
        return known is not None and known.error is not None

    def add(self, result: Result) -> None:
        """Append a line, by one write, and wait until it is on the disk."""
        line = json.dumps(asdict(result), ensure_ascii=False).encode() + b"\n"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                line = b"\n" + line  # after the half line of a process that was killed
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
