"""What every activation computes, once for all languages; stable wherever the library's own operations are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from chainrule.interchange.codegen.expression import Expression, call, where
from chainrule.nn.module import Module

__all__ = ["FORMULAS", "exponential", "sigmoid"]

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
# x/limit from which on a smooth clip is the limit itself, in double precision; its square overflows nowhere.
_FAR = 1e9


def sigmoid(x: Expression) -> Expression:
    """σ(x); the exponential never overflows."""
    e = call("exp", -call("abs", x))
    return where(x, 0.0, 1.0, e) / (1.0 + e)


def exponential(x: Expression) -> Expression:
    """eˣ, which a count is modelled by."""
    return call("exp", x)


def _softplus(x: Expression, beta: float = 1.0, threshold: float = math.inf) -> Expression:
    scaled = x * beta if beta != 1 else x
    smooth = call("max", scaled, 0.0) + call("log1p", call("exp", -call("abs", scaled)))
    smooth = smooth / beta if beta != 1 else smooth
    return smooth if math.isinf(threshold) else where(scaled, threshold, x, smooth)


def _elu(x: Expression, alpha: float) -> Expression:
    return where(x, 0.0, x, alpha * (call("exp", call("min", x, 0.0)) - 1.0))


def _gelu(x: Expression, layer: Any) -> Expression:
    if layer.approximate == "none":
        return x * call("phi", x)
    return 0.5 * x * (1.0 + call("tanh", math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))


def _clipped(x: Expression, low: float, high: float) -> Expression:
    return call("min", call("max", x, low), high)


def _smoothly_clipped(x: Expression, limit: float) -> Expression:
    ratio = _clipped(x / limit, -_FAR, _FAR)
    return limit * ratio / call("sqrt", 1.0 + ratio * ratio)


FORMULAS: dict[str, Callable[[Expression, Any], Expression]] = {
    "ReLU": lambda x, layer: call("max", x, 0.0),
    "ReLU6": lambda x, layer: _clipped(x, 0.0, 6.0),
    "LeakyReLU": lambda x, layer: where(x, 0.0, x, layer.negative_slope * x),
    "ELU": lambda x, layer: _elu(x, layer.alpha),
    "SELU": lambda x, layer: _SELU_SCALE * _elu(x, _SELU_ALPHA),
    "GELU": _gelu,
    "SiLU": lambda x, layer: x * sigmoid(x),
    "Softplus": lambda x, layer: _softplus(x, layer.beta, layer.threshold),
    "Mish": lambda x, layer: x * call("tanh", _softplus(x)),
    "Hardtanh": lambda x, layer: _clipped(x, layer.min_val, layer.max_val),
    "Sigmoid": lambda x, layer: sigmoid(x),
    "Tanh": lambda x, layer: call("tanh", x),
    "SmoothClip": lambda x, layer: _smoothly_clipped(x, layer.limit),
    "Step": lambda x, layer: where(x, 0.0, layer.high, layer.low),
}
"""Layer -> its formula of one number."""


def formula(layer: Module, x: Expression) -> Expression:
    """What the activation `layer` makes of `x`."""
    return FORMULAS[type(layer).__name__](x, layer)
