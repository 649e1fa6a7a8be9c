"""A network as neurons and connections, with its real weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, ShapeError
from chainrule.plot import canvas
from chainrule.plot.wiring import Wiring, wiring

__all__ = ["draw_wiring", "network"]

_GAP = 2.6  # between columns, in units of the distance between two neurons
_RADIUS = 0.34
# Up to so many connections between two columns, each has its number written on it.
_MOST_NUMBERED = 12
# Where on a line its number may stand.
_SHARES = tuple(0.26 + 0.04 * i for i in range(13))

# A place in a column: the neuron's number, or None where neurons are left out.
Places = list[int | None]


def network(
    model: Any,
    inputs: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    input_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    most: int = 10,
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the Linear layers of a network: neurons in columns, weights by sign and size between them.

    Positive weights are blue and drawn through, negative ones vermillion and dashed; the width is the weight's size
    relative to the largest of its layer.  Small layers have the weights written on them and the biases below the
    neurons.

    Args:
        model: the network.
        inputs: one sample as the model sees it (or a batch, of which the first is taken); its values then stand in
            the neurons: what each hidden layer hands on after its activation, and the network's output.
        path: file to write, if any.
        input_names: names of the inputs; default: the columns that the model was trained on.
        output_names: names of the outputs; default: the classes that the model was trained on.
        most: neurons drawn per layer; of a wider one the first and the last, with dots between them.
        ax: axes to draw into.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for something that is no network.
        ConfigError: if it has no Linear layers, these do not follow one another, or `most` is below 3.
        ShapeError: if sample or names do not fit.
        MissingDependencyError: if matplotlib is not installed.
    """
    if most < 3:
        raise ConfigError("bad number of neurons to draw", expected="at least 3", got=most)
    found = wiring(model, inputs)
    names: list[Sequence[str] | None] = [_names(input_names, _known_inputs(model), found.sizes[0], "input_names")]
    names += [None] * (len(found.sizes) - 2)
    names.append(_names(output_names, _known_outputs(model), found.sizes[-1], "output_names"))
    with canvas.drawing():
        if ax is None:
            rows = max(len(_places(size, most)) for size in found.sizes)
            figure = canvas.new_figure(1.6 + 1.75 * len(found.sizes), 1.5 + 0.58 * rows)
            ax = figure.add_subplot()
        draw_wiring(ax, found, names, most, title, lang)
        return canvas.save(ax.figure, path)


def draw_wiring(
    ax: Any, found: Wiring, names: Sequence[Sequence[str] | None], most: int, title: str | None, lang: str | None
) -> None:
    """Draw neurons and connections into axes; `names` are those of each column's neurons, or None."""
    places = [_places(size, most) for size in found.sizes]
    rows = max(map(len, places))
    for i, weights in enumerate(found.weights):
        _connections(ax, i, weights, places[i], places[i + 1])
    for i, column in enumerate(places):
        _neurons(ax, found, i, column, names[i])
        _heading(ax, found, i, rows, lang)
    _frame(ax, len(places), rows, title, lang)


def _places(size: int, most: int) -> Places:
    if size <= most:
        return list(range(size))
    last = (most - 1) // 2
    return [*range(most - 1 - last), None, *range(size - last, size)]


def _at(column: int, row: int, rows: int) -> tuple[float, float]:
    return _GAP * column, (rows - 1) / 2 - row


def _connections(ax: Any, i: int, weights: np.ndarray, left: Places, right: Places) -> None:
    from matplotlib.collections import LineCollection

    largest = float(np.abs(weights[np.isfinite(weights)]).max(initial=0.0)) or 1.0
    numbered = weights.size <= _MOST_NUMBERED
    lines: dict[bool, list[Any]] = {True: [], False: []}
    widths: dict[bool, list[float]] = {True: [], False: []}
    taken: list[tuple[float, float]] = []
    for row, unit in enumerate(right):
        for place, feature in enumerate(left):
            if unit is None or feature is None:
                continue
            w = float(weights[unit, feature])
            ends = _at(i, place, len(left)), _at(i + 1, row, len(right))
            lines[w >= 0].append(ends)
            widths[w >= 0].append(0.25 + 3.75 * min(abs(w) / largest, 1.0) if np.isfinite(w) else 1.0)
            if numbered:
                taken.append(_number_on(ax, *ends, w, taken))
    for positive, color, style in ((True, canvas.COLORS[0], "solid"), (False, canvas.COLORS[1], (0, (3, 1.2)))):
        alpha = 0.85 if numbered else 0.6
        drawn = LineCollection(
            lines[positive], linewidths=widths[positive], colors=color, linestyles=[style], alpha=alpha, zorder=1
        )
        ax.add_collection(drawn)


