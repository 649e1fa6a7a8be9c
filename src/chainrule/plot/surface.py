"""What a model answers all over the plane of its two inputs, in colours."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.plot import canvas
from chainrule.plot.plane import Bounds, Plane, asked, class_colors, lead, shown

__all__ = ["decision_surface"]

_GRID = 241  # points along each axis
_LEVELS = 25  # odd, so that one half is the paper


def decision_surface(
    predict: Callable[[np.ndarray], Any],
    inputs: Any,
    targets: Any = None,
    classes: Sequence[str] | None = None,
    bounds: Bounds | None = None,
    feature_names: Sequence[str] | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Colour the plane by predicted class, the stronger the surer, and draw the samples on it.

    The picture is SAMPLED: `predict` is asked at the points of a grid, and the boundary is drawn between them.  Where
    a quantity is predicted (the targets are no whole numbers, or an answer lies outside 0 to 1), the colour is its
    value, and the samples are filled with the colour of what was measured there.

    Args:
        predict: called with float32 ``(M, 2)``; returns the probability of class 1 ``(M,)`` or ``(M, 1)``, class
            probabilities ``(M, C)``, class indices ``(M,)``, or values ``(M,)``.  An object with a method
            ``predict_proba``, or else ``predict``, will do.  For a network, write
            ``lambda z: chainrule.predict_proba(model, z)``.
        inputs: the samples, ``(N, 2)``; or a data set that has them, their targets and the names.
        targets: their class indices, or values, ``(N,)``.
        classes: class names in order; their numbers by default.
        bounds: ``(left, right, bottom, top)`` of the plane; the samples with a margin by default.
        feature_names: names of the two inputs.
        path: file to write, if any.
        ax: axes to draw into.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: if `predict` cannot be called with an array, as a network.
        ShapeError: if the inputs are not two, or `predict` returns something else.
        ConfigError: for bounds that make no sense, or answers that are not finite.
        MissingDependencyError: if matplotlib is not installed.
    """
    plane = asked(predict, inputs, targets, classes, bounds, feature_names, _GRID)
    with canvas.drawing():
        if ax is None:
            figure = canvas.new_figure(4.8, 4.4)
            ax = figure.add_subplot()
        if plane.quantity:
            _quantity(ax, plane, lang)
        else:
            _classes(ax, plane, lang)
        _labelled(ax, plane, title, lang)
        return canvas.save(ax.figure, path)


def _quantity(ax: Any, plane: Plane, lang: str | None) -> None:
    """The value as colour, with lines of equal value, and what was measured in the same colours."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.ticker import MaxNLocator

    chosen = shown(plane)
    both = np.concatenate([plane.answers.reshape(-1), plane.targets[np.isfinite(plane.targets)]])
    low, high = float(both.min()), float(both.max())
    high = high if high > low else low + 1.0
    levels = MaxNLocator(4 * _LEVELS // 3).tick_values(low, high)
    colors = Normalize(low, high)
    shades = ax.contourf(plane.x, plane.y, plane.answers, levels=levels, cmap="cividis", norm=colors, antialiased=False)
    if not plane.flat:
        lines = MaxNLocator(6).tick_values(low, high)
        ax.contour(plane.x, plane.y, plane.answers, levels=lines, colors=canvas.INK, linewidths=0.5)
    rings = [canvas.readable(one) for one in ScalarMappable(colors, "cividis").to_rgba(plane.targets[chosen])]
    ax.scatter(
        *plane.points[chosen].T,
        s=_size(plane, 130, 30),
        c=plane.targets[chosen],
        cmap="cividis",
        norm=colors,
        edgecolors=rings,
        linewidths=1.0,
        zorder=3,
        label=canvas.caption("measured", lang),
    )
    bar = _bar(ax, shades, canvas.caption("value", lang))
    bar.locator = MaxNLocator(6)
    bar.update_ticks()


def _classes(ax: Any, plane: Plane, lang: str | None) -> None:
    if plane.answers.shape[2] == 2:
        _two(ax, plane, lang)
    else:
        _many(ax, plane)
    chosen = shown(plane)
    for index in np.unique(plane.targets).tolist():
        here = chosen[plane.targets[chosen] == index]
        color = canvas.COLORS[index % len(canvas.COLORS)]
        ax.scatter(
            *plane.points[here].T,
            s=_size(plane, 150, 26),
            c=color,
            marker=canvas.MARKERS[index % len(canvas.MARKERS)],
            edgecolors=canvas.edge(color),
            linewidths=_size(plane, 1.8, 0.7),
            label=plane.name(index),
            zorder=3,
        )


def _size(plane: Plane, few: float, many: float) -> float:
    return few if len(plane.points) <= 12 else many


def _two(ax: Any, plane: Plane, lang: str | None) -> None:
    """The probability of class 1, with the boundary where it is 0.5."""
    p = plane.answers[:, :, 1]
    levels = np.linspace(0, 1, _LEVELS + 1)
    shades = ax.contourf(plane.x, plane.y, p, levels=levels, cmap=class_colors(), antialiased=False)
    bar = _bar(ax, shades, canvas.caption("probability_of", lang, name=plane.name(1)))
    bar.set_ticks([0, 0.25, 0.5, 0.75, 1])
    if p.min() < 0.5 < p.max() and not plane.flat:
        ax.contour(plane.x, plane.y, p, levels=[0.5], colors=canvas.INK, linewidths=1.6)


def _bar(ax: Any, shades: Any, label: str) -> Any:
    bar = ax.figure.colorbar(shades, ax=ax, shrink=0.85, pad=0.03)
    bar.set_label(label, size=9)
    bar.outline.set_visible(False)
    return bar


def _many(ax: Any, plane: Plane) -> None:
    """Each class in its colour, the paler the less sure, with a line wherever the class changes."""
    x, y, shares = plane.x, plane.y, plane.answers
    winner, sureness = shares.argmax(axis=2), shares.max(axis=2)
    least = 1 / shares.shape[2]
    ground = np.array(canvas.lighter(canvas.PAPER, 1.0))
    pixels = np.empty((*winner.shape, 3))
    for index in range(shares.shape[2]):
        color = np.array(canvas.lighter(canvas.COLORS[index % len(canvas.COLORS)], 1.0))
        here = winner == index
        strength = 0.1 + (canvas.WASH - 0.1) * np.clip((sureness[here] - least) / (1 - least), 0, 1)[:, None]
        pixels[here] = strength * color + (1 - strength) * ground
    ax.imshow(pixels, extent=(x[0], x[-1], y[0], y[-1]), origin="lower", aspect="auto", interpolation="bilinear")
    for index in np.unique(winner):
        ahead = lead(shares, index)
        if ahead.min() < 0 < ahead.max():
            ax.contour(x, y, ahead, levels=[0], colors=canvas.INK, linewidths=1.2)


def _labelled(ax: Any, plane: Plane, title: str | None, lang: str | None) -> None:
    ax.set_xlabel(plane.axes[0])
    ax.set_ylabel(plane.axes[1])
    canvas.frame(ax)
    if title:
        ax.set_title(title, loc="left", pad=22)
    note = canvas.caption("sampled_flat" if plane.flat else "sampled_grid", lang, grid=_GRID)
    place = {"xytext": (0, 7), "textcoords": "offset points", "xycoords": "axes fraction"}
    ax.annotate(note, (0, 1), size=9, **place)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4, handletextpad=0.1, columnspacing=1)
    ax.set_xlim(plane.x[0], plane.x[-1])
    ax.set_ylim(plane.y[0], plane.y[-1])
