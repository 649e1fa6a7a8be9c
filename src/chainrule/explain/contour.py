"""The boundary of a smooth network: marching squares on a grid, each crossing refined by bisection."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.algebra import Floats

__all__ = ["contours"]

Scores = Callable[[Floats], Floats]

#: The corners of a grid cell that each of its four edges joins: bottom, right, top, left.
_PAIRS = {1: [(3, 0)], 2: [(0, 1)], 3: [(3, 1)], 4: [(1, 2)], 6: [(0, 2)], 7: [(3, 2)]}


def contours(scores: Scores, grid: int, tolerance: float) -> tuple[Floats, NDArray[np.intp]]:
    """Segments along which the largest of several scores changes, in the square from (-1, -1) to (1, 1).

    Args:
        scores: of the classes at points ``(N, 2)``; returns ``(N, C)``.
        grid: cells along each side.
        tolerance: to which the ends of segments are refined.

    Returns:
        segments ``(S, 2, 2)``, and the two classes at each, ``(S, 2)``.
    """
    ticks = np.linspace(-1, 1, grid + 1)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    values = scores(points.reshape(-1, 2)).reshape(grid + 1, grid + 1, -1)
    segments, pairs = [np.empty((0, 2, 2))], [np.empty((0, 2), np.intp)]
    for c in np.unique(values.argmax(axis=2)).tolist():
        lines = _zeros(_lead_of(scores, c), _lead(values, c), points, tolerance)
        rival = _rival(scores(lines.mean(axis=1)), c) if len(lines) else np.empty(0, np.intp)
        keep = rival > c  # the other side finds it, too
        segments.append(lines[keep])
        pairs.append(np.stack([np.full(int(keep.sum()), c), rival[keep]], axis=1))
    return np.concatenate(segments), np.concatenate(pairs)


def _lead(values: Floats, c: int) -> Floats:
    return np.asarray(values[..., c] - np.delete(values, c, axis=-1).max(axis=-1))


def _lead_of(scores: Scores, c: int) -> Callable[[Floats], Floats]:
    return lambda points: _lead(scores(points), c)


def _rival(values: Floats, c: int) -> NDArray[np.intp]:
    others = values.copy()
    others[:, c] = -np.inf
    return np.asarray(others.argmax(axis=1))


def _zeros(function: Callable[[Floats], Floats], values: Floats, points: Floats, tolerance: float) -> Floats:
    """Segments of the line where `function` is 0, which has `values` at the grid's `points`."""
    positive = values > 0
    corners = [positive[:-1, :-1], positive[:-1, 1:], positive[1:, 1:], positive[1:, :-1]]
    places = [points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]]
    code = sum((corner.astype(int) << i for i, corner in enumerate(corners)), np.zeros(positive[1:, 1:].shape, int))
    starts, ends = [], []
    for case, edges in _cases(code, function, places):
        for first, second in edges:
            starts.append(_ends(places, case, first))
            ends.append(_ends(places, case, second))
    if not starts:
        return np.empty((0, 2, 2))
    brackets = np.concatenate([np.concatenate(starts), np.concatenate(ends)])
    refined = _bisected(function, brackets, tolerance)
    half = len(refined) // 2
    lines = np.stack([refined[:half], refined[half:]], axis=1)
    return np.asarray(lines[np.abs(lines[:, 0] - lines[:, 1]).max(axis=1) > 0])


def _cases(
    code: NDArray[np.int_], function: Callable[[Floats], Floats], places: list[Floats]
) -> list[tuple[NDArray[np.bool_], list[tuple[int, int]]]]:
    """Which cells have which segments, as pairs of edges; a saddle's depend on its middle."""
    found = [((code == case) | (code == 15 - case), edges) for case, edges in _PAIRS.items()]
    saddle = (code == 5) | (code == 10)
    if saddle.any():
        middle = np.zeros(code.shape, bool)
        middle[saddle] = function((places[0][saddle] + places[2][saddle]) / 2) > 0
        joined = saddle & (middle == (code == 5))
        found += [(joined, [(0, 1), (2, 3)]), (saddle & ~joined, [(3, 0), (1, 2)])]
    return [(case, edges) for case, edges in found if case.any()]


def _ends(places: list[Floats], case: NDArray[np.bool_], edge: int) -> Floats:
    return np.stack([places[edge][case], places[(edge + 1) % 4][case]], axis=1)


def _bisected(function: Callable[[Floats], Floats], brackets: Floats, tolerance: float) -> Floats:
    """Where the sign changes between the two ends of each bracket ``(M, 2, 2)``."""
    low, high = brackets[:, 0].copy(), brackets[:, 1].copy()
    sign = function(low) > 0
    while len(low) and np.abs(high - low).max() > tolerance:
        middle = (low + high) / 2
        same = (function(middle) > 0) == sign
        low[same], high[~same] = middle[same], middle[~same]
    return (low + high) / 2
