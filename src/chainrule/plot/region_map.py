"""The pieces into which a network divides a plane of its inputs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError
from chainrule.plot import canvas

__all__ = ["region_map"]

_MOST_POINTS = 3000
#: Beyond this many polygons their edges are drawn finer and finer.
_MANY = 300


def region_map(
    regions: Any,
    inputs: Any = None,
    targets: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    title: str | None = None,
    output: int = 0,
    lang: str | None = None,
) -> Any:
    """Draw the polygons of constant affine map, coloured by predicted class, and the decision boundary.

    For a network that predicts numbers the colour is the value in the middle of each polygon. For smooth activations
    there are no polygons: the boundary alone is drawn, and labelled as sampled.

    Args:
        regions: what `explain.regions` returned.
        inputs: samples to draw, ``(N, 2)``, in the coordinates of the plane.
        targets: their class indices, ``(N,)``.
        path: file to write, if any.
        ax: axes to draw into.
        title: heading.
        output: which output colours the polygons where there are no classes.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything but regions.
        ShapeError: if samples and targets do not fit.
        MissingDependencyError: if matplotlib is not installed.
    """
    if not hasattr(regions, "between") or not hasattr(regions, "polygons"):
        raise DTypeError("not regions", expected="what explain.regions returns", got=type(regions).__name__)
    points, labels = _checked(inputs, targets)
    with canvas.drawing():
        figure = canvas.new_figure(6.4, 5.4) if ax is None else ax.figure
        axes = figure.add_subplot() if ax is None else ax
        if regions.classes:
            _cells(axes, regions)
        elif len(regions):
            _values(axes, regions, output, lang)
        _lines(axes, regions)
        _samples(axes, points, labels)
        _labelled(axes, regions, labels, title, lang)
        return canvas.save(figure, path)


def _checked(inputs: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    if inputs is None:
        return np.empty((0, 2)), np.empty(0, np.int64)
    points = np.asarray(inputs, float)
    labels = np.zeros(len(points), np.int64) if targets is None else np.asarray(targets).reshape(-1).astype(np.int64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise ShapeError(
            "samples on a plane have two coordinates, and one class each",
            expected="shapes (N, 2) and (N,)",
            got=f"{points.shape} and {labels.shape}",
        )
    return points, labels


def _cells(ax: Any, regions: Any) -> None:
    """Each cell in its class's colour; neighbours of one class differ a little, so that polygons can be told apart."""
    from matplotlib.collections import PolyCollection

    shades = 0.26 + 0.16 * (np.arange(len(regions.cell_classes)) * 0.618 % 1)
    colors = [
        canvas.lighter(canvas.COLORS[c % len(canvas.COLORS)], share)
        for c, share in zip(regions.cell_classes.tolist(), shades.tolist(), strict=True)
    ]
    # Edges in the colour of the face close the hairlines that antialiasing leaves between neighbours.
    ax.add_collection(PolyCollection(regions.cells, facecolors=colors, edgecolors=colors, linewidths=0.3))


def _values(ax: Any, regions: Any, output: int, lang: str | None) -> None:
    from matplotlib.collections import PolyCollection

    middles = np.array([polygon.mean(axis=0) for polygon in regions.polygons])
    values = (regions.maps[:, output, :2] * middles).sum(axis=1) + regions.maps[:, output, 2]
    drawn = PolyCollection(regions.polygons, array=values, cmap="cividis", edgecolors="face", linewidths=0.3)
    ax.add_collection(drawn)
    bar = ax.figure.colorbar(drawn, ax=ax, shrink=0.85, pad=0.03)
    bar.set_label(canvas.caption("middle_value", lang, output=regions.outputs[output]), size=9)
    bar.outline.set_visible(False)


def _lines(ax: Any, regions: Any) -> None:
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.colors import to_rgba

    if len(regions):
        fine = float(np.clip(0.9 * (_MANY / max(len(regions), _MANY)) ** 0.5, 0.15, 0.9))
        lines = to_rgba(canvas.INK, 0.3)  # two polygons draw each line
        ax.add_collection(PolyCollection(regions.polygons, facecolors="none", edgecolors=lines, linewidths=fine))
    if len(regions.boundary):
        ax.add_collection(LineCollection(regions.boundary, colors=canvas.PAPER, linewidths=4.2, capstyle="round"))
        ax.add_collection(LineCollection(regions.boundary, colors=canvas.INK, linewidths=2.2, capstyle="round"))


def _samples(ax: Any, points: np.ndarray, labels: np.ndarray) -> None:
    few = len(points) <= 12
    shown = np.linspace(0, len(points) - 1, min(len(points), _MOST_POINTS)).astype(int)
    for index in np.unique(labels).tolist():
        chosen = shown[labels[shown] == index]
        color = canvas.COLORS[index % len(canvas.COLORS)]
        ax.scatter(
            *points[chosen].T,
            s=130 if few else 24,
            c=color,
            marker=canvas.MARKERS[index % len(canvas.MARKERS)],
            edgecolors=canvas.edge(color),
            linewidths=1.6 if few else 0.7,
            zorder=3,
        )


def _labelled(ax: Any, regions: Any, labels: np.ndarray, title: str | None, lang: str | None) -> None:
    left, right, bottom, top = regions.bounds
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)
    ax.set_xlabel(regions.names[0])
    ax.set_ylabel(regions.names[1])
    canvas.frame(ax)
    if title:
        ax.set_title(title, loc="left", pad=22)
    exact = "exact_region" if len(regions) == 1 else "exact_regions"
    note = canvas.caption(exact if regions.kind == "exact" else "smooth_regions", lang, count=f"{len(regions):,}")
    ax.annotate(note, (0, 1), xytext=(0, 7), textcoords="offset points", xycoords="axes fraction", size=9)
    handles = _keys(regions, labels, lang)
    if handles:
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=4, columnspacing=1.4)


def _keys(regions: Any, labels: np.ndarray, lang: str | None) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    keys: list[Any] = []
    if regions.classes and regions.kind == "exact":
        for c in np.unique(regions.cell_classes).tolist():
            color = canvas.lighter(canvas.COLORS[c % len(canvas.COLORS)], 0.4)
            keys.append(
                Patch(
                    facecolor=color, edgecolor=canvas.GREY, label=canvas.caption("class", lang, name=regions.classes[c])
                )
            )
    elif regions.classes:
        for c in np.unique(labels).tolist():
            shown, marker = canvas.COLORS[c % len(canvas.COLORS)], canvas.MARKERS[c % len(canvas.MARKERS)]
            name = regions.classes[c] if c < len(regions.classes) else c
            keys.append(
                Line2D([], [], color=shown, marker=marker, linestyle="", label=canvas.caption("class", lang, name=name))
            )
    if len(regions.boundary):
        keys.append(Line2D([], [], color=canvas.INK, linewidth=2.2, label=canvas.caption("boundary", lang)))
    return keys
