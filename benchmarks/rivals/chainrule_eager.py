"""chainrule's `fit` on the eager engine, which is NumPy: the reference."""

from __future__ import annotations

from task import Task

from rivals import chainrule_fit


class Model(chainrule_fit.Model):
    engine = "eager"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.share = min(1.0, 3 / task.networks)
