"""Making tensors: PyTorch's creation functions.

All take ``dtype`` (None: the default dtype for floating-point numbers, int64 for integers), ``requires_grad``, and
``device``, which must be None or the CPU.  Those that draw take ``generator``; left out, it is `manual_seed`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core.device import require_cpu
from chainrule.core.methods import dims_of, raw
from chainrule.core.mode import state
from chainrule.core.promote import dtype_of
from chainrule.core.rng import generator as shared_generator
from chainrule.core.tensor import Tensor
from chainrule.core.tensor import tensor as leaf
from chainrule.errors import DTypeError, ShapeError

__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "from_numpy", "full", "full_like", "linspace", "normal",
    "ones", "ones_like", "rand", "rand_like", "randint", "randn", "randn_like", "randperm", "tensor", "zeros",
    "zeros_like",
]  # fmt: skip


def _made(data: Any, dtype: Any, requires_grad: bool, device: Any) -> Tensor:
    require_cpu(device)
    made = Tensor.of(np.asarray(data, state.default_dtype if dtype is None else dtype_of(dtype)))
    return made.requires_grad_() if requires_grad else made


def _source(generator: np.random.Generator | None) -> np.random.Generator:
    return shared_generator() if generator is None else generator


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, *, device: Any = None) -> Tensor:
    """Make a leaf tensor from a copy of `data`; see `Tensor`."""
    require_cpu(device)
    return leaf(data, dtype, requires_grad)


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    return _made(np.zeros(dims_of(size)), dtype, requires_grad, device)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    return _made(np.ones(dims_of(size)), dtype, requires_grad, device)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor to be written to; it holds zeros, so that nothing depends on what memory held before."""
    return zeros(*size, dtype=dtype, requires_grad=requires_grad, device=device)


def full(
    size: Sequence[int], fill_value: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    """A tensor of one value; without a dtype, floats get the default dtype and integers int64."""
    made = leaf(fill_value, dtype)
    return _made(np.full(tuple(size), made._data), made.dtype, requires_grad, device)


def zeros_like(other: Tensor, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    return zeros(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad, device=device)


def ones_like(other: Tensor, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    return ones(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad, device=device)


empty_like = zeros_like


def full_like(
    other: Tensor, fill_value: Any, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    return full(other.shape, fill_value, dtype or other.dtype, requires_grad, device)


def rand(
    *size: Any,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Draws from U(0, 1)."""
    return _made(_source(generator).random(dims_of(size)), dtype, requires_grad, device)


def randn(
    *size: Any,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Draws from N(0, 1)."""
    return _made(_source(generator).standard_normal(dims_of(size)), dtype, requires_grad, device)


def rand_like(other: Tensor, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    return rand(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad, device=device)


def randn_like(other: Tensor, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    return randn(other.shape, dtype=dtype or other.dtype, requires_grad=requires_grad, device=device)


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Sequence[int] | None = None,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Draws from N(mean, std²); without ``size``, one for each element of the tensors ``mean`` and ``std``."""
    drawn = _source(generator).normal(raw(mean), raw(std), None if size is None else tuple(size))
    return _made(drawn, dtype, requires_grad, device)


def randint(
    low: int,
    high: Any = None,
    size: Sequence[int] | None = None,
    dtype: Any = np.int64,
    requires_grad: bool = False,
    device: Any = None,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Integers from ``low`` up to and without ``high``; ``randint(high, size)`` begins at 0.

    Raises:
        ShapeError: if no size is given, or there is no integer in the range.
    """
    if isinstance(high, (tuple, list)):
        high, size = None, high
    if size is None:
        raise ShapeError("randint needs a size", fix="Write randint(low, high, (rows, columns))")
    first, end = (0, low) if high is None else (low, high)
    if end <= first:
        raise ShapeError("randint needs low < high", got=f"low={first}, high={end}")
    return _made(_source(generator).integers(first, end, tuple(size)), dtype, requires_grad, device)


def randperm(n: int, dtype: Any = np.int64, device: Any = None, generator: np.random.Generator | None = None) -> Tensor:
    """The integers below `n` in random order."""
    return _made(_source(generator).permutation(n), dtype, False, device)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    dtype: Any = None,
    requires_grad: bool = False,
    device: Any = None,
) -> Tensor:
    values = np.arange(0, start, step) if end is None else np.arange(start, end, step)
    made = dtype or (state.default_dtype if values.dtype.kind == "f" else np.int64)
    return _made(values, made, requires_grad, device)


def linspace(
    start: float, end: float, steps: int, dtype: Any = None, requires_grad: bool = False, device: Any = None
) -> Tensor:
    return _made(np.linspace(start, end, steps), dtype, requires_grad, device)


def eye(n: int, m: int | None = None, dtype: Any = None, requires_grad: bool = False, device: Any = None) -> Tensor:
    return _made(np.eye(n, m), dtype, requires_grad, device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory and dtype.

    Raises:
        DTypeError: if `array` is not a NumPy array of numbers.
    """
    if not isinstance(array, np.ndarray):
        raise DTypeError("from_numpy takes a NumPy array", got=type(array).__name__, fix="Use tensor() for lists")
    return Tensor(array)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing its memory where that is possible."""
    require_cpu(device)
    return data.to(dtype) if isinstance(data, Tensor) else Tensor(data, dtype)
