"""chainrule, as its users call it: `fit` on a data set; the engine that "auto" takes.

Many networks of one shape are trained as `restarts` trains them: all at once where that can be done, else in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from task import Task

import chainrule as cr
from chainrule import nn

_ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
_MOST = 20  # networks that are trained in turn, when there are a thousand: see `share`


class Model:
    engine = "auto"

    def __init__(self, task: Task) -> None:
        self.task = task
        self.data = cr.data.Dataset(task.x, task.y)
        self.test = cr.data.Dataset(task.x_test, task.y_test)
        self.loss = "cross_entropy"
        if task.binary:
            self.loss = "bce" if task.sigmoid_output else "bce_with_logits"
        self.seed = 0
        self.options = {
            "loss": self.loss,
            "optimizer": task.optimizer,
            "lr": task.lr,
            "epochs": task.epochs,
            "batch_size": task.batch_size,
            "schedule": task.schedule,
            "metrics": [],
            "engine": self.engine,
            "verbose": 0,
        }
        self.together = _together() if task.networks > 1 and self.engine == "auto" else None
        self.share = 1.0 if self.together else min(1.0, _MOST / task.networks)

    def reset(self, seed: int) -> None:
        cr.manual_seed(seed)
        self.seed = seed
        self.models = [self.network() for _ in range(round(self.task.networks * self.share))]

    @property
    def model(self) -> nn.Module:
        return self.models[0]

    def network(self) -> nn.Module:
        task = self.task
        layers: list[nn.Module] = [nn.Flatten()] if task.x.ndim > 2 else []
        last = len(task.widths) - 2
        for i, (inputs, outputs) in enumerate(zip(task.widths, task.widths[1:], strict=False)):
            layers.append(nn.Linear(inputs, outputs))
            if i < task.batch_norm:
                layers.append(nn.BatchNorm1d(outputs))
            if i < last:
                layers.append(_ACTIVATIONS[task.activation]())
        return nn.Sequential(*layers, *([nn.Sigmoid()] if task.sigmoid_output else []))

    def train(self) -> None:
        if self.together:
            seeds = range(self.seed, self.seed + len(self.models))
            if self.together(self.models, self.data, seeds, self.options) is None:
                raise RuntimeError("these networks cannot be trained at once")
            return
        for model in self.models:
            cr.fit(model, self.data, seed=self.seed, **self.options)

    def classes(self) -> np.ndarray:
        return cr.predict_proba(self.model, self.test).argmax(axis=1)


def _together() -> Callable[..., Any] | None:
    """What `restarts` trains many networks with; who trains a single one does not import it."""
    try:
        from chainrule.train.together import train_together
    except ImportError:  # a version that trains one network at a time
        return None
    return train_together
