"""The curves of several trainings over each other."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import DataError, DTypeError, UnknownNameError
from chainrule.plot import canvas
from chainrule.plot.comparing import STYLES, epoch_axis, heading, loss_axis
from chainrule.plot.curves import curve_name, shrinks

__all__ = ["runs"]

_MOST_RUNS, _MOST_PANELS = 12, 4
_USUAL_PANELS = 2
_PALE = 0.55
_FEW = 3

Curves = Mapping[str, Sequence[float]]


def runs(
    histories: Mapping[str, Curves],
    path: str | os.PathLike[str] | None = None,
    *,
    curves: Sequence[str] | None = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the losses and the first metric of several trainings, validation strong and training fine.

    Args:
        histories: label -> what `fit` returned: name -> one value per epoch; ``epoch`` says which epochs these are,
            where not all were kept.  A mark shows each one's best epoch, by validation where there was any.
        path: file to write, if any.
        curves: names of up to 4 curves to draw, without ``val_``; default: the loss, and the first metric after it.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything but a mapping of mappings.
        DataError: for no curve, curves without an epoch, or more than 12 trainings.
        UnknownNameError: for the name of a curve that none of them has.
        MissingDependencyError: if matplotlib is not installed.
    """
    _check(histories)
    names = _names(histories, curves)
    with canvas.drawing():
        figure = canvas.new_figure(max(4.8 * len(names), 5.6), 3.9 + 0.22 * len(histories) / _FEW)
        panels = figure.subplots(1, len(names), squeeze=False)[0]
        for ax, name in zip(panels, names, strict=True):
            _panel(ax, name, histories, lang)
        lines = [_legend_line(i, label) for i, label in enumerate(histories)]
        lines += _kinds(lang, any(f"val_{name}" in one for name in names for one in histories.values()))
        figure.legend(handles=lines, loc="outside lower left", ncols=_columns(histories, len(names)), handlelength=3)
        if title:
            heading(figure, title)
        return canvas.save(figure, path)


def _check(histories: Any) -> None:
    sound = isinstance(histories, Mapping) and all(isinstance(one, Mapping) for one in histories.values())
    if not sound:
        raise DTypeError("nothing that can be drawn here", expected="label -> history", got=type(histories).__name__)
    if not 0 < len(histories) <= _MOST_RUNS:
        raise DataError("too many trainings for one picture" if histories else "there is no training to draw",
                        expected=f"1 to {_MOST_RUNS}", got=len(histories))  # fmt: skip
    for label, history in histories.items():
        lengths = {len(values) for values in history.values()}
        if len(lengths) != 1 or lengths == {0}:
            raise DataError("a training has no epochs to draw, or curves that differ in length", where=label)


def _names(histories: Mapping[str, Curves], wanted: Sequence[str] | None) -> list[str]:
    known = dict.fromkeys(
        name for one in histories.values() for name in one if name != "epoch" and not name.startswith("val_")
    )
    if wanted is None:
        return [name for name in known if name != "lr"][:_USUAL_PANELS]
    for name in wanted:
        if name not in known:
            raise UnknownNameError("curve", name, known)
    if not 0 < len(wanted) <= _MOST_PANELS:
        raise DataError("curves to draw", expected=f"1 to {_MOST_PANELS}", got=len(wanted))
    return list(wanted)


def _panel(ax: Any, name: str, histories: Mapping[str, Curves], lang: str | None) -> None:
    values = []
    for i, history in enumerate(histories.values()):
        if name not in history:
            continue
        training = np.asarray(history[name], float)
        epochs = np.asarray(history.get("epoch", range(1, len(training) + 1)), int)
        held_out = np.asarray(history[f"val_{name}"], float) if f"val_{name}" in history else None
        values.append(training)
        style = {"color": canvas.stroke(i), "ls": STYLES[i % len(STYLES)]}
        if held_out is None:
            ax.plot(epochs, training, lw=1.9, **style)
        else:
            values.append(held_out)
            ax.plot(epochs, training, **{**style, "color": canvas.lighter(style["color"], _PALE)}, lw=0.9)
            ax.plot(epochs, held_out, lw=1.9, zorder=3, **style)
        _mark(ax, i, epochs, training if held_out is None else held_out, smallest=shrinks(training))
    if name == "loss":
        loss_axis(ax, values)
    ax.grid(axis="y", color=canvas.FAINT, lw=0.8)
    ax.set_axisbelow(True)
    ax.set_title(curve_name(name, canvas.shown_language(lang)))
    epoch_axis(ax, lang)


def _mark(ax: Any, number: int, epochs: np.ndarray, curve: np.ndarray, *, smallest: bool) -> None:
    """A mark of the run's own form at its best epoch."""
    if np.isfinite(curve).any():
        best = int(np.nanargmin(curve) if smallest else np.nanargmax(curve))
        ax.plot(epochs[best], curve[best], zorder=4, **_mark_style(number))


def _mark_style(number: int) -> dict[str, Any]:
    marker = canvas.MARKERS[number % len(canvas.MARKERS)]
    return {"marker": marker, "ms": 7.5, "mec": canvas.PAPER, "mew": 1.1, "color": canvas.stroke(number)}


def _legend_line(number: int, label: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], ls=STYLES[number % len(STYLES)], lw=1.9, label=label, **_mark_style(number))


def _kinds(lang: str | None, validated: bool) -> list[Any]:
    from matplotlib.lines import Line2D

    ink = canvas.INK
    best = Line2D([], [], ls="", marker="o", ms=6, color=ink, label=canvas.caption("runs.mark", lang))
    if not validated:
        return [best]
    return [
        Line2D([], [], color=ink, lw=1.9, label=canvas.caption("runs.strong", lang)),
        Line2D([], [], color=canvas.lighter(ink, _PALE), lw=0.9, label=canvas.caption("runs.fine", lang)),
        best,
    ]


def _columns(histories: Mapping[str, Curves], panels: int) -> int:
    """Columns of the legend: as many as its labels leave room for."""
    longest = max(map(len, histories))
    return max(1, min(len(histories) + 3, int(62 * max(panels, 1.2) / (longest + 9))))
