"""Points with labels, checked once for everything that asks about lines between classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data import Dataset
from chainrule.data.finite import check_finite
from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.explain.numbers import as_array, as_numbers

__all__ = ["Labelled", "labelled", "one_vector", "points"]


@dataclass(frozen=True)
class Labelled:
    """Points and their classes.

    Attributes:
        points: ``(N, D)`` float64, finite.
        labels: ``(N,)`` positions in `classes`.
        classes: the labels that occur, sorted, as Python's types.
        names: of the D features.
    """

    points: NDArray[np.float64]
    labels: NDArray[np.intp]
    classes: tuple[Any, ...]
    names: tuple[str, ...]


def labelled(X: Any, y: Any = None) -> Labelled:
    """Check points and labels.

    Args:
        X: ``(N, D)`` numbers, or a `Dataset`, which brings its labels along.
        y: ``(N,)`` labels of any one type.

    Raises:
        DataError: if anything is empty or not finite, or there is only one class.
        DTypeError: if X does not hold numbers.
        ShapeError: if the shapes do not fit each other.
    """
    names: tuple[str, ...] = ()
    if isinstance(X, Dataset):
        if y is not None:
            raise DataError("a data set brings its own labels", fix="Leave y out")
        if X.targets is None or X.task == "regression":
            raise DataError("the data have no classes", where=X.name)
        names = tuple(X.feature_names or ())
        y = X.targets if X.classes is None else np.asarray(X.classes)[np.asarray(X.targets)]
        X = X.inputs.reshape(len(X), -1)
    elif y is None:
        raise DataError("labels are missing", expected="one label per point", fix="Pass y")
    values = points(X)
    labels, classes = _classes(y, len(values))
    if len(names) != values.shape[1]:
        names = tuple(f"x{i + 1}" for i in range(values.shape[1]))
    return Labelled(values, labels, classes, names)


def points(X: Any) -> NDArray[np.float64]:
    """Return an array ``(N, D)`` of finite float64.

    Raises:
        DataError, DTypeError, ShapeError: see `labelled`.
    """
    raw = as_numbers(X, "points")
    if raw.ndim != 2:
        raise ShapeError("points do not form a table", expected="shape (N, D)", got=raw.shape)
    if 0 in raw.shape:
        raise DataError("there are no points", expected="at least one row and one column", got=f"shape {raw.shape}")
    with np.errstate(over="ignore"):  # of the sum; what is too large is refused below
        check_finite(raw, "points")
    values = raw.astype(np.float64)
    largest = np.abs(values).max(axis=0)
    extreme = (largest > 1e150) | ((largest > 0) & (largest < 1e-150))
    if extreme.any():  # squares of these overflow or vanish
        column = int(np.argmax(extreme))
        raise DataError(
            "a feature is too large or too small to calculate with",
            got=f"magnitudes up to {largest[column]:.1e} in column {column}",
            fix="Scale the features",
        )
    return values


def one_vector(values: Any, name: str) -> NDArray[np.float64]:
    """Return a vector of finite float64; `name` is what the messages call it.

    Raises:
        DataError, DTypeError, ShapeError: for what is none.
    """
    array = as_numbers(values, name, kinds="iuf", expected="a vector")
    if array.ndim != 1 or len(array) == 0:
        raise ShapeError(f"{name} is no vector", expected="shape (D,)", got=array.shape)
    check_finite(array, name)
    return array.astype(np.float64)


def _classes(y: Any, rows: int) -> tuple[NDArray[np.intp], tuple[Any, ...]]:
    raw = as_array(y, "labels", expected=f"shape ({rows},)")
    if raw.shape == (rows, 1):
        raw = raw[:, 0]
    if raw.shape != (rows,):
        raise ShapeError("labels do not fit the points", expected=f"shape ({rows},)", got=raw.shape)
    if raw.dtype.kind not in "biufUO":
        raise DTypeError("labels must be numbers or strings", got=f"dtype {raw.dtype}")
    check_finite(raw, "labels")
    try:
        classes, labels = np.unique(raw, return_inverse=True)
    except TypeError:
        raise DTypeError("labels must be of one type", got="a mixture") from None
    if len(classes) < 2:
        raise DataError("there is nothing to separate", expected="at least two classes", got=f"only {classes[0]!r}")
    return labels.reshape(-1), tuple(classes.tolist())
