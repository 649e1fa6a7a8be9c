"""`Trajectory`: the path that training takes through the space of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.train.callbacks import Callback, Logs
from chainrule.train.evaluation import check_count

__all__ = ["Trajectory"]


class Trajectory(Callback):
    """Keep the model's arrays from before training, from every few epochs, and from its end.

    Each state takes as much memory as the model.  Training a second time with the same callback starts a new path.

    >>> import chainrule as cr
    >>> from chainrule import nn
    >>> data, path = cr.data.load("xor"), cr.train.Trajectory(every=10)
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> history = cr.fit(model, data, lr=0.05, epochs=50, callbacks=[path], verbose=0)
    >>> path.epochs
    [0, 10, 20, 30, 40, 50]
    >>> plane = cr.explain.landscape(model, data, directions="pca", trajectory=path.states, points=3)

    Args:
        every: epochs between two states.

    Attributes:
        states: one mapping from paths to arrays, as of `state_dict`, for each moment.  The last one is how training
            left the model, also if that are the restored weights of an earlier epoch.
        epochs: how many epochs were finished at that moment.

    Raises:
        ConfigError: if `every` is no whole number from 1 on.
    """

    def __init__(self, every: int = 1) -> None:
        check_count("every", every)
        self.every = every
        self.states: list[dict[str, np.ndarray]] = []
        self.epochs: list[int] = []

    def on_train_begin(self) -> None:
        self.states, self.epochs = [], []
        self._keep(0)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if (epoch + 1) % self.every == 0:
            self._keep(epoch + 1)

    def on_train_end(self) -> None:
        now = self.training.snapshot().state
        if any(not np.array_equal(self.states[-1][path], value) for path, value in now.items()):
            self._keep(self.training.history.best_epoch or self.training.epoch)

    def state_dict(self) -> dict[str, Any]:
        return {"states": self.states, "epochs": self.epochs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.states, self.epochs = list(state["states"]), list(state["epochs"])

    def _keep(self, epoch: int) -> None:
        self.states.append(self.training.snapshot().state)
        self.epochs.append(epoch)
