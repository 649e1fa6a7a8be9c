"""How the time of an epoch grows with width, depth, batch size, rows and threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import machine
import numpy as np
from harness import Failed, Options, Process, Result, rounds
from rivals import OURS, Rival
from task import Task, Trainer

from workloads.base import Workload, leave_out, rival_named, say

__all__ = ["AXES", "Growth", "growth_task"]

AXES: dict[str, tuple[int, ...]] = {
    "width": (8, 32, 128, 512, 1024, 2048),
    "depth": (1, 2, 4, 8, 16),
    "batch": (1, 8, 32, 128, 512),
    "rows": (256, 1_024, 4_096, 16_384, 65_536),
}
"""Along which one number at a time is changed."""

_QUICK = {"width": (32, 512), "depth": (1, 8), "batch": (8, 128), "rows": (1_024, 16_384)}
_THREADED = {"threads, width 128": "width=128", "threads, width 1024": "width=1024"}


def growth_task(case: str) -> Task:
    """64-128-128-10, Adam, batch 32, 4,096 rows, one epoch, with one of the numbers changed: ``"width=512"``."""
    axis, _, value = case.partition("=")
    given = {"width": 128, "depth": 2, "batch": 32, "rows": 4_096, axis: int(value)}
    rng = np.random.default_rng(0)
    x = rng.standard_normal((given["rows"], 64)).astype(np.float32)
    y = rng.integers(0, 10, given["rows"])
    widths = (64, *[given["width"]] * given["depth"], 10)
    return Task(x, y, widths, "adam", 1e-3, given["batch"], 1, x[:64], y[:64])


class _Growing:
    """One library on whichever case is asked for."""

    def __init__(self, rival: Rival, smoke: bool) -> None:
        self.rival, self.smoke = rival, smoke
        self.module = rival.load()
        self.made: dict[str, Trainer] = {}

    def select(self, case: str) -> None:
        if case not in self.made:
            task = growth_task(case)
            if self.smoke:
                task = replace(task, x=task.x[:64], y=task.y[:64])
            self.made = {case: self.module.Model(task)}  # the last one's data may go
        self.trainer = self.made[case]

    def reset(self, seed: int) -> None:
        self.trainer.reset(seed)

    def train(self) -> None:
        self.trainer.train()

    def score(self) -> dict[str, Any]:
        return {}


class Growth(Workload):
    name = "growth"
    title = "One epoch of 64-128-128-10, Adam, batch 32, 4,096 rows, with one number changed at a time"
    rivals = ("blocks", "eager", "jax", "torch")
    repeats = 3

    def contender(self, name: str, smoke: bool) -> _Growing:
        return _Growing(rival_named(name), smoke)

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        present = list(self.present(rivals, skipped))
        axes = (
            {axis: values[1:2] for axis, values in AXES.items()} if options.smoke else _QUICK if options.quick else AXES
        )
        cases = [f"{axis}={value}" for axis, values in axes.items() for value in values]
        threads = options.threads or (1 if options.smoke else machine.cores())
        yield from self._cases({case: case for case in cases}, present, threads, options, skipped)
        if options.smoke:
            return
        for count in range(1, machine.cores() + 1):
            named = {f"{name}={count}": case for name, case in _THREADED.items()}
            yield from self._cases(named, present, count, options, skipped)

    def _cases(
        self, cases: dict[str, str], present: list[Rival], threads: int, options: Options, skipped: list[str]
    ) -> Iterator[Result]:
        first = next(iter(cases.values()))
        with contextlib.ExitStack() as stack:
            everybody: list[Process] = []
            for rival in (OURS, *present):
                try:
                    everybody.append(stack.enter_context(Process(self.name, rival, threads, options.smoke, first)))
                except Failed as reason:
                    leave_out(skipped, f"{self.name}: {rival.title}: {reason}")
            for name, case in cases.items():
                say(f"  {name}")
                rounds(everybody, 1, case)  # compilation, warm caches
                ours, *others = rounds(everybody, options.pairs(self.repeats), case)
                for process, theirs in zip(everybody[1:], others, strict=True):
                    details = {"threads": threads}
                    yield Result(self.name, process.rival.name, "s", ours, theirs, name, details=details)
