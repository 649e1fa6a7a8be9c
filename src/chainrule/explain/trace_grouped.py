"""Operations whose elements depend on each other (softmax, normalisation) or only move: their numbers written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from chainrule.core.op import OPS, axes_of
from chainrule.explain.steps import Step
from chainrule.explain.substitute import numeral, term

__all__ = ["MOVING", "grouped_backward", "moved_from", "normalized"]

Index: TypeAlias = tuple[int, ...]
Show: TypeAlias = Callable[[str, str, Index, float], str]

MOVING = frozenset("getitem reshape transpose permute squeeze unsqueeze broadcast_to cast".split())


def moved_from(step: Step) -> dict[Index, Index]:
    """For each element of the result the element of the input that it is."""
    shape = step.inputs[0].value.shape
    numbers = np.arange(max(step.inputs[0].value.size, 1)).reshape(shape)
    params = {**step.params, "dtype": numbers.dtype} if step.op == "cast" else step.params
    places = np.asarray(OPS[step.op](numbers, **params))
    return {
        index: tuple(int(i) for i in np.unravel_index(int(places[index]), shape)) if shape else ()
        for index in np.ndindex(step.value.shape)
    }


def normalized(step: Step, index: Index, x: str) -> str:
    """(x - μ)/√(σ² + ε)."""
    values = step.inputs[0].value
    axes = axes_of(step.params["dim"], values.ndim)
    mean = np.broadcast_to(values.mean(axis=axes, keepdims=True), values.shape)[index]
    return f"({x} - {term(numeral(float(mean)))})/{_root(step, index)}"


def _root(step: Step, index: Index) -> str:
    values = step.inputs[0].value
    axes = axes_of(step.params["dim"], values.ndim)
    var = np.broadcast_to(values.var(axis=axes, keepdims=True), values.shape)[index]
    return f"√({numeral(float(var))} + {numeral(float(step.params['eps']))})"


def grouped_backward(step: Step, show: Show) -> dict[Index, str]:
    """For each element of the input the terms of its gradient; empty for other operations."""
    g, y = step.upstream, step.value
    if g is None or step.op not in ("softmax", "log_softmax", "normalize"):
        return {}
    axes = axes_of(step.params["dim"], y.ndim)

    def pooled(values: np.ndarray, mean: bool = False) -> np.ndarray:
        found = values.mean(axis=axes, keepdims=True) if mean else values.sum(axis=axes, keepdims=True)
        return np.broadcast_to(found, y.shape)

    total, weighted = pooled(g, step.op == "normalize"), pooled(g * y, step.op == "normalize")
    found = {}
    for index in np.ndindex(y.shape):
        upstream = term(show(step.name, "grad", index, float(g[index])))
        output = term(show(step.name, "value", index, float(y[index])))
        sum_g, sum_gy = (term(numeral(float(values[index]))) for values in (total, weighted))
        if step.op == "softmax":
            found[index] = f"{output}·({upstream} - {sum_gy})"
        elif step.op == "log_softmax":
            found[index] = f"{upstream} - e^{output}·{sum_g}"
        else:
            found[index] = f"({upstream} - {sum_g} - {output}·{sum_gy})/{_root(step, index)}"
    return found
