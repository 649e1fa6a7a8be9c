"""Arrays, tensors and lists, checked once to be arrays of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DTypeError, ShapeError

__all__ = ["as_array", "as_numbers"]


def as_array(values: Any, what: str, expected: str = "rows of one length") -> NDArray[Any]:
    """Return an array of any dtype; what is one already is not copied.

    Args:
        values: a tensor of this library or of PyTorch, an array, or nested lists.
        what: the messages' name for it.
        expected: what should have come instead of lists of different lengths.

    Raises:
        ShapeError: for lists of different lengths.
    """
    if hasattr(values, "detach"):
        values = values.detach().numpy()
    try:
        return np.asarray(values)
    except ValueError:
        raise ShapeError(f"{what} must not be ragged", expected=expected) from None


def as_numbers(values: Any, what: str, *, kinds: str = "biuf", expected: str = "rows of one length") -> NDArray[Any]:
    """Return an array of numbers; arguments as for `as_array`.

    Args:
        kinds: dtypes that count as numbers, as NumPy's letters for them.

    Raises:
        ShapeError: for lists of different lengths.
        DTypeError: for what are no numbers.
    """
    array = as_array(values, what, expected)
    if array.dtype.kind not in kinds:
        raise DTypeError(f"{what} must hold numbers", got=f"dtype {array.dtype}")
    return array
