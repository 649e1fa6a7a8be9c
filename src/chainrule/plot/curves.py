"""Loss and metrics over the epochs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.messages import text
from chainrule.plot import canvas

__all__ = ["curve_name", "shrinks", "training_curves"]

# A loss that falls by more than this factor is drawn on a logarithmic axis.
_LOGARITHMIC = 50
# Curves whose name is a word; the others are written as they are called in code.
_NAMED = ("loss", "accuracy")


def training_curves(
    history: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw a panel for the loss and one for each metric: training dashed, validation solid with its best epoch.

    Args:
        history: name -> one value per epoch, as `fit` returns; ``val_…`` belongs to the name behind it, ``lr`` is
            left out, and ``epoch`` says which epochs these are, where not all were kept.
        path: file to write, if any.
        ax: axes to draw into; then only the loss is drawn.
        title: heading of the whole picture.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for what is no mapping from names.
        DataError: if there is no epoch to draw.
        MissingDependencyError: if matplotlib is not installed.
    """
    _check_is_history(history)
    names = [name for name in history if name not in ("lr", "epoch") and not name.startswith("val_")]
    if not names or not len(history[names[0]]):
        raise DataError("there is no finished epoch to draw", expected="a history with at least one value per curve")
    _check_lengths(history)
    with canvas.drawing():
        if ax is not None:
            _panel(ax, names[0], history, lang)
            return canvas.save(ax.figure, path)
        figure = canvas.new_figure(4.4 * len(names), 3.4)
        for place, name in enumerate(names):
            _panel(figure.add_subplot(1, len(names), place + 1), name, history, lang)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=12, weight="bold")
        return canvas.save(figure, path)


def curve_name(name: str, lang: str | None = None) -> str:
    """What a person calls a curve; one whose name is no word keeps that of the code, with spaces."""
    return text(f"pictures.{name}", lang) if name in _NAMED else name.replace("_", " ")


def _check_is_history(history: Any) -> None:
    if not isinstance(history, Mapping) or not all(isinstance(name, str) for name in history):
        raise DTypeError("curves are drawn from a history", expected="name -> values", got=type(history).__name__)


def _check_lengths(history: Mapping[str, Sequence[float]]) -> None:
    lengths = {name: len(values) for name, values in history.items()}
    if len(set(lengths.values())) > 1:
        raise ShapeError("the curves differ in length", got=", ".join(f"{k} {n}" for k, n in lengths.items()))


def _panel(ax: Any, name: str, history: Mapping[str, Sequence[float]], lang: str | None) -> None:
    from matplotlib.ticker import MaxNLocator

    training = np.asarray(history[name], float)
    validation = None if f"val_{name}" not in history else np.asarray(history[f"val_{name}"], float)
    epochs = np.asarray(history.get("epoch", range(1, len(training) + 1)), int)
    marker = "o" if len(epochs) == 1 else None
    alone = validation is None
    style = "-" if alone else (0, (4, 2))
    ax.plot(
        epochs,
        training,
        ls=style,
        color=canvas.COLORS[0],
        lw=1.8,
        marker=marker,
        label=canvas.caption("training", lang),
    )
    every = [training]
    if validation is not None:
        every.append(validation)
        label = canvas.caption("validation", lang)
        ax.plot(epochs, validation, color=canvas.COLORS[1], lw=1.8, marker=marker, label=label)
        _mark_best(ax, epochs, validation, lang, smallest=shrinks(training))
    values = np.concatenate(every)
    values = values[np.isfinite(values)]
    if name == "loss" and values.size and values.min() > 0 and values.max() / values.min() > _LOGARITHMIC:
        ax.set_yscale("log")
    ax.set_title(curve_name(name, canvas.shown_language(lang)))
    ax.set_xlabel(canvas.caption("epoch", lang))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    canvas.grid(ax)
    ax.margins(x=0.02)
    if not alone:
        ax.legend(loc="best", handlelength=2.6)


def shrinks(curve: np.ndarray) -> bool:
    """Whether the curve is of a value that training makes smaller."""
    finite = curve[np.isfinite(curve)]
    return bool(finite.size) and bool(finite[0] >= finite[-1])


def _mark_best(ax: Any, epochs: np.ndarray, values: np.ndarray, lang: str | None, *, smallest: bool) -> None:
    if not np.isfinite(values).any():
        return
    best = int(np.nanargmin(values) if smallest else np.nanargmax(values))
    ax.plot(
        epochs[best],
        values[best],
        "o",
        ms=7,
        color=canvas.COLORS[1],
        mec=canvas.PAPER,
        mew=1.2,
        zorder=3,
        label=canvas.caption("best", lang, value=f"{values[best]:.3g}", epoch=epochs[best]),
    )
