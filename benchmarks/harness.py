"""Paired, alternating measurement.

A ratio between two libraries means little if one ran while the machine was busy and the other while it was not.  So
the two take turns, first one and then the other beginning, and each turn gives one ratio; what is reported is the
median of the ratios, with the smallest and the largest.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import machine
from rivals import Rival

__all__ = ["Failed", "Options", "Process", "Result", "Spread", "alternate", "best_threads"]

_WORKER = Path(__file__).with_name("worker.py")
_REST = 0.05  # seconds between turns, for threads that still spin


@dataclass(frozen=True)
class Options:
    """How to measure.

    Attributes:
        repeats: pairs for each rival; None for the workload's own number.
        threads: for everybody; None to give each contender the number that it is fastest with.
        smoke: tiny sizes, to see that everything runs; the numbers mean nothing.
    """

    repeats: int | None = None
    threads: int | None = None
    smoke: bool = False


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of repeated measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass
class Result:
    """One line of the table.

    Attributes:
        workload, rival: what was measured, against whom; without a rival it is ours alone.
        case: which of a workload's several measurements, if it has any.
        unit: of ours and theirs: "s", "µs/step", …
        ours, theirs: the measurements, pair by pair.
        note: what else there is to know: what was reached, with how many threads.
        details: more numbers, for the JSON file.
    """

    workload: str
    rival: str | None
    unit: str
    ours: list[float]
    theirs: list[float] = field(default_factory=list)
    case: str = ""
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """How many times as long as ours the rival took, pair by pair."""
        return [theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True)] if self.theirs else []

    def as_dict(self) -> dict[str, Any]:
        ratios = self.ratios
        return {**asdict(self), "ratios": ratios, "ratio": asdict(Spread.of(ratios)) if ratios else None}


class Failed(Exception):  # noqa: N818 - a message, no mistake of the caller
    """A contender could not be measured; the message is its last words."""


class Process:
    """A contender in its own process."""

    def __init__(self, workload: str, rival: Rival, threads: int, smoke: bool) -> None:
        self.threads, self.title = threads, rival.title
        command = [sys.executable, str(_WORKER), workload, rival.name, *(["--smoke"] if smoke else [])]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - a pipe that nobody reads would fill up
        self._child = subprocess.Popen(
            command,
            env=rival.variables(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        try:
            self._hear()  # that it is ready
            self.first = self.train(0)
        except Failed:
            self.close()
            raise

    def train(self, seed: int) -> float:
        """Train once, from new weights; returns seconds."""
        return float(self._ask({"do": "train", "seed": seed})["seconds"])

    def score(self) -> dict[str, Any]:
        """What the last training reached, and the peak of memory."""
        return self._ask({"do": "score"})

    def close(self) -> None:
        if self._child.stdin is not None and not self._child.stdin.closed:
            self._child.stdin.close()
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._errors.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # its last words say why
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            self._child.wait()
            self._errors.seek(0)
            raise Failed((self._errors.read().strip().splitlines() or ["it ended without a word"])[-1])
        answer: dict[str, Any] = json.loads(line)
        if "unsupported" in answer:
            raise Failed(answer["unsupported"])
        return answer


def best_threads(workload: str, rival: Rival, options: Options) -> Process:
    """Start a contender with the number of threads that it is fastest with, warmed up.

    Warming up is one whole training, compilation and all; `Process.first` says how long that took.
    """
    candidates = [options.threads] if options.threads else sorted({1, machine.cores()})
    if options.smoke:
        candidates = candidates[:1]
    tried: list[tuple[float, Process]] = []
    for threads in candidates:
        process = Process(workload, rival, threads, options.smoke)
        tried.append((min(process.train(1), process.train(2)) if len(candidates) > 1 else 0.0, process))
    tried.sort(key=lambda pair: pair[0])
    for _, process in tried[1:]:
        process.close()
    return tried[0][1]


def alternate(ours: Process, theirs: Process, repeats: int) -> tuple[list[float], list[float]]:
    """Let two contenders take turns; returns the seconds of each."""
    seconds: dict[Process, list[float]] = {ours: [], theirs: []}
    for turn in range(repeats):
        for process in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
            time.sleep(_REST)
            seconds[process].append(process.train(turn + 3))
    return seconds[ours], seconds[theirs]
