"""Arithmetic under further names of PyTorch's: methods of `Tensor` made of the table's operations, and rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.methods import TensorMethods, raw
from chainrule.core.mode import quiet
from chainrule.errors import ShapeError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["Arithmetic"]


class Arithmetic(TensorMethods):
    """Sums with a factor, products of vectors and matrices by name, logarithms, rounding and tests of elements."""

    def add(self, other: Any, alpha: Any = 1) -> Tensor:
        """self + alpha·other."""
        return self.__add__(other if alpha == 1 else alpha * other)

    def sub(self, other: Any, alpha: Any = 1) -> Tensor:
        """self - alpha·other."""
        return self.__sub__(other if alpha == 1 else alpha * other)

    subtract = sub

    # Products

    def mm(self, other: Any) -> Tensor:
        """The product of two matrices."""
        return self._product("mm", other, 2, 2)

    def mv(self, vec: Any) -> Tensor:
        """The product of a matrix and a vector."""
        return self._product("mv", vec, 2, 1)

    def dot(self, other: Any) -> Tensor:
        """The inner product of two vectors."""
        return self._product("dot", other, 1, 1)

    def bmm(self, mat2: Any) -> Tensor:
        """The products of two stacks of matrices."""
        return self._product("bmm", mat2, 3, 3)

    def outer(self, vec2: Any) -> Tensor:
        """The matrix of all products of two vectors' elements."""
        if self.ndim != 1 or np.ndim(raw(vec2)) != 1:
            raise ShapeError("outer takes two vectors", got=f"shapes {tuple(self.shape)} and {np.shape(raw(vec2))}")
        return self.unsqueeze(1).__mul__(vec2)

    def _product(self, name: str, other: Any, mine: int, theirs: int) -> Tensor:
        """A matrix product that stands for these numbers of dimensions only."""
        if self.ndim != mine or np.ndim(raw(other)) != theirs:
            raise ShapeError(
                f"{name} does not broadcast",
                expected=f"{mine} and {theirs} dimensions",
                got=f"shapes {tuple(self.shape)} and {tuple(np.shape(raw(other)))}",
                fix="Use matmul for other numbers of dimensions",
            )
        return self.__matmul__(other)

    # Elementwise functions

    def log2(self) -> Tensor:
        return self.log() * (1 / math.log(2))

    def log10(self) -> Tensor:
        return self.log() * (1 / math.log(10))

    def reciprocal(self) -> Tensor:
        return 1 / self

    def rsqrt(self) -> Tensor:
        return 1 / self.sqrt()

    # Rounding has derivative 0 wherever it has one, so the result stands alone.

    def floor(self) -> Tensor:
        return self._alone(np.floor)

    def ceil(self) -> Tensor:
        return self._alone(np.ceil)

    def trunc(self) -> Tensor:
        return self._alone(np.trunc)

    def round(self, decimals: int = 0) -> Tensor:
        """To the nearest number with that many decimals; halves go to the even neighbour."""
        return self.plain(np.round(self._data, decimals))

    # Tests of each element

    def isnan(self) -> Tensor:
        return self._alone(np.isnan)

    def isinf(self) -> Tensor:
        return self._alone(np.isinf)

    def isfinite(self) -> Tensor:
        return self._alone(np.isfinite)

    def logical_and(self, other: Any) -> Tensor:
        return self.plain(np.logical_and(self._data, raw(other)))

    def logical_or(self, other: Any) -> Tensor:
        return self.plain(np.logical_or(self._data, raw(other)))

    def logical_xor(self, other: Any) -> Tensor:
        return self.plain(np.logical_xor(self._data, raw(other)))

    def logical_not(self) -> Tensor:
        return self._alone(np.logical_not)

    def _alone(self, function: Callable[[Any], Any]) -> Tensor:
        with quiet():
            return self.plain(function(self._data))
