"""Exact polygons on which a piecewise-linear network is one affine map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ConfigError
from chainrule.explain.algebra import Affine, Apply, Floats, Piece
from chainrule.explain.polygons import Polygons, box
from chainrule.nn.activation import Hardtanh, LeakyReLU, Step

__all__ = ["NEAR", "Cut", "bends_of", "cut_plane", "is_piecewise_linear"]

#: Corners nearer to a line than this, in a plane whose bounds are from -1 to 1, lie on it.
NEAR = 1e-11


@dataclass(frozen=True)
class Bends:
    """An activation made of straight pieces: piece k, from breaks[k-1] to breaks[k], is slopes[k]·z + offsets[k]."""

    breaks: tuple[float, ...]
    slopes: Floats
    offsets: Floats


@dataclass(frozen=True)
class Cut:
    """The pieces of the plane.

    Attributes:
        polygons: P of them.
        maps: ``(P, outputs, 3)``: output = maps[…, 0]·u + maps[…, 1]·v + maps[…, 2].
        patterns: on which straight piece each neuron of each activation is, ``(P, neurons)``.
    """

    polygons: Polygons
    maps: Floats
    patterns: NDArray[np.int8]


def bends_of(piece: Apply) -> Bends | None:
    """The straight pieces of an activation; None for one that is curved."""
    layer = piece.layer
    if piece.kind == "ReLU":
        return _bends([0], [0, 1], [0, 0])
    if isinstance(layer, LeakyReLU):
        return _bends([0], [layer.negative_slope, 1], [0, 0])
    if isinstance(layer, Step):
        return _bends([0], [0, 0], [layer.low, layer.high])
    if piece.kind == "ReLU6":
        return _bends([0, 6], [0, 1, 0], [0, 0, 6])
    if isinstance(layer, Hardtanh):
        low, high = layer.min_val, layer.max_val
        return _bends([low, high], [0, 1, 0], [low, 0, high])
    return None


def is_piecewise_linear(pieces: list[Piece]) -> bool:
    """Whether there are only straight pieces."""
    return all(isinstance(piece, Affine) or bends_of(piece) is not None for piece in pieces)


def cut_plane(pieces: list[Piece], start: Floats, most: int) -> Cut:
    """Cut the square from (-1, -1) to (1, 1) where a neuron bends, layer by layer.

    Every polygon carries the affine map of the layer's inputs; a neuron whose sum changes its straight piece inside
    a polygon cuts it in two. All polygons are cut at once.

    Args:
        pieces: affine ones and activations of straight pieces.
        start: the network's inputs as a map of the plane, ``(n, 3)``.
        most: polygons at which to give up.

    Raises:
        ConfigError: if there would be more.
    """
    polygons, maps = box(-1, 1, -1, 1), start[None]
    patterns: list[NDArray[np.int8]] = []
    for piece in pieces:
        if isinstance(piece, Affine):
            maps = _through(piece, maps)
            continue
        bends = bends_of(piece)
        assert bends is not None
        polygons, origin = _cut(polygons, maps, bends, most)
        maps = maps[origin]
        patterns = [pattern[origin] for pattern in patterns]
        sums = (maps[..., :2] @ polygons.middles[:, :, None])[..., 0] + maps[..., 2]
        pattern = np.zeros(sums.shape, np.int8)
        for at in bends.breaks:
            pattern += sums > at
        patterns.append(pattern)
        maps = maps * bends.slopes[pattern][..., None]
        maps[..., 2] += bends.offsets[pattern]
    return Cut(polygons, maps, np.concatenate([np.zeros((len(polygons), 0), np.int8), *patterns], axis=1))


def _through(piece: Affine, maps: Floats) -> Floats:
    done = piece.weight[:, None] * maps if piece.weight.ndim == 1 else np.matmul(piece.weight, maps)
    done[..., 2] += piece.bias
    return np.asarray(done)


def _cut(polygons: Polygons, maps: Floats, bends: Bends, most: int) -> tuple[Polygons, NDArray[np.intp]]:
    """Cut by every neuron of a layer; also returns which of the given polygons each one comes from."""
    origin = np.arange(len(polygons))
    for neuron in range(maps.shape[1]):
        for at in bends.breaks:
            own = maps[origin, neuron]
            corners = polygons.corners
            values = corners[..., 0] * own[:, :1] + corners[..., 1] * own[:, 1:2] + (own[:, 2:] - at)
            near = NEAR * np.hypot(own[:, 0], own[:, 1])
            crossed = (values.max(axis=1) > near) & (values.min(axis=1) < -near)
            if not crossed.any():
                continue
            which = np.flatnonzero(crossed)
            chosen = values[which]
            chosen = np.where(np.abs(chosen) <= near[which, None], 0.0, chosen)
            below, above = Polygons(corners[which], polygons.sides[which]).split(chosen)
            rest = np.flatnonzero(~crossed)
            polygons = Polygons.joined([Polygons(corners[rest], polygons.sides[rest]), below, above])
            origin = np.concatenate([origin[rest], origin[which], origin[which]])
            if len(origin) > most:
                raise ConfigError(
                    "the plane falls into too many pieces", expected=f"at most {most:,}", fix="Narrow the bounds"
                )
    return polygons, origin


def _bends(breaks: list[float], slopes: list[float], offsets: list[float]) -> Bends:
    return Bends(tuple(map(float, breaks)), np.array(slopes, np.float64), np.array(offsets, np.float64))
