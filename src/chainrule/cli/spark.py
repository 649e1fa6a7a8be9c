"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["sparkline"]

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


def _mean(values: Sequence[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else None
