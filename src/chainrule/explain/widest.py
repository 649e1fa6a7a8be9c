"""The hyperplane with the largest margin, from any that divides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.deadline import Deadline
from chainrule.explain.nearest import Nearest, nearest_to_origin

__all__ = ["widened"]

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Features up to which the largest margin is looked for.
_WIDEST_DIMENSIONS = 100
#: What the other points may undercut the margin by, as a part of it.
_SLACK = 1e-12


def widened(points: Points, positive: Mask, direction: Points, deadline: Deadline) -> tuple[Points, bool]:
    """Return the direction of the hyperplane with the largest margin, and whether it is known to be that.

    The hyperplane stands at right angles to the shortest line between the classes' convex hulls. That is found for the
    points nearest to the hyperplane so far, then again with those of the rest that come nearer.

    Args:
        points: ``(N, D)``.
        positive: ``(N,)`` whether a point is on the positive side.
        direction: ``(D,)`` of length 1; some hyperplane at right angles to it divides the points.
        deadline: when to be content with the best so far.
    """
    if points.shape[1] > _WIDEST_DIMENSIONS:
        return direction, False
    side = np.where(positive, 1.0, -1.0)
    scores = points @ direction
    known = np.zeros(len(points), dtype=bool)
    best, best_gap = direction, _gap(scores, positive)
    while True:
        most = 10 * points.shape[1] + 200
        for sign in (-1.0, 1.0):
            others = np.flatnonzero((side == sign) & ~known)
            known[others[np.argsort(sign * scores[others], kind="stable")[:most]]] = True
        low, high = points[known & ~positive], points[known & positive]
        nearest = _shortest(low, high, best, deadline)
        other = nearest.point / max(float(np.linalg.norm(nearest.point)), 1e-300)
        scores = points @ other
        gap, gap_of_known = _gap(scores, positive), _gap(scores[known], positive[known])
        settled = gap >= gap_of_known - _SLACK * abs(gap_of_known)
        if gap >= best_gap * (1 - _SLACK):
            best, best_gap = other, gap
            if settled:
                return best, nearest.exact
        if settled or not nearest.exact:
            return best, False


def _gap(scores: Points, positive: Mask) -> float:
    return float(scores[positive].min() - scores[~positive].max())


def _shortest(low: Points, high: Points, direction: Points, deadline: Deadline) -> Nearest:
    """The shortest of all differences of the hulls' points."""

    def lowest(w: Points) -> Points:
        corner: Points = high[np.argmin(high @ w)] - low[np.argmax(low @ w)]
        return corner

    return nearest_to_origin(lowest, lowest(direction), deadline=deadline)
