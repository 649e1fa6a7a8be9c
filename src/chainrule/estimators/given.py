"""What users hand to an estimator as X: a matrix of numbers, or columns of anything, checked as scikit-learn does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from chainrule.data.frames import columns_of, is_frame
from chainrule.errors import DataError, DTypeError

__all__ = ["Columns", "Given", "given_rows", "read_given"]

Columns: TypeAlias = Mapping[str, NDArray[Any]]

#: A float64 matrix, NaN where a value is missing; or columns by name.
Given: TypeAlias = "NDArray[np.float64] | Columns"


def given_rows(given: Given) -> int:
    """How many rows there are."""
    return len(given if isinstance(given, np.ndarray) else next(iter(given.values())))


def read_given(estimator: Any, X: Any, *, reset: bool) -> Given:
    """Check X, and set or compare ``n_features_in_`` and ``feature_names_in_``.

    Args:
        estimator: whose attributes these are.
        X: a frame, a matrix (dense or sparse), or nested lists; numbers, text, dates, missing values.
        reset: set the attributes; otherwise X must agree with them.

    Raises:
        ValueError: for X of the wrong shape, with infinite values, or with other columns than in `fit`.
        TypeError: for cells that are neither numbers nor text nor dates.
    """
    if type(X).__name__ == "LazyFrame":
        X = X.collect()
    if _is_sparse(X):
        return _numbers(estimator, X, reset)
    if is_frame(X):
        return _frame(estimator, X, reset)
    array = X if hasattr(X, "dtype") or hasattr(X, "__array__") else _listed(X)
    if getattr(getattr(array, "dtype", None), "kind", "f") in "OUSM":
        return _objects(estimator, np.asarray(array), reset)
    return _numbers(estimator, array, reset)


def _is_sparse(array: Any) -> bool:
    return hasattr(array, "tocsr")


def _listed(rows: Any) -> Any:
    """Nested lists as an array that keeps numbers and texts apart."""
    try:
        array = np.asarray(rows)
    except ValueError as error:
        raise DataError("the rows of X differ in length", fix="Give each row as many cells as the others") from error
    return np.asarray(rows, dtype=object) if array.dtype.kind in "US" else array


def _numbers(estimator: Any, X: Any, reset: bool) -> NDArray[np.float64]:
    checked = validate_data(
        estimator, X, reset=reset, accept_sparse="csr", dtype="numeric", ensure_all_finite="allow-nan"
    )
    dense = checked.toarray() if _is_sparse(checked) else checked
    return np.asarray(dense, np.float64)


def _objects(estimator: Any, X: NDArray[Any], reset: bool) -> Given:
    if X.dtype.kind == "O":
        try:
            return _numbers(estimator, X.astype(np.float64), reset)
        except (OverflowError, TypeError, ValueError):
            _reject_containers(X)
    checked = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite=False)
    return {f"x{i}": checked[:, i] for i in range(checked.shape[1])}


def _reject_containers(X: NDArray[Any]) -> None:
    """Stop at cells such as dictionaries, in the words that scikit-learn's users know."""
    for cell in X.reshape(-1):
        if isinstance(cell, (dict, list, tuple, set, complex)):
            if isinstance(cell, complex):
                raise DataError("Complex data not supported", got=repr(cell))
            raise DTypeError(f"a cell's argument must be a string or a number, not {type(cell).__name__!r}")


def _frame(estimator: Any, X: Any, reset: bool) -> Given:
    columns = columns_of(X)
    if not columns or not len(next(iter(columns.values()))):
        shape = (len(next(iter(columns.values()))) if columns else 0, len(columns))
        what = "feature(s)" if not columns else "sample(s)"
        raise DataError(f"Found array with 0 {what} (shape={shape}) while a minimum of 1 is required.")
    validate_data(estimator, _named(X, columns), reset=reset, skip_check_array=True)
    if not reset and not hasattr(estimator, "feature_names_in_"):
        columns = {f"x{i}": column for i, column in enumerate(columns.values())}
    numbers = all(column.dtype.kind in "iuf" for column in columns.values())
    return _matrix(columns) if numbers else columns


def _matrix(columns: Columns) -> NDArray[np.float64]:
    """Columns of numbers as one matrix."""
    matrix = np.stack([np.asarray(column, np.float64) for column in columns.values()], axis=1)
    infinite = np.isinf(matrix)
    if infinite.any():
        row, place = (int(i) for i in np.argwhere(infinite)[0])
        raise DataError(
            f"column {list(columns)[place]!r} holds infinity or a number too large for a computer",
            got=f"{matrix[row, place]} in row {row}",
            fix="Remove such rows, or leave the cells empty to have them filled in",
        )
    return matrix


def _named(X: Any, columns: Columns) -> Any:
    """Something of which scikit-learn can read names and sizes: X itself where it knows such frames."""
    if hasattr(X, "columns") and hasattr(X, "shape"):
        return X
    try:
        import pandas

        return pandas.DataFrame(columns=list(columns))
    except ImportError:
        return np.empty((len(next(iter(columns.values()))), len(columns)))
