"""The data, and a grid that bends, as each layer moves them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.explain.hidden import HiddenSpace, Stage
from chainrule.plot import canvas

__all__ = ["hidden_space"]

_COLUMNS = 4
_FEW, _MOST_POINTS = 12, 3000
_SPREAD = 0.35  # of the strip on which one number per sample is drawn


def hidden_space(
    space: HiddenSpace,
    targets: Any = None,
    path: str | os.PathLike[str] | None = None,
    *,
    classes: Sequence[str] | None = None,
    units: tuple[int, int] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw one panel for each move: the input, and after each linear map, shift and activation.

    Where there are two numbers per sample they are the axes; where there is one it is the horizontal axis, and samples
    are spread over the vertical one.  Where there are more, the axes are two of them, as `units` says, or else the
    first two principal components of the samples at that stage, whose share of the variance is named; each component
    has the sign that goes with the panel before.

    Args:
        space: what `explain.hidden_space` returned.
        targets: ``(N,)``, class indices or, as floats, numbers; they colour the samples.
        path: file to write, if any.
        classes: their names, in order.
        units: which two numbers to draw where there are more than two.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything but a hidden space.
        ShapeError: if the targets are not one per sample.
        ConfigError: for units that a stage does not have.
        MissingDependencyError: if matplotlib is not installed.
    """
    if not isinstance(space, HiddenSpace):
        raise DTypeError("not a hidden space", expected="what explain.hidden_space returns", got=type(space).__name__)
    colors = _checked(targets, len(space.stages[0].points))
    views = _views(space.stages, units, colors)
    columns = min(_COLUMNS, len(views))
    rows = -(-len(views) // columns)
    with canvas.drawing():
        figure = canvas.new_figure(2.9 * columns + 0.3, 3.0 * rows + 0.8)
        for i, (stage, view) in enumerate(zip(space.stages, views, strict=True)):
            ax = figure.add_subplot(rows, columns, i + 1)
            drawn = _panel(ax, view, colors)
            ax.set_title(_name(stage, lang), loc="left", fontsize=10)
            across, up = _axis_names(stage, view, lang)
            ax.set_xlabel(across, fontsize=9)
            ax.set_ylabel(up, fontsize=9)
        heading = canvas.caption("training.hidden_space", lang) if title is None else title
        figure.suptitle(heading, x=0.01, ha="left", fontsize=12, weight="bold")
        if drawn is not None:
            bar = figure.colorbar(drawn, ax=figure.axes, shrink=0.6, pad=0.02)
            bar.set_label(canvas.caption("training.target", lang), size=9)
            bar.outline.set_visible(False)
        elif colors is not None:
            keys = _keys(colors, classes, lang)
            figure.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 6), handletextpad=0.2)
        return canvas.save(figure, path)


@dataclass(frozen=True)
class _View:
    """What a panel shows of a stage.

    Attributes:
        points: ``(N, 2)``.
        lines: ``(lines, steps, 2)``.
        kind: "one", "two", "units" or "principal".
        shares: of the variance, for principal components.
        chosen: the two units.
    """

    points: np.ndarray
    lines: np.ndarray
    kind: str
    shares: tuple[float, float] = (0.0, 0.0)
    chosen: tuple[int, int] = (0, 1)


def _checked(targets: Any, count: int) -> np.ndarray | None:
    """Class indices as whole numbers, numbers as floats."""
    if targets is None:
        return None
    values = np.asarray(getattr(targets, "_data", targets))
    flat = values.reshape(-1)
    if len(flat) != count or flat.dtype.kind not in "biuf":
        raise ShapeError("the targets do not fit the samples", expected=f"{count} numbers", got=values.shape)
    return flat.astype(float) if flat.dtype.kind == "f" else flat.astype(np.int64)


def _views(stages: Sequence[Stage], units: Any, colors: np.ndarray | None) -> list[_View]:
    found: list[_View] = []
    for stage in stages:
        size = stage.points.shape[1]
        lines = stage.lines if stage.lines.size else np.empty((0, 2, size))
        if size == 1:
            found.append(_strip(stage.points, lines, colors))
        elif size == 2:
            found.append(_View(stage.points, lines, "two"))
        elif units is not None:
            found.append(_two_units(stage, lines, units))
        else:
            found.append(_principal(stage.points, lines, found[-1].points if found else None))
    return found


def _strip(points: np.ndarray, lines: np.ndarray, colors: np.ndarray | None) -> _View:
    """One number per sample: samples at random heights, each class about its own; the grid on the ground."""
    random = np.random.default_rng(0)
    heights = (_SPREAD if len(points) > _FEW else 0.0) * random.uniform(-1, 1, len(points))
    if colors is not None and colors.dtype.kind != "f":
        heights += np.unique(colors, return_inverse=True)[1]
    return _View(np.column_stack([points[:, 0], heights]), np.empty((0, 2, 2)), "one")


