"""Iris with batch normalisation: a deep, narrow network on few rows."""

from __future__ import annotations

from networks import iris_task
from task import Task

from workloads.base import Workload

__all__ = ["Iris"]


class Iris(Workload):
    name = "iris"
    title = "Iris, 4-128-64-32-16-3, BatchNorm on the first three, Adam 3e-3, batch 16, 60 epochs"
    repeats = 5

    def task(self, smoke: bool) -> Task:
        return iris_task(smoke)
