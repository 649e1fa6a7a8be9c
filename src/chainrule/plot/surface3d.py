"""What a model answers over the plane of its two inputs, as a landscape in space."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.plot import canvas
from chainrule.plot.plane import Bounds, Plane, asked, class_colors, lead, shown

__all__ = ["surface_3d"]

_GRID = 61  # points along each axis
_MESH = 4  # every so many points a line runs over the surface
# Room between the floor and the lowest value, as a share of the range of values.
_CELLAR = 0.45
_DEEP_CELLAR = 0.8  # under several surfaces, which all come down to 0


def surface_3d(
    predict: Callable[[np.ndarray], Any],
    inputs: Any,
    targets: Any = None,
    classes: Sequence[str] | None = None,
    bounds: Bounds | None = None,
    feature_names: Sequence[str] | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    view: tuple[float, float] = (26.0, -60.0),
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the predicted probability as a height over the plane of two inputs, with the samples on the floor.

    For two classes the height is the probability of class 1, and the floor shows where it is 0.5; for more, each
    class has its own translucent surface, and the floor is divided among the classes.  Where a quantity is predicted,
    the height is its value, and each sample stands at the height of what was measured.  The picture is SAMPLED:
    `predict` is asked at the points of a grid.

    Args:
        predict: see `decision_surface`.
        inputs: the samples, ``(N, 2)``; or a data set that has them, their targets and the names.
        targets: their class indices, or values, ``(N,)``.
        classes: class names in order; their numbers by default.
        bounds: ``(left, right, bottom, top)`` of the plane; the samples with a margin by default.
        feature_names: names of the two inputs.
        path: file to write, if any.
        view: elevation and azimuth of the eye, in degrees.
        ax: three-dimensional axes to draw into.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: if `predict` cannot be called with an array, as a network.
        ShapeError: if the inputs are not two, or `predict` returns something else.
        ConfigError: for bounds or a view that make no sense, answers that are not finite, or axes that are flat.
        MissingDependencyError: if matplotlib is not installed.
    """
    elevation, azimuth = _angles(view)
    plane = asked(predict, inputs, targets, classes, bounds, feature_names, _GRID)
    with canvas.drawing():
        if ax is None:
            figure = canvas.new_figure(5.6, 5.0)
            ax = figure.add_subplot(projection="3d", computed_zorder=False)
        elif not hasattr(ax, "plot_surface"):
            raise ConfigError("a surface needs axes in space", fix='Make them with add_subplot(projection="3d")')
        _room(ax, plane, elevation, azimuth)
        if plane.quantity:
            _quantity(ax, plane)
        else:
            _classes(ax, plane)
        _labelled(ax, plane, title, lang)
        return canvas.save(ax.figure, path)


def _angles(view: tuple[float, float]) -> tuple[float, float]:
    numbers = np.asarray(view, float).reshape(-1)
    if numbers.shape != (2,) or not np.isfinite(numbers).all():
        raise ConfigError("bad view", expected="(elevation, azimuth) in degrees", got=view)
    elevation, azimuth = numbers.tolist()
    return elevation, azimuth


def _heights(plane: Plane) -> tuple[float, float]:
    """The lowest and the highest value."""
    if not plane.quantity:
        return 0.0, 1.0
    both = np.concatenate([plane.answers.reshape(-1), plane.targets[np.isfinite(plane.targets)]])
    low, high = float(both.min()), float(both.max())
    return low, high if high > low else low + 1.0


def _floor(plane: Plane) -> float:
    low, high = _heights(plane)
    several = not plane.quantity and plane.answers.shape[2] > 2
    return low - (_DEEP_CELLAR if several else _CELLAR) * (high - low)


def _room(ax: Any, plane: Plane, elevation: float, azimuth: float) -> None:
    from matplotlib.ticker import MaxNLocator

    low, high = _heights(plane)
    ax.view_init(elevation, azimuth)
    ax.set_box_aspect((1, 1, 0.9), zoom=1.0)
    ax.set(xlim=(plane.x[0], plane.x[-1]), ylim=(plane.y[0], plane.y[-1]), zlim=(_floor(plane), high))
    ax.set_zticks([0, 0.25, 0.5, 0.75, 1] if not plane.quantity else _ticks(low, high))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_pane_color(canvas.PAPER)
        axis.line.set_color(canvas.GREY)
        axis.pane.set_edgecolor(canvas.FAINT)


