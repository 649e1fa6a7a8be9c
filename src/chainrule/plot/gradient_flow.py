"""How large the gradient is in each layer."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.plot import canvas

__all__ = ["gradient_flow"]


def gradient_flow(
    norms: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Draw the norm of the gradient of each layer on a logarithmic scale, from the first layer to the last.

    Gradients that vanish fall off towards the left, those that explode rise there.

    Args:
        norms: name of the layer or parameter -> norm of its gradient, or its norms at several steps, of which the
            median and the whole range are drawn; or a network after `backward`, whose weights are then taken.
        path: file to write, if any.
        ax: axes to draw into.
        title: heading.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DataError: if there is no layer, or the network has no gradients yet.
        DTypeError, ShapeError: for norms that are no numbers.
        MissingDependencyError: if matplotlib is not installed.
    """
    found = {name: _row(name, values) for name, values in _by_name(norms).items()}
    names = list(found)
    positive = np.concatenate([row[np.isfinite(row) & (row > 0)] for row in found.values()])
    floor = (float(positive.min()) if positive.size else 1.0) / 10
    with canvas.drawing():
        if ax is None:
            figure = canvas.new_figure(max(4.2, 1.6 + 0.55 * len(names)), 3.4)
            ax = figure.add_subplot()
        middles = np.array([_middle(row) for row in found.values()])
        places = np.arange(len(names))
        ax.plot(places, np.where(middles > 0, middles, np.nan), color=canvas.COLORS[0], lw=1.8, marker="o", zorder=3)
        for i, row in enumerate(found.values()):
            inside = row[np.isfinite(row) & (row > 0)]
            if inside.size > 1:
                ax.vlines(i, inside.min(), inside.max(), color=canvas.lighter(canvas.COLORS[0], 0.4), lw=6, zorder=2)
            if not middles[i] > 0:
                note = "zero_gradient" if middles[i] == 0 else "not_finite"
                color = canvas.COLORS[1]
                ax.plot(i, floor, "x", color=color, ms=8, mew=2)
                text = canvas.caption(note, lang)
                ax.annotate(
                    text, (i, floor), xytext=(0, 8), textcoords="offset points", size=8, ha="center", color=color
                )
        ax.set_yscale("log")
        ax.set_ylim(*_decades(*ax.get_ylim()))
        ax.set_xlim(-0.5, len(names) - 0.5)
        long = max(map(len, names)) > 5
        ax.set_xticks(
            places, names, rotation=45 if long else 0, ha="right" if long else "center", rotation_mode="anchor"
        )
        ax.set_xlabel(canvas.caption("layer", lang))
        ax.set_ylabel(canvas.caption("gradient_norm", lang))
        canvas.grid(ax)
        ax.set_title(title or canvas.caption("gradient_flow", lang))
        return canvas.save(ax.figure, path)


def _by_name(norms: Any) -> dict[str, Any]:
    if canvas.is_network(norms):
        weights = {name: one for name, one in norms.named_parameters() if one.ndim > 1}
        if all(one.grad is None for one in weights.values()):
            raise DataError("the network has no gradients yet", fix="Call backward() on its loss first")
        return {
            name.removesuffix(".weight"): 0.0 if one.grad is None else np.linalg.norm(one.grad._data)
            for name, one in weights.items()
        }
    if not isinstance(norms, Mapping):
        raise DTypeError("gradient norms come by layer", expected="a mapping or a network", got=type(norms).__name__)
    if not norms:
        raise DataError("there is no layer to draw", expected="a mapping with at least one layer")
    return {str(name): values for name, values in norms.items()}


def _row(name: str, values: Any) -> np.ndarray:
    try:
        row: np.ndarray = np.abs(np.asarray(values, float))
    except (TypeError, ValueError):
        raise DTypeError(f"the norms of {name} are no numbers", got=type(values).__name__) from None
    if row.ndim > 1 or not row.size:
        raise ShapeError(
            f"the norms of {name} are not one per step", expected="a number, or shape (steps,)", got=row.shape
        )
    return row.reshape(-1)


def _decades(low: float, high: float) -> tuple[float, float]:
    """Whole decades around the values, three at least, so that a harmless factor does not look like a fall."""
    bottom, top = math.floor(math.log10(low)), math.ceil(math.log10(high))
    missing = max(0, 3 - (top - bottom))
    return 10.0 ** (bottom - missing // 2), 10.0 ** (top + missing - missing // 2)


def _middle(row: np.ndarray) -> float:
    """The median of the finite norms; NaN if there are none."""
    finite = row[np.isfinite(row)]
    return float(np.median(finite)) if finite.size else float("nan")
