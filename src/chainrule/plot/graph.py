"""The computational graph of a tensor."""

from __future__ import annotations

import itertools
import os
from html import escape
from typing import Any

from chainrule.plot import canvas
from chainrule.plot.recorded import Recorded, recorded

__all__ = ["graph", "graph_svg"]

_WIDE, _HIGH = 1.0, 0.56  # of a box
_ACROSS = 1.45  # from column to column; rows are 0.8 apart
_DOWN = 0.8
_PIXELS = 96  # of a unit, in SVG
_CHARACTERS = 12  # that fit into a box

Curve = list[tuple[float, float]]


def graph(
    tensor: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    names: Any = None,
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the operations that made a tensor, from left to right, with shapes, or the values of single numbers.

    Blue boxes require gradients, grey ones do not, rounded ones are operations of the table.  The layout is
    this package's own; nothing but matplotlib is needed.

    Args:
        tensor: a result of recorded operations; draw it before `backward` frees them.
        names: name -> tensor, or a network, whose parameters' paths are taken.
        path: file to write, if any.
        ax: axes to draw into.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for something that is no tensor.
        GradientError: if nothing was recorded, or the graph was freed.
        ConfigError: if there are too many operations to draw.
        MissingDependencyError: if matplotlib is not installed.
    """
    with canvas.drawing():
        found = recorded(tensor, names, canvas.shown_language(lang))
        width, height = _size(found)
        if ax is None:
            figure = canvas.new_figure(width * 0.95, height * 0.95 + (0.3 if title else 0.0))
            ax = figure.add_subplot()
        for route in found.layout.routes:
            _arrow(ax, _curve(route))
        for box, place in zip(found.boxes, found.layout.places, strict=True):
            _box(ax, box.kind, box.lines, *_at(place))
        ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
        ax.set_axis_off()
        if title:
            ax.set_title(title)
        return canvas.save(ax.figure, path)


def graph_svg(tensor: Any, *, names: Any = None, lang: str | None = None) -> str:
    """Return the same picture as SVG, made without matplotlib, in the theme's colours.

    Args:
        tensor: a result of recorded operations; draw it before `backward` frees them.
        names: name -> tensor, or a network, whose parameters' paths are taken.
        lang: "en" or "ko".

    Raises:
        DTypeError, GradientError, ConfigError: as `graph`.
    """
    found = recorded(tensor, names, lang)
    width, height = (round(_PIXELS * side) for side in _size(found))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12" text-anchor="middle">',
        f"<title>{escape(' → '.join(box.lines[0] for box in found.boxes if box.kind == 'operation'))}</title>",
        '<defs><marker id="chainrule-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0L8 4L0 8z" fill="{canvas.GREY}"/></marker></defs>',
    ]
    for route in found.layout.routes:
        (x, y), *rest = [(_PIXELS * a, _PIXELS * b) for a, b in _curve(route)]
        bends = " ".join(f"{a:.1f},{b:.1f}" for a, b in rest)
        parts.append(
            f'<path d="M{x:.1f},{y:.1f} C{bends}" fill="none" stroke="{canvas.GREY}" stroke-width="1.3" '
            'marker-end="url(#chainrule-tip)"/>'
        )
    for box, place in zip(found.boxes, found.layout.places, strict=True):
        x, y = (_PIXELS * part for part in _at(place))
        left, top = x - _PIXELS * _WIDE / 2, y - _PIXELS * _HIGH / 2
        corner = 12 if box.kind == "operation" else 0
        parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{_PIXELS * _WIDE:g}" height="{_PIXELS * _HIGH:g}" '
            f'rx="{corner}" fill="{_hexadecimal(_fill(box.kind))}" stroke="{canvas.INK}"/>'
        )
        for line, below, weight, share in _written(box.lines):
            parts.append(
                f'<text x="{x:.1f}" y="{y + _PIXELS * below + 4:.1f}" font-size="{12 * share:.3g}" '
                f'font-weight="{weight}" fill="{canvas.INK}">{escape(line)}</text>'
            )
    return "".join([*parts, "</svg>"])


def _fill(kind: str) -> tuple[float, float, float]:
    """Blue for what is learned, grey for what is given, the paper for what is computed; forms differ, too."""
    if kind == "operation":
        return canvas.lighter(canvas.PAPER, 1.0)
    return canvas.lighter(canvas.COLORS[0], 0.22) if kind == "leaf" else canvas.lighter(canvas.GREY, 0.2)


def _hexadecimal(color: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02X}" for part in color)


def _size(found: Recorded) -> tuple[float, float]:
    return _ACROSS * (found.layout.columns - 1) + _WIDE + 0.2, _DOWN * found.layout.height + _HIGH + 0.2


def _at(place: tuple[float, float]) -> tuple[float, float]:
    return _ACROSS * place[0] + _WIDE / 2 + 0.1, _DOWN * place[1] + _HIGH / 2 + 0.1


def _curve(route: Curve) -> Curve:
    """A start and three points for each cubic Bézier curve, level at both ends, from box to box."""
    sides = [(x + side * _WIDE / 2, y) for x, y in map(_at, route) for side in (-1, 1)]
    points = sides[1:-1]  # an edge passes a column level, from one side of its boxes to the other
    found = [points[0]]
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        middle = (x1 + x2) / 2
        found += [(middle, y1), (middle, y2), (x2, y2)]
    return found


def _arrow(ax: Any, curve: Curve) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    codes = [Path.MOVETO, *[Path.CURVE4] * (len(curve) - 1)]
    style = "-|>,head_length=4,head_width=2"
    ax.add_patch(FancyArrowPatch(path=Path(curve, codes), arrowstyle=style, color=canvas.GREY, lw=1.1, zorder=1))


def _box(ax: Any, kind: str, lines: tuple[str, ...], x: float, y: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    corner = "round,pad=0,rounding_size=0.13" if kind == "operation" else "square,pad=0"
    left, top = x - _WIDE / 2, y - _HIGH / 2
    ax.add_patch(
        FancyBboxPatch((left, top), _WIDE, _HIGH, boxstyle=corner, fc=_fill(kind), ec=canvas.INK, lw=1, zorder=2)
    )
    for line, below, weight, share in _written(lines):
        ax.text(x, y + below, line, size=8 * share, weight=weight, ha="center", va="center", zorder=3)


def _written(lines: tuple[str, ...]) -> list[tuple[str, float, str, float]]:
    """The rows of a box: text, place below its middle, weight, and the share of the usual size that fits."""
    name = _broken(lines[0])
    places = (-0.1, 0.14) if len(name) == 1 else (-0.165, -0.01, 0.165)
    rows = [(row, "bold") for row in name] + [(lines[1], "normal")]
    return [
        (row, below, weight, min(1.0, _CHARACTERS / max(len(row), 1)))
        for (row, weight), below in zip(rows, places, strict=True)
    ]


def _broken(name: str) -> list[str]:
    """A name that is too long for one row in two, behind a dot, a space or a line."""
    breaks = [i + 1 for i, letter in enumerate(name[:-1]) if letter in "._ "]
    if len(name) <= _CHARACTERS or not breaks:
        return [name]
    middle = min(breaks, key=lambda place: max(place, len(name) - place))
    return [name[:middle].rstrip(), name[middle:]]