def _ticks(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    return [float(one) for one in MaxNLocator(5).tick_values(low, high) if low <= one <= high]


def _drawn(ax: Any, plane: Plane, heights: np.ndarray, **options: Any) -> None:
    x, y = np.meshgrid(plane.x, plane.y)
    ax.plot_surface(
        x, y, heights, rcount=_GRID, ccount=_GRID, linewidth=0, antialiased=False, zorder=3, rasterized=True, **options
    )  # fmt: skip
    ax.plot_wireframe(
        x, y, heights, rstride=_MESH, cstride=_MESH, color=canvas.INK, linewidth=0.35, alpha=0.45, zorder=4
    )  # fmt: skip


def _quantity(ax: Any, plane: Plane) -> None:
    """The surface, and the samples above and below it, each with a line to what was predicted there."""
    low, high = _heights(plane)
    floor = _floor(plane)
    if not plane.flat:
        ax.contour(
            plane.x, plane.y, plane.answers, levels=8, zdir="z", offset=floor, cmap="cividis", linewidths=1.2, zorder=1
        )
    _drawn(ax, plane, plane.answers, cmap="cividis", vmin=low, vmax=high, alpha=0.75)
    chosen = shown(plane)
    points, values = plane.points[chosen], plane.targets[chosen]
    predicted = _predicted(plane, points)
    for above in (False, True):
        here = (values >= predicted) == above
        if not here.any():
            continue
        order = 5 if above else 2
        ends = np.stack([values[here], predicted[here], np.full(here.sum(), np.nan)], axis=1)  # NaN parts the lines
        ax.plot(*np.repeat(points[here], 3, axis=0).T, ends.reshape(-1), color=canvas.INK, lw=0.6, zorder=order)
        ax.scatter(
            *points[here].T,
            values[here],
            c=values[here],
            cmap="cividis",
            vmin=low,
            vmax=high,
            s=28,
            edgecolors=canvas.INK,
            linewidths=0.7,
            depthshade=False,
            zorder=order,
        )


def _predicted(plane: Plane, points: np.ndarray) -> np.ndarray:
    """The answer at the point of the grid that is nearest to each sample."""
    column = np.abs(plane.x[None] - points[:, :1]).argmin(axis=1)
    row = np.abs(plane.y[None] - points[:, 1:]).argmin(axis=1)
    return np.asarray(plane.answers[row, column])


def _classes(ax: Any, plane: Plane) -> None:
    shares, floor = plane.answers, _floor(plane)
    if shares.shape[2] == 2:
        p = shares[:, :, 1]
        _drawn(ax, plane, p, cmap=class_colors(), vmin=0, vmax=1, alpha=0.8)
        _boundary(ax, plane, p - 0.5, floor)
        if p.min() < 0.5 < p.max() and not plane.flat:
            ax.contour(plane.x, plane.y, p, levels=[0.5], colors=canvas.INK, linewidths=1.8, zorder=5)
    else:
        for index in range(shares.shape[2]):
            color = canvas.COLORS[index % len(canvas.COLORS)]
            _drawn(ax, plane, shares[:, :, index], color=color, shade=False, alpha=0.36)
            _boundary(ax, plane, lead(shares, index), floor)
    _samples(ax, plane, floor)


def _boundary(ax: Any, plane: Plane, ahead: np.ndarray, floor: float) -> None:
    """The line on the floor above which the class changes."""
    if ahead.min() < 0 < ahead.max() and not plane.flat:
        ax.contour(
            plane.x, plane.y, ahead, levels=[0], zdir="z", offset=floor, colors=canvas.INK, linewidths=1.6, zorder=1
        )


def _samples(ax: Any, plane: Plane, floor: float) -> None:
    chosen = shown(plane)
    few = len(plane.points) <= 12
    for index in np.unique(plane.targets).tolist():
        here = chosen[plane.targets[chosen] == index]
        color = canvas.COLORS[index % len(canvas.COLORS)]
        ax.scatter(
            *plane.points[here].T,
            floor,
            s=90 if few else 18,
            c=color,
            marker=canvas.MARKERS[index % len(canvas.MARKERS)],
            edgecolors=canvas.edge(color),
            linewidths=1.0 if few else 0.5,
            depthshade=False,
            label=plane.name(index),
            zorder=2,
        )


def _labelled(ax: Any, plane: Plane, title: str | None, lang: str | None) -> None:
    ax.set_xlabel(plane.axes[0])
    ax.set_ylabel(plane.axes[1])
    if plane.quantity:
        height = canvas.caption("value", lang)
    elif len(plane.classes) == 2:
        height = canvas.caption("probability_of", lang, name=plane.name(1))
    else:
        height = canvas.caption("probability", lang)
    ax.zaxis.set_rotate_label(False)
    ax.set_zlabel(height, rotation=90, labelpad=7)
    if title:
        ax.set_title(title, loc="left", pad=22)
    note = canvas.caption("sampled_flat" if plane.flat else "sampled_grid", lang, grid=_GRID)
    ax.annotate(note, (0, 1), xytext=(0, 7), textcoords="offset points", xycoords="axes fraction", size=9)
    if not plane.quantity:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.03), ncols=4, handletextpad=0.1, columnspacing=1)
