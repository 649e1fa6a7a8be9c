"""Two sets of points: a direction that divides them, or a point that both convex hulls hold.

By the separating hyperplane theorem exactly one of the two exists for finite sets, and each is found by a linear
programme. Both programmes are posed on few of the points and are given more only where these do not settle the
question ("cutting planes"), so that a hundred thousand points take no longer than a few hundred and a look at the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, MissingDependencyError

__all__ = ["Mixture", "common_point", "dividing_direction"]

Points = NDArray[np.float64]
#: Rows of the first set with their shares, and rows of the second with theirs.
Mixture = tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]

#: Rows that are added at a time, at least; as many as there are features if those are more.
_ADDED = 50


def dividing_direction(low: Points, high: Points) -> tuple[Points | None, NDArray[np.intp], NDArray[np.intp]]:
    """Return w with w·a < w·b for every a of `low` and b of `high`, or None if there is none.

    Also returns the rows of both sets that were looked at, among which a common point lies if w is None.

    Args:
        low: points ``(N, D)``, of the size of 1.
        high: points ``(M, D)``.

    Raises:
        MissingDependencyError: without SciPy.
    """
    below, above = _first_rows(low), _first_rows(high)
    most = max(_ADDED, low.shape[1])
    while True:
        w, gap = _best_direction(low[below], high[above])
        left, right = low @ w, high @ w
        if _is_divided(left, right, w):
            return w, below, above
        threshold = (left[below].max() + right[above].min()) / 2
        more_low = _worst(left - threshold, below, most)
        more_high = _worst(threshold - right, above, most)
        if gap <= 1e-9 or not (len(more_low) or len(more_high)):
            return None, below, above
        below, above = np.union1d(below, more_low), np.union1d(above, more_high)


def common_point(low: Points, high: Points) -> Mixture:
    """Return shares that mix the points of either set to one and the same point.

    Args:
        low: points ``(N, D)`` of the size of 1.
        high: points ``(M, D)``; the convex hulls of both meet.

    Raises:
        DataError: if the hulls are too close to parting for double precision.
        MissingDependencyError: without SciPy.
    """
    count = len(low)
    balance = np.vstack([np.hstack([low.T, -high.T]), _sums(count, len(high))])
    wanted = np.append(np.zeros(low.shape[1]), [1.0, 1.0])
    found = _linprog(np.zeros(balance.shape[1]), A_eq=balance, b_eq=wanted, bounds=(0, None))
    if found.x is None:
        raise DataError(
            "the classes touch so closely that double precision cannot tell whether a hyperplane divides them",
            fix="Scale or shift the features, or remove near-duplicates of both classes",
        )
    shares = _polished(balance, wanted, found.x)
    rows = np.flatnonzero(shares)
    first, second = rows[rows < count], rows[rows >= count]
    return first, _tidy(shares[first]), second - count, _tidy(shares[second])


def _first_rows(values: Points) -> NDArray[np.intp]:
    """The extremes along every axis and some rows from all over the set."""
    spread = np.linspace(0, len(values) - 1, min(len(values), 2 * values.shape[1] + 20)).astype(np.intp)
    return np.unique(np.concatenate([values.argmin(axis=0), values.argmax(axis=0), spread]))


def _best_direction(low: Points, high: Points) -> tuple[Points, float]:
    """Maximise t subject to w·a + b ≤ −t, w·b + b ≥ t, |w_j| ≤ 1; return w and t."""
    width = low.shape[1]
    signed = np.vstack([np.hstack([low, np.ones((len(low), 1))]), np.hstack([-high, -np.ones((len(high), 1))])])
    rows = np.hstack([signed, np.ones((len(signed), 1))])
    bounds = [(-1.0, 1.0)] * width + [(None, None), (0.0, None)]
    found = _linprog(np.append(np.zeros(width + 1), -1.0), A_ub=rows, b_ub=np.zeros(len(rows)), bounds=bounds)
    if found.x is None:
        raise DataError("the linear programme was not solved", got=found.message, fix="Scale the features")
    return found.x[:width], float(found.x[-1])


def _is_divided(left: Points, right: Points, w: Points) -> bool:
    """Whether the gap is more than the rounding of the products."""
    rounding = 4 * len(w) * np.finfo(np.float64).eps * float(np.abs(w).sum())
    return bool(right.min() - left.max() > rounding)


def _worst(excess: Points, known: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The unknown rows that are most on the wrong side."""
    wrong = np.setdiff1d(np.flatnonzero(excess > 0), known, assume_unique=True)
    if len(wrong) <= most:
        return wrong
    return wrong[np.argpartition(excess[wrong], -most)[-most:]]


def _sums(low: int, high: int) -> Points:
    return np.vstack([np.repeat([1.0, 0.0], [low, high]), np.repeat([0.0, 1.0], [low, high])])


def _polished(balance: Points, wanted: Points, shares: Points) -> Points:
    """Solve again among the shares that are not zero, to rounding, for the linear programme stops at 1e-10."""
    from scipy.optimize import nnls

    used = np.flatnonzero(shares > 1e-12)
    result = np.zeros_like(shares)
    result[used] = nnls(balance[:, used], wanted)[0]
    return result


def _tidy(shares: Points) -> Points:
    """Make the sum 1, and shares that are plain fractions to rounding (½, ⅓, … ⅒) exactly those."""
    shares = shares / shares.sum()
    plain = np.round(shares * 2520) / 2520
    return plain if np.abs(plain - shares).max() < 1e-13 else shares


def _linprog(cost: Points, **programme: Any) -> Any:
    try:
        from scipy.optimize import linprog
    except ImportError:
        raise MissingDependencyError(
            "proofs of separability need SciPy", fix='pip install "chainrule[explain]"'
        ) from None
    exact = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    return linprog(cost, method="highs", options=exact, **programme)
