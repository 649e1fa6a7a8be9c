"""The traced network as a drawing: neurons with their values, weights by sign and size."""

from __future__ import annotations

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
_WIDE, _HIGH = 150, 58


def network_drawing(trace: Trace, lang: str | None = None) -> str:
    """An SVG of the Linear layers, for the first sample; empty if there are none, or too many neurons to draw."""
    products = [
        found
        for layer in trace.linear_layers()
        for name in layer.steps
        if (found := linearity(trace.step(name))) is not None and found.x.value.ndim == 2
    ]
    if not products or any(max(product.rows.shape) > _MOST for product in products):
        return ""
    columns = [_first(products[0].x.value), *(_after(trace, i, products) for i in range(len(products)))]
    height = _HIGH * max(len(column) for column in columns) + 20
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


def _at(column: int, row: int, count: int, height: int) -> tuple[float, float]:
    return 50 + _WIDE * column, height / 2 + (row - (count - 1) / 2) * _HIGH


def _lines(i: int, product: Linearity, columns: list[list[float]], height: int) -> str:
    rows = product.rows
    if rows.shape != (len(columns[i + 1]), len(columns[i])):
        return ""
    largest = float(np.abs(rows).max()) or 1.0
    found = []
    for unit, feature in np.ndindex(rows.shape):
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
    for row, value in enumerate(column):
        x, y = _at(i, row, len(column), height)
        found.append(
            f'<circle cx="{x}" cy="{y:g}" r="23" fill="Canvas" stroke="currentColor"></circle>'
            f'<text x="{x}" y="{y + 4:g}" text-anchor="middle">{numeral(value, 3)}</text>'
        )
    return "".join(found)
