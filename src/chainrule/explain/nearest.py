"""The point of a convex hull that is nearest to the origin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Nearest", "nearest_to_origin"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Nearest:
    """The nearest point found.

    Attributes:
        point: the point.
        exact: whether it is the nearest to rounding; False if the steps ran out before.
    """

    point: Vector
    exact: bool


def nearest_to_origin(lowest: Callable[[Vector], Vector], start: Vector, most_steps: int = 2000) -> Nearest:
    """Find the point of least norm in the convex hull of finitely many points.

    The points are known only through `lowest`, so that there may be very many of them, such as all differences of
    two sets.

    Args:
        lowest: gives the point p of the hull's corners with the least w·p.
        start: one of the corners.
        most_steps: steps after which to give up.

    Source: P. Wolfe, "Finding the nearest point in a polytope", Mathematical Programming 11 (1976), 128–149.
    """
    corral, shares = start[None, :], np.ones(1)
    point = start
    for _ in range(most_steps):
        found = lowest(point)
        size = max(float(found @ found), float(point @ point))
        if point @ point - point @ found <= 1e-12 * size or (corral == found).all(axis=1).any():
            return Nearest(point, True)
        corral, shares = np.vstack([corral, found]), np.append(shares, 0.0)
        corral, shares = _settle(corral, shares)
        point = shares @ corral
    return Nearest(point, False)


def _settle(corral: Vector, shares: Vector) -> tuple[Vector, Vector]:
    """Move to the nearest point of the corners' affine hull, dropping corners until it lies among them."""
    while True:
        wanted = _affine(corral)
        if (wanted > 1e-13).all():
            return corral, wanted
        falling = wanted <= 1e-13
        steps = shares[falling] / np.maximum(shares[falling] - wanted[falling], 1e-300)
        shares = shares + min(1.0, float(steps.min())) * (wanted - shares)
        kept = shares > 1e-13
        if kept.all():
            kept[np.flatnonzero(falling)[np.argmin(steps)]] = False
        corral, shares = corral[kept], np.maximum(shares[kept], 0.0)
        shares = shares / shares.sum()


def _affine(corral: Vector) -> Vector:
    """Shares (of any sign, summing to 1) of the corners in the point of their affine hull nearest to the origin."""
    if len(corral) == 1:
        return np.ones(1)
    directions = corral[1:] - corral[0]
    rest = np.linalg.lstsq(directions.T, -corral[0], rcond=None)[0]
    return np.concatenate([[1.0 - rest.sum()], rest])
