"""Layers that change the shape, or nothing at all."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core import ops
from chainrule.core.op import axes_of
from chainrule.errors import ShapeError
from chainrule.nn.checks import shape_of
from chainrule.nn.module import Module

__all__ = ["Flatten", "Identity"]


class Flatten(Module):
    """Fold dimensions ``start_dim`` to ``end_dim`` into one; the default keeps the batch and folds all the rest.

    Args:
        start_dim: first dimension to fold.
        end_dim: last one, included.

    Shapes:
        (N, 28, 28) -> (N, 784) with the defaults.
    """

    arguments = ("start_dim", "end_dim")

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim, self.end_dim = int(start_dim), int(end_dim)

    def forward(self, input: Any) -> Any:
        shape = tuple(shape_of(input, self))
        folded = self._folded(shape)
        return input if folded == shape else ops.reshape(input, shape=folded)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        rows = 7919  # a stand-in for the batch dimension, to see whether it is folded, too
        folded = self._folded((rows, *input_shape))
        if folded[:1] != (rows,):
            raise ShapeError(f"{self!r} folds the batch dimension", fix="Use start_dim=1")
        return folded[1:]

    def _folded(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        (start,), (end,) = axes_of(self.start_dim, len(shape)), axes_of(self.end_dim, len(shape))
        if start > end:
            raise ShapeError(f"{self!r} needs start_dim ≤ end_dim", got=f"an input of shape {shape}")
        return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


class Identity(Module):
    """The input, unchanged; takes any arguments, as PyTorch's does."""

    keeps_shape = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input