def _two_units(stage: Stage, lines: np.ndarray, units: Any) -> _View:
    size = stage.points.shape[1]
    chosen = tuple(units) if isinstance(units, tuple | list) else ()
    whole = all(isinstance(unit, int | np.integer) and not isinstance(unit, bool) for unit in chosen)
    if len(chosen) != 2 or not whole or len(set(chosen)) < 2 or not all(0 <= unit < size for unit in chosen):
        where = f"layer {stage.path!r}" if stage.path else "input"
        raise ConfigError("bad units", expected=f"two different numbers from 0 to {size - 1}", got=units, where=where)
    pair = [int(unit) for unit in chosen]
    return _View(stage.points[:, pair], lines[..., pair], "units", chosen=(pair[0], pair[1]))


def _principal(points: np.ndarray, lines: np.ndarray, before: np.ndarray | None) -> _View:
    """The first two principal components of the points; the grid goes with them."""
    middle = points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(points - middle, full_matrices=False)
    axes = axes[:2] if len(axes) > 1 else np.vstack([axes, np.zeros_like(axes)])
    seen = (points - middle) @ axes.T
    signs = _signs(seen, axes, before)
    total = float((sizes**2).sum()) or 1.0
    parts = [float(size**2 / total) for size in [*sizes, 0.0][:2]]
    return _View(seen * signs, ((lines - middle) @ axes.T) * signs, "principal", (parts[0], parts[1]))


def _signs(seen: np.ndarray, axes: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Of components, which have none of their own: as the same axis had it before, or its largest part positive."""
    if before is not None:
        alike = (seen * (before - before.mean(axis=0))).sum(axis=0)
        if (alike != 0).all():
            signs: np.ndarray = np.sign(alike)
            return signs
    largest = axes[np.arange(2), np.abs(axes).argmax(axis=1)]
    return np.where(largest < 0, -1.0, 1.0)


def _panel(ax: Any, view: _View, colors: np.ndarray | None) -> Any:
    """The bent grid below, the samples above; returns what a colour bar belongs to, if anything."""
    from matplotlib.collections import LineCollection

    half = len(view.lines) // 2
    if half:
        for part, style in ((view.lines[:half], "-"), (view.lines[half:], (0, (3, 1.5)))):
            ax.add_collection(
                LineCollection(list(part), colors=canvas.GREY, linewidths=0.5, linestyles=[style], zorder=1)
            )
    shown = np.linspace(0, len(view.points) - 1, min(len(view.points), _MOST_POINTS)).astype(int)
    points = view.points[shown]
    few = len(points) <= _FEW
    size = 70 if few else 12
    drawn = None
    if colors is None:
        ax.scatter(*points.T, s=size, c=canvas.COLORS[0], edgecolors=canvas.PAPER, linewidths=0.5, zorder=3)
    elif colors.dtype.kind == "f":
        drawn = ax.scatter(*points.T, s=size, c=colors[shown], cmap="cividis", linewidths=0, zorder=3)
    else:
        for i, value in enumerate(np.unique(colors)):
            own = points[colors[shown] == value]
            color = canvas.COLORS[i % len(canvas.COLORS)]
            ax.scatter(
                *own.T, s=size, c=color, marker=canvas.MARKERS[i % len(canvas.MARKERS)], zorder=3,
                edgecolors=canvas.edge(color), linewidths=1.0 if few else 0.4,
            )  # fmt: skip
    _limits(ax, view)
    canvas.frame(ax)
    ax.tick_params(labelsize=8)
    return drawn


def _limits(ax: Any, view: _View) -> None:
    """All samples with a margin, and the grid as far as it stays within three times their range."""
    low, high = view.points.min(axis=0), view.points.max(axis=0)
    size = np.where(high > low, high - low, 1.0)
    if view.lines.size:
        low = np.maximum(np.minimum(low, view.lines.min(axis=(0, 1))), low - size)
        high = np.minimum(np.maximum(high, view.lines.max(axis=(0, 1))), high + size)
    margin = 0.07 * np.where(high > low, high - low, 1.0)
    (left, bottom), (right, top) = low - margin, high + margin
    ax.set(xlim=(left, right), ylim=(bottom, top))
    if view.kind == "one":
        ax.set_yticks([])


def _name(stage: Stage, lang: str | None) -> str:
    if stage.move in ("input", "linear", "shift"):
        values = {} if stage.move == "input" else {"path": stage.path}
        return canvas.caption(f"training.stage.{stage.move}", lang, **values)
    return canvas.caption("training.stage.other", lang, path=stage.path, kind=stage.move)


def _axis_names(stage: Stage, view: _View, lang: str | None) -> tuple[str, str]:
    if view.kind == "principal":
        names = [
            canvas.caption("training.principal", lang, number=i + 1, share=f"{100 * part:.0f} %")
            for i, part in enumerate(view.shares)
        ]
    else:
        key = "training.unit" if stage.path else "training.feature"
        names = [canvas.caption(key, lang, number=unit + 1) for unit in view.chosen]
    return names[0], "" if view.kind == "one" else names[1]


def _keys(colors: np.ndarray, classes: Sequence[str] | None, lang: str | None) -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D(
            [], [], ls="", marker=canvas.MARKERS[i % len(canvas.MARKERS)], color=canvas.COLORS[i % len(canvas.COLORS)],
            label=canvas.caption("training.class", lang, name=_class(int(value), classes)),
        )
        for i, value in enumerate(np.unique(colors))
    ]  # fmt: skip


def _class(value: int, classes: Sequence[str] | None) -> str:
    return str(value if classes is None or not 0 <= value < len(classes) else classes[value])
