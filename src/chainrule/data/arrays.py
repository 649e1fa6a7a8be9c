"""Data sets from a user's own arrays, with every mistake answered in one line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from chainrule.data.array_inputs import ArrayInputs
from chainrule.data.checks import has_masked
from chainrule.data.dataset import Dataset
from chainrule.data.finite import check_finite
from chainrule.data.frames import columns_of, is_frame
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import TASKS, Target, Task, class_names
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError, UnknownNameError

__all__ = ["from_arrays"]


def from_arrays(
    X: Any,
    y: Any = None,
    *,
    classes: Sequence[Any] | None = None,
    feature_names: Sequence[str] | None = None,
    target_name: str | None = None,
    task: Task | None = None,
    name: str = "data",
    dtype: DTypeLike = "float32",
    scale: float | None = None,
    training: bool = True,
) -> Dataset:
    """Build a data set from arrays, after checking everything about them.

    Args:
        X: inputs ``(N, …)``: numbers in anything that NumPy reads, or a frame of numeric columns.  uint8 stays uint8
            (bytes are taken for pixels), everything else becomes `dtype`.
        y: ``(N,)`` class indices from 0 on, or texts or booleans, which are numbered in sorted order; ``(N, k)``
            one-hot rows; or floats ``(N,)``, ``(N, k)``, which are a regression (binary if they are all 0 and 1).
        classes: class labels in the order of their indices.
        feature_names: one name per feature of a sample; a frame brings its own.
        target_name: name of the target.
        task: "binary", "multiclass" or "regression", to decide what `y` means.
        name: name of the data set.
        dtype: float32 or float64.
        scale: factor for uint8 inputs; by default 1/255, or 1 if no byte exceeds 1.
        training: also refuse what nothing can be learned from: a single row, a single class.

    Raises:
        ShapeError: for arrays that do not fit each other.
        DTypeError: for dtypes that are no numbers.
        DataError: for values that are not finite, negative or too large class indices, single rows and classes.

    >>> from_arrays([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], name="xor")
    Dataset('xor', inputs (4, 2) float32, targets (4,) int64, binary)
    """
    if task is not None and task not in TASKS:
        raise UnknownNameError("task", task, TASKS)
    if is_frame(X):
        X, feature_names = _from_frame(X, feature_names)
    wanted = _float_dtype(dtype)
    inputs = _inputs(X, wanted, feature_names)
    if training and len(inputs) < 2:
        raise DataError("1 row is too few to learn from", fix="Bring more rows")
    labels = None if classes is None else _labels(classes)
    goal = _Goal(None, task, labels) if y is None else _targets(y, labels, task, training)
    if goal.values is not None and goal.values.dtype.kind == "f":
        goal = goal._replace(values=_converted(goal.values, wanted, "targets"))
    if goal.values is not None and len(goal.values) != len(inputs):
        raise ShapeError("inputs and targets differ in length", got=f"{len(inputs)} inputs, {len(goal.values)} targets")
    if scale is None:
        scale = 1 / 255 if inputs.dtype == np.uint8 and inputs.max() > 1 else 1.0
    elif not 0 < scale < np.inf:
        raise ConfigError("scale is not usable", expected="a positive number", got=scale)
    names = None if feature_names is None else tuple(map(str, feature_names))
    described = ArrayInputs(inputs.shape[1:], inputs.dtype.name, scale if inputs.dtype == np.uint8 else 1.0, names)
    target = Target(target_name or getattr(y, "name", None), goal.task, goal.classes)
    return Dataset(inputs, goal.values, preprocessing=Preprocessing(described, target), name=name)


class _Goal(NamedTuple):
    values: NDArray[Any] | None
    task: Task | None
    classes: tuple[str, ...] | None


def _from_frame(frame: Any, names: Sequence[str] | None) -> tuple[NDArray[Any], Sequence[str]]:
    columns = columns_of(frame)
    if not columns:
        raise DataError("the inputs have no columns")
    from chainrule.data.cells import as_cells, as_numbers

    numbers = []
    for name, column in columns.items():
        cells = as_cells(column, name)
        if cells.dtype.kind not in "if" and column.dtype.kind != "b":
            raise DTypeError(
                f"input column {name!r} does not hold numbers",
                fix="Use chainrule.data.Table(frame).prepare(), which encodes text, dates and missing values",
            )
        numbers.append(column.astype(np.float64) if column.dtype.kind == "b" else as_numbers(cells, name))
    return np.stack(numbers, axis=1), names if names is not None else list(columns)


def _inputs(X: Any, wanted: np.dtype[Any], names: Sequence[str] | None) -> NDArray[Any]:
    array = _array(X, "inputs")
    if array.ndim < 2:
        fix = "Use X.reshape(-1, 1) for a single feature, X.reshape(1, -1) for a single sample"
        raise ShapeError("inputs need a row per sample", expected="shape (N, …)", got=f"shape {array.shape}", fix=fix)
    if array.size == 0:
        raise DataError("the inputs are empty", got=f"shape {array.shape}")
    if names is not None and len(names) != int(np.prod(array.shape[1:])):
        raise ShapeError("feature_names do not fit", expected=f"{np.prod(array.shape[1:])} names", got=len(names))
    if names is not None and len(set(map(str, names))) < len(names):
        raise DataError("two features have the same name", fix="Give every feature a name of its own")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "biuf":
        raise DTypeError("inputs are not numbers", expected="a numeric array", got=f"dtype {array.dtype}")
    check_finite(array, "inputs", names)
    return _converted(array, wanted, "inputs")


def _float_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = None
    if wanted is None or wanted.name not in {"float32", "float64"}:
        raise DTypeError("dtype is not usable", expected="float32 or float64", got=repr(dtype))
    return wanted


def _converted(array: NDArray[Any], wanted: np.dtype[Any], what: str) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        converted = array.astype(wanted, copy=False)
    if converted is not array and not np.isfinite(converted).all():
        raise DataError(f"{what} hold numbers too large for {wanted}", fix='Scale them, or pass dtype="float64"')
    return converted


def _array(values: Any, what: str) -> NDArray[Any]:
    """Return an array; objects become numbers if every one of them is a number."""
    if hasattr(values, "toarray"):
        raise DTypeError(f"{what} are a sparse matrix", fix="Pass .toarray()")
    if isinstance(values, Iterator):
        raise DTypeError(f"{what} are a {type(values).__name__}", fix="Pass a list or an array")
    if has_masked(values):
        raise DataError(f"{what} have masked values", fix="Fill them in, or pass columns to chainrule.data.Table(…)")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"{what} are not rectangular", fix="Give every row the same length") from error
    except (TypeError, RuntimeError) as error:  # a tensor on a GPU, or one that requires a gradient
        raise DTypeError(f"{what} cannot be read as a NumPy array: {error}") from error
    if array.dtype != object or array.ndim == 0:
        return array
    kinds = {type(value) for value in array.ravel()}
    if what == "inputs" or kinds <= {int, float}:
        return _objects_to_numbers(array, what)
    return array


def _objects_to_numbers(array: NDArray[Any], what: str) -> NDArray[Any]:
    flat = array.ravel()
    for place, value in enumerate(flat):
        if isinstance(value, str | bytes) or value is None or not isinstance(value, int | float | np.number):
            row = np.unravel_index(place, array.shape)[0]
            raise DTypeError(
                f"{what} hold {value!r} in row {row}, which is not a number",
                fix="Use chainrule.data.Table(…).prepare() for text and missing values",
            )
    return array.astype(np.float64)


def _labels(classes: Sequence[Any]) -> tuple[str, ...]:
    labels = tuple(str(label) for label in classes)
    if isinstance(classes, str) or not labels or len(set(labels)) < len(labels):
        raise ConfigError("classes are not usable", expected="a list of distinct labels", got=repr(classes))
    return labels


def _targets(y: Any, labels: tuple[str, ...] | None, task: Task | None, training: bool) -> _Goal:
    array = _array(y, "targets")
    if array.ndim == 0 or array.ndim > 2:
        raise ShapeError("targets have an unusable shape", expected="(N,) or (N, k)", got=array.shape)
    if array.size == 0:
        raise DataError("the targets are empty", got=f"shape {array.shape}")
    check_finite(array, "targets")
    if array.ndim == 2 and array.shape[1] == 1 and array.dtype.kind != "f":
        array = array[:, 0]
    if task == "regression":
        return _Goal(_floats(array), "regression", None)
    if array.ndim == 2 and array.shape[1] > 1:
        return _wide(array, labels, task, training)
    if array.dtype.kind in "biu" or (array.dtype.kind == "f" and (labels or task == "multiclass")):
        indices = _whole(array)
        if array.dtype.kind == "b":
            labels = labels or ("False", "True")
        return _indices(indices, labels, task, training)
    if array.dtype.kind == "f":
        binary = bool(np.isin(array, (0, 1)).all())
        if task == "binary" and not np.isin(array, (-1, 0, 1)).all():
            raise DataError("binary targets have other values than two", expected="0 and 1, or −1 and 1")
        if binary and training and array.min() == array.max():
            raise _single_class()
        return _Goal(_floats(array), "binary" if binary or task == "binary" else "regression", labels)
    return _texts(array, labels, task, training)


def _floats(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "biuf":
        raise DTypeError("targets of a regression are not numbers", got=f"dtype {array.dtype}")
    return array.astype(np.float64)


def _whole(array: NDArray[Any]) -> NDArray[np.int64]:
    flat = array.reshape(len(array))
    indices = flat.astype(np.int64)
    if (indices != flat).any():
        row = int(np.argmax(indices != flat))
        raise DataError("class indices are not whole numbers", got=f"{flat[row]} in row {row}")
    return indices


def _wide(array: NDArray[Any], labels: tuple[str, ...] | None, task: Task | None, training: bool) -> _Goal:
    """One-hot rows become class indices; other rows stay floats."""
    if array.dtype.kind not in "biuf":
        raise DTypeError("targets with several columns are not numbers", got=f"dtype {array.dtype}")
    if np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all():
        labels = labels or tuple(str(i) for i in range(array.shape[1]))
        if len(labels) != array.shape[1]:
            raise ShapeError("classes do not fit the one-hot targets", expected=array.shape[1], got=len(labels))
        return _indices(array.argmax(axis=1).astype(np.int64), labels, task, training)
    if task is not None:
        raise ShapeError(f"targets of a {task} task are not one-hot", got=f"shape {array.shape}")
    return _Goal(_floats(array), "regression", None)


def _indices(indices: NDArray[np.int64], labels: tuple[str, ...] | None, task: Task | None, training: bool) -> _Goal:
    least, most = int(indices.min()), int(indices.max())
    if least < 0:
        row = int(np.argmax(indices < 0))
        raise DataError(
            f"targets hold a negative class index: {indices[row]} in row {row}",
            fix="Number classes from 0 on; −1 and 1 can be passed as floats",
        )
    if labels is not None and most >= len(labels):
        raise DataError(
            "class index out of range",
            expected=f"0 to {len(labels) - 1}",
            got=f"{most} in row {int(np.argmax(indices >= len(labels)))}",
        )
    if labels is None and training and most >= max(1000, len(indices)):
        raise DataError(
            f"targets would be {most + 1} classes in {len(indices)} rows",
            fix="For quantities pass floats (y.astype(float)), or name a loss for them: loss='mse'",
        )
    if training and least == most:
        raise _single_class()
    count = len(labels) if labels is not None else most + 1
    if task == "binary" and count > 2:
        raise DataError("targets do not suit a binary task", expected="indices 0 and 1", got=f"{count} classes")
    return _Goal(indices, task or ("binary" if count <= 2 else "multiclass"), labels)


def _texts(array: NDArray[Any], labels: tuple[str, ...] | None, task: Task | None, training: bool) -> _Goal:
    if array.dtype.kind not in "UOST":
        raise DTypeError("targets are neither numbers nor labels", got=f"dtype {array.dtype}")
    from chainrule.data.cells import as_cells, is_missing

    cells = as_cells(array.reshape(len(array)), "targets", ())
    absent = np.flatnonzero(is_missing(cells))
    if len(absent):
        count = len(absent)
        raise DataError(f"targets have {count} missing label{'s' * (count > 1)}", where=f"row {absent[0]}")
    labels = labels or class_names(cells)
    return _indices(Target("targets", "multiclass", labels).encode(cells), labels, task, training)


def _single_class() -> DataError:
    return DataError(
        "the targets hold a single class; there is nothing to learn", fix="Bring rows of at least two classes"
    )
