"""What all workloads share: contenders, and a paired comparison of ours with each rival."""

from __future__ import annotations

import contextlib
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

from harness import Failed, Options, Process, Result, Spread, best_threads, rounds
from rivals import OURS, RIVALS, TRAINERS, Rival
from task import Task, Trainer

__all__ = ["Contender", "Goal", "Skipped", "TrainingContender", "Workload", "leave_out", "rival_named", "say"]


@dataclass(frozen=True)
class Goal:
    """What we mean to reach.

    Attributes:
        rival, case: which comparison.
        least: what the median ratio is to be.
        words: the same for a reader.
        blocks: the ratio is that to our engine alone: like the rival, it has everything in place when time begins.
    """

    rival: str
    least: float
    words: str
    case: str = ""
    blocks: bool = False


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
        self.share = getattr(self.trainer, "share", 1.0)

    def reset(self, seed: int) -> None:
        self.trainer.reset(seed)

    def train(self) -> None:
        self.trainer.train()

    def score(self) -> dict[str, Any]:
        accuracy = float((self.trainer.classes() == self.task.y_test).mean())
        return {"accuracy": accuracy, "share": self.share, "flops": self.task.flops}


class Workload:
    """One thing to measure.

    Attributes:
        name: as given on the command line.
        title: a line that says what is trained.
        unit: of the numbers reported; `per` says how many of them make one measurement of seconds.
        rivals: whom it is compared with.
        repeats: pairs for each rival, unless the command line says otherwise.
        goals: what we mean to reach.
        threads: for everybody; None for what each is fastest with.
        with_blocks: our engine alone takes part in each round.
    """

    name: str
    title: str
    unit: ClassVar[str] = "s"
    rivals: tuple[str, ...] = TRAINERS
    repeats: ClassVar[int] = 7
    goals: tuple[Goal, ...] = ()
    threads: ClassVar[int | None] = None
    with_blocks: ClassVar[bool] = False

    def task(self, smoke: bool) -> Task:
        """What is trained.

        Raises:
            Skipped: if the data are not here.
        """
        raise NotImplementedError

    def contender(self, name: str, smoke: bool) -> Contender:
        """The contender that is called so, in the worker's process."""
        return TrainingContender(rival_named(name), self.task(smoke))

    def check(self, smoke: bool) -> None:
        """Raise `Skipped` if this cannot be measured here."""

    def scale(self, smoke: bool) -> float:
        """What a measurement in seconds is multiplied by, to be in `unit`."""
        return 1.0

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        """Compare ours with each rival that takes part and is installed; who is left out is noted in `skipped`."""
        self.check(options.smoke)
        if self.threads is not None:
            options = replace(options, threads=self.threads)
        repeats = options.pairs(self.repeats)
        with contextlib.ExitStack() as stack:
            ours = [stack.enter_context(best_threads(self.name, OURS, options))]
            blocks = RIVALS["blocks"]
            if self.with_blocks and not blocks.missing():
                ours.append(stack.enter_context(best_threads(self.name, blocks, options)))
                if blocks in rivals:
                    yield self._against(blocks, ours[:1], ours[1], repeats, options)
            for rival in self.present(rivals, skipped):
                if rival.name == "blocks":
                    continue
                try:
                    with best_threads(self.name, rival, options) as theirs:
                        yield self._against(rival, ours, theirs, repeats, options)
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

    def _against(self, rival: Rival, ours: list[Process], theirs: Process, repeats: int, options: Options) -> Result:
        everybody = [*ours, theirs]
        threads = " / ".join(str(process.threads) for process in everybody)
        say(f"  {rival.title}: {repeats} rounds, threads {threads}")
        scale = self.scale(options.smoke)
        seconds = [[one * scale for one in row] for row in rounds(everybody, repeats)]
        names = ["ours", *["blocks"] * (len(ours) - 1), "theirs"]
        reached = {side: process.score() for side, process in zip(names, everybody, strict=True)}
        # What the first training took beyond a usual one: compilation, and whatever else is made once.
        warm_up = {
            side: process.first - statistics.median(row) / scale
            for side, process, row in zip(names, everybody, seconds, strict=True)
        }
        result = Result(
            self.name,
            rival.name,
            self.unit,
            seconds[0],
            seconds[-1],
            blocks=seconds[1] if len(ours) > 1 else [],
            details={
                "threads": {side: process.threads for side, process in zip(names, everybody, strict=True)},
                "variants": {side: process.variant for side, process in zip(names, everybody, strict=True)},
                "warm_up_s": warm_up,
                "reached": reached,
            },
        )
        result.note = self.note(result)
        return result

    def note(self, result: Result) -> str:
        """What else there is to know, ours before the rival's."""
        details = result.details
        sides = ("ours", "theirs")
        a, b = (details["threads"][side] for side in sides)
        words = [f"threads {a} / {b}"]
        if details["variants"]["theirs"]:
            words.append(f"the rival's variant {details['variants']['theirs']!r}")
        warm = details["warm_up_s"]["theirs"]
        if warm > 0.2:
            words.append(f"first training {warm:.1f} s more")
        accuracies = [details["reached"][side].get("accuracy") for side in sides]
        if None not in accuracies:
            words.append(f"accuracy {accuracies[0]:.3f} / {accuracies[1]:.3f}")
        for side, who in zip(sides, ("chainrule", "rival"), strict=True):
            share = details["reached"][side].get("share", 1.0)
            if share < 1:
                words.append(f"{who}: {share:.1%} of the work, scaled up")
        return "; ".join(words)

    def verdict(self, result: Result) -> tuple[str, bool] | None:
        """The goal that a result is held against, and whether it is met; None if there is none."""
        for goal in self.goals:
            ratios = result.blocks_ratios if goal.blocks else result.ratios
            if (goal.rival, goal.case) == (result.rival, result.case) and ratios:
                return goal.words, Spread.of(ratios).median >= goal.least
        return None


def rival_named(name: str) -> Rival:
    """A contender by its name."""
    return OURS if name == OURS.name else RIVALS[name]


def leave_out(skipped: list[str], words: str) -> None:
    """Note what is not measured, for the report, and say so at once."""
    skipped.append(words)
    say(f"  NOT MEASURED: {words}")


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
