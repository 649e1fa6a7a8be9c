"""What users hand to `fit`, `evaluate` and `predict`, turned into data sets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.arrays import from_arrays
from chainrule.data.dataset import Dataset, Splits, with_inputs
from chainrule.data.frames import columns_of, is_frame, is_table, select_columns
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Task
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError
from chainrule.losses import Loss
from chainrule.nn.evaluation import evaluating, model_dtype
from chainrule.nn.module import Module
from chainrule.nn.objective import takes_signs

__all__ = [
    "as_dataset", "as_module", "inputs_only", "like_training", "model_dtype", "probe", "training_and_validation",
    "with_inputs",
]  # fmt: skip

# Which part of splits stands for which role; the first that there is.
_PARTS = {
    "training": ("train",),
    "validation": ("validation", "test", "train"),
    "evaluation": ("test", "validation", "train"),
    "prediction": ("test", "validation", "train"),
}


def as_module(model: Any) -> Module:
    """Return `model` if it is a network.

    Raises:
        DTypeError: if it is anything else.
    """
    if not isinstance(model, Module):
        kind = f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__
        raise DTypeError("not a model", expected="a Module such as nn.Sequential(…)", got=kind)
    return model


def as_dataset(data: Any, role: str = "training", dtype: Any = "float32", loss: Loss | None = None) -> Dataset:
    """Accept a data set, splits, a table, or a pair ``(X, y)``.

    Args:
        data: what the user brought.
        role: "training", "validation", "evaluation" or "prediction": what it is for.
        dtype: of the inputs and of targets that are no classes, where arrays come.
        loss: the one that was asked for, if any; says whether whole numbers are classes, ±1, or quantities.

    Raises:
        ConfigError: for anything else.
        DataError, ShapeError, DTypeError: if what is inside cannot be used.
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, Splits):
        return as_dataset(_part(data, role), role, dtype, loss)
    if is_table(data):
        prepared: Dataset = data.prepare(test=0).train
        return prepared
    if isinstance(data, (tuple, list)) and len(data) == 2:
        X, y = (_numpy(part) for part in data)
        if takes_signs(loss):
            y = _signs(y)
        task: Task | None = "regression" if loss is not None and loss.task == "regression" and _quantities(y) else None
        return from_arrays(X, y, task=task, training=role == "training", dtype=np.dtype(dtype).name)
    raise ConfigError(
        f"{role} data in an unknown form",
        expected="a Dataset, a Table, or a pair (X, y) of arrays",
        got=type(data).__name__,
        fix='Pass (X, y), or load it with cr.data.load("name") or cr.data.read("file.csv")',
    )


def _part(splits: Splits[Any], role: str) -> Any:
    return next(part for name in _PARTS[role] if (part := getattr(splits, name)) is not None)


def _numpy(value: Any) -> Any:
    return value.detach().numpy() if isinstance(value, Tensor) else value


def _quantities(y: Any) -> bool:
    """Whether targets are numbers other than a single column of zeros and ones, which stand for two classes."""
    try:
        values = np.asarray(y)
    except (TypeError, ValueError):
        return False
    if values.dtype.kind not in "iuf":
        return False
    return (values.ndim == 2 and values.shape[1] > 1) or not np.isin(values, (0, 1)).all()


def _signs(y: Any) -> Any:
    """Whole numbers -1 and 1 as floats, for losses that know them; anything else as it is."""
    array = np.asarray(y) if isinstance(y, (list, tuple)) else y
    kind = getattr(getattr(array, "dtype", None), "kind", "")
    whole = np.asarray(array) if kind == "i" else np.zeros(0)
    return whole.astype(np.float64) if whole.size and (np.abs(whole) == 1).all() and whole.min() < 0 else y


def like_training(model: Module, data: Any, role: str) -> Dataset:
    """As `as_dataset`, with new tables and arrays prepared as those that the model was trained on."""
    return _prepared(model.preprocessing, data, role, model_dtype(model))


def _prepared(fitted: Preprocessing | None, data: Any, role: str, dtype: np.dtype[Any]) -> Dataset:
    if isinstance(data, Splits):
        return _prepared(fitted, _part(data, role), role, dtype)
    if fitted is None or isinstance(data, Dataset):
        return as_dataset(data, role, dtype)
    X, y = data if isinstance(data, (tuple, list)) and len(data) == 2 else (data, data)
    if y is data and not is_frame(data):
        raise ConfigError(
            f"{role} data in an unknown form", expected="a Dataset, a Table, or a pair (X, y)", got=type(data).__name__
        )
    inputs = _transformed(fitted, X, dtype)  # first, for its errors say more about data of the wrong kind
    targets = None if y is None else _transformed_targets(fitted, _numpy(y), dtype)
    return Dataset(inputs, targets, preprocessing=fitted, name=role)


