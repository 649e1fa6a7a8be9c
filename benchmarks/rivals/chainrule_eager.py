"""chainrule, as its users call it: `fit` on a data set, the eager engine."""

from __future__ import annotations

import numpy as np
from task import Task

import chainrule as cr
from chainrule import nn

_ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}


class Model:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.data = cr.data.Dataset(task.x, task.y)
        self.test = cr.data.Dataset(task.x_test, task.y_test)
        self.loss = "cross_entropy"
        if task.binary:
            self.loss = "bce" if task.sigmoid_output else "bce_with_logits"
        self.seed = 0

    def reset(self, seed: int) -> None:
        cr.manual_seed(seed)
        self.seed = seed
        self.model = nn.Sequential(*self._layers())

    def _layers(self) -> list[nn.Module]:
        task = self.task
        layers: list[nn.Module] = [nn.Flatten()] if task.x.ndim > 2 else []
        last = len(task.widths) - 2
        for i, (inputs, outputs) in enumerate(zip(task.widths, task.widths[1:], strict=False)):
            layers.append(nn.Linear(inputs, outputs))
            if i < task.batch_norm:
                layers.append(nn.BatchNorm1d(outputs))
            if i < last:
                layers.append(_ACTIVATIONS[task.activation]())
        return [*layers, nn.Sigmoid()] if task.sigmoid_output else layers

    def train(self) -> None:
        task = self.task
        cr.fit(
            self.model,
            self.data,
            loss=self.loss,
            optimizer=task.optimizer,
            lr=task.lr,
            epochs=task.epochs,
            batch_size=task.batch_size,
            metrics=[],
            seed=self.seed,
            engine="eager",
            verbose=0,
        )

    def classes(self) -> np.ndarray:
        return cr.predict_proba(self.model, self.test).argmax(axis=1)
