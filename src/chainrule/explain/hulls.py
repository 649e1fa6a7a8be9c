"""Two sets of points: a direction that divides them, or a point that both convex hulls hold.

By the separating hyperplane theorem exactly one of the two exists for finite sets, and each is found by a linear
programme. Both programmes are posed on few of the points and are given more only where these do not settle the
question ("cutting planes"), so that a hundred thousand points take no longer than a few hundred and a look at the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import MissingDependencyError
from chainrule.explain.deadline import Deadline

__all__ = ["Found", "Mixture", "agrees", "excess", "is_divided", "is_mixed", "largest", "needs_scipy", "search", "tidy"]

Points = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
#: Rows of the first set with their shares, and rows of the second with theirs.
Mixture = tuple[Rows, Points, Rows, Points]

#: Rows that are added at a time, at least; as many as there are features if those are more.
_ADDED = 50


@dataclass(frozen=True)
class Found:
    """The answer; both are None if there is none yet.

    Attributes:
        direction: w with w·a < w·b for every a of the first and b of the second set.
        mixture: shares that mix the points of either set to one and the same point.
    """

    direction: Points | None = None
    mixture: Mixture | None = None

    @property
    def nothing(self) -> bool:
        """Whether there is no answer."""
        return self.direction is None and self.mixture is None


def search(points: Points, positive: Mask, deadline: Deadline) -> Found:
    """Find a direction that divides the points, or a point of both convex hulls, by linear programmes.

    Args:
        points: ``(N, D)`` of the size of 1.
        positive: ``(N,)`` whether a point is of the second set.
        deadline: when to give up.

    Raises:
        MissingDependencyError: without SciPy.
    """
    side = np.where(positive, 1.0, -1.0)
    rows = np.union1d(_first_rows(points, ~positive), _first_rows(points, positive))
    most = 2 * max(_ADDED, points.shape[1])
    while True:
        w, gap = _best_direction(points[rows], side[rows], deadline)
        if w is None:
            return Found()
        scores = points @ w
        if is_divided(scores, positive, w):
            return Found(direction=w)
        wrong = excess(scores, positive, rows)
        more = largest(np.where(wrong > 0, wrong, -np.inf), most)
        if gap <= 1e-9 or not len(more):
            break
        rows = np.union1d(rows, more)
    mixture = _common_point(points, positive, rows, deadline)
    return Found(mixture=mixture if mixture is not None and agrees(points, mixture) else None)


def is_divided(scores: Points, positive: Mask, w: Points) -> bool:
    """Whether the gap between w·a and w·b is more than the rounding of the products, for points of the size of 1."""
    rounding = 4 * len(w) * np.finfo(np.float64).eps * float(np.abs(w).sum())
    return bool(scores[positive].min() - scores[~positive].max() > rounding)


def agrees(points: Points, mixture: Mixture) -> bool:
    """Whether both are mixtures, and of the same point to rounding, for points of the size of 1."""
    low_rows, low_shares, high_rows, high_shares = mixture
    if not (is_mixed(low_shares) and is_mixed(high_shares)):
        return False
    residual = np.abs(low_shares @ points[low_rows] - high_shares @ points[high_rows]).max()
    return bool(residual <= 4e-15 * np.sqrt(2 + points.shape[1]))


def is_mixed(shares: Points) -> bool:
    """Whether shares are positive and sum to 1."""
    return bool((shares > 0).all() and abs(shares.sum() - 1) <= 1e-12)


def excess(scores: Points, positive: Mask, known: Rows) -> Points:
    """How far each row is on the wrong side of the known ones' threshold; −∞ for the known."""
    known_scores, known_positive = scores[known], positive[known]
    threshold = (known_scores[~known_positive].max() + known_scores[known_positive].min()) / 2
    result: Points = np.where(positive, threshold - scores, scores - threshold)
    result[known] = -np.inf
    return result


def largest(values: Points, most: int) -> Rows:
    """The rows of the largest values that are not −∞."""
    rows: Rows = np.flatnonzero(values > -np.inf)
    if len(rows) <= most:
        return rows
    some: Rows = rows[np.argpartition(values[rows], -most)[-most:]]
    return some


def tidy(shares: Points) -> Points:
    """Make the sum 1, and shares that are plain fractions to rounding (½, ⅓, … ⅒) exactly those."""
    shares = shares / shares.sum()
    plain = np.round(shares * 2520) / 2520
    return plain if np.abs(plain - shares).max() < 1e-13 else shares


def needs_scipy() -> MissingDependencyError:
    """The error that says what to install."""
    return MissingDependencyError("proofs of separability need SciPy", fix='Run: pip install "chainrule[explain]"')


def _first_rows(points: Points, mask: Mask) -> Rows:
    """The extremes along every axis and some rows from all over the set."""
    rows = np.flatnonzero(mask)
    values = points[rows]
    spread = np.linspace(0, len(rows) - 1, min(len(rows), 2 * values.shape[1] + 20)).astype(np.intp)
    picked: Rows = rows[np.unique(np.concatenate([values.argmin(axis=0), values.argmax(axis=0), spread]))]
    return picked


def _best_direction(points: Points, side: Points, deadline: Deadline) -> tuple[Points | None, float]:
    """Maximise t subject to sᵢ·(w·xᵢ + b) ≥ t, |w_j| ≤ 1; return w and t."""
    width = points.shape[1]
    rows = np.hstack([points * -side[:, None], -side[:, None], np.ones((len(points), 1))])
    bounds = [(-1.0, 1.0)] * width + [(None, None), (0.0, None)]
    cost = np.append(np.zeros(width + 1), -1.0)
    found = _linprog(cost, deadline, A_ub=rows, b_ub=np.zeros(len(rows)), bounds=bounds)
    return (None, 0.0) if found is None else (found[:width], float(found[-1]))


def _common_point(points: Points, positive: Mask, rows: Rows, deadline: Deadline) -> Mixture | None:
    """Shares of these rows that mix either set to one point."""
    from scipy.optimize import nnls

    low, high = rows[~positive[rows]], rows[positive[rows]]
    sums = np.vstack([np.repeat([1.0, 0.0], [len(low), len(high)]), np.repeat([0.0, 1.0], [len(low), len(high)])])
    balance = np.vstack([np.hstack([points[low].T, -points[high].T]), sums])
    wanted = np.append(np.zeros(points.shape[1]), [1.0, 1.0])
    found = _linprog(np.zeros(len(rows)), deadline, A_eq=balance, b_eq=wanted, bounds=(0, None))
    if found is None:
        return None
    # Again among the shares that are not zero, to rounding, for the linear programme stops at 1e-10.
    used = np.flatnonzero(found > 1e-12)
    shares = np.zeros(len(rows))
    try:
        shares[used] = nnls(balance[:, used], wanted)[0]
    except RuntimeError:  # more steps than it takes
        return None
    first, second = np.flatnonzero(shares[: len(low)]), np.flatnonzero(shares[len(low) :])
    if not (len(first) and len(second)):
        return None
    return low[first], tidy(shares[: len(low)][first]), high[second], tidy(shares[len(low) :][second])


def _linprog(cost: Points, deadline: Deadline, **programme: Any) -> Points | None:
    """The solution, or None if the programme was not solved, has none, or the time ran out."""
    try:
        from scipy.optimize import linprog
    except ImportError:
        raise needs_scipy() from None
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    if deadline.left is not None:
        options["time_limit"] = max(deadline.left, 1e-3)
    found = linprog(cost, method="highs", options=options, **programme)
    solution: Points | None = found.x if found.status == 0 else None
    return solution
