"""How a deep network's activations and gradients begin."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explain.wording import number
from chainrule.plot import canvas
from chainrule.plot.comparing import STYLES, check_record, epoch_axis, heading, loss_axis, loss_limit

if TYPE_CHECKING:
    from chainrule.train.compare.activity import Distribution
    from chainrule.train.compare.initialisations import Initialisation, Initialisations

__all__ = ["initialisations"]


def initialisations(
    record: Initialisations,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw a histogram of each hidden layer's activations, one row for each way to draw the weights.

    Below them are the standard deviations over the layers, the norms of the gradients and, if there was training, the
    losses.  Zeros, of which ReLU makes many, are counted above the histograms and left out of their bars.

    Args:
        record: what `train.compare.initialisations` returned.
        path: file to write, if any.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything else.
        MissingDependencyError: if matplotlib is not installed.
    """
    check_record(record, ("starts", "activation", "hidden"), "initialisations")
    starts, layers = record.starts, len(record.hidden)
    with canvas.drawing():
        figure = canvas.new_figure(max(1.75 * layers + 1.2, 7.0), 1.25 * len(starts) + 3.7)
        upper, lower = figure.subfigures(2, 1, height_ratios=(1.25 * len(starts) + 0.4, 3.1))
        for part in (upper, lower):
            part.set_facecolor(canvas.PAPER)
        panels = upper.subplots(len(starts), layers, squeeze=False)
        for i, start in enumerate(starts):
            for j, layer in enumerate(start.layers):
                _histogram(panels[i][j], layer, canvas.stroke(i), lang)
            panels[i][0].set_ylabel(_title(start, lang), weight="bold", size=9.5)
        for j in range(layers):
            number_of = canvas.caption("compare.layer_number", lang, number=j + 1)
            panels[0][j].annotate(number_of, (0, 1), xytext=(0, 17), textcoords="offset points",
                                  xycoords="axes fraction", size=9.5, weight="bold")  # fmt: skip
        _below(lower, record, lang)
        shape = "-".join(map(str, record.hidden))
        words = {"activation": record.activation, "hidden": shape}
        heading(figure, canvas.caption("compare.initialisations_title", lang, **words) if title is None else title)
        return canvas.save(figure, path)


def _title(start: Initialisation, lang: str | None) -> str:
    return start.title(canvas.shown_language(lang))


def _histogram(ax: Any, layer: Distribution, shade: str, lang: str | None) -> None:
    if layer.counts and layer.std > 0:
        edges = np.array(layer.edges)
        ax.stairs(layer.counts, edges, fill=True, color=shade)
        ax.set_xlim(edges[0], edges[-1])
    words = {"std": number(layer.std, 2), "zeros": f"{layer.zeros:.0%}"}
    if layer.std == 0:
        note = canvas.caption("compare.all_equal", lang, value=number(layer.mean, 3))
        ax.axvline(layer.mean, color=shade, lw=3)
        ax.set_xlim(layer.mean - 1, layer.mean + 1)
    else:
        note = canvas.caption("compare.std_zeros" if layer.zeros > 0.005 else "compare.std", lang, **words)
    ax.annotate(note, (0, 1), xytext=(0, 3), textcoords="offset points", xycoords="axes fraction", size=7.5)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=3)
    ax.ticklabel_format(axis="x", scilimits=(-2, 3), useMathText=True)
    ax.xaxis.get_offset_text().set_fontsize(7)
    ax.tick_params(axis="x", labelsize=7.5)


def _below(figure: Any, record: Initialisations, lang: str | None) -> None:
    starts = record.starts
    with_gradients = any(start.gradients for start in starts)
    trained = any(start.losses for start in starts)
    panels = list(figure.subplots(1, 1 + with_gradients + trained, squeeze=False)[0])
    hidden = [canvas.caption("compare.layer_number", lang, number=j + 1) for j in range(len(record.hidden))]
    ax = panels.pop(0)
    _by_layer(ax, [[layer.std for layer in start.layers] for start in starts], hidden)
    ax.set_title(canvas.caption("compare.activation_std", lang))
    handles = [ax.lines[i] for i in range(len(starts))]
    if with_gradients:
        ax = panels.pop(0)
        last = canvas.caption("output", lang)
        _by_layer(ax, [start.gradients for start in starts], [*hidden, last])
        ax.set_title(canvas.caption("compare.gradient_norm", lang))
    if trained:
        _losses(panels.pop(0), starts, lang)
    names = [_title(start, lang) for start in starts]
    figure.legend(handles, names, loc="outside lower left", ncols=min(len(names), 6), handlelength=2.8)


def _by_layer(ax: Any, rows: Sequence[Sequence[float]], names: Sequence[str]) -> None:
    """Lines over the layers on a logarithmic scale; zeros, which have no place on it, as crosses at its lower end."""
    values = [np.asarray(row, float) for row in rows]
    positive = np.concatenate([row[np.isfinite(row) & (row > 0)] for row in values])
    floor = float(positive.min()) / 10 if positive.size else 0.1
    for i, row in enumerate(values):
        places = np.arange(len(row))
        style = {"color": canvas.stroke(i), "marker": canvas.MARKERS[i % len(canvas.MARKERS)], "ms": 5.5}
        shown = np.where(np.isfinite(row) & (row > 0), row, np.nan)
        ax.plot(places, shown, ls=STYLES[i % len(STYLES)], lw=1.6, mec=canvas.PAPER, mew=0.6, **style)
    for i, row in enumerate(values):
        nothing = np.flatnonzero(row == 0)
        ax.plot(nothing, np.full(len(nothing), floor), "x", color=canvas.stroke(i), ms=7, mew=2)
        if nothing.size:
            ax.annotate("0", (nothing[-1], floor), xytext=(7, 0), textcoords="offset points", va="center", size=9,
                        color=canvas.stroke(i))  # fmt: skip
    ax.set_yscale("log")
    ax.set_xticks(np.arange(len(names)), names, size=8)
    canvas.grid(ax)
    ax.margins(x=0.06)


def _losses(ax: Any, starts: Sequence[Initialisation], lang: str | None) -> None:
    curves = [[start.start, *start.losses] for start in starts]
    ends = [start.start for start in starts if start.losses and start.start is not None]
    limit = loss_limit(ends)
    shown = [np.where(np.asarray(curve, float) <= limit, np.asarray(curve, float), np.nan) for curve in curves]
    for i, curve in enumerate(shown):
        style = {"ls": STYLES[i % len(STYLES)], "marker": canvas.MARKERS[i % len(canvas.MARKERS)]}
        ax.plot(curve, color=canvas.stroke(i), lw=1.8, ms=4.5, markevery=max(len(curve) // 6, 1), **style)
    loss_axis(ax, shown)
    ax.set_title(canvas.caption("compare.training_loss", lang))
    epoch_axis(ax, lang)
