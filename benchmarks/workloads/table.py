"""A small table, as scikit-learn's users have them."""

from __future__ import annotations

import numpy as np
from task import Task

from workloads.base import Goal, Workload

__all__ = ["Table", "table_task"]


def table_task(smoke: bool) -> Task:
    """Two classes that a straight line cannot part, with noise; 1,000 rows to learn from, 500 to test."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1_500, 20)).astype(np.float32)
    score = np.tanh(x[:, 0] * x[:, 1]) + x[:, 2] - 0.5 * x[:, 3] ** 2 + 0.3 * rng.standard_normal(1_500)
    y = (score > np.median(score)).astype(np.int64)
    epochs = 2 if smoke else 200
    return Task(x[:1_000], y[:1_000], (20, 100, 1), "adam", 1e-3, 200, epochs, x[1_000:], y[1_000:])


class Table(Workload):
    name = "table"
    title = "1,000 × 20 table, two classes, 20-100(ReLU)-1, Adam 1e-3, batch 200, 200 epochs (scikit-learn's defaults)"
    with_blocks = True
    repeats = 5
    goals = (Goal("sklearn", 1.0, "faster than scikit-learn"),)

    def task(self, smoke: bool) -> Task:
        return table_task(smoke)
