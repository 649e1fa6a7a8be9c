"""Cutting tensors up, repeating them, and making others of their kind: methods of `Tensor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.methods import TensorMethods, dims_of
from chainrule.core.op import axes_of
from chainrule.core.promote import dtype_of
from chainrule.errors import ShapeError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["Arranging"]


class Arranging(TensorMethods):
    """Pieces of a tensor, repetitions of it, and fresh tensors of its dtype."""

    # Pieces

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Pieces of ``split_size`` along ``dim`` (the last one may be smaller), or of the listed sizes.

        Raises:
            ShapeError: if the sizes do not add up, or a size is not positive.
        """
        (axis,) = axes_of(dim, self.ndim)
        length = self.shape[axis]
        if isinstance(split_size, int):
            if split_size < 1:
                raise ShapeError("bad split size", expected="at least 1", got=split_size)
            sizes = [min(split_size, length - start) for start in range(0, length, split_size)] or [0]
        else:
            sizes = list(split_size)
            if sum(sizes) != length:
                raise ShapeError("split sizes do not add up", expected=f"a sum of {length}", got=sizes)
        ends = np.cumsum(sizes).tolist()
        before = (slice(None),) * axis
        return tuple(self[(*before, slice(end - size, end))] for size, end in zip(sizes, ends, strict=True))

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most ``chunks`` pieces of equal size along ``dim``; the last one may be smaller."""
        if chunks < 1:
            raise ShapeError("bad number of chunks", expected="at least 1", got=chunks)
        (axis,) = axes_of(dim, self.ndim)
        return self.split(max(1, -(-self.shape[axis] // chunks)), dim)

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """The slices along ``dim``, without that dimension."""
        (axis,) = axes_of(dim, self.ndim)
        before = (slice(None),) * axis
        return tuple(self[(*before, i)] for i in range(self.shape[axis]))

    # Repetition

    def repeat(self, *repeats: Any) -> Tensor:
        """The tensor laid out ``repeats[i]`` times along dimension i; more repeats than dimensions add some in front.

        Raises:
            ShapeError: if there are fewer repeats than dimensions.
        """
        times = dims_of(repeats)
        lead = len(times) - self.ndim
        if lead < 0:
            raise ShapeError("repeat needs a number for each dimension", expected=self.ndim, got=len(times))
        lengths = (1,) * lead + tuple(self.shape)
        # (1, a, 1, b, …) broadcast to (times, a, times, b, …), then joined in pairs.
        paired = self.reshape(tuple(size for length in lengths for size in (1, length)))
        spread = paired.broadcast_to(tuple(s for pair in zip(times, lengths, strict=True) for s in pair))
        return spread.reshape(tuple(t * length for t, length in zip(times, lengths, strict=True)))

    # Others of its kind

    def _fresh(self, values: Any, dtype: Any, requires_grad: bool) -> Tensor:
        made = self.plain(np.asarray(values).astype(self._data.dtype if dtype is None else dtype_of(dtype)))
        return made.requires_grad_() if requires_grad else made

    def new_zeros(self, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        return self._fresh(np.zeros(dims_of(size)), dtype, requires_grad)

    def new_ones(self, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        return self._fresh(np.ones(dims_of(size)), dtype, requires_grad)

    new_empty = new_zeros

    def new_full(self, size: Sequence[int], fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        return self._fresh(np.full(tuple(size), fill_value), dtype, requires_grad)

    def new_tensor(self, data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
        """A copy of ``data`` with this tensor's dtype."""
        return self._fresh(data, dtype, requires_grad)
