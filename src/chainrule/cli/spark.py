"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.cli.screen import Screen
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.train import History

__all__ = ["loss_line", "sparkline"]

_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.-=+*#@"


def sparkline(values: Sequence[float], width: int = 32, unicode: bool = True) -> str:
    """Return the values as blocks of eight heights; more than `width` of them are averaged in groups.

    Values that are not finite leave a gap.

    >>> sparkline([4, 3, 2, 1])
    '█▆▃▁'
    """
    levels = _BLOCKS if unicode else _ASCII
    count = min(width, len(values))
    groups = [values[len(values) * i // count : len(values) * (i + 1) // count] for i in range(count)]
    means = [_mean(group) for group in groups]
    finite = [mean for mean in means if mean is not None]
    if not finite:
        return " " * count
    low, span = min(finite), max(finite) - min(finite)
    top = len(levels) - 1

    def block(mean: float | None) -> str:
        if mean is None:
            return " "
        return levels[round(top * (mean - low) / span)] if span > 0 else levels[0]

    return "".join(map(block, means))


def loss_line(history: History, screen: Screen, lang: str | None = "en") -> str:
    """The loss as a curve in one line of text, with its first and last value; in "en" or "ko"."""
    losses = history["loss"]
    curve = sparkline(losses, unicode=screen.is_unicode)
    first, last = (f"{loss:.4f}" for loss in (losses[0], losses[-1]))
    return text("gate.loss", lang, curve=curve, first=first, last=last, epochs=f"{history.epochs:,}")


def _mean(values: Sequence[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else None
