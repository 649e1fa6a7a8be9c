"""Sorting and choosing: methods of `Tensor` whose derivative, where there is one, is that of `gather`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import ops
from chainrule.core.methods import TensorMethods, ValuesAndIndices, raw
from chainrule.core.op import axes_of
from chainrule.errors import ConfigError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["Ordering"]


class Ordering(TensorMethods):
    """Ordering elements and picking some of them."""

    # Order

    def argsort(self, dim: int = -1, descending: bool = False) -> Tensor:
        """The indices that would sort along ``dim``; equal elements keep their order."""
        if self.ndim == 0:
            return self.plain(np.zeros((), np.int64))
        (axis,) = axes_of(dim, self.ndim)
        if not descending:
            return self.plain(np.argsort(self._data, axis=axis, kind="stable"))
        backwards = np.flip(np.argsort(np.flip(self._data, axis), axis=axis, kind="stable"), axis)
        return self.plain(self._data.shape[axis] - 1 - backwards)

    def sort(self, dim: int = -1, descending: bool = False) -> ValuesAndIndices:
        """The pair (values, indices) sorted along ``dim``."""
        indices = self.argsort(dim, descending)
        return ValuesAndIndices(self.gather(dim, indices) if self.ndim else self, indices)

    def topk(self, k: int, dim: int = -1, largest: bool = True) -> ValuesAndIndices:
        """The ``k`` largest (or smallest) elements along ``dim``, in order, as the pair (values, indices).

        Raises:
            ConfigError: if there are not that many.
        """
        (axis,) = axes_of(dim, self.ndim) or (0,)
        size = self.shape[axis] if self.ndim else 1
        if not 0 <= k <= size:
            raise ConfigError("bad k", expected=f"a number from 0 to {size}", got=k)
        values, indices = self.sort(dim, descending=largest)
        if self.ndim == 0:
            return ValuesAndIndices(values, indices)
        first = (slice(None),) * axis + (slice(k),)
        return ValuesAndIndices(values[first], indices[first])

    # Choice

    def index_select(self, dim: int, index: Any) -> Tensor:
        """The elements along ``dim`` that ``index`` (a vector) names."""
        (axis,) = axes_of(dim, self.ndim)
        return self[(slice(None),) * axis + (raw(index),)]

    def masked_select(self, mask: Any) -> Tensor:
        """The elements where ``mask`` holds, in one vector."""
        return self[raw(mask)]

    def masked_fill(self, mask: Any, value: Any) -> Tensor:
        """A copy with ``value`` where ``mask`` holds."""
        return self.record(ops.where, (raw(mask), value, self), {})

    def nonzero(self) -> Tensor:
        """The indices of all elements that are not 0, one row for each."""
        return self.plain(np.argwhere(self._data))

    def unique(self) -> Tensor:
        """The distinct elements, sorted."""
        return self.plain(np.unique(self._data))
