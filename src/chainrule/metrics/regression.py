"""Metrics of predicted values: mean absolute error, root mean squared error, coefficient of determination."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from chainrule.errors import DataError
from chainrule.metrics.inputs import Floats, columns_of_values

__all__ = ["absolute_errors", "mae", "r2", "rmse"]


def mae(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Mean absolute error ``mean(|ŷ − y|)``, in the unit of the target.

    Args:
        outputs: predicted values ``(N,)``, ``(N, 1)`` or ``(N, k)``.
        targets: true values of the same shape; ``(N,)`` and ``(N, 1)`` fit each other.

    Raises:
        ShapeError: if the shapes do not fit each other.
        DataError: if there are no rows or a number is not finite.
        DTypeError: if something is not a number.
    """
    return float(np.mean(absolute_errors(outputs, targets)))


def absolute_errors(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> Floats:
    """The error of each row and column ``(N, k)``; `mae` is their mean."""
    predicted, true = columns_of_values(outputs, targets)
    return np.abs(predicted - true)


def rmse(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Root mean squared error ``√mean((ŷ − y)²)``, in the unit of the target.

    Of several columns, the mean of their errors (scikit-learn's ``root_mean_squared_error``).  Arguments and errors
    are those of `mae`.
    """
    predicted, true = columns_of_values(outputs, targets)
    return float(np.mean(np.sqrt(np.mean((predicted - true) ** 2, axis=0))))


def r2(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Coefficient of determination ``R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²``: 1 is perfect, 0 is as good as the mean.

    It has no lower bound.  Of several columns, the mean of their R².  A constant target gives 1 if it is met exactly
    and 0 otherwise, as in scikit-learn.  Arguments and errors are those of `mae`, and:

    Raises:
        DataError: for a single row, which has no spread to explain.
    """
    predicted, true = columns_of_values(outputs, targets)
    if len(true) < 2:
        raise DataError("R² is not defined for a single row", expected="at least 2 rows", got=1)
    residual = np.sum((true - predicted) ** 2, axis=0)
    # The mean of equal numbers may differ from them by a rounding; a constant column has no spread all the same.
    spread = np.sum((true - true.mean(axis=0)) ** 2, axis=0) * (np.ptp(true, axis=0) > 0)
    explained = np.divide(residual, spread, out=(residual > 0).astype(np.float64), where=spread > 0)
    return float(np.mean(1 - explained))
