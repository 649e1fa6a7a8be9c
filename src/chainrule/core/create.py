"""Making tensors: PyTorch's creation functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.methods import dims_of
from chainrule.core.mode import state
from chainrule.core.rng import generator
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import DTypeError

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_numpy", "full", "full_like", "linspace", "normal",
    "ones", "ones_like", "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "tensor", "zeros",
    "zeros_like",
]  # fmt: skip


def _made(data: Any, dtype: Any, requires_grad: bool) -> Tensor:
    made = Tensor.of(np.asarray(data, state.default_dtype if dtype is None else dtype))
    return made.requires_grad_() if requires_grad else made


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return _made(np.zeros(dims_of(size)), dtype, requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return _made(np.ones(dims_of(size)), dtype, requires_grad)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor to be written to; it holds zeros, so that nothing depends on what memory held before."""
    return zeros(*size, dtype=dtype, requires_grad=requires_grad)


def full(size: Sequence[int], fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of one value; without a dtype, floats get the default dtype and integers int64."""
    made = tensor(fill_value, dtype)
    return _made(np.full(tuple(size), made._data), made.dtype, requires_grad)


def zeros_like(other: Tensor, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return zeros(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad)


def ones_like(other: Tensor, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return ones(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad)


empty_like = zeros_like


def full_like(other: Tensor, fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return full(other.shape, fill_value, dtype or other.dtype, requires_grad)


def rand(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Draws from U(0, 1)."""
    return _made(generator().random(dims_of(size)), dtype, requires_grad)


def randn(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Draws from N(0, 1)."""
    return _made(generator().standard_normal(dims_of(size)), dtype, requires_grad)


def rand_like(other: Tensor, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return rand(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad)


def randn_like(other: Tensor, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    return randn(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad)


def normal(mean: float, std: float, size: Sequence[int], dtype: Any = None) -> Tensor:
    """Draws from N(mean, std²)."""
    return _made(generator().normal(mean, std, tuple(size)), dtype, False)


def randint(low: int, high: int | None, size: Sequence[int], dtype: Any = np.int64) -> Tensor:
    """Integers from ``low`` up to and without ``high``."""
    return _made(generator().integers(low, high, tuple(size)), dtype, False)


def randperm(n: int, dtype: Any = np.int64) -> Tensor:
    """The integers below `n` in random order."""
    return _made(generator().permutation(n), dtype, False)


def arange(start: float, end: float | None = None, step: float = 1, dtype: Any = None) -> Tensor:
    values = np.arange(0, start, step) if end is None else np.arange(start, end, step)
    return _made(values, dtype or (state.default_dtype if values.dtype.kind == "f" else np.int64), False)


def linspace(start: float, end: float, steps: int, dtype: Any = None) -> Tensor:
    return _made(np.linspace(start, end, steps), dtype, False)


def eye(n: int, m: int | None = None, dtype: Any = None) -> Tensor:
    return _made(np.eye(n, m), dtype, False)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory and dtype.

    Raises:
        DTypeError: if `array` is not a NumPy array of numbers.
    """
    if not isinstance(array, np.ndarray):
        raise DTypeError("from_numpy takes a NumPy array", got=type(array).__name__, fix="Use tensor() for lists")
    return Tensor(array)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """`data` as a tensor, sharing its memory where that is possible."""
    return data.to(dtype) if isinstance(data, Tensor) else Tensor(data, dtype)
