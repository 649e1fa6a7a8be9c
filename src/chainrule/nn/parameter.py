"""`Parameter`: a tensor that a module trains."""

from __future__ import annotations

from typing import Any

from chainrule.core.tensor import Tensor

__all__ = ["Parameter"]


class Parameter(Tensor):
    """A tensor that requires gradients and, when it is made an attribute of a `Module`, belongs to its parameters.

    Args:
        data: a tensor or array, whose memory is shared, or numbers.
        requires_grad: whether `backward` computes its gradient.

    Raises:
        DTypeError: if gradients are required of integers.
    """

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data, None, requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
