"""What training reaches: test accuracy over several seeds, beside others on the same budget."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

from harness import Failed, Options, Process, Result
from networks import accuracy_task, iris_task
from rivals import OURS, Rival
from task import Task

from workloads.base import Contender, TrainingContender, Workload, leave_out, rival_named, say
from workloads.letters import check_images

__all__ = ["ACCURACIES"]


class _Accuracy(Workload):
    """Trains with each of several seeds, which decide initial weights, order, and what else `task_of` makes of them.

    Attributes:
        seeds: how many are ours.
        rival_seeds: how many the others get, who may be slow.
        least: what our mean is to reach.
        near: a rival, and by how much our mean may be below its.
    """

    unit = "accuracy"
    rivals = ("torch",)
    seeds = 10
    rival_seeds = 10
    least: float | None = None
    near: tuple[str, float] | None = None

    def contender(self, name: str, smoke: bool) -> Contender:
        return _Seeded(rival_named(name), lambda seed: self.task_of(smoke, seed))

    def task_of(self, smoke: bool, seed: int) -> Task:
        raise NotImplementedError

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        self.check(options.smoke)
        yield self._result(OURS, *self._reached(OURS, options.pairs(self.seeds), options))
        for rival in self.present(rivals, skipped):
            try:
                yield self._result(rival, *self._reached(rival, options.pairs(self.rival_seeds), options))
            except Failed as reason:
                leave_out(skipped, f"{self.name}: {rival.title}: {reason}")

    def _reached(self, rival: Rival, seeds: int, options: Options) -> tuple[list[float], list[float]]:
        say(f"  {rival.title}: {seeds} seeds")
        reached, seconds = [], []
        with Process(self.name, rival, options.threads or 1, options.smoke) as process:
            for seed in range(seeds):
                seconds.append(process.train_once(seed))
                reached.append(float(process.score()["accuracy"]))
        return reached, seconds

    def _result(self, rival: Rival, reached: list[float], seconds: list[float]) -> Result:
        mean, spread = statistics.mean(reached), statistics.stdev(reached) if len(reached) > 1 else 0.0
        took = statistics.median(seconds)
        note = f"mean {mean:.4f}, standard deviation {spread:.4f} over {len(reached)} seeds; training {took:.2f} s each"
        details: dict[str, Any] = {"mean": mean, "standard_deviation": spread, "seconds": seconds}
        if rival is OURS:
            self._ours = mean
            return Result(self.name, None, self.unit, reached, note=note, details=details)
        details["ours_mean"] = self._ours
        return Result(self.name, rival.name, self.unit, [], reached, note=note, details=details)

    def verdict(self, result: Result) -> tuple[str, bool] | None:
        if result.rival is None and self.least is not None:
            return f"mean of at least {self.least}", result.details["mean"] >= self.least
        if self.near is not None and result.rival == self.near[0]:
            most = self.near[1]
            gap = result.details["mean"] - result.details["ours_mean"]
            return f"ours at most {most * 100:.1f} points below", gap <= most
        return None


class _Seeded(TrainingContender):
    """A trainer that gets a new task with each seed."""

    def __init__(self, rival: Rival, task_of: Callable[[int], Task]) -> None:
        self._rival, self._task_of = rival, task_of
        super().__init__(rival, task_of(0))

    def reset(self, seed: int) -> None:
        super().__init__(self._rival, self._task_of(seed))
        super().reset(seed)


class _FashionAccuracy(_Accuracy):
    name = "fashion-accuracy"
    title = "Fashion-MNIST, 784-128(ReLU)-10, Adam 1e-3, batch 32, 5 epochs: test accuracy over seeds"
    rivals = ("torch", "keras-jax", "keras-tensorflow")
    rival_seeds = 6
    least, near = 0.87, ("keras-tensorflow", 0.003)

    def task_of(self, smoke: bool, seed: int) -> Task:
        return accuracy_task(smoke)

    def check(self, smoke: bool) -> None:
        if not smoke:
            check_images()


class _CosineAccuracy(_FashionAccuracy):
    name = "cosine-accuracy"
    title = 'the same with schedule="cosine" from 2e-3'
    rivals = ()
    least, near = 0.88, None

    def task_of(self, smoke: bool, seed: int) -> Task:
        return accuracy_task(smoke, "cosine", 2e-3)


class _IrisAccuracy(_Accuracy):
    name = "iris-accuracy"
    title = "Iris as above, 60 epochs: test accuracy over 10 seeds, each with a split of its own"
    least = 0.92

    def task_of(self, smoke: bool, seed: int) -> Task:
        return iris_task(smoke, split=seed)


ACCURACIES = (_FashionAccuracy(), _CosineAccuracy(), _IrisAccuracy())
