"""The ways that optimisers take down a function of two variables."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.comparing import check_record, heading

if TYPE_CHECKING:
    from chainrule.train.compare.optimizer_paths import OptimizerPath, OptimizerPaths

__all__ = ["optimizer_paths"]

_ACROSS, _LEVELS = 2, 14


def optimizer_paths(
    record: OptimizerPaths,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw one panel for each optimiser: its path on the function's contour lines, from the square to the ringed point.

    The contour lines lie closer where the function is low: their heights grow quadratically.

    Args:
        record: what `train.compare.optimizer_paths` returned.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    check_record(record, ("paths", "z", "start"), "optimizer_paths")
    down = math.ceil(len(record.paths) / _ACROSS)
    across = min(_ACROSS, len(record.paths))
    with canvas.drawing():
        figure = canvas.new_figure(4.6 * across, 2.9 * down + 0.5)
        panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).reshape(-1)
        for i, (ax, one) in enumerate(zip(panels, record.paths, strict=False)):
            _panel(ax, record, one, i, lang)
            if i % across == 0:
                ax.set_ylabel("y")
            if i >= len(record.paths) - across:
                ax.set_xlabel("x")
                ax.tick_params(labelbottom=True)
        for ax in panels[len(record.paths) :]:
            ax.set_visible(False)
        words = {"formula": record.formula or "f(x, y)", "steps": record.steps}
        place = {"x": number(record.start[0]), "y": number(record.start[1])}
        heading(figure, canvas.caption("compare.paths_title", lang, **words, **place) if title is None else title)
        return canvas.save(figure, path)


def _panel(ax: Any, record: OptimizerPaths, one: OptimizerPath, i: int, lang: str | None) -> None:
    finite = record.z[np.isfinite(record.z)]
    if finite.size and finite.max() > finite.min():
        low, high = float(finite.min()), float(finite.max())
        levels = low + (high - low) * np.linspace(0, 1, _LEVELS) ** 2
        ax.contour(record.x, record.y, record.z, levels=levels[1:], colors=[canvas.lighter(canvas.GREY, 0.75)],
                   linewidths=0.7)  # fmt: skip
    if record.minimum is not None:
        ax.plot(*record.minimum, "+", color=canvas.INK, ms=9, mew=1.5)
    shade = canvas.COLORS[i % len(canvas.COLORS)]
    ax.plot(*one.points.T, "-", color=shade, lw=1.3)
    ax.plot(*one.points[1:].T, "o", color=shade, ms=3.5)
    ax.plot(*one.points[0], "s", color=canvas.INK, ms=6, zorder=4)
    ax.plot(*one.points[-1], "o", color=shade, ms=8, mec=canvas.INK, mew=1.2, zorder=4)
    ax.set_xlim(record.x[0], record.x[-1])
    ax.set_ylim(record.y[0], record.y[-1])
    ax.set_title(canvas.caption("compare.path_title", lang, name=one.title, lr=one.lr))
    end = canvas.caption(
        "compare.path_end" if one.finite else "compare.diverged", lang, value=number(one.values[-1], 2)
    )
    ax.annotate(end, (1, 1), xytext=(0, 10), textcoords="offset points", xycoords="axes fraction", size=9, ha="right")
    canvas.frame(ax)
