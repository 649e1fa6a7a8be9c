"""Gradient clipping, by norm and by value.

On raw arrays (`clip_by_norm`, `clip_by_value`: pure, for engines and traced code) and on parameters, in place, with
PyTorch's names.  Pascanu, Mikolov & Bengio, *On the difficulty of training recurrent neural networks*, ICML 2013.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule.core.methods import raw
from chainrule.core.mode import no_grad, quiet
from chainrule.core.op import NUMPY, Array, namespace
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, GradientError
from chainrule.optim.checks import not_negative, real

__all__ = ["clip_by_norm", "clip_by_value", "clip_factor", "clip_grad_norm_", "clip_grad_value_", "total_norm"]


def total_norm(grads: Sequence[Array], norm_type: float = 2.0) -> Array:
    """The p-norm of all numbers in `grads` taken as one vector: (Σ|g|ᵖ)^(1/p), for p = ∞ the largest |g|.

    Args:
        grads: arrays of any shapes.
        norm_type: p > 0; ``math.inf`` for the largest magnitude.

    Returns:
        A scalar of the arrays' dtype.
    """
    if not grads:
        return np.float32(0.0)
    xp = namespace(grads)
    flat = [xp.reshape(g, (-1,)) for g in grads]
    if norm_type == math.inf:
        largest = [xp.max(xp.abs(g)) for g in flat if g.shape[0]]
        return xp.max(xp.stack(largest)) if largest else np.float32(0.0)
    if norm_type == 2.0:
        return sum(_sum_of_squares(xp, g) for g in flat) ** 0.5
    return sum(xp.sum(xp.abs(g) ** norm_type) for g in flat) ** (1.0 / norm_type)


def clip_factor(norm: Array, max_norm: float) -> Array:
    """What to multiply gradients of this norm by: min(1, max_norm / (norm + 1e-6))."""
    return namespace((norm,)).minimum(max_norm / (norm + 1e-6), 1.0)


def clip_by_norm(g: Array, max_norm: float, norm_type: float = 2.0) -> tuple[Array, Array]:
    """Return `g` scaled down so that its norm is at most `max_norm`, and the norm that it had.

    Args:
        g: gradients of all parameters, e.g. as one flat array.
        max_norm: the largest norm to let through.
        norm_type: p of the p-norm.
    """
    norm = total_norm([g], norm_type)
    return g * clip_factor(norm, max_norm), norm


def clip_by_value(g: Array, value: float) -> Array:
    """Return `g` with each element limited to [−value, value]."""
    xp = namespace((g,))
    return xp.minimum(xp.maximum(g, -value), value)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients of all parameters, in place, so that their common norm is at most `max_norm`.

    Args:
        parameters: tensors; those without a gradient are passed over.
        max_norm: the largest norm to let through, ≥ 0.
        norm_type: p > 0 of the p-norm, or ``"inf"``; default 2.
        error_if_nonfinite: raise if the norm is infinite or not a number; else the gradients are scaled by it.
        foreach: accepted as PyTorch does, and ignored.

    Returns:
        The norm before clipping, a tensor of shape ().

    Raises:
        ConfigError: for a negative `max_norm` or a `norm_type` that is not positive.
        GradientError: for a norm that is not finite, if `error_if_nonfinite`.
    """
    max_norm, order = float(not_negative("max_norm", max_norm)), _order(norm_type)
    gradients = _gradients(parameters)
    with quiet():
        norm = total_norm([raw(grad) for grad in gradients], order)
        if error_if_nonfinite and not np.isfinite(norm):
            raise GradientError(
                f"the total norm of order {order} of the gradients is not finite, so it cannot be clipped", got=norm
            )
        factor = clip_factor(norm, max_norm)
        _overwrite(gradients, [raw(grad) * factor for grad in gradients])
    return Tensor.of(norm)


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Limit each element of the parameters' gradients, in place, to [−clip_value, clip_value].

    Args:
        parameters: tensors; those without a gradient are passed over.
        clip_value: the largest magnitude to let through, ≥ 0.
        foreach: accepted as PyTorch does, and ignored.

    Raises:
        ConfigError: for a negative `clip_value`.
    """
    value = float(not_negative("clip_value", clip_value))
    gradients = _gradients(parameters)
    _overwrite(gradients, [clip_by_value(raw(grad), value) for grad in gradients])


def _sum_of_squares(xp: Any, g: Array) -> Array:
    # One pass on NumPy.  Elsewhere a dot product may run in reduced precision (TF32); a sum does not.
    return xp.matmul(g, g) if xp is NUMPY else xp.sum(g * g)


def _order(norm_type: Any) -> float:
    order = float(norm_type) if norm_type in ("inf", math.inf) else float(real("norm_type", norm_type))
    if order <= 0:
        raise ConfigError("norm_type must be positive", got=norm_type)
    return order


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    tensors = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    return [p.grad for p in tensors if p.grad is not None]


def _overwrite(gradients: Sequence[Tensor], values: Sequence[Array]) -> None:
    with no_grad():
        for grad, value in zip(gradients, values, strict=True):
            grad.copy_(value)
