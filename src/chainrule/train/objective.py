"""Which loss goes with which data and model, and targets in the form that it takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import losses
from chainrule.data.dataset import Dataset
from chainrule.errors import ConfigError, DataError, ShapeError
from chainrule.losses import Loss
from chainrule.nn.activation import LogSoftmax, Sigmoid, Softmax
from chainrule.nn.dropout import Dropout
from chainrule.nn.flatten import Flatten, Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.objective import check_targets, shaped_targets, usual_loss
from chainrule.nn.sequential import Sequential

__all__ = ["choose_loss", "named_loss", "with_targets"]

# (loss, last layer) pairs that train something else than the user means, and what to do about them.
_MISFITS: dict[tuple[str, type[Module]], str] = {
    ("bce_with_logits", Sigmoid): "Drop the Sigmoid, or use loss='bce'",
    ("bce_with_logits", Softmax): "Drop the Softmax, or use loss='cross_entropy' without it",
    ("cross_entropy", Softmax): "Drop the Softmax",
    ("cross_entropy", LogSoftmax): "Drop the LogSoftmax, or use loss='nll'",
    ("bce", Linear): "End the network in a Sigmoid, or use loss='bce_with_logits'",
    ("nll", Linear): "End the network in a LogSoftmax, or use loss='cross_entropy'",
    ("nll", Softmax): "End the network in a LogSoftmax, or use loss='cross_entropy' without the Softmax",
}
_TAKES = {
    "bce_with_logits": "logits",
    "cross_entropy": "logits",
    "bce": "probabilities from 0 to 1",
    "nll": "log-probabilities",
}


def named_loss(wanted: Any) -> Loss | None:
    """The loss that a user asked for, if any.

    Raises:
        UnknownNameError, DTypeError: if there is no such loss.
    """
    return None if wanted is None else losses.get(wanted)


def choose_loss(wanted: Loss | None, data: Dataset, model: Module, output_shape: tuple[int, ...]) -> Loss:
    """Return the loss that was asked for, or the usual one for the data and the model's last layer.

    Raises:
        ConfigError: if the data do not say what is to be learned, if loss and last layer do not go together, or if
            the loss gives no single number.
    """
    last = _last_layer(model)
    loss = wanted or usual_loss(data.task, last, math.prod(output_shape))
    if loss is None:
        raise ConfigError("the data do not say what to learn", fix='Name a loss, e.g. loss="mse"')
    fix = next((fix for (name, kind), fix in _MISFITS.items() if name == loss.name and isinstance(last, kind)), None)
    if fix is not None:
        raise ConfigError(
            f"loss {loss.name!r} takes {_TAKES[loss.name]} and the last layer is a {type(last).__name__}", fix=fix
        )
    if loss.task == "regression" and data.task == "multiclass":
        raise ConfigError(
            f"loss {loss.name!r} measures distances between numbers, and the targets are {data.n_classes} classes",
            fix='Use loss="cross_entropy", or bring targets that are numbers',
        )
    if loss.reduction == "none":
        raise ConfigError("a loss to train with is one number", got="reduction='none'", fix="Use 'mean' or 'sum'")
    return loss


def _last_layer(model: Module) -> Module | None:
    """The layer that makes the output, where the order of layers says which it is; None for a user's own modules."""
    while isinstance(model, Sequential):
        inner = [layer for _, layer in model.named_layers() if not isinstance(layer, (Dropout, Flatten, Identity))]
        if not inner:
            return None
        model = inner[-1]
    return model


def with_targets(data: Dataset, loss: Loss, output_shape: tuple[int, ...], dtype: np.dtype[Any]) -> Dataset:
    """The data set with targets in the form that the loss takes: class indices, or floats shaped as the outputs.

    Raises:
        DataError: for missing targets, or values that the loss cannot take.
        ShapeError: if the targets do not fit the model's outputs.
    """
    targets = data.targets
    if targets is None:
        raise DataError("the data have no targets", where=data.name, fix="Pass (X, y)")
    units = math.prod(output_shape)
    if loss.task == "multiclass" and len(output_shape) != 1:
        raise ShapeError(
            "the model's outputs are no scores of classes",
            expected="shape (N, classes)",
            got=f"({', '.join(['N', *map(str, output_shape)])})",
            fix="Let the network end in a Linear layer with one output for each class, after a Flatten if need be",
        )
    if loss.task != "multiclass" and targets.size != len(targets) * units:
        raise ShapeError(
            f"targets do not fit the model's outputs for loss {loss.name!r}",
            expected=f"{units} number(s) per sample, as the last layer gives",
            got=f"shape {targets.shape}",
            fix=_unit_hint(data, units),
        )
    targets = shaped_targets(loss, data.task, targets, output_shape, dtype)
    check_targets(loss, targets, units)
    if loss.task == "multiclass" and len(data.classes or ()) > units:
        raise ShapeError(
            "the model has too few outputs",
            expected=f"{len(data.classes or ())}, one for each class",
            got=units,
            fix=_unit_hint(data, units),
        )
    return Dataset(data.inputs, targets, preprocessing=data.preprocessing, name=data.name, weights=data.weights)


def _unit_hint(data: Dataset, units: int) -> str:
    if data.task == "multiclass":
        return f'For {data.n_classes} classes use loss="cross_entropy" and a last layer with {data.n_classes} outputs'
    if data.task == "binary" and units == 2:
        return 'Two outputs go with loss="cross_entropy"; for this loss give the last layer 1 output'
    return "Change the last layer's number of outputs" + (
        ', or for classes use loss="cross_entropy"' if units > 1 else ""
    )
