"""Whole derivatives of functions: Jacobians, Hessians, and products with them (``torch.autograd.functional``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.backward import grad
from chainrule.core.functions import stack
from chainrule.core.mode import enable_grad
from chainrule.core.tensor import Tensor
from chainrule.errors import GradientError, ShapeError

__all__ = ["hessian", "jacobian", "jvp", "vjp"]


def jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False) -> Any:
    """Jᵢⱼ = ∂fᵢ/∂xⱼ.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple of tensors.
        create_graph: make the result differentiable.
        strict: raise if an output does not depend on an input, instead of returning zeros.

    Returns:
        for one output and one input a tensor of shape ``output.shape + input.shape``; for tuples, tuples of them,
        outputs first.

    Raises:
        GradientError: with ``strict``, for an output that is independent of an input.
    """
    xs, outs = _evaluate(func, inputs, create_graph)
    rows = tuple(_jacobian_of(out, xs, create_graph, strict) for out in outs.values)
    per_input = tuple(row if isinstance(inputs, tuple) else row[0] for row in rows)
    return per_input if outs.tuple else per_input[0]


def hessian(func: Callable[..., Any], inputs: Any, create_graph: bool = False, strict: bool = False) -> Any:
    """Hᵢⱼ = ∂²f/∂xᵢ∂xⱼ of a function that returns a single number; arguments as for `jacobian`.

    Raises:
        ShapeError: if `func` returns more than one number.
    """

    def gradient(*xs: Tensor) -> Any:
        value = func(*xs)
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise ShapeError("hessian needs a function that returns a single number", got=type(value).__name__)
        first = jacobian(func, xs, create_graph=True, strict=strict)
        return tuple(g.reshape(x.shape) for g, x in zip(first, xs, strict=True))

    xs = inputs if isinstance(inputs, tuple) else (inputs,)
    blocks = jacobian(gradient, xs, create_graph, strict)
    return blocks if isinstance(inputs, tuple) else blocks[0][0]


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and vᵀ·J: one backward pass.

    Args:
        v: of the output's shape; may be left out for a single number.
        func, inputs, create_graph, strict: as for `jacobian`.
    """
    xs, outs = _evaluate(func, inputs, create_graph)
    weights = v if isinstance(v, tuple) else (v,) * len(outs.values)
    for out, weight in zip(outs.values, weights, strict=True):
        if weight is None and out.numel() != 1:
            raise ShapeError("v is needed for a function that returns more than one number", got=tuple(out.shape))
    product = _gradients(outs.values, xs, weights, create_graph, strict)
    values = outs.values if create_graph else tuple(out.detach() for out in outs.values)
    return values if outs.tuple else values[0], product if isinstance(inputs, tuple) else product[0]


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs, and J·v, as the derivative of uᵀ·J with respect to u (two backward passes).

    Args:
        v: of the inputs' shapes; may be left out for a single number.
        func, inputs, create_graph, strict: as for `jacobian`.
    """
    xs, outs = _evaluate(func, inputs, True)
    directions = v if isinstance(v, tuple) else (v,) * len(xs)
    given = []
    for x, direction in zip(xs, directions, strict=True):
        if direction is None and x.numel() != 1:
            raise ShapeError("v is needed for inputs of more than one number", got=tuple(x.shape))
        given.append(Tensor.of(np.ones(x.shape, x.dtype)) if direction is None else direction)
    dummies = tuple(Tensor.of(np.zeros(out.shape, out.dtype)).requires_grad_() for out in outs.values)
    with enable_grad():
        first = _gradients(outs.values, xs, dummies, True, strict)
        linked = [(g, d) for g, d in zip(first, given, strict=True) if g.requires_grad]
        pushed = _gradients([g for g, _ in linked], dummies, [d for _, d in linked], create_graph, False)
    values = outs.values if create_graph else tuple(out.detach() for out in outs.values)
    return (values, pushed) if outs.tuple else (values[0], pushed[0])


class _Outputs:
    def __init__(self, result: Any) -> None:
        self.tuple = isinstance(result, tuple)
        self.values: tuple[Tensor, ...] = result if isinstance(result, tuple) else (result,)


def _evaluate(func: Callable[..., Any], inputs: Any, create_graph: bool) -> tuple[tuple[Tensor, ...], _Outputs]:
    """Call `func` on copies of the inputs that require gradients (on the inputs' own graph if that is wanted)."""
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    xs = tuple(
        x.clone() if create_graph and x.requires_grad else Tensor(x._data).requires_grad_()
        for x in (value if isinstance(value, Tensor) else Tensor(value) for value in given)
    )
    with enable_grad():
        result = func(*xs)
    for value in result if isinstance(result, tuple) else (result,):
        if not isinstance(value, Tensor):
            raise GradientError("the function must return tensors", got=type(value).__name__)
    return xs, _Outputs(result)


def _gradients(outs: Any, xs: Any, weights: Any, create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    connected = [(out, weight) for out, weight in zip(outs, weights, strict=True) if out.requires_grad]
    if strict and len(connected) < len(outs):
        raise GradientError("an output of the function is independent of its inputs")
    if not connected:
        return tuple(x.zeros_like() for x in xs)
    found = grad(
        [out for out, _ in connected],
        xs,
        [weight for _, weight in connected],
        retain_graph=True,
        create_graph=create_graph,
        allow_unused=True,
    )
    if strict and any(g is None for g in found):
        raise GradientError("an output of the function is independent of one of its inputs")
    return tuple(x.zeros_like() if g is None else g for x, g in zip(xs, found, strict=True))


def _jacobian_of(out: Tensor, xs: tuple[Tensor, ...], create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    rows: list[tuple[Tensor, ...]] = []
    for i in range(out.numel()):
        unit = np.zeros(out.numel(), out.dtype)
        unit[i] = 1
        rows.append(_gradients([out], xs, [Tensor.of(unit.reshape(out.shape))], create_graph, strict))
    return tuple(
        stack([row[j] for row in rows]).reshape(*out.shape, *x.shape)
        if rows
        else Tensor.of(np.zeros((*out.shape, *x.shape), x.dtype))
        for j, x in enumerate(xs)
    )
