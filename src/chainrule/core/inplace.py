"""Changing a tensor's numbers in place: optimisers, initialisers, and ``x += y``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule.core.methods import TensorMethods, index_of, raw
from chainrule.core.mode import state
from chainrule.errors import DTypeError, GradientError, ShapeError

if TYPE_CHECKING:
    from chainrule.core.node import Node
    from chainrule.core.tensor import Tensor

__all__ = ["InPlace"]


class InPlace(TensorMethods):
    """Methods that end in an underscore, augmented assignment, and assignment to an index."""

    if TYPE_CHECKING:
        _requires_grad: bool
        _version: int
        grad_fn: Node | None

        def detach(self) -> Tensor: ...

    def _assign(self, value: Any) -> Self:
        """Write new numbers into this tensor's memory; on the graph only a leaf under `no_grad` may be written to."""
        if self._requires_grad and state.grad_enabled:
            if self.grad_fn is None:
                raise GradientError(
                    "a leaf Variable that requires grad is being used in an in-place operation",
                    fix="Wrap the update in `with no_grad():`",
                )
            raise GradientError(
                "a tensor on the graph cannot be overwritten in place",
                fix="Compute a new tensor: y = y + 1, not y.add_(1)",
            )
        fresh = value._data if isinstance(value, TensorMethods) else value
        if isinstance(self._data, np.ndarray):
            try:
                np.copyto(self._data, fresh, casting="same_kind")
            except ValueError as error:
                raise ShapeError("cannot write into a tensor of another shape", where=str(error)) from error
            except TypeError as error:
                raise DTypeError("cannot write these values in place", where=str(error)) from error
        else:
            self._data = fresh
        self._version += 1
        return self

    def _in_place(self, result: Tensor) -> Any:
        """Python's ``x += y``: a tensor on the graph is rebound to the new value, any other is overwritten."""
        if result._requires_grad and not (self._requires_grad and self.grad_fn is None):
            return result
        return self._assign(result)

    def __iadd__(self, other: Any) -> Any:
        return self._in_place(self + other)

    def __isub__(self, other: Any) -> Any:
        return self._in_place(self - other)

    def __imul__(self, other: Any) -> Any:
        return self._in_place(self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place(self / other)

    def add_(self, other: Any, alpha: Any = 1) -> Self:
        return self._assign(self.detach() + (other if alpha == 1 else alpha * other))

    def sub_(self, other: Any, alpha: Any = 1) -> Self:
        return self._assign(self.detach() - (other if alpha == 1 else alpha * other))

    def mul_(self, other: Any) -> Self:
        return self._assign(self.detach() * other)

    def div_(self, other: Any) -> Self:
        return self._assign(self.detach() / other)

    def clamp_(self, min: Any = None, max: Any = None) -> Self:
        return self._assign(self.detach().clip(min, max))

    def copy_(self, other: Any) -> Self:
        """Overwrite with ``other``, broadcast to this shape and cast to this dtype."""
        fresh = raw(other)
        return self._assign(fresh.astype(self._data.dtype) if hasattr(fresh, "astype") else fresh)

    def pow_(self, exponent: Any) -> Self:
        return self._assign(self.detach() ** exponent)

    def exp_(self) -> Self:
        return self._assign(self.detach().exp())

    def sqrt_(self) -> Self:
        return self._assign(self.detach().sqrt())

    def masked_fill_(self, mask: Any, value: Any) -> Self:
        return self._assign(self.detach().masked_fill(mask, value))

    def scatter_(self, dim: int, index: Any, src: Any = None, *, value: Any = None) -> Self:
        """Write ``src`` (numbers, or one number) to the places along ``dim`` that ``index`` names, as for one-hot rows.

        Raises:
            ShapeError: if an index is out of range, or the shapes do not fit.
        """
        fresh = self._data.copy()
        try:
            np.put_along_axis(fresh, raw(index), raw(value if src is None else src), dim)
        except (ValueError, IndexError) as error:
            raise ShapeError(f"scatter_ cannot write there: {error}") from error
        return self._assign(fresh)

    def zero_(self) -> Self:
        return self._assign(0)

    def fill_(self, value: Any) -> Self:
        return self._assign(value)

    def uniform_(self, low: Any = 0.0, high: Any = 1.0) -> Self:
        """Overwrite with draws from U(low, high)."""
        from chainrule.core.rng import generator

        return self._assign(generator().uniform(low, high, self._data.shape).astype(self._data.dtype))

    def normal_(self, mean: Any = 0.0, std: Any = 1.0) -> Self:
        """Overwrite with draws from N(mean, std²)."""
        from chainrule.core.rng import generator

        return self._assign(generator().normal(mean, std, self._data.shape).astype(self._data.dtype))

    def random_(self, low: int = 0, high: int | None = None) -> Self:
        """Overwrite with integers from ``low`` up to and without ``high`` (2²⁴ if left out)."""
        from chainrule.core.rng import generator

        low, high = (0, low) if high is None and low else (low, high)
        return self._assign(generator().integers(low, high or 1 << 24, self._data.shape).astype(self._data.dtype))

    # A new shape for the same numbers

    def _reshaped(self, fresh: Tensor) -> Self:
        """Take over the shape of ``fresh``, which shares this tensor's memory."""
        if self._requires_grad and state.grad_enabled:
            self._assign(fresh)  # raises, naming the remedy
        self._data = fresh._data
        self._version += 1
        return self

    def squeeze_(self, dim: Any = None) -> Self:
        return self._reshaped(self.detach().squeeze(dim))

    def unsqueeze_(self, dim: int) -> Self:
        return self._reshaped(self.detach().unsqueeze(dim))

    def t_(self) -> Self:
        return self._reshaped(self.detach().t())

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._requires_grad and state.grad_enabled:
            self._assign(value)  # raises, naming the remedy
        fresh = raw(value)
        if isinstance(value, InPlace) and value._requires_grad and state.grad_enabled:
            raise GradientError(
                "writing a tensor on the graph into another one would lose its gradient",
                fix="Build the result with stack(), concatenate() or where()",
            )
        try:
            self._data[index_of(index)] = fresh
        except (ValueError, IndexError) as error:
            raise ShapeError(f"cannot assign to this index: {error}") from error
        self._version += 1
