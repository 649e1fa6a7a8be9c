"""Parameters as one vector, and back; gradient clipping under PyTorch's ``nn.utils`` names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.core import ops
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, ShapeError

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters"]  # noqa: F822

_CLIPPING = ("clip_grad_norm_", "clip_grad_value_")


def __getattr__(name: str) -> Any:
    if name in _CLIPPING:
        from chainrule.optim import clip

        return getattr(clip, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def parameters_to_vector(parameters: Iterable[Tensor]) -> Any:
    """All parameters in one vector, in order, each in C order; stays on the graph.

    Raises:
        ConfigError: if there are no parameters.
    """
    flat = [ops.reshape(parameter, shape=(-1,)) for parameter in parameters]
    if not flat:
        raise ConfigError("there are no parameters", fix="Give model.parameters() of a model that has layers")
    return ops.concatenate(*flat, dim=0)


def vector_to_parameters(vec: Any, parameters: Iterable[Tensor]) -> None:
    """Write a vector into the parameters, the reverse of `parameters_to_vector`.

    Raises:
        ShapeError: if the vector does not have as many numbers as the parameters.
    """
    targets = list(parameters)
    values = np.asarray(getattr(vec, "_data", vec))
    sizes = [math.prod(parameter.shape) for parameter in targets]
    if values.shape != (sum(sizes),):
        raise ShapeError("vector does not fit the parameters", expected=f"shape ({sum(sizes)},)", got=values.shape)
    start = 0
    for parameter, size in zip(targets, sizes, strict=True):
        parameter.detach().copy_(values[start : start + size].reshape(parameter.shape))
        start += size
