"""The same network with and without batch normalisation."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.plot import canvas
from chainrule.plot.comparing import STYLES, check_record, epoch_axis, heading, loss_axis, metric_title

if TYPE_CHECKING:
    from chainrule.train.compare.batch_norm import BatchNorm, NormalisedRun

__all__ = ["batch_norm"]


def batch_norm(
    record: BatchNorm, path: str | os.PathLike[str] | None = None, *, title: str | None = None, lang: str | None = None
) -> Any:
    """Draw the training losses, the validation scores, and what enters the activation functions.

    Each seed is a thin line, the median of the seeds a thick one.  The last panel has the standard deviation of what
    enters each hidden activation function, before training (hollow) and after it (filled).

    Args:
        record: what `train.compare.batch_norm` returned.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    check_record(record, ("groups", "plain", "normalised"), "batch_norm")
    scored = bool(record.plain[0].scores)
    with canvas.drawing():
        figure = canvas.new_figure(11.6 if scored else 8.0, 4.0)
        panels = list(figure.subplots(1, 3 if scored else 2))
        _curves(panels[0], record, lambda run: run.losses, lang)
        loss_axis(panels[0], [run.losses for _, runs in record.groups for run in runs])
        panels[0].set_title(canvas.caption("compare.training_loss", lang))
        if scored:
            _curves(panels[1], record, lambda run: run.scores, lang)
            metric = metric_title(record.metric, lang)
            panels[1].set_title(canvas.caption("compare.validation_score", lang, metric=metric))
            panels[1].grid(axis="y", color=canvas.FAINT, lw=0.8)
            if record.metric == "accuracy":
                from matplotlib.ticker import PercentFormatter

                panels[1].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _spreads(panels[-1], record, lang)
        figure.legend(
            *panels[0].get_legend_handles_labels(), loc="outside lower left", ncols=2, handlelength=2.8,
            title=canvas.caption("compare.median_of_seeds", lang), alignment="left", title_fontsize=9,
        )  # fmt: skip
        text = canvas.caption("compare.batch_norm_title", lang, seeds=len(record.plain)) if title is None else title
        heading(figure, text)
        return canvas.save(figure, path)


def _curves(ax: Any, record: BatchNorm, pick: Callable[[NormalisedRun], Sequence[float]], lang: str | None) -> None:
    for i, (name, runs) in enumerate(record.groups):
        curves = [np.asarray(pick(run), float) for run in runs]
        length = min(map(len, curves))
        epochs = np.arange(1, length + 1)
        if len(curves) > 1:
            for curve in curves:
                ax.plot(np.arange(1, len(curve) + 1), curve, ls=STYLES[i], lw=0.8, color=canvas.stroke(i), alpha=0.45)
        label = canvas.caption(f"compare.{name}", lang)
        middle = np.median([curve[:length] for curve in curves], axis=0)
        ax.plot(epochs, middle, ls=STYLES[i], lw=2.4, color=canvas.stroke(i), label=label,
                marker="o" if length == 1 else None)  # fmt: skip
    epoch_axis(ax, lang)


def _spreads(ax: Any, record: BatchNorm, lang: str | None) -> None:
    from matplotlib.lines import Line2D

    layers = np.arange(1, len(record.plain[0].before) + 1)
    seen = []
    for i, (_, runs) in enumerate(record.groups):
        for moment, filled in (("before", False), ("after", True)):
            stds = np.array([[layer.std for layer in getattr(run, moment)] for run in runs])
            seen.append(stds.reshape(-1))
            face = canvas.stroke(i) if filled else canvas.PAPER
            marker = canvas.MARKERS[i]
            ax.plot(
                layers,
                np.median(stds, axis=0),
                ls=STYLES[i],
                lw=1.6,
                color=canvas.stroke(i),
                marker=marker,
                mfc=face,
                ms=6,
            )
            ax.vlines(layers, stds.min(axis=0), stds.max(axis=0), color=canvas.stroke(i), lw=1.2, alpha=0.6)
    loss_axis(ax, seen)
    ax.set_title(canvas.caption("compare.entering", lang))
    ax.set_xlabel(canvas.caption("compare.hidden_layer", lang))
    ax.set_xticks(layers)
    if ax.get_yscale() != "log":
        ax.set_ylim(bottom=0)
    keys = [
        Line2D([], [], ls="", marker="o", mfc=canvas.INK if filled else canvas.PAPER, mec=canvas.INK, ms=6,
               label=canvas.caption(f"compare.{moment}", lang))
        for moment, filled in (("before", False), ("after", True))
    ]  # fmt: skip
    ax.legend(handles=keys, loc="best", fontsize=8)
