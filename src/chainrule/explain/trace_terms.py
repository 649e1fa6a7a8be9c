"""One step of a trace as lines of numbers: forward the formula filled in, backward upstream × local derivative."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from chainrule.explain.steps import Input, Step
from chainrule.explain.substitute import numeral, substituted, term
from chainrule.explain.trace_grouped import MOVING, grouped_backward, moved_from, normalized
from chainrule.explain.trace_neuron import Linearity, linearity

__all__ = ["Show", "backward_lines", "element", "forward_lines"]

Index: TypeAlias = tuple[int, ...]
Show: TypeAlias = Callable[[str, str, Index, float], str]
"""``show(name, what, index, number)``: how a number is written; a blank, perhaps."""

_TERMS = 8  # of a sum, before it is cut short
_NUMBER = re.compile(r"-?[\d.]+(e-?\d+)?|____\(\d+")
_UNWRITTEN = ("step", "gelu", "mish")  # whose derivatives are told in words, or in letters of their own
_WRITTEN_OUT = ("sum", "mean", "softmax", "log_softmax", "logsumexp")


def element(name: str, index: Index) -> str:
    """``name[i,j]``."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def forward_lines(step: Step, show: Show, only: Index | None = None, terms: int = _TERMS) -> Iterator[str]:
    """One line for each number that the step makes, or for `only` one; sums of more than `terms` are cut short."""
    linear = linearity(step)
    moved = moved_from(step) if step.op in MOVING else {}
    for index in np.ndindex(step.value.shape) if only is None else (only,):
        result = show(step.name, "value", index, float(step.value[index]))
        if index in moved:
            middle = element(step.inputs[0].name, moved[index])
        else:
            middle = (
                _weighted(linear, index, show, terms) if linear is not None else _filled_in(step, index, show, terms)
            )
        yield (
            f"{element(step.name, index)} = {middle} = {result}"
            if middle
            else f"{element(step.name, index)} = {result}"
        )


def _number(one: Input, index: Index, show: Show) -> str:
    value = float(one.value[index]) if one.value.ndim else float(one.value)
    return show(one.name, "value", index, value) if one.name else numeral(value)


def _aligned(one: Input, index: Index) -> Index:
    """The element of an input that was broadcast to the element `index` of the result."""
    lead = len(index) - one.value.ndim
    return tuple(0 if size == 1 else i for i, size in zip(index[lead:], one.value.shape, strict=True))


def _weighted(linear: Linearity, index: Index, show: Show, most: int) -> str:
    """w₁·x₁ + w₂·x₂ + b."""
    *lead, unit = index if linear.step.value.ndim == linear.x.value.ndim else (*index, 0)
    products = []
    for i in range(linear.x.value.shape[-1]):
        at = (unit, i) if linear.step.op == "linear" else (i, unit)
        w, x = _number(linear.weight, at, show), _number(linear.x, (*lead, i), show)
        products.append(f"{term(w)}·{term(x)}")
    added = [] if linear.bias is None else [term(_number(linear.bias, (unit,), show))]
    return " + ".join([*_cut(products, most), *added])


def _cut(terms: list[str], most: int) -> list[str]:
    if len(terms) <= most:
        return terms
    return [*terms[: most - 2], f"… ({len(terms)})", terms[-1]]


def _filled_in(step: Step, index: Index, show: Show, most: int) -> str:
    elementwise = any(one.local is not None for one in step.inputs)
    if elementwise:
        inputs = [_number(one, _aligned(one, index), show) for one in step.inputs]
        return substituted(step.op, step.formula, inputs, "y", step.params)
    if step.op == "normalize":
        return normalized(step, index, term(_number(step.inputs[0], index, show)))
    if step.op in _WRITTEN_OUT:
        return _reduced(step, index, show, most)
    return ""


def _reduced(step: Step, index: Index, show: Show, most: int) -> str:
    """A sum, mean or softmax with all its terms."""
    one = step.inputs[0]
    slots = [at for at in np.ndindex(one.value.shape) if _belongs(step, at, index)]
    numbers = [term(_number(one, at, show)) for at in slots]
    if step.op in ("sum", "mean"):
        total = " + ".join(_cut(numbers, most))
        return total if step.op == "sum" else f"({total})/{len(numbers)}"
    powers = " + ".join(_cut([f"e^{number}" for number in numbers], most))
    if step.op == "logsumexp":
        return f"ln({powers})"
    own = term(_number(one, index, show))
    return f"e^{own}/({powers})" if step.op == "softmax" else f"{own} - ln({powers})"


