"""Rows with their targets in the form that a loss takes, and the loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.data import Dataset
from chainrule.errors import ConfigError, DataError
from chainrule.explain.given import model_inputs
from chainrule.explain.observation import observe
from chainrule.losses import Loss
from chainrule.nn.evaluation import evaluating
from chainrule.nn.module import Module
from chainrule.nn.objective import check_targets, shaped_targets, usual_loss

__all__ = ["Supervised", "loss_for", "supervised"]


@dataclass(frozen=True)
class Supervised:
    """What a loss is computed from.

    Attributes:
        inputs: as the model sees them.
        targets: as the loss takes them.
        loss: one number for all rows.
    """

    inputs: np.ndarray
    targets: np.ndarray
    loss: Loss

    def of(self, model: Module) -> tuple[Tensor, Tensor, Tensor]:
        """The loss of `model` in evaluation mode, on the graph, and the inputs and targets it was computed from."""
        inputs, targets = Tensor.of(self.inputs), Tensor.of(self.targets)
        with evaluating(model):
            return self.loss.forward(model(inputs), targets), inputs, targets


def supervised(model: Module, data: Dataset, wanted: Loss | None = None) -> Supervised:
    """Take all rows of a data set.

    Args:
        model: the network; it is left as it was.
        data: with targets.
        wanted: the loss; default: the one that the model was trained with, else the usual one for the data.

    Raises:
        DataError, DTypeError, ShapeError: if there are no targets, or they fit neither loss nor model.
        ConfigError: if nothing says which loss, or it gives more than one number.
    """
    if data.targets is None:
        raise DataError("the data have no targets", fix="Pass (X, y)")
    inputs = model_inputs(model, data)
    loss, output = loss_for(model, inputs, data.task, wanted)
    if loss is None or loss.reduction == "none":
        raise ConfigError("a loss of one number is needed", fix='Name one, e.g. loss="mse"')
    shape = output.shape[1:]
    targets = shaped_targets(loss, data.task, data.targets, shape, output.dtype)
    check_targets(loss, targets, math.prod(shape))
    return Supervised(inputs, targets, loss)


def loss_for(
    model: Module, inputs: np.ndarray, task: str | None, wanted: Loss | None = None
) -> tuple[Loss | None, np.ndarray]:
    """The loss that is wanted, or that the model was trained with, or that is usual; and some outputs of the model."""
    seen = observe(model, inputs[:2])
    usual = usual_loss(task, seen.last, math.prod(seen.output.shape[1:]))
    return wanted or model.objective or usual, seen.output
