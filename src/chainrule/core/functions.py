"""Functions on tensors that are more than one row of the table, or take their tensors as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core import ops
from chainrule.core.methods import ValuesAndIndices
from chainrule.core.tensor import Tensor
from chainrule.errors import DataError, DTypeError

__all__ = [
    "allclose", "argmax", "argmin", "cat", "equal", "is_tensor", "max", "min", "one_hot", "stack",
]  # fmt: skip


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Put tensors one after the other along an existing dimension."""
    return ops.concatenate(*tensors, dim=dim)


def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Put tensors of equal shape side by side along a new dimension."""
    return ops.stack(*tensors, dim=dim)


def max(x: Any, dim: Any = None, keepdim: bool = False) -> Tensor | ValuesAndIndices:
    """As ``x.max(dim)``: the largest element, or the pair (values, indices) along ``dim``."""
    return _tensor(x).max(dim, keepdim)  # type: ignore[no-any-return]


def min(x: Any, dim: Any = None, keepdim: bool = False) -> Tensor | ValuesAndIndices:
    """As ``x.min(dim)``: the smallest element, or the pair (values, indices) along ``dim``."""
    return _tensor(x).min(dim, keepdim)  # type: ignore[no-any-return]


def argmax(x: Any, dim: int | None = None, keepdim: bool = False) -> Tensor:
    return _tensor(x).argmax(dim, keepdim)


def argmin(x: Any, dim: int | None = None, keepdim: bool = False) -> Tensor:
    return _tensor(x).argmin(dim, keepdim)


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8) -> bool:
    """|a - b| ≤ atol + rtol·|b| everywhere."""
    return bool(np.allclose(_tensor(a)._data, _tensor(b)._data, rtol, atol))


def equal(a: Any, b: Any) -> bool:
    """The same shape and the same numbers."""
    return bool(np.array_equal(_tensor(a)._data, _tensor(b)._data))


def is_tensor(x: Any) -> bool:
    return isinstance(x, Tensor)


def one_hot(x: Any, num_classes: int = -1) -> Tensor:
    """Rows of zeros with a 1 at each class index; losses here take the indices themselves.

    Args:
        x: class indices, integers from 0, of any shape.
        num_classes: length of the rows; -1: one more than the largest index.

    Raises:
        DTypeError: if the indices are not integers.
        DataError: if an index is out of range.
    """
    indices = _tensor(x)._data
    if indices.dtype.kind not in "iu":
        raise DTypeError("class indices are integers", got=f"dtype {indices.dtype}", fix="Convert them with .long()")
    n_classes = int(indices.max(initial=-1)) + 1 if num_classes == -1 else num_classes
    if indices.size and not 0 <= indices.min() <= indices.max() < n_classes:
        wrong = indices.min() if indices.min() < 0 else indices.max()
        raise DataError("class index out of range", expected=f"indices from 0 to {n_classes - 1}", got=wrong)
    return Tensor.of((indices[..., None] == np.arange(n_classes)).astype(np.int64))


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)