def _belongs(step: Step, at: Index, index: Index) -> bool:
    """Whether element `at` of the input is among those that make element `index` of the result."""
    dims, ndim = step.params.get("dim"), len(at)
    named = range(ndim) if dims is None else [dims] if isinstance(dims, int) else dims
    axes = {axis % ndim for axis in named}
    kept = tuple(i for axis, i in enumerate(at) if axis not in axes)
    if len(index) == ndim:  # softmax, or keepdim
        return kept == tuple(i for axis, i in enumerate(index) if axis not in axes)
    return kept == index


def backward_lines(
    step: Step, show: Show, uses: Mapping[str, int], only: tuple[str, Index] | None = None, terms: int = _TERMS
) -> Iterator[str]:
    """One line for each number that the step sends back: upstream × local derivative = downstream.

    Args:
        step: the step.
        show: how numbers are written.
        uses: for each value how often it is used.
        only: name and element of the one value wanted.
        terms: longer sums are cut short.
    """
    for place, one in enumerate(step.inputs):
        if one.downstream is None or (only is not None and one.name != only[0]):
            continue
        several = uses.get(one.name, 1) > 1
        suffix = f" ({step.name})" if several else ""
        products = _products(step, place, one, show)
        for index in np.ndindex(one.downstream.shape) if only is None else (only[1],):
            value = float(one.downstream[index])
            result = numeral(value) if several or not one.name else show(one.name, "grad", index, value)
            middle = " + ".join(_cut(products.get(index, []), terms))
            name = f"∂L/∂{element(one.name, index)}{suffix}"
            yield f"{name} = {middle} = {result}" if middle else f"{name} = {result}"


def _term(factor: str) -> str:
    return factor if factor.startswith("(") else term(factor)


def _local(step: Step, place: int, index: Index, number: float, show: Show) -> str:
    """A local derivative with the numbers in it; the number itself where the table's text is no formula."""
    texts = step.derivative.split(";")
    if place >= len(texts) or step.op in _UNWRITTEN:
        return numeral(number)
    inputs = [_number(one, _aligned(one, index), show) for one in step.inputs]
    output = show(step.name, "value", index, float(step.value[index]))
    filled = substituted(step.op, texts[place].strip(), inputs, output, step.params)
    return filled if _NUMBER.fullmatch(filled.strip("()")) else f"[{filled}]"


def _products(step: Step, place: int, one: Input, show: Show) -> dict[Index, list[str]]:
    """For each element of an input the terms of its gradient; none for operations that do not split into factors."""
    found: dict[Index, list[str]] = {}
    upstream = step.upstream
    if upstream is None:
        return found
    linear = linearity(step)

    def add(to: Index, frm: Index, factor: str) -> None:
        g = show(step.name, "grad", frm, float(upstream[frm]))
        found.setdefault(to, []).append(f"{term(g)}·{_term(factor)}" if factor else term(g))

    if linear is not None and step.value.ndim == linear.x.value.ndim == 2:
        for n, unit in np.ndindex(step.value.shape):
            if place == 2:
                add((unit,), (n, unit), "")
                continue
            for i in range(linear.x.value.shape[1]):
                at = (unit, i) if step.op == "linear" else (i, unit)
                if place == 0:
                    add((n, i), (n, unit), _number(linear.weight, at, show))
                else:
                    add(at, (n, unit), _number(linear.x, (n, i), show))
    elif one.local is not None:
        local = np.broadcast_to(one.local, step.value.shape)
        for index in np.ndindex(step.value.shape):
            add(_aligned(one, index), index, _local(step, place, index, float(local[index]), show))
    elif step.op in MOVING:
        for index, source in moved_from(step).items():
            add(source, index, "")
    elif step.op in ("softmax", "log_softmax", "normalize"):
        found = {index: [line] for index, line in grouped_backward(step, show).items()}
    elif step.op in ("sum", "mean"):
        count = one.value.size // max(step.value.size, 1)
        for index in np.ndindex(step.value.shape):
            for at in np.ndindex(one.value.shape):
                if _belongs(step, at, index):
                    add(at, index, "1" if step.op == "sum" else f"1/{count}")
    return found
