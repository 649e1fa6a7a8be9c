"""Overfitting, and what dropout, early stopping and weight decay do about it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.comparing import check_record, epoch_axis, heading, loss_axis, metric_title

if TYPE_CHECKING:
    from chainrule.train.compare.overfitting import Overfitting, Regularised

__all__ = ["overfitting"]


def overfitting(
    record: Overfitting,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw one panel for each training: training loss dashed, validation loss solid with its lowest point.

    All panels have the same axes; a dotted line marks the epoch whose parameters early stopping gave back.

    Args:
        record: what `train.compare.overfitting` returned.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    check_record(record, ("runs", "metric", "validation_rows"), "overfitting")
    runs = record.runs
    with canvas.drawing():
        figure = canvas.new_figure(max(2.75 * len(runs) + 0.5, 4.4), 3.9)
        panels = figure.subplots(1, len(runs), sharex=True, sharey=True, squeeze=False)[0]
        for ax, run in zip(panels, runs, strict=True):
            _panel(ax, run, record.metric, lang)
        loss_axis(panels[0], [curve for run in runs for curve in (run.losses, run.val_losses)])
        for ax in panels:
            canvas.grid(ax)
        panels[0].set_ylabel(canvas.caption("compare.loss", lang))
        handles = panels[0].get_legend_handles_labels()
        figure.legend(*handles, loc="outside lower left", ncols=3, handlelength=2.8)
        heading(figure, canvas.caption("compare.overfitting_title", lang) if title is None else title)
        return canvas.save(figure, path)


def _panel(ax: Any, run: Regularised, metric: str, lang: str | None) -> None:
    from matplotlib.ticker import NullFormatter

    epochs = np.arange(1, run.epochs + 1)
    first, second = canvas.COLORS[:2]
    marker = "o" if run.epochs == 1 else None
    ax.plot(epochs, run.losses, ls=(0, (4, 2)), color=first, lw=1.8, marker=marker,
            label=canvas.caption("compare.training_curve", lang))  # fmt: skip
    ax.plot(epochs, run.val_losses, color=second, lw=1.8, marker=marker,
            label=canvas.caption("compare.validation_curve", lang))  # fmt: skip
    best = run.best_epoch or 1
    lowest = {"value": number(run.val_losses[best - 1], 3), "epoch": best}
    ax.plot(best, run.val_losses[best - 1], "o", ms=7, color=second, mec=canvas.PAPER, mew=1.2, zorder=3,
            label=canvas.caption("compare.lowest_point", lang))  # fmt: skip
    if run.kept_epoch != run.epochs:
        ax.axvline(run.kept_epoch, ls=":", lw=1.2, color=canvas.INK, zorder=1)
    score = canvas.caption("compare.score_now", lang, metric=metric_title(metric, lang),
                           score=f"{run.score:.1%}" if metric == "accuracy" else number(run.score))  # fmt: skip
    kept = {"loss": number(run.val_loss, 3), "epoch": run.kept_epoch}
    lines = [canvas.caption("compare.kept", lang, **kept), canvas.caption("compare.best_at", lang, **lowest), score]
    if metric == "loss":
        lines.pop()
    ax.set_title(canvas.caption(f"compare.{run.name}", lang, setting=run.setting), pad=44, fontsize=10)
    ax.annotate("\n".join(lines), (0, 1), xytext=(0, 5), textcoords="offset points", xycoords="axes fraction", size=8,
                linespacing=1.35)  # fmt: skip
    epoch_axis(ax, lang)
    ax.yaxis.set_minor_formatter(NullFormatter())
