"""Refusing NaN and infinities, with the place of the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError

__all__ = ["check_finite"]


def check_finite(values: NDArray[Any], what: str, names: Sequence[str] | None = None) -> None:
    """Raise unless every number is finite.

    Args:
        values: an array ``(N, …)`` of any dtype; whole numbers always pass.
        what: what the values are, e.g. ``"inputs"``.
        names: names of the columns of a 2-D array.

    Raises:
        DataError: with the number of such values and the row (and column) of the first.
    """
    if values.dtype.kind != "f" or np.isfinite(values.sum(dtype=np.float64)):
        return  # a finite sum has finite terms, and needs no mask as large as the array
    wrong = ~np.isfinite(values)
    count = int(wrong.sum())
    if count == 0:  # the sum itself overflowed
        return
    first = np.unravel_index(int(np.argmax(wrong)), values.shape)
    column = ""
    if values.ndim == 2:
        column = f", column {names[int(first[1])]!r}" if names is not None else f", column {first[1]}"
    raise DataError(
        f"{what} hold {count} value{'s' * (count > 1)} that {'are' if count > 1 else 'is'} not finite",
        got=f"{values[first]} in row {first[0]}{column}",
        fix="Remove such rows or replace the values",
    )
