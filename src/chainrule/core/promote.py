"""Which dtype a mixture of tensors and numbers has: PyTorch's rules, which differ from NumPy's.

A type category (bool < integer < float) that is higher wins; within the highest category, tensors with dimensions
decide before 0-dimensional tensors, and those before Python numbers.  So ``float32 · int64`` stays float32, where NumPy
would give float64.  Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.mode import state
from chainrule.errors import DTypeError

__all__ = ["dtype_of", "promoted"]

_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}


def promoted(values: list[Any], floats: bool) -> list[Any]:
    """Cast the arrays among `values` to their common dtype; Python numbers are left to follow it.

    Args:
        values: arrays and Python numbers.
        floats: the operation is defined on floating-point numbers only, so integers become the default dtype.
    """
    best: tuple[int, int] = (-1, -1)
    dtype: Any = None
    for value in values:
        own = getattr(value, "dtype", None)
        if own is None:
            rank = (2 if isinstance(value, float) else 1 if not isinstance(value, bool) else 0, 0)
            kind: Any = state.default_dtype if rank[0] == 2 else np.dtype(np.int64 if rank[0] else np.bool_)
        else:
            rank = (_CATEGORY.get(own.kind, 2), 2 if value.ndim else 1)
            kind = own
        if rank > best:
            best, dtype = rank, kind
        elif rank == best and kind != dtype:
            dtype = np.promote_types(dtype, kind)
    if floats and best[0] < 2:
        dtype = state.default_dtype
    if not best[1]:  # numbers alone
        return [np.asarray(value, dtype) for value in values]
    return [value.astype(dtype) if getattr(value, "dtype", dtype) != dtype else value for value in values]


def dtype_of(named: Any) -> np.dtype[Any]:
    """The NumPy dtype that a user named.

    Raises:
        DTypeError: if there is no such dtype.
    """
    try:
        dtype: np.dtype[Any] = np.dtype(named)
    except TypeError as error:
        raise DTypeError("unknown dtype", expected="float32, float64, int64, int32, bool, …", got=named) from error
    return dtype
