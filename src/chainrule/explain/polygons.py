"""Many convex polygons at once, and cutting them by lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.algebra import Floats

__all__ = ["Polygons", "box", "containing"]


@dataclass(frozen=True)
class Polygons:
    """Convex polygons, counterclockwise.

    Attributes:
        corners: ``(P, V, 2)``; polygons with fewer than V corners are filled up with their first one.
        sides: how many corners each has, ``(P,)``.
    """

    corners: Floats
    sides: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.sides)

    def __getitem__(self, which: Any) -> Polygons:
        sides = self.sides[which]
        return Polygons(self.corners[which][:, : sides.max(initial=1)], sides)

    def each(self) -> list[Floats]:
        """The corners of each polygon, ``(k, 2)``."""
        return [corners[:count] for corners, count in zip(self.corners, self.sides.tolist(), strict=True)]

    @property
    def areas(self) -> Floats:
        """Area of each, by the shoelace formula."""
        relative = self.corners - self.corners[:, :1]
        following = np.roll(relative, -1, axis=1)
        return np.asarray((relative[..., 0] * following[..., 1] - relative[..., 1] * following[..., 0]).sum(axis=1) / 2)

    @property
    def middles(self) -> Floats:
        """Mean of the corners of each, a point inside, ``(P, 2)``."""
        corners = np.where(self.present[..., None], self.corners, 0.0)
        return np.asarray(corners.sum(axis=1) / self.sides[:, None])

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which corners are no filling, ``(P, V)``."""
        return np.arange(self.corners.shape[1]) < self.sides[:, None]

    def edges(self) -> tuple[Floats, NDArray[np.intp]]:
        """All edges ``(E, 2, 2)``, and the polygon of each."""
        rows, columns = np.nonzero(self.present)
        following = np.where(columns + 1 < self.sides[rows], columns + 1, 0)
        return np.stack([self.corners[rows, columns], self.corners[rows, following]], axis=1), rows

    def split(self, values: Floats) -> tuple[Polygons, Polygons]:
        """Cut every polygon where a function that is affine on it is 0.

        Args:
            values: of the function at the corners, ``(P, V)``; exactly 0 at corners that lie on the line.

        Returns:
            the parts where it is negative, and those where it is positive.
        """
        following = np.roll(values, -1, axis=1)
        crossed = values * following < 0
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(crossed, values / (values - following), 0.0)
        cuts = self.corners + share[..., None] * (np.roll(self.corners, -1, axis=1) - self.corners)
        return self._side(values <= 0, crossed, cuts), self._side(values >= 0, crossed, cuts)

    def _side(self, kept: NDArray[np.bool_], crossed: NDArray[np.bool_], cuts: Floats) -> Polygons:
        """Corners that are kept and the points of the cut, in order."""
        rows, width = kept.shape
        wanted = np.stack([kept & self.present, crossed], axis=2).reshape(rows, 2 * width)
        points = np.stack([self.corners, cuts], axis=2).reshape(rows, 2 * width, 2)
        sides = wanted.sum(axis=1)
        first = points[np.arange(rows), wanted.argmax(axis=1)]
        corners = np.repeat(first[:, None], int(sides.max(initial=1)), axis=1)
        row, column = np.nonzero(wanted)
        corners[row, (np.cumsum(wanted, axis=1) - 1)[row, column]] = points[row, column]
        return Polygons(corners, sides)

    @staticmethod
    def joined(parts: list[Polygons]) -> Polygons:
        """All of them in one."""
        width = max(part.corners.shape[1] for part in parts)
        corners = np.empty((sum(map(len, parts)), width, 2))
        start = 0
        for part in parts:
            block = corners[start : start + len(part)]
            own = part.corners.shape[1]
            block[:, :own], block[:, own:] = part.corners, part.corners[:, :1]
            start += len(part)
        return Polygons(corners, np.concatenate([part.sides for part in parts]))


def box(left: float, right: float, bottom: float, top: float) -> Polygons:
    """One rectangle."""
    corners = np.array([[[left, bottom], [right, bottom], [right, top], [left, top]]], np.float64)
    return Polygons(corners, np.array([4]))


def containing(polygons: Polygons, points: Floats, tolerance: float) -> NDArray[np.intp]:
    """The index of a polygon that each point lies in, or -1; ``(N,)``."""
    low, high = polygons.corners.min(axis=1) - tolerance, polygons.corners.max(axis=1) + tolerance
    found = np.full(len(points), -1, np.intp)
    rows = max(1, 4_000_000 // max(len(polygons), 1))
    for start in range(0, len(points), rows):
        part = points[start : start + rows, None]
        which, candidates = np.nonzero(((part >= low) & (part <= high)).all(axis=2))
        a = polygons.corners[candidates]
        side = np.roll(a, -1, axis=1) - a
        to = part[which] - a
        across = side[..., 0] * to[..., 1] - side[..., 1] * to[..., 0]
        inside = (across >= -tolerance * np.hypot(side[..., 0], side[..., 1])).all(axis=1)
        found[start + which[inside]] = candidates[inside]
    return found
