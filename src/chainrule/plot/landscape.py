"""The loss over a plane in the space of the weights, and the path of training on it."""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.explain.landscape import Landscape
from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.relief import COLORMAP, Scale, color_bar, contours, decades, halo, hatched, off_plane, scale_of

__all__ = ["axis_names", "landscape", "plane_note"]


def landscape(
    landscape: Landscape,
    path: str | os.PathLike[str] | None = None,
    *,
    kind: Literal["contour", "3d"] = "contour",
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the loss as contours or as a surface, with the model, and the trajectory from its start to its end.

    Contours lie at equal ratios if the loss ranges over more than a factor of 50, else at equal distances.  Where it
    is not finite the plane is hatched, and the surface has a hole.  On the surface the path lies on the plane's loss,
    which is that of its states only where these lie in the plane.

    Args:
        landscape: what `explain.landscape` returned.
        path: file to write, if any.
        kind: "contour" or "3d".
        ax: axes to draw into; for "3d", three-dimensional ones.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything but a landscape.
        UnknownNameError: for another kind.
        ConfigError: if the axes are flat and the picture is not.
        MissingDependencyError: if matplotlib is not installed.
    """
    if not isinstance(landscape, Landscape):
        raise DTypeError("not a landscape", expected="what explain.landscape returns", got=type(landscape).__name__)
    if kind not in ("contour", "3d"):
        raise UnknownNameError("kind of picture", kind, ("contour", "3d"))
    solid = kind == "3d"
    if solid and ax is not None and ax.name != "3d":
        raise ConfigError("a surface needs axes with depth", fix='Make them: figure.add_subplot(projection="3d")')
    with canvas.drawing():
        figure = canvas.new_figure(6.4, 5.4) if ax is None else ax.figure
        axes = figure.add_subplot(projection="3d" if solid else None) if ax is None else ax
        scale = scale_of(landscape.loss)
        (_surface if solid else _plane)(axes, landscape, scale, lang)
        across, up = axis_names(landscape, lang)
        room = {"labelpad": 9.0} if solid else {}  # for the numbers along axes that lie aslant
        axes.set_xlabel(across, **room)
        axes.set_ylabel(up, **room)
        _head(axes, landscape, title, lang, solid)
        keys = [*axes.get_legend_handles_labels()[0], *hatched(landscape.loss, lang)]
        low = -0.05 if solid else -0.13
        axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, low), ncols=4, columnspacing=1.4)
        return canvas.save(figure, path)


def axis_names(landscape: Landscape, lang: str | None) -> tuple[str, str]:
    """The weights' names, or which directions these are."""
    if landscape.kind == "slice":
        return landscape.names
    key = "training.component" if landscape.kind == "pca" else "training.direction"
    return canvas.caption(key, lang, number=1), canvas.caption(key, lang, number=2)


def plane_note(landscape: Landscape, lang: str | None) -> str:
    """What plane it is, and whether the path lies in it."""
    first, second = (_share(part) for part in landscape.explained or (0.0, 0.0))
    lines = [canvas.caption(f"training.{landscape.kind}", lang, **_taken(landscape, first, second))]
    distance = off_plane(landscape)
    if distance is not None:
        lines.append(canvas.caption("training.off_plane", lang, distance=number(distance, 2)))
    return "\n".join(lines)


def _taken(landscape: Landscape, first: str, second: str) -> dict[str, str]:
    return {"first": first, "second": second} if landscape.kind == "pca" else {}


def _share(part: float) -> str:
    return f"{100 * part:.1f} %"


def _plane(ax: Any, landscape: Landscape, scale: Scale, lang: str | None) -> None:
    drawn = contours(ax, landscape.x, landscape.y, landscape.loss, scale)
    color_bar(ax.figure, drawn, ax, scale, canvas.caption("training.loss", lang))
    steps = landscape.path
    if len(steps):
        ax.plot(*steps.T, color=canvas.INK, lw=1.6, path_effects=halo(3.4), label=canvas.caption("training.path", lang))
        if len(steps) <= 60:
            ax.plot(*steps.T, ".", ms=3.5, color=canvas.INK)
    for place, mark, size, name in _marks(landscape):
        label = canvas.caption(f"training.{name}", lang)
        ax.plot(*place, mark, ms=size, **_mark_style(name), label=label, zorder=5, ls="")


def _marks(landscape: Landscape) -> list[tuple[Any, str, float, str]]:
    """Where the path starts and ends, and where the model is."""
    found: list[tuple[Any, str, float, str]] = []
    if len(landscape.path):
        found = [(landscape.path[0], "s", 9.0, "start"), (landscape.path[-1], "o", 14.0, "end")]
    return [*found, (landscape.center, "*", 10.0, "here")]


def _mark_style(name: str) -> dict[str, Any]:
    """Colours of a mark; the model's own stands out from any loss, from the path's end, and in the legend."""
    if name == "here":
        return {"color": canvas.PAPER, "mec": canvas.INK, "mew": 1.1}
    return {"color": canvas.COLORS[{"start": 3, "end": 1}[name]], "mec": canvas.PAPER, "mew": 1.2}


def _surface(ax: Any, landscape: Landscape, scale: Scale, lang: str | None) -> None:
    ax.computed_zorder = False  # which would put the path behind the surface that it lies on
    x, y = np.meshgrid(landscape.x, landscape.y)
    heights = scale.height(landscape.loss)
    low, high = scale.height(scale.levels[[0, -1]])
    ax.plot_surface(
        x, y, heights, cmap=COLORMAP, vmin=low, vmax=high, alpha=0.85, rcount=60, ccount=60, edgecolor="none", zorder=1
    )
    ax.contour(x, y, heights, levels=10, colors=canvas.INK, linewidths=0.5, alpha=0.45, zorder=2)
    if len(landscape.path):
        inside = landscape.path[_inside(landscape, landscape.path)]
        up = _lifted(landscape, heights, inside)
        ax.plot(
            *inside.T, up, color=canvas.INK, lw=2, path_effects=halo(3.6), zorder=4,
            label=canvas.caption("training.path", lang),
        )  # fmt: skip
    for place, mark, size, name in _marks(landscape):
        spot = np.array([place], float)
        if _inside(landscape, spot).all():
            ax.plot(
                *spot.T, _lifted(landscape, heights, spot), mark, ms=size, **_mark_style(name), zorder=5, ls="",
                label=canvas.caption(f"training.{name}", lang),
            )  # fmt: skip
    ax.set_zlabel(canvas.caption("training.loss", lang))
    if scale.logarithmic:
        ticks = decades(scale)
        ax.set_zticks(np.log10(ticks), labels=[number(tick, 2) for tick in ticks])
    for side in (ax.xaxis, ax.yaxis, ax.zaxis):
        side.set_pane_color(canvas.lighter(canvas.GREY, 0.1))
        side._axinfo["grid"]["color"] = canvas.FAINT
    ax.tick_params(labelsize=8)
    ax.view_init(elev=38, azim=-60)


def _inside(landscape: Landscape, points: np.ndarray) -> np.ndarray:
    x, y = points.T
    within: np.ndarray = (x >= landscape.x[0]) & (x <= landscape.x[-1]) & (y >= landscape.y[0]) & (y <= landscape.y[-1])
    return within


def _lifted(landscape: Landscape, heights: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How high the drawn surface is below points: bilinear between the grid's points."""
    (i, u), (j, v) = (_cell(axis, values) for axis, values in zip((landscape.x, landscape.y), points.T, strict=True))
    near, far = heights[j, i] * (1 - u) + heights[j, i + 1] * u, heights[j + 1, i] * (1 - u) + heights[j + 1, i + 1] * u
    up: np.ndarray = near * (1 - v) + far * v
    return up


def _cell(axis: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    place = np.clip(np.searchsorted(axis, values, side="right") - 1, 0, len(axis) - 2)
    return place, (values - axis[place]) / (axis[place + 1] - axis[place])


def _head(ax: Any, landscape: Landscape, title: str | None, lang: str | None, solid: bool) -> None:
    note = plane_note(landscape, lang)
    if title:
        ax.set_title(title, loc="left", pad=22 + 13 * note.count("\n"))
    place = {"xytext": (0, 7), "textcoords": "offset points", "xycoords": "axes fraction"}
    ax.annotate(note, (0, 1), size=8.5, annotation_clip=False, linespacing=1.3, **place)
