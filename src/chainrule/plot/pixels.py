"""Samples and weights as images: which shape they have, and grids to show them in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.data.preprocessing import Preprocessing
from chainrule.errors import ShapeError
from chainrule.plot import canvas

__all__ = ["as_images", "grid", "picture_shape", "refuse_table"]


def picture_shape(numbers: int, known: tuple[int, ...] | None, where: str) -> tuple[int, ...]:
    """Return ``(H, W)`` or ``(H, W, 3)`` of an image that has so many numbers.

    Args:
        numbers: pixels times channels.
        known: the shape, if it is known; one channel may stand in front. None: a square.
        where: what is to be drawn, for the error.

    Raises:
        ShapeError: if the numbers do not make an image of that shape.
    """
    if known is not None and len(known) == 3 and known[0] == 1:
        known = known[1:]
    if known is not None and len(known) in (2, 3) and math.prod(known) == numbers:
        if len(known) == 2 or known[2] == 3:
            return tuple(known)
    elif known is None or len(known) == 1:
        side = math.isqrt(numbers)
        if side * side == numbers and side > 1:
            return side, side
    raise ShapeError(
        f"{where} cannot be shown as images",
        expected="numbers for a square, or shape=(height, width) or (height, width, 3)",
        got=f"{numbers} numbers" + ("" if known is None else f", shape {tuple(known)}"),
    )


def as_images(values: np.ndarray, shape: tuple[int, ...] | None, where: str) -> np.ndarray:
    """Return ``(N, …)`` as ``(N, H, W)`` or ``(N, H, W, 3)``; see `picture_shape`."""
    if values.ndim < 2 or not len(values):
        raise ShapeError(f"{where} need a row per image", expected="shape (N, …) with N > 0", got=values.shape)
    known = values.shape[1:] if shape is None else tuple(shape)
    return values.reshape(len(values), *picture_shape(math.prod(values.shape[1:]), known, where))


def refuse_table(preprocessing: Preprocessing) -> None:
    """Refuse to show columns of a table as pixels, even where their number would make a square.

    Raises:
        ShapeError: for a table.
    """
    if preprocessing.kind == "table":
        raise ShapeError("the rows of a table are no images", fix="Pass shape=(height, width) if they are")


def grid(count: int, width: float = 1.15, height: float = 1.4) -> tuple[Any, list[Any]]:
    """Return a figure with so many bare panels in a grid, wider than high."""
    across = min(count, max(math.ceil(math.sqrt(count * 1.6)), min(count, 5)))
    down = math.ceil(count / across)
    figure = canvas.new_figure(max(width * across, 3.2), height * down + 0.5)
    panels = [figure.add_subplot(down, across, i + 1) for i in range(count)]
    for ax in panels:
        ax.set(xticks=[], yticks=[])
        canvas.frame(ax)
    return figure, panels
