"""Paired, alternating measurement.

A ratio between two libraries means little if one ran while the machine was busy and the other while it was not.  So
the contenders take turns, another one beginning each time, and each round gives one ratio for each pair; what is
reported is the median of the ratios, with the smallest and the largest.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import machine
from rivals import Rival

__all__ = ["Failed", "Options", "Process", "Result", "Spread", "best_threads", "rounds"]

_WORKER = Path(__file__).with_name("worker.py")
_REST = 0.05  # seconds between turns, for threads that still spin
_TURN = 0.2  # seconds that a turn takes at least, of as many trainings as that needs; their median counts
_PATIENCE = 150.0  # seconds after which rounds end, if there were three


@dataclass(frozen=True)
class Options:
    """How to measure.

    Attributes:
        repeats: pairs for each rival; None for the workload's own number.
        threads: for everybody; None to give each contender the number that it is fastest with.
        smoke: tiny sizes, to see that everything runs; the numbers mean nothing.
        quick: whole sizes, few pairs, fewer seeds.
    """

    repeats: int | None = None
    threads: int | None = None
    smoke: bool = False
    quick: bool = False

    def pairs(self, usual: int) -> int:
        """How many, where a full run would make `usual`."""
        return self.repeats or (2 if self.smoke else min(3, usual) if self.quick else usual)


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
        blocks: of our engine alone, in the same rounds, if it took part.
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
    blocks: list[float] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """How many times as long as ours the rival took, pair by pair."""
        return _ratios(self.theirs, self.ours)

    @property
    def blocks_ratios(self) -> list[float]:
        """How many times as long as our engine alone the rival took."""
        return _ratios(self.theirs, self.blocks)

    def as_dict(self) -> dict[str, Any]:
        found = {**asdict(self), "ratios": self.ratios, "blocks_ratios": self.blocks_ratios}
        for name, ratios in (("ratio", self.ratios), ("blocks_ratio", self.blocks_ratios)):
            found[name] = asdict(Spread.of(ratios)) if ratios else None
        return found


def _ratios(theirs: list[float], ours: list[float]) -> list[float]:
    return [b / a for a, b in zip(ours, theirs, strict=True)] if ours and theirs else []


class Failed(Exception):  # noqa: N818 - a message, no mistake of the caller
    """A contender could not be measured; the message is its last words."""


class Process:
    """A contender in its own process.

    Attributes:
        first: seconds of its first training, compilation and all.
    """

    def __init__(
        self, workload: str, rival: Rival, threads: int, smoke: bool, case: str = "", variant: str = ""
    ) -> None:
        self.threads, self.rival, self.variant = threads, rival, variant
        self._turn = 0.0 if smoke else _TURN
        command = [sys.executable, str(_WORKER), workload, rival.name, *(["--smoke"] if smoke else [])]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - a pipe that nobody reads would fill up
        self._child = subprocess.Popen(
            command,
            env={**rival.variables(threads), "BENCHMARK_VARIANT": variant},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        try:
            self._hear()  # that it is ready
            self.first = self._train(0, 0.0, case)
        except Failed:
            self.close()
            raise

    def train(self, seed: int, case: str = "") -> float:
        """Train from new weights, several times if that is short; returns the median of the seconds."""
        return self._train(seed, self._turn, case)

    def train_once(self, seed: int) -> float:
        """Train one network."""
        return self._train(seed, 0.0, "")

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

    def _train(self, seed: int, turn: float, case: str) -> float:
        return float(self._ask({"do": "train", "seed": seed, "turn": turn, "case": case})["seconds"])

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
    """Start a contender as it is fastest here, warmed up: with one thread or all, and as which of its variants.

    Warming up is one whole training, compilation and all; `Process.first` says how long that took.
    """
    candidates = [options.threads] if options.threads else sorted({1, machine.cores()})
    chosen = [(threads, variant) for variant in ("", *rival.variants) for threads in candidates]
    if options.smoke:
        chosen = chosen[:1]
    best: tuple[float, Process] | None = None
    for threads, variant in chosen:
        try:
            process = Process(workload, rival, threads, options.smoke, variant=variant)
        except Failed:
            if variant:
                continue  # it does not apply here
            raise
        seconds = min(process.train(1), process.train(2)) if len(chosen) > 1 else 0.0
        if best is None or seconds < best[0]:
            if best is not None:
                best[1].close()
            best = seconds, process
        else:
            process.close()
    assert best is not None
    return best[1]


def rounds(contenders: Sequence[Process], repeats: int, case: str = "") -> list[list[float]]:
    """Let contenders take turns; returns the seconds of each, round by round."""
    seconds: list[list[float]] = [[] for _ in contenders]
    began = time.perf_counter()
    for number in range(repeats):
        for i in range(len(contenders)):
            which = (i + number) % len(contenders)
            time.sleep(_REST)
            seconds[which].append(contenders[which].train(number + 3, case))
        if number >= 2 and time.perf_counter() - began > _PATIENCE:
            break
    return seconds
