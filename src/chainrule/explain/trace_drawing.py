"""The traced network as a drawing: neurons with their values, weights by sign and size."""

from __future__ import annotations

import itertools
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from chainrule.explain.substitute import numeral
from chainrule.explain.trace_neuron import Linearity, linearity
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace

__all__ = ["network_drawing"]

_MOST = 12  # neurons of a layer that are drawn
_ENDS = 5  # of a larger one: so many at either end
_WIDE, _HIGH = 150, 58


def network_drawing(trace: Trace, lang: str | None = None) -> str:
    """An SVG of the Linear layers, for the first sample, of wide layers the ends; empty if there are none."""
    products = [
        found
        for layer in trace.linear_layers()
        for name in layer.steps
        if (found := linearity(trace.step(name))) is not None and found.x.value.ndim == 2
    ]
    if not products:
        return ""
    columns = [_first(products[0].x.value), *(_after(trace, i, products) for i in range(len(products)))]
    height = _HIGH * max(_slots(len(column)) for column in columns) + 20
    parts = [_lines(i, product, columns, height) for i, product in enumerate(products)]
    parts += [_neurons(i, column, height) for i, column in enumerate(columns)]
    width = _WIDE * (len(columns) - 1) + 100
    label = escape(text("trace.network", lang))
    start = f'<svg class="trace" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" width="{width}">'
    return f"{start}{''.join(parts)}</svg>"


def _first(array: np.ndarray) -> list[float]:
    return [float(number) for number in array[0]]


def _after(trace: Trace, i: int, products: list[Linearity]) -> list[float]:
    """The values of a layer's neurons: what the next layer gets, or the last value of that width before the loss."""
    if i + 1 < len(products):
        return _first(products[i + 1].x.value)
    inside = [step for step in trace.steps if step.layer != "loss" and step.value.shape == products[i].step.value.shape]
    return _first(inside[-1].value)


def _shown(count: int) -> list[int]:
    return list(range(count)) if count <= _MOST else [*range(_ENDS), *range(count - _ENDS, count)]


def _slots(count: int) -> int:
    """Places in a column: one for each neuron, or for the ends and the dots between them."""
    return count if count <= _MOST else 2 * _ENDS + 1


def _at(column: int, row: int, count: int, height: int) -> tuple[float, float]:
    slot = row if count <= _MOST or row < _ENDS else row - count + _slots(count)
    return 50 + _WIDE * column, height / 2 + (slot - (_slots(count) - 1) / 2) * _HIGH


def _lines(i: int, product: Linearity, columns: list[list[float]], height: int) -> str:
    rows = product.rows
    if rows.shape != (len(columns[i + 1]), len(columns[i])):
        return ""
    largest = float(np.abs(rows).max()) or 1.0
    found = []
    for unit, feature in itertools.product(_shown(rows.shape[0]), _shown(rows.shape[1])):
        (x1, y1), (x2, y2) = (
            _at(i, feature, rows.shape[1], height),
            _at(i + 1, unit, rows.shape[0], height),
        )
        w = float(rows[unit, feature])
        kind, thick = ("plus" if w >= 0 else "minus"), 0.5 + 4 * abs(w) / largest
        title = escape(f"{product.weight.name}[{unit},{feature}] = {numeral(w)}")
        found.append(
            f'<line class="{kind}" x1="{x1}" y1="{y1:g}" x2="{x2}" y2="{y2:g}" stroke-width="{thick:.2f}">'
            f"<title>{title}</title></line>"
        )
    return "".join(found)


def _neurons(i: int, column: list[float], height: int) -> str:
    found = []
    if len(column) > _MOST:
        # The slot behind the first end; its row is not drawn.
        x, y = float(50 + _WIDE * i), height / 2 + (_ENDS - (_slots(len(column)) - 1) / 2) * _HIGH
        found.append(f'<text x="{x:g}" y="{y + 4:g}" text-anchor="middle">⋮ {len(column)}</text>')
    for row in _shown(len(column)):
        value = column[row]
        x, y = _at(i, row, len(column), height)
        found.append(
            f'<circle cx="{x}" cy="{y:g}" r="23" fill="Canvas" stroke="currentColor"></circle>'
            f'<text x="{x}" y="{y + 4:g}" text-anchor="middle">{numeral(value, 3)}</text>'
        )
    return "".join(found)
