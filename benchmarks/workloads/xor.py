"""XOR: four rows, nine parameters, ten thousand steps; nothing but overhead."""

from __future__ import annotations

from task import Task

from workloads.base import Workload

__all__ = ["Xor"]


class Xor(Workload):
    name = "xor"
    title = "XOR, 2-2-1 sigmoid, BCE, SGD lr 1, 10,001 full-batch steps"
    goals = ((("torch", ""), 1.0, "faster than PyTorch eager"),)

    def task(self, smoke: bool) -> Task:
        import numpy as np

        x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
        y = np.array([0, 1, 1, 0], np.int64)
        steps = 73 if smoke else 10_001
        return Task(x, y, (2, 2, 1), "sgd", 1.0, 4, steps, x, y, activation="sigmoid", sigmoid_output=True)
