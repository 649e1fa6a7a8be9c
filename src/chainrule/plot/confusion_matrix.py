"""Which classes are taken for which."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.data.finite import check_finite
from chainrule.errors import DTypeError, ShapeError
from chainrule.plot import canvas

__all__ = ["confusion"]

# From this many classes on, the counts would not fit into their squares.
_MOST_NUMBERS = 25


def confusion(
    matrix: Any,
    classes: Sequence[str] | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw a confusion matrix: a row per true class, coloured by the share of the row, labelled with the counts.

    Hits are blue and mistakes are orange, so that a mistake is seen at once.

    Args:
        matrix: counts ``(C, C)``, true classes down, predicted ones across, as `metrics.confusion_matrix` returns.
        classes: class names in order; their numbers by default.
        path: file to write, if any.
        ax: axes to draw into.
        title: heading; the share of hits stands below it.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for a network, and what is no counts.
        DataError: for counts that are not finite.
        ShapeError: if the matrix is not square, or `classes` are not as many as its rows.
        MissingDependencyError: if matplotlib is not installed.
    """
    if canvas.is_network(matrix):
        raise DTypeError(
            "a confusion matrix is drawn from counts",
            got=type(matrix).__name__,
            fix="Pass cr.metrics.confusion_matrix(cr.predict_proba(model, X), y)",
        )
    try:
        counts = np.asarray(matrix)
    except ValueError:
        raise ShapeError(
            "a confusion matrix is square", expected="shape (C, C)", got="rows of different lengths"
        ) from None
    if counts.dtype.kind not in "biuf":
        raise DTypeError("a confusion matrix holds counts", got=f"dtype {counts.dtype}")
    check_finite(counts, "the counts")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not len(counts):
        raise ShapeError("a confusion matrix is square", expected="shape (C, C)", got=counts.shape)
    names = [str(i) for i in range(len(counts))] if classes is None else [str(name) for name in classes]
    if len(names) != len(counts):
        raise ShapeError("classes do not fit the matrix", expected=f"{len(counts)} names", got=len(names))
    with canvas.drawing():
        if ax is None:
            side = float(np.clip(0.62 * len(names), 2.4, 11))
            figure = canvas.new_figure(side + 1.7, side + 1.2)
            ax = figure.add_subplot()
        _draw(ax, counts, names, lang)
        ax.set_title(canvas.caption("confusion", lang) if title is None else title, loc="left", pad=22)
        hits, total = int(counts.trace()), int(counts.sum())
        share = f"{hits / max(total, 1):.1%}"
        score = canvas.caption(
            "right_share" if total else "no_samples", lang, right=f"{hits:,}", count=f"{total:,}", share=share
        )
        ax.annotate(score, (0, 1), xytext=(0, 7), xycoords="axes fraction", textcoords="offset points", size=9)
        return canvas.save(ax.figure, path)


def _draw(ax: Any, counts: np.ndarray, names: list[str], lang: str | None) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    pixels = np.full((*counts.shape, 3), canvas.lighter(canvas.PAPER, 1.0))
    size = 10.5 if len(names) <= 12 else 7.5
    for row, column in np.ndindex(*counts.shape):
        if not counts[row, column]:
            continue
        hit = row == column
        share = 0.12 + 0.88 * float(shares[row, column])
        pixels[row, column] = canvas.lighter(canvas.COLORS[0 if hit else 1], share)
        if len(names) <= _MOST_NUMBERS:
            ink = canvas.readable(pixels[row, column])
            weight = "bold" if hit else "normal"
            text = f"{counts[row, column]:,}"
            ax.text(column, row, text, ha="center", va="center", color=ink, size=size, weight=weight)
    ax.imshow(pixels, interpolation="nearest")
    ticks = range(len(names))
    long = max(map(len, names)) * len(names) > 45
    ax.set_xticks(ticks, names, rotation=45 if long else 0, ha="right" if long else "center", rotation_mode="anchor")
    ax.set_yticks(ticks, names)
    ax.set_xlabel(canvas.caption("predicted_class", lang))
    ax.set_ylabel(canvas.caption("true_class", lang))
    ax.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.grid(which="minor", color=canvas.FAINT, lw=0.8)
    ax.tick_params(which="both", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
