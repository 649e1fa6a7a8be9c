"""Gradient descent with several learning rates, side by side on one landscape."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.landscape import axis_names, plane_note
from chainrule.plot.relief import color_bar, contours, halo, hatched, scale_of, wide

if TYPE_CHECKING:
    from chainrule.train.descent import Descent, LearningRates

__all__ = ["learning_rates"]

_STYLES = ("-", (0, (5, 2)), (0, (1.5, 1.2)), (0, (6, 2, 1.5, 2)), (0, (3, 1)), (0, (1, 2)))
_STEEP = 8  # a failing run's curve must not press the others flat
_FAR = 30  # times the largest loss at the start or on the landscape: higher up curves are cut off


def learning_rates(
    record: LearningRates,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw one panel for each rate with its path on the landscape, and below them the loss curves of all.

    A run that leaves the picture ends in an arrow at its edge, and says after which step; where its loss goes beyond
    30 times everything else the curve is cut off.

    Args:
        record: what `train.learning_rates` returned.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    if not hasattr(record, "landscape") or not hasattr(record, "runs"):
        raise DTypeError("not runs", expected="what train.learning_rates returns", got=type(record).__name__)
    runs = record.runs
    with canvas.drawing():
        from matplotlib.transforms import ScaledTranslation

        figure = canvas.new_figure(max(3.3 * len(runs) + 0.9, 5.4), 6.6)
        layout = figure.add_gridspec(2, len(runs), height_ratios=(1.6, 1))
        scale = scale_of(record.landscape.loss)
        panels = [figure.add_subplot(layout[0, i]) for i in range(len(runs))]
        for i, (ax, run) in enumerate(zip(panels, runs, strict=True)):
            drawn = contours(ax, record.landscape.x, record.landscape.y, record.landscape.loss, scale)
            _path(ax, record.landscape, run, i)
            _words(ax, run, lang)
            ax.set_xlabel(axis_names(record.landscape, lang)[0])
            if i == 0:
                ax.set_ylabel(axis_names(record.landscape, lang)[1])
            else:
                ax.tick_params(labelleft=False)
        color_bar(figure, drawn, panels, scale, canvas.caption("training.loss", lang))
        curves = figure.add_subplot(layout[1, :])
        _curves(curves, record, lang)
        figure.legend(*curves.get_legend_handles_labels(), loc="outside lower center", ncols=len(runs), handlelength=3)
        heading = canvas.caption("training.rates", lang, n=len(runs)) if title is None else title
        figure.suptitle(f"{heading}\n", x=0.01, ha="left", fontsize=12, weight="bold")
        below = figure.transFigure + ScaledTranslation(0.07, -0.27, figure.dpi_scale_trans)
        figure.text(0, 1, plane_note(record.landscape, lang), size=8.5, va="top", transform=below)
        keys = hatched(record.landscape.loss, lang)
        if keys:
            panels[-1].legend(handles=keys, loc="lower right", fontsize=8)
        return canvas.save(figure, path)


def _path(ax: Any, landscape: Any, run: Descent, i: int) -> None:
    last = len(run.path) if run.left is None else run.left
    inside = run.path[:last]
    color = canvas.COLORS[1]
    ax.plot(*inside.T, "-", color=canvas.INK, lw=1.4, path_effects=halo(3.2))
    ax.plot(*inside.T, canvas.MARKERS[i % len(canvas.MARKERS)], ms=4, color=color, mec=canvas.PAPER, mew=0.6, ls="")
    if run.left is not None:
        start, end = run.path[run.left - 1], _at_edge(landscape, run.path[run.left - 1], run.path[run.left])
        arrow = {"arrowstyle": "-|>", "color": canvas.INK, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
        drawn = ax.annotate("", end, start, arrowprops=arrow, annotation_clip=False)
        drawn.arrow_patch.set_path_effects(halo(3.2))
    ax.plot(*run.path[0], "s", ms=9, color=canvas.COLORS[3], mec=canvas.PAPER, mew=1.2, zorder=5)
    if run.left is None:
        ax.plot(*run.path[-1], "o", ms=10, color=color, mec=canvas.PAPER, mew=1.2, zorder=5)


def _at_edge(landscape: Any, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Where the way from a point within the picture to one beyond crosses its edge."""
    share = 1.0
    for axis, a, b in zip((landscape.x, landscape.y), start, end, strict=True):
        edge = axis[-1] if b > axis[-1] else axis[0]
        if not axis[0] <= b <= axis[-1]:
            share = min(share, float((edge - a) / (b - a)))
    crossing: np.ndarray = start + share * (end - start)
    return crossing


def _words(ax: Any, run: Descent, lang: str | None) -> None:
    """The rate, and below it what came of it."""
    rate = canvas.caption("training.rate", lang, rate=number(run.lr, 3))
    taken = {
        "start": number(run.losses[0], 3), "end": number(run.losses[-1], 3), "steps": len(run.losses) - 1,
        "rises": run.rises,
    }  # fmt: skip
    used = {"diverges": ("start", "end"), "oscillates": ("rises", "steps")}.get(run.verdict, ("end", "steps"))
    lines = [canvas.caption(f"training.{run.verdict}", lang, **{key: taken[key] for key in used})]
    if run.left is not None:
        lines.append(canvas.caption("training.leaves", lang, step=run.left))
    ax.set_title(rate, loc="left", pad=31)
    ax.annotate(
        "\n".join(lines), (0, 1), xytext=(0, 5 if len(lines) > 1 else 16), textcoords="offset points",
        xycoords="axes fraction", size=8, linespacing=1.3,
    )  # fmt: skip


def _curves(ax: Any, record: LearningRates, lang: str | None) -> None:
    from matplotlib.ticker import MaxNLocator

    finite = record.landscape.loss[np.isfinite(record.landscape.loss)]
    top = _FAR * max(float(finite.max(initial=0.0)), *(run.losses[0] for run in record.runs))
    seen = []
    for i, run in enumerate(record.runs):
        losses = np.array(run.losses)
        values = np.where(np.isfinite(losses) & (losses <= top), losses, np.nan)
        label = canvas.caption("training.rate", lang, rate=number(run.lr, 3))
        ax.plot(
            values, color=canvas.COLORS[i % len(canvas.COLORS)], ls=_STYLES[i % len(_STYLES)], lw=1.8, label=label,
            marker=canvas.MARKERS[i % len(canvas.MARKERS)], ms=4.5, markevery=max(len(losses) // 10, 1),
        )  # fmt: skip
        seen.append(values)
    if wide(np.concatenate(seen), _STEEP):
        ax.set_yscale("log")
    ax.set_xlabel(canvas.caption("training.step", lang))
    ax.set_ylabel(canvas.caption("training.loss", lang))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    canvas.grid(ax)
    ax.margins(x=0.02)