def _transformed_targets(fitted: Preprocessing, y: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """Targets as they were trained on; numbers in the model's dtype where that keeps digits."""
    targets: np.ndarray = fitted.transform_targets(y)
    given = getattr(getattr(y, "dtype", None), "kind", "")
    if targets.dtype.kind != "f" or targets.dtype == dtype or given != "f" or is_frame(y):
        return targets
    exact = (np.asarray(y, np.float64) - fitted.target_mean) / fitted.target_std
    return exact.reshape(targets.shape).astype(dtype)


def _transformed(fitted: Preprocessing, X: Any, dtype: np.dtype[Any]) -> np.ndarray:
    """What the model sees; in its own dtype where that keeps digits that the preprocessing would drop."""
    values = _numpy(X)
    if not is_frame(values):
        try:
            values = np.asarray(values)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ShapeError(
                "the inputs are not one array", where=str(error)[:100], fix="Give every row the same length"
            ) from error
    seen: np.ndarray = fitted.transform(values)
    if not isinstance(fitted.inputs, ArrayInputs) or dtype == seen.dtype:
        return seen
    if is_frame(values):
        columns = select_columns(columns_of(values), fitted.inputs.columns)
        values = np.stack([_numbers(column, name) for name, column in columns.items()], axis=1)
    exact = values.dtype.kind == "f" and values.dtype.itemsize > seen.dtype.itemsize
    return values.reshape(seen.shape).astype(dtype) if exact else seen


def _numbers(column: np.ndarray, name: str) -> np.ndarray:
    if column.dtype.kind in "biuf":
        return column
    from chainrule.data.cells import as_cells, as_numbers  # what reads tables

    return as_numbers(as_cells(column, name), name)


def inputs_only(model: Module, data: Any) -> Dataset:
    """The rows to predict, prepared as those that the model was trained on.

    Raises:
        DataError: if there are none.
    """
    if isinstance(data, Splits):
        return inputs_only(model, _part(data, "prediction"))
    if isinstance(data, Dataset):
        dataset = data
    elif model.preprocessing is None:
        dataset = as_dataset((data, None), "prediction", model_dtype(model))
    else:
        inputs = _transformed(model.preprocessing, data, model_dtype(model))
        dataset = Dataset(inputs, preprocessing=model.preprocessing, name="data")
    return _not_empty(dataset, "there are no rows to predict")


def training_and_validation(
    data: Any, validation: Any, dtype: np.dtype[Any], seed: int, loss: Loss | None = None
) -> tuple[Dataset, Dataset | None]:
    """Training and validation set.

    Args:
        data: training data in a form that `as_dataset` takes.
        validation: data in such a form, prepared as the training data are; or a fraction of the training rows to
            hold out; or None.
        dtype: the model's.
        seed: decides which rows are held out.
        loss: see `as_dataset`.

    Raises:
        ConfigError, DataError, ShapeError, DTypeError: if something cannot be used, or the two do not fit together.
    """
    share = _share(validation)
    if share is not None and is_table(data):  # the preprocessing then sees the training rows alone
        parts = data.prepare(test=0, validation=share, seed=seed)
        return parts.train, parts.validation
    training = _not_empty(as_dataset(data, "training", dtype, loss), "there are no rows to train on")
    if validation is None:
        return training, None
    if share is not None:
        halves = training.split(test=share, seed=seed, stratify=training.task in ("binary", "multiclass"))
        return halves.train, halves.test
    held_out = _prepared(training.preprocessing, validation, "validation", dtype)
    if held_out.inputs.shape[1:] != training.inputs.shape[1:]:
        raise ShapeError(
            "validation data do not fit the training data",
            expected=f"samples of shape {training.inputs.shape[1:]}",
            got=held_out.inputs.shape[1:],
        )
    return training, _not_empty(held_out, "there are no rows to validate on")


def _share(validation: Any) -> float | None:
    if isinstance(validation, bool) or not isinstance(validation, (int, float, np.integer, np.floating)):
        return None
    if not 0 < validation < 1:
        raise ConfigError("bad validation fraction", expected="a number between 0 and 1", got=validation)
    return float(validation)


def _not_empty(data: Dataset, problem: str) -> Dataset:
    if not len(data):
        raise DataError(problem, got=f"inputs of shape {data.inputs.shape}")
    return data


def probe(model: Module, data: Dataset) -> tuple[int, ...]:
    """Run two rows through the model, so that layers that do not fit are found first; returns one output's shape.

    Raises:
        ShapeError: naming the layers that do not fit the data or each other.
    """
    rows = min(2, len(data))
    try:
        with evaluating(model), no_grad(), quiet():
            output = model(Tensor.of(data.batch(np.arange(rows))[0]))
    except ShapeError as error:
        if error.where is not None:  # two layers that do not fit each other
            raise
        raise ShapeError(
            error.problem,
            expected=error.expected,
            got=error.got,
            where=f"samples of shape {data.inputs.shape[1:]} from the data",
            fix=error.fix or "Give the first layer the size of a sample",
        ) from error
    if not isinstance(output, Tensor) or output.ndim == 0 or len(output) != rows:
        got = f"shape {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
        raise ShapeError(
            "the model must return a tensor with one row per sample", expected=f"shape ({rows}, …)", got=got
        )
    if not math.prod(output.shape):
        raise ShapeError("the model returns nothing", got=f"shape {tuple(output.shape)}")
    return tuple(output.shape[1:])
