"""Finding out what a module makes of a shape by trying it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.core.mode import no_grad
from chainrule.core.tensor import Tensor
from chainrule.errors import DTypeError
from chainrule.nn.evaluation import evaluating

if TYPE_CHECKING:
    from chainrule.nn.module import Module

__all__ = ["probed_shape"]


def probed_shape(module: Module, input_shape: tuple[int, ...]) -> tuple[int, ...]:
    """The output's shape for two rows of zeros in evaluation mode, without the batch dimension.

    Raises:
        DTypeError: if the module returns something that has no shape.
    """
    first = next(module.parameters(), None)
    rows = np.zeros((2, *input_shape), np.float32 if first is None else first._data.dtype)
    with evaluating(module), no_grad():
        output = module(Tensor.of(rows))
    if not hasattr(output, "shape"):
        raise DTypeError(f"{type(module).__name__} does not return a tensor", got=type(output).__name__)
    return tuple(output.shape[1:])
