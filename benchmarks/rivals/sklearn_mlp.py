"""scikit-learn's `MLPClassifier`, without regularisation and early stopping, so that the work is the same."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from task import Task, Unsupported

_ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic", "tanh": "tanh"}
_MOST = 3  # networks that one training trains, when there are a thousand


class Model:
    def __init__(self, task: Task) -> None:
        if task.batch_norm:
            raise Unsupported("scikit-learn has no batch normalisation")
        task.needs(schedule="not measured: the schedule is ours")
        self.task = task
        self.share = min(1.0, _MOST / task.networks)
        self.x, self.x_test = task.flat(task.x), task.flat(task.x_test)

    def reset(self, seed: int) -> None:
        task = self.task
        self.model = MLPClassifier(
            task.widths[1:-1],
            activation=_ACTIVATIONS[task.activation],
            solver=task.optimizer,
            alpha=0.0,
            batch_size=min(task.batch_size, len(task.x)),
            learning_rate_init=task.lr,
            max_iter=task.epochs,
            momentum=0.0,
            nesterovs_momentum=False,
            tol=0.0,
            n_iter_no_change=task.epochs + 1,
            shuffle=not task.full_batch,
            random_state=seed,
        )

    def train(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for _ in range(round(self.task.networks * self.share)):
                self.model.fit(self.x, self.task.y)

    def classes(self) -> np.ndarray:
        return self.model.predict(self.x_test)
