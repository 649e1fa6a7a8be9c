"""Two sets of points in many dimensions: a direction that divides them, or a point that both convex hulls hold.

The linear programme of `hulls` grows with the cube of the dimensions and slowly with luck; logistic regression proves
the same in a few Newton steps (`logistic_proof`). It is given some of the points and more where these do not settle
the question; an inseparable part proves the whole inseparable.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.deadline import Deadline
from chainrule.explain.fewest import fewest
from chainrule.explain.hulls import Found, Mixture, agrees, excess, is_divided, largest, needs_scipy
from chainrule.explain.logistic_proof import weigh

__all__ = ["search_wide"]

Points = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Rows to begin with, as a multiple of the features.
_FIRST = 8
#: What counts as no extent in a direction, relative to the largest.
_FLAT = 1e-13


def search_wide(points: Points, positive: NDArray[np.bool_], deadline: Deadline) -> Found:
    """Do what `hulls.search` does, for points of many features.

    Args:
        points: ``(N, D)`` of the size of 1.
        positive: ``(N,)`` whether a point is of the second set.
        deadline: when to give up.
    """
    try:
        import scipy.linalg  # noqa: F401
    except ImportError:
        raise needs_scipy() from None
    side = np.where(positive, 1.0, -1.0)
    rows = _first_rows(positive, _FIRST * (points.shape[1] + 1))
    while not deadline.passed:
        direction, shares = _settle(points[rows], side[rows], deadline)
        if shares is not None:
            mixture = _mixture(rows, shares, positive)
            return Found(mixture=mixture if agrees(points, mixture) else None)
        if direction is None:
            break
        scores = points @ direction
        if is_divided(scores, positive, direction):
            return Found(direction=direction)
        more = largest(excess(scores, positive, rows), len(rows))
        if not len(more):
            break
        rows = np.union1d(rows, more)
    return Found()


def _first_rows(positive: NDArray[np.bool_], most: int) -> Rows:
    """As many of either set, or all of the smaller, from all over it."""
    sets = sorted((np.flatnonzero(positive), np.flatnonzero(~positive)), key=len)
    some = min(len(sets[0]), most // 2)
    picked = [_spread(sets[0], some), _spread(sets[1], most - some)]
    return np.sort(np.concatenate(picked))


def _spread(rows: Rows, most: int) -> Rows:
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.intp)]


def _settle(points: Points, side: Points, deadline: Deadline) -> tuple[Points | None, Points | None]:
    """Return a direction that divides the points, or shares that mix both sets to one point, or neither."""
    centre = points.mean(axis=0)
    axes = _axes(points - centre)
    signed = np.hstack([(points - centre) @ axes, np.ones((len(points), 1))]) * side[:, None]
    found = weigh(signed, np.zeros(signed.shape[1]), deadline)
    if found.direction is not None:
        w = axes @ found.direction[:-1]
        return w / np.abs(w).max(), None
    if found.shares is None:
        return None, None
    return None, fewest(np.hstack([signed, np.ones((len(signed), 1))]), found.shares)


def _axes(points: Points) -> Points:
    """Directions in which the points are uncorrelated and of the size of 1, as columns; flat ones are left out."""
    from scipy.linalg import qr, svd

    count, width = points.shape
    if count >= width:
        r = qr(points, mode="r", check_finite=False)[0][:width]
        _, sizes, turned = svd(r, check_finite=False)
        axes = turned.T
    else:
        axes, r = qr(points.T, mode="economic", check_finite=False)
        turned, sizes, _ = svd(r, check_finite=False)
        axes = axes @ turned
    wide = sizes > _FLAT * sizes[0]
    result: Points = axes[:, wide] * (np.sqrt(count) / sizes[wide])
    return result


def _mixture(rows: Rows, shares: Points, positive: NDArray[np.bool_]) -> Mixture:
    low, high = (shares > 0) & ~positive[rows], (shares > 0) & positive[rows]
    return rows[low], shares[low] / shares[low].sum(), rows[high], shares[high] / shares[high].sum()
