"""The nearest points of two convex hulls that nearly touch: how far apart they are, to rounding.

A linear programme is solved to 1e-10. Hulls nearer to each other than that are told apart from hulls that meet by
Wolfe's method on the differences of their points, whose steps are exact but for rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.deadline import Deadline
from chainrule.explain.hulls import Found, agrees, is_divided, tidy
from chainrule.explain.nearest import nearest_to_origin

__all__ = ["search_near"]

Points = NDArray[np.float64]

_MOST_STEPS = 3000


def search_near(points: Points, positive: NDArray[np.bool_], deadline: Deadline) -> Found:
    """Do what `hulls.search` does, for hulls that are very near to each other.

    Args:
        points: ``(N, D)`` of the size of 1.
        positive: ``(N,)`` whether a point is of the second set.
        deadline: when to give up.
    """
    low, high = np.flatnonzero(~positive), np.flatnonzero(positive)
    pairs: dict[bytes, tuple[int, int]] = {}

    def lowest(w: Points) -> Points:
        scores = points @ w
        pair = int(low[np.argmax(scores[low])]), int(high[np.argmin(scores[high])])
        corner: Points = points[pair[1]] - points[pair[0]]
        pairs[corner.tobytes()] = pair
        return corner

    start = lowest(points[high].mean(axis=0) - points[low].mean(axis=0))
    nearest = nearest_to_origin(lowest, start, _MOST_STEPS, deadline)
    length = float(np.abs(nearest.point).max())
    if length > 0:
        direction = nearest.point / length
        if is_divided(points @ direction, positive, direction):
            return Found(direction=direction)
    if not nearest.exact:
        return Found()
    used = np.array([pairs[corner.tobytes()] for corner in nearest.corners])
    low_rows, low_of = np.unique(used[:, 0], return_inverse=True)
    high_rows, high_of = np.unique(used[:, 1], return_inverse=True)
    low_shares = np.bincount(low_of, nearest.shares).astype(np.float64)
    high_shares = np.bincount(high_of, nearest.shares).astype(np.float64)
    mixture = low_rows, tidy(low_shares), high_rows, tidy(high_shares)
    return Found(mixture=mixture if agrees(points, mixture) else None)
