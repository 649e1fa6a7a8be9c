"""What a grid search asks for: many short trainings of networks of different shapes on one small table."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from rivals import OURS, Rival
from task import Task

from workloads.base import Goal, Workload, rival_named
from workloads.table import table_task

__all__ = ["Grid", "grid_tasks"]


def grid_tasks(smoke: bool) -> list[Task]:
    """Two hundred networks: ten shapes, two activations, five learning rates, two batch sizes; 20 epochs each."""
    base = table_task(smoke)
    shapes = [(8,), (16,), (32,), (64,), (100,), (8, 8), (16, 16), (32, 16), (64, 32), (32, 32, 16)]
    rates = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
    tasks = [
        replace(base, widths=(20, *hidden, 1), activation=activation, lr=lr, batch_size=size, epochs=1 if smoke else 20)
        for hidden, activation, lr, size in itertools.product(shapes, ("relu", "tanh"), rates, (32, 200))
    ]
    return tasks[:: len(tasks) // 4] if smoke else tasks


class _Grid:
    """Each network is made, trained and asked for its test accuracy, as many at a time as there are threads."""

    def __init__(self, rival: Rival, smoke: bool) -> None:
        self.rival, self.tasks = rival, grid_tasks(smoke)
        self.threads = int(os.environ["BENCHMARK_THREADS"])
        rival.load()

    def reset(self, seed: int) -> None:
        self.seed = seed

    def train(self) -> None:
        self.accuracies = list(self._map())

    def score(self) -> dict[str, Any]:
        return {"accuracy": max(self.accuracies)}

    def _map(self) -> Any:
        if self.threads > 1 and self.rival.name == "sklearn":  # as its grid search does it
            from joblib import Parallel, delayed

            return Parallel(self.threads)(delayed(_fit)(self.rival.name, task, self.seed) for task in self.tasks)
        if self.threads > 1 and self.rival is OURS:  # which computes without holding Python's lock
            with ThreadPoolExecutor(self.threads) as pool:
                return list(pool.map(lambda task: _fit(self.rival.name, task, self.seed), self.tasks))
        return [_fit(self.rival.name, task, self.seed) for task in self.tasks]


def _fit(name: str, task: Task, seed: int) -> float:
    model = rival_named(name).load().Model(task)
    model.reset(seed)
    model.train()
    return float(np.mean(model.classes() == task.y_test))


class Grid(Workload):
    name = "grid"
    title = "200 networks of different small shapes on a table of 1,000 × 20, Adam, 20 epochs each, batch 32 or 200"
    rivals = ("eager", "torch", "sklearn")
    repeats = 3
    goals = (Goal("sklearn", 10.0, "at least 10 × scikit-learn"),)

    def contender(self, name: str, smoke: bool) -> _Grid:
        return _Grid(rival_named(name), smoke)
