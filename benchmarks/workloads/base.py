"""What all workloads share: contenders, and a paired comparison of ours with each rival."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar, Protocol

from harness import Failed, Options, Process, Result, Spread, alternate, best_threads
from rivals import OURS, RIVALS, Rival
from task import Task, Trainer

__all__ = ["Contender", "Goal", "Skipped", "TrainingContender", "Workload", "say"]

Goal = tuple[tuple[str, str], float, str]
"""Rival and case, the least that the median ratio is to be, and the same in words."""


class Skipped(Exception):  # noqa: N818 - a message, no mistake of the caller
    """A workload cannot be measured here; the message says why."""


class Contender(Protocol):
    """What a worker runs; only `train` is timed."""

    def reset(self, seed: int) -> None: ...
    def train(self) -> None: ...
    def score(self) -> dict[str, Any]: ...


class TrainingContender:
    """A library's trainer on one task."""

    def __init__(self, rival: Rival, task: Task) -> None:
        self.task = task
        self.trainer: Trainer = rival.load().Model(task)

    def reset(self, seed: int) -> None:
        self.trainer.reset(seed)

    def train(self) -> None:
        self.trainer.train()

    def score(self) -> dict[str, Any]:
        return {"accuracy": float((self.trainer.classes() == self.task.y_test).mean())}


class Workload:
    """One thing to measure.

    Attributes:
        name: as given on the command line.
        title: a line that says what is trained.
        unit: of the numbers reported; `per` says how many of them make one measurement of seconds.
        rivals: whom it is compared with.
        repeats: pairs for each rival, unless the command line says otherwise.
        goals: what we mean to reach.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    unit: ClassVar[str] = "s"
    rivals: ClassVar[tuple[str, ...]] = tuple(RIVALS)
    repeats: ClassVar[int] = 5
    goals: ClassVar[tuple[Goal, ...]] = ()
    threads: ClassVar[int | None] = None

    def task(self, smoke: bool) -> Task:
        """What is trained.

        Raises:
            Skipped: if the data are not here.
        """
        raise NotImplementedError

    def contender(self, name: str, smoke: bool) -> Contender:
        """The contender that is called so, in the worker's process."""
        return TrainingContender(OURS if name == OURS.name else RIVALS[name], self.task(smoke))

    def check(self, smoke: bool) -> None:
        """Raise `Skipped` if this cannot be measured here."""

    def scale(self, smoke: bool) -> float:
        """What a measurement in seconds is multiplied by, to be in `unit`."""
        return 1.0

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        """Compare ours with each rival that takes part and is installed; who is left out is noted in `skipped`."""
        self.check(options.smoke)
        if self.threads is not None:
            options = Options(options.repeats, self.threads, options.smoke)
        repeats = options.repeats or (2 if options.smoke else self.repeats)
        scale = self.scale(options.smoke)
        with best_threads(self.name, OURS, options) as ours:
            for rival in self.present(rivals, skipped):
                try:
                    with best_threads(self.name, rival, options) as theirs:
                        say(f"  {rival.title}: {repeats} pairs, {ours.threads} and {theirs.threads} thread(s)")
                        pairs = alternate(ours, theirs, repeats)
                        yield self._result(rival, ours, theirs, *pairs, scale)
                except Failed as reason:
                    leave_out(skipped, f"{self.name}: {rival.title}: {reason}")

    def present(self, rivals: list[Rival], skipped: list[str]) -> Iterator[Rival]:
        """The rivals that take part here and are installed."""
        for rival in rivals:
            if rival.name not in self.rivals:
                continue
            missing = rival.missing()
            if missing:
                leave_out(skipped, f"{self.name}: {rival.title}: not installed ({', '.join(missing)})")
            else:
                yield rival

    def _result(
        self, rival: Rival, ours: Process, theirs: Process, a: list[float], b: list[float], scale: float
    ) -> Result:
        scores = {"ours": ours.score(), "theirs": theirs.score()}
        details = {
            "threads": {"ours": ours.threads, "theirs": theirs.threads},
            "first_run_s": {"ours": ours.first, "theirs": theirs.first},
            "reached": scores,
        }
        note = f"threads {ours.threads} / {theirs.threads}; first run {ours.first:.2f} / {theirs.first:.2f} s"
        if "accuracy" in scores["ours"]:
            note += f"; accuracy {scores['ours']['accuracy']:.3f} / {scores['theirs']['accuracy']:.3f}"
        return Result(
            self.name, rival.name, self.unit, [x * scale for x in a], [x * scale for x in b], note=note, details=details
        )

    def verdict(self, result: Result) -> tuple[str, bool] | None:
        """The goal that a result is held against, and whether it is met; None if there is none."""
        for compared, least, words in self.goals:
            if compared == (result.rival, result.case) and result.ratios:
                return words, Spread.of(result.ratios).median >= least
        return None


def leave_out(skipped: list[str], words: str) -> None:
    """Note what is not measured, for the report, and say so at once."""
    skipped.append(words)
    say(f"  NOT MEASURED: {words}")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