def _number_on(
    ax: Any, start: tuple[float, float], end: tuple[float, float], w: float, taken: list[tuple[float, float]]
) -> tuple[float, float]:
    """Write a weight on its line, near its start where there is room, and return the place."""
    places = [(start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])) for share in _SHARES]
    room = [min((max(abs(x - a) / 0.62, abs(y - b) / 0.24) for a, b in taken), default=1.0) for x, y in places]
    x, y = next((place for place, free in zip(places, room, strict=True) if free >= 1), places[int(np.argmax(room))])
    box = {"boxstyle": "round,pad=0.12", "fc": canvas.PAPER, "ec": "none", "alpha": 0.9}
    ax.text(x, y, _short(w), size=7.5, ha="center", va="center", bbox=box, zorder=2)
    return x, y


def _neurons(ax: Any, found: Wiring, i: int, column: Places, names: Sequence[str] | None) -> None:
    from matplotlib.patches import Circle

    values = None if found.values is None else found.values[i]
    largest = 1.0 if values is None else float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    last = i == len(found.sizes) - 1
    bias = None if i == 0 else found.biases[i - 1]
    for row, unit in enumerate(column):
        x, y = _at(i, row, len(column))
        if unit is None:
            ax.text(x, y, "⋮", size=15, ha="center", va="center", zorder=4)
            continue
        value = None if values is None else float(values[unit])
        ax.add_patch(Circle((x, y), _RADIUS, fc=_fill(value, largest), ec=canvas.INK, lw=1.1, zorder=3))
        if value is not None:
            ax.text(x, y, _short(value, 3 if abs(value) >= 0.01 else 1), size=7, ha="center", va="center", zorder=4)
        if bias is not None and found.weights[i - 1].size <= _MOST_NUMBERED:
            ax.text(x, y - _RADIUS - 0.04, f"b = {_short(float(bias[unit]))}", size=7, ha="center", va="top", zorder=4)
        if names is not None:
            side, where = (1, "left") if last else (-1, "right")
            ax.text(x + side * (_RADIUS + 0.12), y, names[unit], size=8.5, ha=where, va="center", zorder=4)


def _fill(value: float | None, largest: float) -> Any:
    """Blue for positive and vermillion for negative values, the stronger the larger."""
    if value is None or not np.isfinite(value):
        return canvas.PAPER
    return canvas.lighter(canvas.COLORS[0 if value >= 0 else 1], 0.55 * abs(value) / largest)


def _heading(ax: Any, found: Wiring, i: int, rows: int, lang: str | None) -> None:
    last = i == len(found.sizes) - 1
    name = canvas.caption("input", lang) if i == 0 else canvas.caption("output", lang)
    if i > 0 and not last:
        name = canvas.caption("hidden", lang, number=i)
    lines = [f"{name}: {found.sizes[i]:,}", *found.functions[i]]
    ax.text(_GAP * i, -(rows - 1) / 2 - 0.72, "\n".join(lines), size=8.5, ha="center", va="top", linespacing=1.3)


def _frame(ax: Any, columns: int, rows: int, title: str | None, lang: str | None) -> None:
    from matplotlib.lines import Line2D

    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_xlim(-1.15, _GAP * (columns - 1) + 1.15)
    ax.set_ylim(-(rows - 1) / 2 - 1.5, (rows - 1) / 2 + 0.6)
    keys = [
        Line2D([], [], color=canvas.COLORS[0], lw=2.2, label=canvas.caption("positive", lang)),
        Line2D([], [], color=canvas.COLORS[1], lw=2.2, ls=(0, (3, 1.2)), label=canvas.caption("negative", lang)),
        Line2D([], [], lw=0, label=canvas.caption("width_is_size", lang)),
    ]
    ax.legend(
        handles=keys, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=3 if columns > 2 else 1, fontsize=8,
        handlelength=2.4,
    )  # fmt: skip
    if title:
        ax.set_title(title, loc="left")


def _known_inputs(model: Any) -> Sequence[str] | None:
    known = model.preprocessing
    return known.feature_names if known is not None and known.kind == "table" else None


def _known_outputs(model: Any) -> Sequence[str] | None:
    return None if model.preprocessing is None else model.preprocessing.classes


def _names(given: Sequence[str] | None, known: Sequence[str] | None, size: int, what: str) -> Sequence[str] | None:
    """The given names, or those that are known from training if they are as many as the neurons."""
    if given is None:
        return known if known is not None and len(known) == size else None
    if isinstance(given, str) or len(given) != size:
        raise ShapeError(f"{what} do not fit the network", expected=f"{size} names", got=given)
    return [str(name) for name in given]


def _short(number: float, digits: int = 3) -> str:
    """A few significant digits with a proper minus sign."""
    return f"{number:.{digits}g}".replace("-", "−")
