"""What can be done with a tensor: PyTorch's operators and methods, each a row of the operation table."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.core import ops
from chainrule.core.mode import quiet, state
from chainrule.core.op import Op, Recorder, axes_of, failure
from chainrule.core.promote import promoted
from chainrule.errors import ShapeError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["TensorMethods", "ValuesAndIndices", "dims_of", "index_of", "raw"]

_NONE: dict[str, Any] = {}


class ValuesAndIndices(NamedTuple):
    """What ``x.max(dim)`` and ``x.min(dim)`` return."""

    values: Any
    indices: Any


class TensorMethods(Recorder):
    """Operators and methods of `Tensor`; see the operation of the same name for formula and derivative."""

    if TYPE_CHECKING:
        _data: Any

        @property
        def shape(self) -> tuple[int, ...]: ...
        @property
        def ndim(self) -> int: ...
        @property
        def dtype(self) -> Any: ...
        def plain(self, data: Any) -> Tensor: ...
        def record(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Tensor: ...

    # Arithmetic

    def __add__(self, other: Any) -> Tensor:
        return self.record(ops.add, (self, other), _NONE)

    def __radd__(self, other: Any) -> Tensor:
        return self.record(ops.add, (other, self), _NONE)

    def __sub__(self, other: Any) -> Tensor:
        return self.record(ops.sub, (self, other), _NONE)

    def __rsub__(self, other: Any) -> Tensor:
        return self.record(ops.sub, (other, self), _NONE)

    def __mul__(self, other: Any) -> Tensor:
        return self.record(ops.mul, (self, other), _NONE)

    def __rmul__(self, other: Any) -> Tensor:
        return self.record(ops.mul, (other, self), _NONE)

    def __truediv__(self, other: Any) -> Tensor:
        return self.record(ops.div, (self, other), _NONE)

    def __rtruediv__(self, other: Any) -> Tensor:
        return self.record(ops.div, (other, self), _NONE)

    def __pow__(self, other: Any) -> Tensor:
        return self.record(ops.pow, (self, other), _NONE)

    def __rpow__(self, other: Any) -> Tensor:
        return self.record(ops.pow, (other, self), _NONE)

    def __matmul__(self, other: Any) -> Tensor:
        return self.record(ops.matmul, (self, other), _NONE)

    def __rmatmul__(self, other: Any) -> Tensor:
        return self.record(ops.matmul, (other, self), _NONE)

    def __neg__(self) -> Tensor:
        return self.record(ops.neg, (self,), _NONE)

    def __pos__(self) -> Tensor:
        return self  # type: ignore[return-value]

    def __abs__(self) -> Tensor:
        return self.record(ops.abs, (self,), _NONE)

    add, sub, mul, div, pow, matmul, mm = (
        __add__, __sub__, __mul__, __truediv__, __pow__, __matmul__, __matmul__,
    )  # fmt: skip
    multiply, subtract, divide, neg, abs, dot = __mul__, __sub__, __truediv__, __neg__, __abs__, __matmul__

    # Comparison and integer arithmetic: never differentiated, so the result stands alone.

    def _paired(self, function: Callable[[Any, Any], Any], a: Any, b: Any) -> Tensor:
        """`function` of two values in their common dtype; None, text and the like are left to Python's own rules."""
        values = [raw(a), raw(b)]
        if not all(isinstance(value, (int, float)) or hasattr(value, "dtype") for value in values):
            return NotImplemented  # type: ignore[no-any-return]
        try:
            with quiet():
                return self.plain(function(*promoted(values, False)))
        except (ValueError, TypeError) as error:
            raise failure(function.__name__, error, values) from error

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._paired(operator.eq, self, other)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._paired(operator.ne, self, other)

    def __lt__(self, other: Any) -> Tensor:
        return self._paired(operator.lt, self, other)

    def __le__(self, other: Any) -> Tensor:
        return self._paired(operator.le, self, other)

    def __gt__(self, other: Any) -> Tensor:
        return self._paired(operator.gt, self, other)

    def __ge__(self, other: Any) -> Tensor:
        return self._paired(operator.ge, self, other)

    __hash__ = object.__hash__

    eq, ne, lt, le, gt, ge = __eq__, __ne__, __lt__, __le__, __gt__, __ge__

    def __invert__(self) -> Tensor:
        return self._paired(operator.xor, self, -1 if self._data.dtype.kind in "iu" else True)

    def __and__(self, other: Any) -> Tensor:
        return self._paired(operator.and_, self, other)

    def __or__(self, other: Any) -> Tensor:
        return self._paired(operator.or_, self, other)

    def __xor__(self, other: Any) -> Tensor:
        return self._paired(operator.xor, self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __floordiv__(self, other: Any) -> Tensor:
        return self._paired(operator.floordiv, self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return self._paired(operator.floordiv, other, self)

    def __mod__(self, other: Any) -> Tensor:
        return self._remainder(self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return self._remainder(other, self)

    def _remainder(self, a: Any, b: Any) -> Tensor:
        if state.grad_enabled and (getattr(a, "requires_grad", False) or getattr(b, "requires_grad", False)):
            difference: Tensor = a - b * self._paired(operator.floordiv, a, b)  # floor has derivative 0
            return difference
        return self._paired(operator.mod, a, b)

    def __contains__(self, value: Any) -> bool:
        found: Any = self.__eq__(value)
        return found is not NotImplemented and bool(found.any())

    # Elementwise functions

    def exp(self) -> Tensor:
        return self.record(ops.exp, (self,), _NONE)

    def log(self) -> Tensor:
        return self.record(ops.log, (self,), _NONE)

    def log1p(self) -> Tensor:
        return self.record(ops.log1p, (self,), _NONE)

    def expm1(self) -> Tensor:
        return self.record(ops.expm1, (self,), _NONE)

    def sqrt(self) -> Tensor:
        return self.record(ops.sqrt, (self,), _NONE)

    def square(self) -> Tensor:
        return self * self

    def sign(self) -> Tensor:
        return self.record(ops.sign, (self,), _NONE)

    def sin(self) -> Tensor:
        return self.record(ops.sin, (self,), _NONE)

    def cos(self) -> Tensor:
        return self.record(ops.cos, (self,), _NONE)

    def tanh(self) -> Tensor:
        return self.record(ops.tanh, (self,), _NONE)

    def sigmoid(self) -> Tensor:
        return self.record(ops.sigmoid, (self,), _NONE)

    def relu(self) -> Tensor:
        return self.record(ops.relu, (self,), _NONE)

    def erf(self) -> Tensor:
        return self.record(ops.erf, (self,), _NONE)

    def clip(self, min: float | None = None, max: float | None = None) -> Tensor:
        return self.record(ops.clip, (self,), {"min": min, "max": max})

    clamp = clip

    def maximum(self, other: Any) -> Tensor:
        return self.record(ops.maximum, (self, other), _NONE)

    def minimum(self, other: Any) -> Tensor:
        return self.record(ops.minimum, (self, other), _NONE)

    def where(self, condition: Any, other: Any) -> Tensor:
        """Elements of self where ``condition`` holds, of ``other`` elsewhere."""
        return self.record(ops.where, (condition, self, other), _NONE)

    # Reductions

    def sum(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        return self.record(ops.sum, (self,), {"dim": dim, "keepdim": keepdim})

    def mean(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        return self.record(ops.mean, (self,), {"dim": dim, "keepdim": keepdim})

    def var(
        self, dim: Any = None, correction: float = 1, keepdim: bool = False, unbiased: bool | None = None
    ) -> Tensor:
        params = {"dim": dim, "correction": correction if unbiased is None else int(unbiased), "keepdim": keepdim}
        return self.record(ops.var, (self,), params)

    def std(
        self, dim: Any = None, correction: float = 1, keepdim: bool = False, unbiased: bool | None = None
    ) -> Tensor:
        params = {"dim": dim, "correction": correction if unbiased is None else int(unbiased), "keepdim": keepdim}
        return self.record(ops.std, (self,), params)

    def amax(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        return self.record(ops.max, (self,), {"dim": dim, "keepdim": keepdim})

    def amin(self, dim: Any = None, keepdim: bool = False) -> Tensor:
        return self.record(ops.min, (self,), {"dim": dim, "keepdim": keepdim})

    def max(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The largest element; with ``dim`` (an int) the pair ``(values, indices)``; with a tensor, `maximum`."""
        if dim is None or isinstance(dim, TensorMethods):
            return self.amax() if dim is None else self.maximum(dim)
        return self._picked(self.argmax(dim), dim, keepdim)

    def min(self, dim: Any = None, keepdim: bool = False) -> Any:
        """The smallest element; with ``dim`` (an int) the pair ``(values, indices)``; with a tensor, `minimum`."""
        if dim is None or isinstance(dim, TensorMethods):
            return self.amin() if dim is None else self.minimum(dim)
        return self._picked(self.argmin(dim), dim, keepdim)

    def _picked(self, indices: Tensor, dim: int, keepdim: bool) -> ValuesAndIndices:
        kept = indices.unsqueeze(dim)
        values = self.gather(dim, kept)
        return ValuesAndIndices(values, kept) if keepdim else ValuesAndIndices(values.squeeze(dim), indices)

    def _axis(self, dim: int | None) -> int | None:
        axes = () if dim is None else axes_of(dim, self.ndim)
        return axes[0] if axes else None

    def _filled_axis(self, dim: Any) -> int | None:
        """As `_axis`, where there must be elements to compare."""
        axes = range(self.ndim) if dim is None else axes_of(dim, self.ndim) or ()
        if any(self.shape[axis] == 0 for axis in axes):
            raise ShapeError("nothing is the largest or smallest of no elements", got=f"shape {tuple(self.shape)}")
        return axes[0] if dim is not None and axes else None

    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        found = self._data.argmax(axis=self._filled_axis(dim))
        return self.plain(found).unsqueeze(dim) if keepdim and dim is not None else self.plain(found)

    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        found = self._data.argmin(axis=self._filled_axis(dim))
        return self.plain(found).unsqueeze(dim) if keepdim and dim is not None else self.plain(found)

    def all(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        return self.plain(self._data.all(axis=self._axis(dim), keepdims=keepdim))

    def any(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        return self.plain(self._data.any(axis=self._axis(dim), keepdims=keepdim))

    def logsumexp(self, dim: Any, keepdim: bool = False) -> Tensor:
        return self.record(ops.logsumexp, (self,), {"dim": dim, "keepdim": keepdim})

    def softmax(self, dim: int) -> Tensor:
        return self.record(ops.softmax, (self,), {"dim": dim})

    def log_softmax(self, dim: int) -> Tensor:
        return self.record(ops.log_softmax, (self,), {"dim": dim})

    def norm(self, p: float = 2, dim: Any = None, keepdim: bool = False) -> Tensor:
        """(Σ |xᵢ|ᵖ)^(1/p); p = inf gives the largest absolute value."""
        if p == float("inf"):
            return self.__abs__().amax(dim, keepdim)
        if p == 2:
            return (self * self).sum(dim, keepdim).sqrt()
        return (self.__abs__() ** p).sum(dim, keepdim) ** (1 / p)

    # Shape

    def reshape(self, *shape: Any) -> Tensor:
        return self.record(ops.reshape, (self,), {"shape": dims_of(shape)})

    view = reshape

    def view_as(self, other: Any) -> Tensor:
        return self.reshape(other.shape)

    reshape_as = view_as

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        if self.ndim == 0:
            return self.reshape(1)
        (start,), (end,) = axes_of(start_dim, self.ndim), axes_of(end_dim, self.ndim)
        size = 1
        for length in self.shape[start : end + 1]:
            size *= length
        return self.reshape((*self.shape[:start], size, *self.shape[end + 1 :]))

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        return self.record(ops.transpose, (self,), {"dim0": dim0, "dim1": dim1})

    def t(self) -> Tensor:
        return self.transpose(0, 1) if self.ndim == 2 else self  # type: ignore[return-value]

    @property
    def T(self) -> Tensor:
        return self.permute(*range(self.ndim - 1, -1, -1))

    @property
    def mT(self) -> Tensor:
        return self.transpose(-2, -1)

    def permute(self, *dims: Any) -> Tensor:
        return self.record(ops.permute, (self,), {"dims": dims_of(dims)})

    def squeeze(self, dim: Any = None) -> Tensor:
        return self.record(ops.squeeze, (self,), {"dim": dim})

    def unsqueeze(self, dim: int) -> Tensor:
        return self.record(ops.unsqueeze, (self,), {"dim": dim})

    def broadcast_to(self, *shape: Any) -> Tensor:
        return self.record(ops.broadcast_to, (self,), {"shape": dims_of(shape)})

    def expand(self, *sizes: Any) -> Tensor:
        """As `broadcast_to`; -1 keeps a dimension's size."""
        wanted = dims_of(sizes)
        lead = len(wanted) - self.ndim
        return self.broadcast_to(tuple(self.shape[i - lead] if size == -1 else size for i, size in enumerate(wanted)))

    def expand_as(self, other: Any) -> Tensor:
        return self.expand(other.shape)

    # Indexing

    def __getitem__(self, index: Any) -> Tensor:
        return self.record(ops.getitem, (self,), {"index": index_of(index)})

    def gather(self, dim: int, index: Any) -> Tensor:
        return self.record(ops.gather, (self,), {"dim": dim, "index": raw(index)})


def raw(value: Any) -> Any:
    """The array inside a tensor; anything else as it is (lists become arrays)."""
    if isinstance(value, TensorMethods):
        return value._data
    return np.asarray(value) if isinstance(value, (list, tuple)) else value


def index_of(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(raw(part) for part in index)
    return raw(index)


def dims_of(dims: Sequence[Any]) -> tuple[int, ...]:
    """``f(2, 3)`` and ``f((2, 3))`` mean the same."""
    return tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else tuple(dims)
