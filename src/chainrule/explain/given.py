"""Data in any of the forms that people bring, as the data set that a model sees."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.data import Dataset, Splits, Table, from_arrays
from chainrule.data.frames import columns_of, is_frame
from chainrule.data.preprocessing import Preprocessing
from chainrule.errors import ConfigError, DataError
from chainrule.losses import Loss
from chainrule.nn.evaluation import model_dtype
from chainrule.nn.module import Module

__all__ = ["given_data", "held_out", "model_inputs", "one_row", "some_rows"]


def held_out(data: Any) -> Any:
    """The test part of `Splits`, or else the validation part, or else the training part; other data as they are."""
    if not isinstance(data, Splits):
        return data
    return next(part for part in (data.test, data.validation, data.train) if part is not None)


def given_data(model: Module, data: Any, loss: Loss | None = None) -> Dataset:
    """A `Dataset`, the training part of `Splits`, a `Table`, a pair ``(X, y)`` or inputs alone, as a data set.

    A table that lacks the column that the model predicts gives inputs alone.

    Raises:
        ConfigError: for anything else.
        DataError: if there are no rows.
        ChainruleError: if what is inside cannot be used.
    """
    found = _as_dataset(model, data, loss)
    if not len(found):
        raise DataError("there are no rows to look at", got=f"inputs of shape {found.inputs.shape}")
    return found


def one_row(data: Dataset, row: int) -> Dataset:
    """The data set of a single row.

    Raises:
        ConfigError: if there is no such row.
    """
    if not 0 <= row < len(data):
        raise ConfigError("no such row", expected=f"a row from 0 to {len(data) - 1}", got=row)
    return data.rows([row])


def some_rows(data: Dataset, most: int) -> Dataset:
    """At most `most` rows, evenly spread, so that the same rows are looked at every time."""
    if len(data) <= most:
        return data
    return data.rows(np.linspace(0, len(data) - 1, most).round().astype(np.intp))


def model_inputs(model: Module, data: Dataset) -> np.ndarray:
    """All rows as the model sees them, in its own dtype.

    Raises:
        DataError: if a number is not finite.
    """
    inputs: np.ndarray = data.batch(np.arange(len(data)))[0].astype(model_dtype(model))
    if not np.isfinite(inputs).all():
        row = int(np.argwhere(~np.isfinite(inputs))[0][0])
        raise DataError("inputs hold NaN or infinity", where=f"row {row}", fix="Drop or impute these rows")
    return inputs


def _as_dataset(model: Module, data: Any, loss: Loss | None) -> Dataset:
    fitted = model.preprocessing
    if isinstance(data, Dataset):
        return data
    if isinstance(data, Splits):
        return _as_dataset(model, data.train, loss)
    if isinstance(data, Table):
        if fitted is None:
            prepared: Dataset = data.prepare(test=0).train
            return prepared
        return _as_rows(fitted, data, data.name)
    if fitted is not None and is_frame(data):
        return _as_rows(fitted, data, "data")
    pair = data if isinstance(data, tuple | list) and len(data) == 2 else (data, None)
    X, y = (_array(part) for part in pair)
    if not hasattr(X, "__len__") or isinstance(X, str):
        raise ConfigError(
            "data in an unknown form", expected="a Dataset, a Table, or a pair (X, y)", got=type(data).__name__
        )
    if fitted is None:
        task: Any = "regression" if loss is not None and loss.task == "regression" and y is not None else None
        return from_arrays(X, y, task=task)
    targets = None if y is None else fitted.transform_targets(y)
    return Dataset(fitted.transform(X), targets, preprocessing=fitted)


def _as_rows(fitted: Preprocessing, frame: Any, name: str) -> Dataset:
    inputs = fitted.transform(frame)
    known = (fitted.target_name or "target") in columns_of(frame)
    return Dataset(inputs, fitted.transform_targets(frame) if known else None, preprocessing=fitted, name=name)


def _array(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, Tensor) else value
