"""What users hand to `fit`, `evaluate` and `predict`, turned into data sets and targets that a loss takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.arrays import from_arrays
from chainrule.data.dataset import Dataset, Splits
from chainrule.data.table import Table
from chainrule.errors import ConfigError, DataError, ShapeError
from chainrule.losses import Loss
from chainrule.nn.module import Module

__all__ = ["as_dataset", "like_training", "model_dtype", "probe", "validation_set", "with_inputs", "with_targets"]


def as_dataset(data: Any, role: str = "training") -> Dataset:
    """Accept a data set, splits (their training part), a table, or a pair ``(X, y)``.

    Raises:
        ConfigError: for anything else.
        DataError, ShapeError, DTypeError: if what is inside cannot be used.
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, Splits):
        return as_dataset(data.train, role)
    if isinstance(data, Table):
        prepared: Dataset = data.prepare(test=0).train
        return prepared
    if isinstance(data, (tuple, list)) and len(data) == 2:
        X, y = (_numpy(part) for part in data)
        return from_arrays(X, y, training=role == "training")
    raise ConfigError(
        f"{role} data in an unknown form",
        expected="a Dataset, a Table, or a pair (X, y) of arrays",
        got=type(data).__name__,
        fix='Pass (X, y), or load it with cr.data.load("name") or cr.data.read("file.csv")',
    )


def _numpy(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, Tensor) else value


def like_training(model: Module, data: Any, role: str) -> Dataset:
    """As `as_dataset`, with new tables and arrays prepared as those that the model was trained on."""
    fitted = model.preprocessing
    if fitted is None or isinstance(data, Dataset):
        return as_dataset(data, role)
    if isinstance(data, Splits):
        return like_training(model, data.test if role == "evaluation" and data.test is not None else data.train, role)
    X, y = data if isinstance(data, (tuple, list)) and len(data) == 2 else (data, data)
    inputs = fitted.transform(_numpy(X))
    targets = fitted.transform_targets(_numpy(y))
    return Dataset(inputs, targets, preprocessing=fitted, name=role)


def validation_set(validation: Any, training: Dataset, model: Module, seed: int) -> tuple[Dataset, Dataset | None]:
    """Training and validation set.

    Args:
        validation: data in a form that `as_dataset` takes, or a fraction of the training rows to hold out, or None.
        training: the training set.
        model: knows how new tables are prepared.
        seed: decides which rows are held out.
    """
    if validation is None:
        return training, None
    if isinstance(validation, (int, float)) and not isinstance(validation, bool):
        if not 0 < validation < 1:
            raise ConfigError("bad validation fraction", expected="a number between 0 and 1", got=validation)
        parts = training.split(test=float(validation), seed=seed, stratify=training.task in ("binary", "multiclass"))
        return parts.train, parts.test
    return training, like_training(model, validation, "validation")


def model_dtype(model: Module) -> np.dtype[Any]:
    """The dtype of the parameters: float32, or float64 if any of them is."""
    return np.result_type(np.float32, *(parameter.dtype for parameter in model.parameters()))


def with_inputs(data: Dataset, dtype: np.dtype[Any]) -> Dataset:
    """The data set with float inputs in the model's dtype."""
    if data.inputs.dtype == dtype or data.inputs.dtype.kind != "f":
        return data
    return Dataset(data.inputs.astype(dtype), data.targets, preprocessing=data.preprocessing, name=data.name)


def probe(model: Module, data: Dataset) -> tuple[int, ...]:
    """Run two rows through the model, so that layers that do not fit are found first; returns one output's shape.

    Raises:
        ShapeError: naming the layers that do not fit the data or each other.
    """
    was_training = model.training
    model.eval()
    try:
        with no_grad(), quiet():
            output = model(Tensor.of(data.batch(np.arange(min(2, len(data))))[0]))
    finally:
        model.train(was_training)
    if not isinstance(output, Tensor) or output.ndim == 0 or len(output) != min(2, len(data)):
        got = f"shape {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
        raise ShapeError("the model must return a tensor with one row per sample", got=got)
    return tuple(output.shape[1:])


def with_targets(data: Dataset, loss: Loss, output_shape: tuple[int, ...], dtype: np.dtype[Any]) -> Dataset:
    """The data set with targets in the form that the loss takes: class indices, or floats shaped as the outputs.

    Raises:
        DataError: for missing targets, or values that the loss cannot take.
        ShapeError: if the targets do not fit the model's outputs.
    """
    targets = data.targets
    if targets is None:
        raise DataError("the data have no targets", where=data.name, fix="Pass (X, y)")
    units = int(np.prod(output_shape))
    if loss.task != "multiclass":
        if targets.size != len(targets) * units:
            raise ShapeError(
                f"targets do not fit the model's outputs for loss {loss.name!r}",
                expected=f"{units} number(s) per sample, as the last layer gives",
                got=f"shape {targets.shape}",
                fix=_unit_hint(data, units),
            )
        targets = targets.astype(dtype).reshape(len(targets), *output_shape)
    loss.check_targets(targets, units)
    return Dataset(data.inputs, targets, preprocessing=data.preprocessing, name=data.name)


def _unit_hint(data: Dataset, units: int) -> str:
    if data.task == "multiclass":
        return f'For {data.n_classes} classes use loss="cross_entropy" and a last layer with {data.n_classes} outputs'
    if data.task == "binary" and units == 2:
        return 'Two outputs go with loss="cross_entropy"; for this loss give the last layer 1 output'
    return "Change the last layer's number of outputs"
