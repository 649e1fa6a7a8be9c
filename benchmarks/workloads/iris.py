"""Iris with batch normalisation: a deep, narrow network on few rows."""

from __future__ import annotations

from task import Task

from workloads.base import Workload

__all__ = ["Iris", "iris_task"]

EPOCHS = 60


def iris_task(smoke: bool, split: int = 0) -> Task:
    """4-128-64-32-16-3, batch normalisation on the first three, Adam 3e-3, batch 16; stratified 20% held out."""
    import chainrule as cr

    parts = cr.data.load("iris").prepare(test=0.2, seed=split, stratify=True)
    return Task(
        parts.train.inputs,
        parts.train.targets,
        (4, 128, 64, 32, 16, 3),
        "adam",
        3e-3,
        16,
        2 if smoke else EPOCHS,
        parts.test.inputs,
        parts.test.targets,
        batch_norm=3,
    )


class Iris(Workload):
    name = "iris"
    title = f"Iris, 4-128-64-32-16-3, BatchNorm on the first three, Adam 3e-3, batch 16, {EPOCHS} epochs"

    def task(self, smoke: bool) -> Task:
        return iris_task(smoke)
