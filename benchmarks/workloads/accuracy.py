"""What training reaches: test accuracy over several seeds, beside PyTorch's on the same budget."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

from harness import Failed, Options, Process, Result
from rivals import OURS, Rival
from task import Task

from workloads.base import Contender, TrainingContender, Workload, leave_out, say
from workloads.fashion import Fashion, fashion_task
from workloads.iris import EPOCHS, iris_task

__all__ = ["ACCURACIES"]


class _Accuracy(Workload):
    """Trains with each of several seeds, which decide initial weights, order, and what else `task_of` makes of them."""

    unit = "accuracy"
    rivals = ("torch",)
    seeds: int
    least: float

    def contender(self, name: str, smoke: bool) -> Contender:
        from rivals import RIVALS

        return _Seeded(OURS if name == OURS.name else RIVALS[name], lambda seed: self.task_of(smoke, seed))

    def task_of(self, smoke: bool, seed: int) -> Task:
        raise NotImplementedError

    def measure(self, rivals: list[Rival], options: Options, skipped: list[str]) -> Iterator[Result]:
        self.check(options.smoke)
        seeds = range(2 if options.smoke else self.seeds)
        ours = self._reached(OURS, seeds, options)
        theirs: dict[str, list[float]] = {}
        for rival in self.present(rivals, skipped):
            try:
                theirs[rival.name] = self._reached(rival, seeds, options)
            except Failed as reason:
                leave_out(skipped, f"{self.name}: {rival.title}: {reason}")
        note = f"mean {statistics.mean(ours):.4f} ± {statistics.pstdev(ours):.4f} over {len(ours)} seeds"
        for name, reached in theirs.items():
            note += f"; {name} {statistics.mean(reached):.4f} ± {statistics.pstdev(reached):.4f}"
        yield Result(self.name, None, self.unit, ours, note=note, details={"rivals": theirs})

    def _reached(self, rival: Rival, seeds: range, options: Options) -> list[float]:
        say(f"  {rival.title}: {len(seeds)} seeds")
        reached = []
        with Process(self.name, rival, options.threads or 1, options.smoke) as process:
            for seed in seeds:
                process.train(seed)
                reached.append(float(process.score()["accuracy"]))
        return reached

    def verdict(self, result: Result) -> tuple[str, bool] | None:
        return f"mean accuracy of at least {self.least}", statistics.mean(result.ours) >= self.least


class _Seeded(TrainingContender):
    """A trainer that gets a new task with each seed."""

    def __init__(self, rival: Rival, task_of: Callable[[int], Task]) -> None:
        self._rival, self._task_of = rival, task_of

    def reset(self, seed: int) -> None:
        super().__init__(self._rival, self._task_of(seed))
        super().reset(seed)


class _FashionAccuracy(_Accuracy):
    name = "fashion-accuracy"
    title = "Fashion-MNIST as above, 5 epochs: test accuracy over 3 seeds"
    seeds, least = 3, 0.87

    def task_of(self, smoke: bool, seed: int) -> Task:
        return fashion_task(smoke, epochs=1 if smoke else 5)

    def check(self, smoke: bool) -> None:
        Fashion().check(smoke)


class _IrisAccuracy(_Accuracy):
    name = "iris-accuracy"
    title = f"Iris as above, {EPOCHS} epochs: test accuracy over 10 seeds, each with a split of its own"
    seeds, least = 10, 0.92

    def task_of(self, smoke: bool, seed: int) -> Task:
        return iris_task(smoke, split=seed)


ACCURACIES = (_FashionAccuracy(), _IrisAccuracy())
