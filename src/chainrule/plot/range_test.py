"""The loss against the learning rate."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DTypeError
from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.relief import wide

if TYPE_CHECKING:
    from chainrule.train.range_test import RangeTest

__all__ = ["range_test"]


def range_test(
    result: RangeTest,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the loss of each step and its smoothed course against the rate, with the suggested and the largest rate.

    Args:
        result: what `train.range_test` returned.
        path: file to write, if any.
        ax: axes to draw into.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    if not hasattr(result, "smoothed") or not hasattr(result, "suggested"):
        raise DTypeError("not a range test", expected="what train.range_test returns", got=type(result).__name__)
    with canvas.drawing():
        figure = canvas.new_figure(6.4, 4.2) if ax is None else ax.figure
        axes = figure.add_subplot() if ax is None else ax
        _curves(axes, result, lang)
        _marks(axes, result, lang)
        axes.set_xscale("log")
        if wide(np.array([*result.losses, *result.smoothed])):
            axes.set_yscale("log")
        axes.set_xlabel(canvas.caption("training.learning_rate", lang))
        axes.set_ylabel(canvas.caption("training.loss", lang))
        canvas.grid(axes)
        axes.set_title(canvas.caption("training.range_test", lang) if title is None else title, loc="left", pad=22)
        note = {"xytext": (0, 7), "textcoords": "offset points", "xycoords": "axes fraction"}
        axes.annotate(_note(result, lang), (0, 1), size=8.5, **note)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, columnspacing=1.4)
        return canvas.save(figure, path)


def _curves(ax: Any, result: RangeTest, lang: str | None) -> None:
    raw, smooth = (canvas.caption(f"training.{key}", lang) for key in ("each_step", "smoothed"))
    ax.plot(result.lr, result.losses, ".", ms=4, color=canvas.GREY, label=raw)
    ax.plot(result.lr, result.smoothed, "-", lw=2, color=canvas.COLORS[0], label=smooth)


def _marks(ax: Any, result: RangeTest, lang: str | None) -> None:
    for rate, key, color, mark, style in (
        (result.suggested, "suggested", canvas.COLORS[2], "o", "-"),
        (result.largest, "largest", canvas.COLORS[1], "^", (0, (4, 2))),
    ):
        if rate is None:
            continue
        height = float(np.interp(np.log(rate), np.log(result.lr), result.smoothed))
        label = canvas.caption(f"training.{key}", lang, rate=number(rate, 2))
        ax.axvline(rate, color=color, lw=1.2, ls=style, zorder=1)
        ax.plot([rate], [height], mark, ms=9, color=color, mec=canvas.PAPER, mew=1.2, label=label, zorder=4)


def _note(result: RangeTest, lang: str | None) -> str:
    """What the curve does not show by itself."""
    found = [] if result.suggested is not None else [canvas.caption("training.no_fall", lang)]
    if result.diverged and result.lr:
        found.append(canvas.caption("training.blew_up", lang, rate=number(result.lr[-1], 2)))
    return "; ".join(found)
