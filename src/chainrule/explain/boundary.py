"""The exact decision boundary of a network that is affine on each of many polygons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.algebra import Floats
from chainrule.explain.linear_pieces import NEAR
from chainrule.explain.polygons import Polygons

__all__ = ["Boundary", "decide"]

Indices = NDArray[np.intp]

#: How far beyond an edge to look for the class there.
_BEYOND = 1e-7


@dataclass(frozen=True)
class Boundary:
    """Where the predicted class changes.

    Attributes:
        cells: polygons of one affine map and one class each.
        classes: of each cell.
        segments: of the boundary, ``(S, 2, 2)``.
        between: the two classes at each, the smaller first, ``(S, 2)``.
    """

    cells: Polygons
    classes: Indices
    segments: Floats
    between: Indices


def decide(polygons: Polygons, maps: Floats, classify: Callable[[Floats], Indices], jumps: bool) -> Boundary:
    """Cut polygons by class, and find the boundary.

    Args:
        polygons: in a plane whose bounds are from -1 to 1.
        maps: scores of the classes, ``(P, C, 3)``; the largest wins, the first of equals.
        classify: the class at points ``(N, 2)``, to look across edges where two scores are equal.
        jumps: whether scores may jump from one polygon to the next, as behind a step.
    """
    scores = _at_corners(polygons.corners, maps)
    winners = _single_winner(scores, maps)
    mixed = np.flatnonzero(winners < 0)
    single = np.flatnonzero(winners >= 0)
    cells, classes, origin = [polygons[single]], [winners[single]], [single]
    for c in range(maps.shape[1]):
        part, rows = _where_largest(polygons[mixed], maps[mixed], c)
        cells.append(part)
        classes.append(np.full(len(part), c, np.intp))
        origin.append(mixed[rows])
    joined = Polygons.joined(cells)
    owner, own = np.concatenate(origin), np.concatenate(classes)
    segments, between = _boundary(joined, own, maps[owner], np.isin(owner, mixed), classify, jumps)
    return Boundary(joined, own, segments, between)


def _at_corners(corners: Floats, maps: Floats) -> Floats:
    """Scores at the corners, ``(P, V, C)``."""
    return np.asarray(np.matmul(corners, maps[..., :2].swapaxes(1, 2)) + maps[:, None, :, 2])


def _single_winner(scores: Floats, maps: Floats) -> Indices:
    """The class of each polygon on which one class is largest at all corners, else -1."""
    steepness = np.hypot(maps[..., 0], maps[..., 1]).max(axis=1)
    near = NEAR * steepness[:, None, None] * 2
    everywhere = (scores >= scores.max(axis=2, keepdims=True) - near).all(axis=1)
    at_middle = scores.mean(axis=1)  # of two that are equal at all corners but for rounding, the one that leads
    best = np.where(everywhere, at_middle, -np.inf).argmax(axis=1)
    return np.where(everywhere.any(axis=1), best, -1)


def _where_largest(polygons: Polygons, maps: Floats, c: int) -> tuple[Polygons, Indices]:
    """The parts on which class c has the largest score, and the polygon that each comes from."""
    rows = np.arange(len(polygons))
    for other in range(maps.shape[1]):
        if other == c or not len(rows):
            continue
        lead = maps[rows, c] - maps[rows, other]
        values = (polygons.corners @ lead[:, :2, None])[..., 0] + lead[:, 2:]
        near = NEAR * np.hypot(lead[:, 0], lead[:, 1])[:, None]
        values = np.where(np.abs(values) <= near, 0.0, values)
        top, bottom = values.max(axis=1), values.min(axis=1)
        # Where two are equal all over, the first one wins.
        ahead = (top > 0) | ((top == 0) & (bottom == 0) & (c < other))
        crossed = ahead & (bottom < 0)
        whole = np.flatnonzero(ahead & ~crossed)
        cut = np.flatnonzero(crossed)
        _, above = Polygons(polygons.corners[cut], polygons.sides[cut]).split(values[cut])
        polygons = Polygons.joined([polygons[whole], above])
        rows = np.concatenate([rows[whole], rows[cut]])
    return polygons, rows


def _boundary(
    cells: Polygons,
    classes: Indices,
    maps: Floats,
    is_mixed: NDArray[np.bool_],
    classify: Callable[[Floats], Indices],
    jumps: bool,
) -> tuple[Floats, Indices]:
    """Edges of cells with another class beyond; each from the side of the smaller class."""
    edges, owner = cells.edges()
    own = classes[owner]
    rival = _tied(edges, maps[owner], own)
    inner = is_mixed[owner] & (rival >= 0)
    # A tie inside a polygon is a boundary for certain; on the rim of one it depends on the neighbour.
    found = inner & (own < rival)
    segments, pairs = [edges[found]], [np.stack([own[found], rival[found]], axis=1)]
    open_edges = np.flatnonzero(~inner & ((rival >= 0) | jumps))
    if len(open_edges):
        rim, rim_class = edges[open_edges], own[open_edges]
        if jumps:
            rim, source = _broken(rim, cells.corners[cells.present])
            rim_class = rim_class[source]
        beyond = _class_beyond(rim, classify)
        wanted = (beyond > rim_class) & ~_on_frame(rim)
        segments.append(rim[wanted])
        pairs.append(np.stack([rim_class[wanted], beyond[wanted]], axis=1))
    return np.concatenate(segments), np.concatenate(pairs)


def _tied(edges: Floats, maps: Floats, own: Indices) -> Indices:
    """The other class whose score equals the own one along the whole edge, or -1."""
    lead = maps[np.arange(len(own)), own][:, None] - maps
    values = np.matmul(edges, lead[..., :2].swapaxes(1, 2)) + lead[:, None, :, 2]
    near = 8 * NEAR * np.hypot(lead[..., 0], lead[..., 1])[:, None]
    ties = (np.abs(values) <= near).all(axis=1)
    ties[np.arange(len(own)), own] = False
    return np.where(ties.any(axis=1), ties.argmax(axis=1), -1)


def _class_beyond(edges: Floats, classify: Callable[[Floats], Indices]) -> Indices:
    along = edges[:, 1] - edges[:, 0]
    length = np.hypot(along[:, 0], along[:, 1])[:, None]
    outward = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.where(length > 0, length, 1)
    return classify(edges.mean(axis=1) + _BEYOND * outward)


def _on_frame(edges: Floats) -> NDArray[np.bool_]:
    """Whether an edge lies on the bounds."""
    ahead, behind = np.abs(edges - 1).max(axis=1), np.abs(edges + 1).max(axis=1)
    return np.asarray((np.minimum(ahead, behind) <= 10 * NEAR).any(axis=1))


def _broken(edges: Floats, corners: Floats) -> tuple[Floats, Indices]:
    """Edges broken where corners of neighbours lie on them; also the edge that each part comes from."""
    parts, source = [], []
    for start in range(0, len(edges), 512):
        block = edges[start : start + 512]
        along = block[:, 1] - block[:, 0]
        length = np.hypot(along[:, 0], along[:, 1])
        to = corners - block[:, :1]
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.abs(along[:, None, 0] * to[..., 1] - along[:, None, 1] * to[..., 0]) / length[:, None]
            share = (to * along[:, None]).sum(axis=2) / length[:, None] ** 2
        on = (off < 100 * NEAR) & (share * length[:, None] > 1e-9) & ((1 - share) * length[:, None] > 1e-9)
        for i, edge in enumerate(block):
            stops = np.unique(np.concatenate([[0.0, 1.0], share[i, on[i]]]))
            points = edge[0] + stops[:, None] * (edge[1] - edge[0])
            parts.append(np.stack([points[:-1], points[1:]], axis=1))
            source += [start + i] * (len(stops) - 1)
    return np.concatenate(parts), np.array(source, np.intp)
