"""What a network says about each row in the user's units, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.core.mode import quiet
from chainrule.data import Dataset
from chainrule.data.dataset import with_inputs
from chainrule.errors import ConfigError, DataError
from chainrule.explain.given import model_inputs
from chainrule.explain.supervised import loss_for
from chainrule.losses import Loss
from chainrule.nn.evaluation import model_dtype, outputs_of
from chainrule.nn.module import Module
from chainrule.nn.objective import decides

__all__ = ["Predictor", "predictor_of"]


@dataclass(frozen=True)
class Predictor:
    """A network with the link of the loss that it was trained with, or else of the usual one for the data.

    Attributes:
        model: the network.
        loss: None if nothing says what it was trained with.
        classes: whether it tells classes apart.
    """

    model: Module
    loss: Loss | None
    classes: bool

    def __call__(self, data: Dataset) -> np.ndarray:
        """Probability of each class ``(N, C)``, 1 and 0 by a loss that gives none; or quantities ``(N,)``, ``(N, k)``.

        Raises:
            DataError: if the model's outputs are not finite.
        """
        outputs = outputs_of(self.model, with_inputs(data, model_dtype(self.model)))
        if not np.isfinite(outputs).all():
            row = int(np.argwhere(~np.isfinite(outputs))[0][0])
            raise DataError("the model's outputs are not finite", where=f"row {row}", fix="Its training diverged")
        with quiet():
            linked = outputs if self.loss is None else np.asarray(self.loss.link(outputs))
        if not self.classes or self.loss is None:
            own = data.preprocessing.decode(linked) if data.task == "regression" else linked
            return own[:, 0] if own.ndim == 2 and own.shape[1] == 1 else own
        if self.loss.task == "multiclass":
            return np.asarray(linked[:, : None if data.classes is None else len(data.classes)])
        second = linked.reshape(len(linked), -1)[:, 0].astype(np.float64)
        if not self.loss.probabilistic:
            second = (second > self.loss.threshold).astype(np.float64)
        return np.stack([1 - second, second], axis=1)

    def truth(self, data: Dataset) -> np.ndarray | None:
        """The true class of each row ``(N,)``, or the true quantities; None without targets.

        Raises:
            ConfigError: if the targets are no classes, and classes are predicted.
        """
        targets = data.targets
        if targets is None or self.loss is None or not self.classes:
            return targets if targets is None or data.task != "regression" else data.preprocessing.decode(targets)
        if targets.ndim == 2 and targets.shape[1] > 1 and self.loss.task == "multiclass":
            return np.asarray(targets.argmax(axis=1))
        if targets.size != len(targets):
            raise ConfigError("targets of several columns are no classes", got=f"shape {targets.shape}")
        if self.loss.task == "multiclass":
            return targets.reshape(-1).astype(np.int64)
        return np.asarray(targets.reshape(-1) > self.loss.threshold, np.int64)  # 0 and 1, or -1 and 1


def predictor_of(model: Module, data: Dataset) -> Predictor:
    """Find out what a network predicts, from its loss and from rows of data.

    Raises:
        ShapeError: if the rows do not fit it.
    """
    loss, output = loss_for(model, model_inputs(model, data.rows(slice(0, 2))), data.task)
    classes = loss is not None and (loss.task != "regression" or decides(loss, data.task, output[0].size))
    return Predictor(model, loss, classes)
