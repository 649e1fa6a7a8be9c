"""A race of optimisers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.comparing import STYLES, check_record, epoch_axis, heading, loss_axis, loss_limit

if TYPE_CHECKING:
    from chainrule.train.compare.optimizers import Race

__all__ = ["optimizer_race"]


def optimizer_race(
    record: Race, path: str | os.PathLike[str] | None = None, *, title: str | None = None, lang: str | None = None
) -> Any:
    """Draw the training losses against epochs and against seconds, with the goal and where each reached it.

    Curves that diverge are cut off at 30 times the loss at the start.

    Args:
        record: what `train.compare.optimizers` returned.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    check_record(record, ("runs", "goal", "batch_size"), "optimizers")
    limit = loss_limit(run.start for run in record.runs)
    with canvas.drawing():
        figure = canvas.new_figure(9.6, 4.3)
        by_epoch, by_second = figure.subplots(1, 2, sharey=True)
        shown = []
        for i, run in enumerate(record.runs):
            losses = np.array([run.start, *run.losses])
            losses = np.where(losses <= limit, losses, np.nan)
            shown.append(losses)
            label = canvas.caption("compare.path_title", lang, name=run.title, lr=run.lr)
            if run.stopped is not None:
                label += f" ({canvas.caption('compare.diverged', lang)})"
            style = {
                "color": canvas.stroke(i), "ls": STYLES[i % len(STYLES)], "lw": 1.8, "zorder": 3,
                "marker": canvas.MARKERS[i % len(canvas.MARKERS)], "ms": 8, "mec": canvas.PAPER, "mew": 1,
                "markevery": [] if run.goal_epoch is None else [run.goal_epoch],
            }  # fmt: skip
            by_epoch.plot(losses, label=label, **style)
            by_second.plot([0, *run.seconds], losses, **style)
        loss_axis(by_epoch, shown)
        canvas.grid(by_second)
        epoch_axis(by_epoch, lang)
        by_second.set_xlabel(canvas.caption("compare.seconds", lang))
        by_second.margins(x=0.02)
        by_epoch.set_ylabel(canvas.caption("compare.training_loss", lang))
        if record.goal is not None:
            for ax in (by_epoch, by_second):
                ax.axhline(record.goal, color=canvas.INK, lw=1, ls=":", zorder=1)
            goal = canvas.caption("compare.goal", lang, goal=number(record.goal, 3))
            by_epoch.annotate(goal, (0, record.goal), xytext=(4, 3), textcoords="offset points", size=8.5,
                              xycoords=("axes fraction", "data"))  # fmt: skip
        figure.legend(*by_epoch.get_legend_handles_labels(), loc="outside lower left", ncols=3, handlelength=3)
        heading(figure, canvas.caption("compare.race_title", lang) if title is None else title)
        return canvas.save(figure, path)
