"""Into how many regions lines cut the plane, as p perceptrons do."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from chainrule.data.checks import check_whole
from chainrule.data.finite import check_finite
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError
from chainrule.explain.record import Record
from chainrule.messages import text

__all__ = ["LineRegions", "line_regions", "max_regions"]

_MOST_LINES = 500
_Line = tuple[Fraction, Fraction, Fraction]


@dataclass(frozen=True)
class LineRegions(Record):
    """An arrangement of lines.

    Attributes:
        regions: number of regions.
        most: how many the lines would make in general position, (p² + p + 2)/2.
        lines: number of different lines.
        repeated: lines that were given more than once.
        directions: number of different directions.
        crossings: points where lines meet.
        general: whether no two are parallel and no three meet in a point.
    """

    regions: int
    most: int
    lines: int
    repeated: int
    directions: int
    crossings: int
    general: bool

    def explain(self, lang: str | None = None) -> str:
        """Return the count in words, "en" or "ko"."""
        values = {"lines": self.lines, "regions": self.regions, "most": self.most, "crossings": self.crossings}
        return text("gates.regions_general" if self.general else "gates.regions_special", lang, **values)


def max_regions(perceptrons: int, dimension: int = 2) -> int:
    """Return the most regions that p hyperplanes cut a space into: Σ over k ≤ d of C(p, k).

    Args:
        perceptrons: p.
        dimension: d, the number of inputs.

    Source: L. Schläfli, "Theorie der vielfachen Kontinuität" (written 1852), §16.

    >>> [max_regions(p) for p in range(6)]
    [1, 2, 4, 7, 11, 16]
    """
    check_whole("perceptrons", perceptrons, 0, 100_000)
    check_whole("dimension", dimension, 1, 1000)
    return sum(comb(perceptrons, k) for k in range(min(dimension, perceptrons) + 1))


def line_regions(lines: Any) -> LineRegions:
    """Count the regions that given lines make of the plane.

    Each line adds one region, and one more for every crossing that it makes with the lines before it:
    1 + p + Σ over crossing points of (lines through it − 1). The numbers are taken as the exact fractions that they
    are, so that three lines meet in a point if and only if the numbers say so.

    Args:
        lines: ``(p, 3)``, rows w₁, w₂, w₀ of w₁x₁ + w₂x₂ + w₀ = 0; at most 500.

    Raises:
        ConfigError, DataError, DTypeError, ShapeError: for what are no such lines.

    >>> line_regions([[1, 0, 0], [0, 1, 0], [1, 1, -1]]).regions
    7
    """
    given = _checked(lines)
    known = {_normal_form(line) for line in given}
    directions = {line[:2] for line in known}
    through: dict[tuple[Fraction, Fraction], set[_Line]] = defaultdict(set)
    for one, other in combinations(known, 2):
        turn = one[0] * other[1] - one[1] * other[0]
        if turn:
            x = (one[1] * other[2] - other[1] * one[2]) / turn
            y = (other[0] * one[2] - one[0] * other[2]) / turn
            through[x, y] |= {one, other}
    regions = 1 + len(known) + sum(len(meeting) - 1 for meeting in through.values())
    return LineRegions(
        regions=regions,
        most=max_regions(len(known)),
        lines=len(known),
        repeated=len(given) - len(known),
        directions=len(directions),
        crossings=len(through),
        general=regions == max_regions(len(known)),
    )


def _checked(lines: Any) -> list[_Line]:
    try:
        raw = np.asarray(lines)
    except ValueError:
        raise ShapeError("lines are ragged", expected="rows of three numbers") from None
    if raw.size == 0:
        return []
    if raw.dtype.kind not in "iuf":
        raise DTypeError("lines must be numbers", got=f"dtype {raw.dtype}")
    if raw.ndim != 2 or raw.shape[1] != 3:
        raise ShapeError("lines do not form a table", expected="shape (p, 3): w1, w2, w0", got=raw.shape)
    if len(raw) > _MOST_LINES:
        raise ConfigError("too many lines", expected=f"at most {_MOST_LINES}", got=len(raw))
    check_finite(raw, "lines")
    flat = np.flatnonzero(~raw[:, :2].any(axis=1))
    if len(flat):
        raise DataError("weights of zero make no line", where=f"row {flat[0]}")
    return [(Fraction(a), Fraction(b), Fraction(c)) for a, b, c in raw.tolist()]


def _normal_form(line: _Line) -> _Line:
    """Divide by the first weight that is not zero, so that equal lines become equal."""
    lead = line[0] or line[1]
    return line[0] / lead, line[1] / lead, line[2] / lead
