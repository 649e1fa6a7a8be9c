"""Whether a hyperplane divides two sets of points, by logistic regression.

Let uᵢ = sᵢ·(xᵢ, 1) with sᵢ = ±1 for the two sets. The regression minimises Σ cᵢ·log(1 + exp(−uᵢ·w)), whose gradient is
−Σ cᵢσᵢuᵢ with σᵢ = 1/(1 + exp(uᵢ·w)) > 0. Where the gradient vanishes, the numbers cᵢσᵢ are therefore shares that mix
both sets to one point; where there is no minimum, its descent ends at a w with uᵢ·w > 0 for all i. Each Newton step p
predicts the shares after it, cᵢσᵢ·(1 − (1 − σᵢ)·uᵢ·p), and these fulfil the equations exactly: if none is negative,
the proof is complete, long before the minimum is reached. Where some are, these are set to zero and the others
corrected, in turns; that also finds common points in which some samples can have no part. A step costs O(N·D²), and
few of them are enough.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.deadline import Deadline

__all__ = ["Weighed", "weigh"]

Vector = NDArray[np.float64]

_MOST_STEPS = 200
#: Negative shares, as a part of all, up to which correcting them is worth trying.
_FEW = 0.2
#: What negative shares may amount to, as a part of all.
_ROUNDING = 1e-16


@dataclass(frozen=True)
class Weighed:
    """What came of the descent; both are None if it was not decided.

    Attributes:
        direction: w with uᵢ·w > 0 for all i.
        shares: not negative, with Σ sharesᵢ·uᵢ = 0 to rounding.
    """

    direction: Vector | None
    shares: Vector | None


def weigh(signed: Vector, start: Vector, deadline: Deadline) -> Weighed:
    """Find either a dividing w or shares that prove that there is none.

    Args:
        signed: the uᵢ, ``(N, D + 1)``; best with orthogonal columns of one size.
        start: w to begin with.
        deadline: when to give up.
    """
    from scipy.special import expit

    positive = signed[:, -1] > 0
    cost = np.where(positive, 1 / max(positive.sum(), 1), 1 / max((~positive).sum(), 1))
    w, margins = start, signed @ start
    for count in range(_MOST_STEPS):
        if deadline.passed:
            break
        miss, hit = expit(-margins), expit(margins)
        step = _newton_step(signed, cost * miss, cost * miss * hit)
        if step is None:
            break
        change = signed @ step
        shares = cost * miss * (1 - hit * change)
        if (change > 0).all():
            return Weighed(step, None)
        if (shares >= 0).all() and _is_left(shares, cost * miss):
            return Weighed(None, shares)
        if count & (count - 1) == 0 and _negative_part(shares) < _FEW:  # at steps 0, 1, 2, 4, 8, …
            corrected = _corrected(signed, shares, deadline)
            if corrected is not None:
                return Weighed(None, corrected)
        length = _length(margins, change, cost)
        if length == 0:
            break
        w, margins = w + length * step, margins + length * change
        if (margins > 0).all():
            return Weighed(w, None)
    return Weighed(None, None)


def _corrected(signed: Vector, shares: Vector, deadline: Deadline) -> Vector | None:
    """Set negative shares to zero and correct the others by parts of themselves, until none is negative."""
    wrong = 1.0
    while not deadline.passed:
        start = np.maximum(shares, 0.0)
        start = start / start.sum()
        step = _newton_step(signed, start, start)
        if step is None:
            return None
        shares = start * (1 - signed @ step)
        before, wrong = wrong, _negative_part(shares)
        if not _is_left(shares, start):
            return None
        if wrong <= _ROUNDING:
            return np.maximum(shares, 0.0)
        if wrong > before / 2 and before < 1:
            return None
    return None


def _negative_part(shares: Vector) -> float:
    return -float(shares[shares < 0].sum()) / max(float(np.abs(shares).sum()), 1e-300)


def _is_left(shares: Vector, before: Vector) -> bool:
    """Whether more is left than rounding: where a hyperplane divides the points, only zeros fulfil the equations."""
    return bool(shares.sum() > 1e-8 * before.sum())


def _newton_step(signed: Vector, pull: Vector, curvature: Vector) -> Vector | None:
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    rooted = signed * np.sqrt(curvature)[:, None]
    hessian = rooted.T @ rooted
    size = float(np.trace(hessian)) / len(hessian)
    for ridge in (1e-15, 1e-12, 1e-9):
        try:
            factor = cho_factor(hessian + ridge * size * np.eye(len(hessian)), lower=True, check_finite=False)
        except LinAlgError:
            continue
        gradient = pull @ signed
        step: Vector = cho_solve(factor, gradient, check_finite=False)
        # Once more for what the ridge and rounding left.
        step = step + cho_solve(factor, gradient - rooted.T @ (rooted @ step), check_finite=False)
        return step if np.isfinite(step).all() else None
    return None


def _length(margins: Vector, change: Vector, cost: Vector) -> float:
    """Halve the step until the loss falls; double it while it still falls at the end."""
    from scipy.special import expit

    def loss(length: float) -> float:
        return float(cost @ np.logaddexp(0.0, -(margins + length * change)))

    def slope(length: float) -> float:
        return -float((cost * expit(-(margins + length * change))) @ change)

    now, falling, length = loss(0.0), slope(0.0), 1.0
    while loss(length) > now + 1e-4 * length * falling:
        length /= 2
        if length < 1e-9:
            return 0.0
    while length < 1e6 and slope(2 * length) < 0:
        length *= 2
    return length
