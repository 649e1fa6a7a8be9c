"""The point of a convex hull that is nearest to the origin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.deadline import NEVER, Deadline

__all__ = ["Nearest", "nearest_to_origin"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """The nearest point found.

    Attributes:
        point: the point.
        exact: whether it is the nearest to rounding; False if the steps or the time ran out before.
        corners: the corners that mix it, in rows.
        shares: their shares.
    """

    point: Vector
    exact: bool
    corners: Vector
    shares: Vector


def nearest_to_origin(
    lowest: Callable[[Vector], Vector], start: Vector, most_steps: int = 2000, deadline: Deadline = NEVER
) -> Nearest:
    """Find the point of least norm in the convex hull of finitely many points.

    The points are known only through `lowest`, so that there may be very many of them, such as all differences of
    two sets.

    Args:
        lowest: gives the point p of the hull's corners with the least w·p.
        start: one of the corners.
        most_steps: steps after which to give up.
        deadline: when to give up.

    Source: P. Wolfe, "Finding the nearest point in a polytope", Mathematical Programming 11 (1976), 128–149.
    """
    corral, shares = start[None, :], np.ones(1)
    point, length = start, float(np.linalg.norm(start))
    for _ in range(most_steps):
        found = lowest(point)
        reach = max(float(np.linalg.norm(found)), float(np.abs(corral).max()))
        # Of a point whose length is rounding, no direction can be told.
        done = length <= 1e-16 * reach or _shortfall(point, found, length) <= max(1e-12 * length, 1e-15 * reach)
        if done or (corral == found).all(axis=1).any():
            return Nearest(point, True, corral, shares)
        if deadline.passed:
            break
        next_corral, next_shares, next_point = _settle(np.vstack([corral, found]), np.append(shares, 0.0))
        next_length = float(np.linalg.norm(next_point))
        if next_length >= length:  # every step makes it shorter, but for rounding
            return Nearest(point, True, corral, shares)
        corral, shares, point, length = next_corral, next_shares, next_point, next_length
    return Nearest(point, False, corral, shares)


def _shortfall(point: Vector, found: Vector, length: float) -> float:
    """How much nearer a corner is than the point, in the point's direction."""
    return float(point @ (point - found)) / length


def _settle(corral: Vector, shares: Vector) -> tuple[Vector, Vector, Vector]:
    """Move to the nearest point of the corners' affine hull, dropping corners until it lies among them."""
    while True:
        wanted, point = _affine(corral)
        if (wanted > 1e-13).all():
            return corral, wanted, point
        falling = wanted <= 1e-13
        steps = shares[falling] / np.maximum(shares[falling] - wanted[falling], 1e-300)
        shares = shares + min(1.0, float(steps.min())) * (wanted - shares)
        kept = shares > 1e-13
        if kept.all():
            kept[np.flatnonzero(falling)[np.argmin(steps)]] = False
        corral, shares = corral[kept], np.maximum(shares[kept], 0.0)
        shares = shares / shares.sum()


def _affine(corral: Vector) -> tuple[Vector, Vector]:
    """Shares (of any sign, summing to 1) of the corners in the point of their affine hull nearest to the origin; it."""
    if len(corral) == 1:
        return np.ones(1), corral[0]
    directions = (corral[1:] - corral[0]).T
    q, r = np.linalg.qr(directions)
    sizes = np.abs(np.diag(r))
    if len(directions) < len(corral) - 1 or sizes.min() <= 1e-12 * sizes.max():
        rest = np.linalg.lstsq(directions, -corral[0], rcond=None)[0]
        point = corral[0] + directions @ rest
    else:
        rest = np.linalg.solve(r, -(q.T @ corral[0]))
        point = corral[0] - q @ (q.T @ corral[0])
        point = point - q @ (q.T @ point)  # at right angles to the corners' hull even where it is very short
    return np.concatenate([[1.0 - rest.sum()], rest]), point
