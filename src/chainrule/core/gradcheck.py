"""Checking derivatives against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.core.backward import grad
from chainrule.core.functional import jacobian
from chainrule.core.mode import no_grad
from chainrule.core.tensor import Tensor
from chainrule.errors import GradientError

__all__ = ["gradcheck", "gradgradcheck"]


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare the derivatives of `func` with central differences (f(x + ε) - f(x - ε))/2ε, element by element.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: a tensor or a tuple; those that require gradients are checked and must be float64.
        eps: the step ε.
        atol, rtol: a derivative is right if |analytic - numeric| ≤ atol + rtol·|numeric|.
        raise_exception: raise on a mismatch; otherwise return False.

    Raises:
        GradientError: on a mismatch, naming the output, the input and the largest difference.
    """
    xs = inputs if isinstance(inputs, tuple) else (inputs,)
    chosen = [i for i, x in enumerate(xs) if isinstance(x, Tensor) and x.requires_grad]
    if not chosen:
        raise GradientError("gradcheck expects at least one input tensor to require gradient")
    for i in chosen:
        if xs[i].dtype != np.float64:
            raise GradientError(
                f"gradcheck needs float64 inputs: finite differences drown in float32's rounding (input {i})",
                got=xs[i].dtype,
                fix="Use .double()",
            )

    def of_chosen(*values: Tensor) -> tuple[Tensor, ...]:
        full = list(xs)
        for i, value in zip(chosen, values, strict=True):
            full[i] = value
        result = func(*full)
        return result if isinstance(result, tuple) else (result,)

    checked = tuple(xs[i] for i in chosen)
    analytic = jacobian(of_chosen, checked)
    for j in range(len(chosen)):
        numeric = _numeric_jacobian(of_chosen, checked, j, eps)
        for k, expected in enumerate(numeric):
            got = analytic[k][j]._data
            wrong = ~(np.abs(got - expected) <= atol + rtol * np.abs(expected))
            if wrong.any():
                if not raise_exception:
                    return False
                where = tuple(int(axis) for axis in np.argwhere(wrong)[0])
                raise GradientError(
                    f"Jacobian mismatch for output {k} with respect to input {chosen[j]} at {where}",
                    expected=f"{expected[where]:.6g} (numerical)",
                    got=f"{got[where]:.6g} (analytical); {int(wrong.sum())} of {wrong.size} elements differ",
                )
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """`gradcheck` of the gradient itself: second derivatives with respect to inputs and output weights.

    Args:
        grad_outputs: weights of the outputs; drawn with a fixed seed if left out.
        func, inputs, eps, atol, rtol, raise_exception: as for `gradcheck`.
    """
    xs = inputs if isinstance(inputs, tuple) else (inputs,)
    with no_grad():
        result = func(*xs)
    outs = result if isinstance(result, tuple) else (result,)
    if grad_outputs is None:
        draws = np.random.default_rng(0)
        weights = tuple(Tensor(draws.standard_normal(out.shape)).requires_grad_() for out in outs)
    else:
        weights = grad_outputs if isinstance(grad_outputs, tuple) else (grad_outputs,)
    chosen = [i for i, x in enumerate(xs) if isinstance(x, Tensor) and x.requires_grad]

    def gradient(*values: Tensor) -> tuple[Tensor, ...]:
        points, given = values[: len(xs)], values[len(xs) :]
        value = func(*points)
        found = grad(
            value, [points[i] for i in chosen], given, create_graph=True, allow_unused=True, materialize_grads=True
        )
        return tuple(found)

    return gradcheck(gradient, (*xs, *weights), eps, atol, rtol, raise_exception)


def _numeric_jacobian(func: Callable[..., Any], xs: tuple[Tensor, ...], j: int, eps: float) -> list[np.ndarray]:
    def at(offset: float, position: int) -> list[np.ndarray]:
        moved = xs[j]._data.copy()
        moved.reshape(-1)[position] += offset
        # On the graph, because `func` may itself take gradients.
        outs = func(*xs[:j], Tensor.of(moved).requires_grad_(), *xs[j + 1 :])
        return [np.array(out._data, np.float64) for out in outs]

    columns = []
    for position in range(xs[j].numel()):
        above, below = at(eps, position), at(-eps, position)
        columns.append([(up - down) / (2 * eps) for up, down in zip(above, below, strict=True)])
    if not columns:
        return [np.zeros((*out.shape, *xs[j].shape)) for out in func(*xs)]
    return [
        np.stack([column[k] for column in columns], axis=-1).reshape(*columns[0][k].shape, *xs[j].shape)
        for k in range(len(columns[0]))
    ]
