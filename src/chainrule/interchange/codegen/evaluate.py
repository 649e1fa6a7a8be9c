"""Steps of a network on NumPy arrays: what generated code computes, for whoever has to know its numbers beforehand."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.interchange.codegen.expression import Expression
from chainrule.interchange.codegen.program import Affine, Elementwise, Normalise, Scale, Step

__all__ = ["evaluate", "run_step"]

_erfc = np.vectorize(math.erfc, otypes=[float])

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative, "exp": np.exp,
    "log": np.log, "log1p": np.log1p, "tanh": np.tanh, "sqrt": np.sqrt, "abs": np.abs, "max": np.maximum,
    "min": np.minimum, "phi": lambda x: 0.5 * _erfc(x * -math.sqrt(0.5)),
    "where": lambda left, right, then, otherwise: np.where(left > right, then, otherwise),
}  # fmt: skip


def evaluate(expression: Expression, x: np.ndarray) -> np.ndarray:
    """A formula of the variable ``x``, for each number."""
    if expression.operation == "variable":
        return x
    if expression.operation == "number":
        return np.full((), expression.operands[0], x.dtype)
    with np.errstate(over="ignore", under="ignore"):
        found: np.ndarray = _OPERATIONS[expression.operation](*(evaluate(one, x) for one in expression.operands))
    return found


def run_step(step: Step, x: np.ndarray) -> np.ndarray:
    """What a step makes of samples (N, inputs), in their dtype."""
    if isinstance(step, Affine):
        found = x @ step.weight.T.astype(x.dtype) + step.bias.astype(x.dtype)
    elif isinstance(step, Scale):
        found = x * step.factor.astype(x.dtype) + step.shift.astype(x.dtype)
    elif isinstance(step, Elementwise):
        found = np.broadcast_to(evaluate(step.formula, x), x.shape).astype(x.dtype)
    elif isinstance(step, Normalise):
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + x.dtype.type(step.eps))
        found = centred / spread * step.weight.astype(x.dtype) + step.bias.astype(x.dtype)
    else:
        below = x - x.max(axis=1, keepdims=True)
        total = np.exp(below).sum(axis=1, keepdims=True)
        found = below - np.log(total) if step.log else np.exp(below) / total
    result: np.ndarray = found
    return result
