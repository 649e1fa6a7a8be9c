"""`regions`: how a network divides a plane of its inputs, exactly where its activations are made of straight pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.algebra import Affine, Apply, Floats, Piece, input_size, output_size, pieces_of, run
from chainrule.explain.boundary import decide
from chainrule.explain.contour import contours
from chainrule.explain.linear_pieces import cut_plane, is_piecewise_linear
from chainrule.explain.planes import Plane, whole_plane
from chainrule.explain.polygons import Polygons, containing
from chainrule.explain.record import Record
from chainrule.explain.units import Units, units_of
from chainrule.messages import text
from chainrule.nn.activation import Step
from chainrule.nn.module import Module

__all__ = ["Regions", "regions"]

#: Last layers that do not change which score is largest, nor on which side of the threshold one is.
_SQUASHING = {"Sigmoid": 0.5, "Tanh": 0.0, "Softmax": 0.5, "LogSoftmax": 0.5}
_GRID = 200
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Regions(Record):
    """The pieces of a plane.

    Attributes:
        kind: ``"exact"``, or ``"sampled"`` for smooth activations: then there is only a boundary, found on a grid.
        bounds: left, right, bottom, top.
        names: of the two coordinates.
        outputs: names of the outputs.
        classes: names of the classes; empty if the network predicts numbers.
        maps: output = maps[p, o, 0]·u + maps[p, o, 1]·v + maps[p, o, 2] on polygon p, before a last sigmoid or
            softmax, ``(P, outputs, 3)``; a quantity in the target's unit.
        patterns: on which straight piece each neuron is there, ``(P, neurons)``; 1 is a ReLU that is on.
        areas: of the polygons, ``(P,)``.
        cell_classes: the class predicted in each cell, ``(K,)``; cells are polygons cut along the boundary.
        boundary: segments where the predicted class changes, ``(S, 2, 2)``.
        between: the two classes at each segment, ``(S, 2)``.
        before: the last layer, if it was left aside.
    """

    kind: Literal["exact", "sampled"]
    bounds: tuple[float, float, float, float]
    names: tuple[str, str]
    outputs: tuple[str, ...]
    classes: tuple[str, ...]
    maps: Floats
    patterns: NDArray[np.int8]
    areas: Floats
    cell_classes: NDArray[np.intp]
    boundary: Floats
    between: NDArray[np.intp]
    before: str | None
    _polygons: Polygons = field(repr=False, compare=False)
    _cells: Polygons = field(repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.areas)

    @property
    def polygons(self) -> list[Floats]:
        """The corners of each polygon, counterclockwise, ``(k, 2)``."""
        return self._polygons.each()

    @property
    def cells(self) -> list[Floats]:
        """The corners of each cell."""
        return self._cells.each()

    def locate(self, points: Any) -> NDArray[np.intp]:
        """The polygon that each point ``(N, 2)`` lies in; -1 outside the bounds."""
        uv = np.asarray(points, np.float64)
        if uv.ndim != 2 or uv.shape[1] != 2:
            raise ShapeError("points of a plane have two coordinates", expected="(N, 2)", got=uv.shape)
        left, right, bottom, top = self.bounds
        return containing(self._polygons, uv, 1e-9 * max(right - left, top - bottom))

    def formula(self, polygon: int, output: int = 0) -> str:
        """The affine map on one polygon, as a person writes it."""
        a, b, c = (float(number) for number in self.maps[polygon, output])
        sign = ["−" if number < 0 else "+" for number in (b, c)]
        first, second = self.names
        lead = f"{'−' if a < 0 else ''}{abs(a):.6g}·{first}"
        return f"{self.outputs[output]} = {lead} {sign[0]} {abs(b):.6g}·{second} {sign[1]} {abs(c):.6g}"

    @classmethod
    def json_names(cls) -> tuple[str, ...]:
        """Everything, polygons and cells included."""
        return (*super().json_names(), "polygons", "cells")

    def lines(self, lang: str | None = None) -> list[str]:
        """What was found, and the affine maps on the largest regions, "en" or "ko"."""
        left, right, bottom, top = (f"{bound:.6g}" for bound in self.bounds)
        values = {"left": left, "right": right, "bottom": bottom, "top": top}
        values |= {"first": self.names[0], "second": self.names[1]}
        values |= {"regions": f"{len(self):,}", "segments": f"{len(self.boundary):,}"}
        found = [text(f"regions.{self.kind}", lang, **values)]
        if len(self):
            largest, outputs = self.areas.argsort()[::-1][:3].tolist(), range(min(len(self.outputs), 4))
            found.append(text("regions.largest", lang))
            found += [f"  {self.formula(polygon, output)}" for polygon in largest for output in outputs]
        return found

    def __str__(self) -> str:
        left, right, bottom, top = self.bounds
        where = f"[{left:.6g}, {right:.6g}] × [{bottom:.6g}, {top:.6g}]"
        return f"{len(self):,} regions on {where}, {len(self.boundary):,} boundary segments ({self.kind})"


def regions(
    model: Module,
    bounds: Sequence[float],
    slice: Plane | None = None,
    *,
    level: float | None = None,
    scaling: bool = True,
    names: Sequence[str] | None = None,
    max_regions: int = 200_000,
) -> Regions:
    """Divide a plane of a network's inputs into the polygons on which the network is one affine map.

    For Linear, ReLU, LeakyReLU, ReLU6, Hardtanh, Step and BatchNorm in evaluation the polygons and the decision
    boundary are exact: polygons are cut by lines, there is no grid. A sigmoid, tanh or softmax in the last place does
    not move the boundary and is left aside. With other activations the boundary is the contour on a grid of 200 by
    200, its points refined to 1e-9 of the width, and is labelled "sampled".

    Args:
        model: made of the library's layers, with two inputs, or more and a `slice`.
        bounds: left, right, bottom, top, in the plane's coordinates.
        slice: which plane, see `plane_of_features` and `plane_through`; default: the two inputs'.
        level: for one output: the number above which it means the second class, before a last sigmoid; default: what
            the loss says, else 0, or the middle of a last step.
        scaling: coordinates of two inputs, or of two features, are in the user's units, not the model's.
        names: of the model's inputs.
        max_regions: where to give up.

    Raises:
        ShapeError: if the plane does not fit the network.
        ConfigError: for bounds that make no sense, layers without a formula, or too many regions.
    """
    left, right, bottom, top = _checked(bounds)
    pieces = pieces_of(model)
    inputs = input_size(model, pieces)
    units = units_of(model, inputs, output_size(pieces, inputs), names, scaling)
    plane = _plane(slice, units)
    origin, directions = plane.origin, np.stack([plane.first, plane.second], axis=1)
    if not plane.seen_by_model:
        origin, directions = units.to_model(origin), directions / units.scale[:, None]
    centre, half = np.array([left + right, bottom + top]) / 2, np.array([right - left, top - bottom]) / 2
    start = np.concatenate([directions * half, (origin + directions @ centre)[:, None]], axis=1)
    body, last = _without_squashing(pieces)
    level = _level(model, body, last) if level is None else float(level)
    scores = _Scores(body, start, level)
    finish = _Finish((left, right, bottom, top), centre, half, plane.names, units, model, last, level)
    if not is_piecewise_linear(body):
        return finish.sampled(scores)
    return finish.exact(scores, max_regions)


@dataclass(frozen=True)
class _Scores:
    """The network on the square from (-1, -1) to (1, 1); with one output, scores of two classes: 0 and its excess."""

    body: list[Piece]
    start: Floats
    level: float | None

    def __call__(self, points: Floats) -> Floats:
        outputs = run(self.body, points @ self.start[:, :2].T + self.start[:, 2])
        if outputs.shape[1] > 1 or self.level is None:
            return outputs
        return np.concatenate([np.zeros_like(outputs), outputs - self.level], axis=1)

    def of_maps(self, maps: Floats) -> Floats:
        """The scores' maps, of the outputs' maps ``(P, outputs, 3)``."""
        if maps.shape[1] > 1 or self.level is None:
            return maps
        excess = maps.copy()
        excess[..., 2] -= self.level
        return np.concatenate([np.zeros_like(maps), excess], axis=1)

    def classify(self, points: Floats) -> NDArray[np.intp]:
        """The class at points."""
        return np.asarray(self(points).argmax(axis=1))


@dataclass(frozen=True)
class _Finish:
    """Takes results from the square back to the plane's own coordinates."""

    bounds: tuple[float, float, float, float]
    centre: Floats
    half: Floats
    names: tuple[str, str]
    units: Units
    model: Module
    last: Apply | None
    level: float | None

    def exact(self, scores: _Scores, most: int) -> Regions:
        cut = cut_plane(scores.body, scores.start, most)
        cells, classes = cut.polygons, np.zeros(len(cut.polygons), np.intp)
        segments, between = np.empty((0, 2, 2)), np.empty((0, 2), np.intp)
        if self.level is not None:
            jumps = any(isinstance(piece, Apply) and isinstance(piece.layer, Step) for piece in scores.body)
            found = decide(cut.polygons, scores.of_maps(cut.maps), scores.classify, jumps)
            cells, classes, segments, between = found.cells, found.classes, found.segments, found.between
        maps = cut.maps.copy()
        maps[..., :2] /= self.half
        maps[..., 2] -= (maps[..., :2] * self.centre).sum(axis=-1)
        maps *= self.units.output_scale  # of a quantity; else 1
        maps[..., 2] += self.units.output_center
        return self._made("exact", cut.polygons, maps, cut.patterns, cells, classes, segments, between)

    def sampled(self, scores: _Scores) -> Regions:
        nothing = Polygons(np.empty((0, 1, 2)), np.empty(0, np.intp))
        segments, between = np.empty((0, 2, 2)), np.empty((0, 2), np.intp)
        if self.level is not None:
            segments, between = contours(scores, _GRID, _TOLERANCE)
        maps, patterns = np.empty((0, len(self.units.outputs), 3)), np.empty((0, 0), np.int8)
        return self._made("sampled", nothing, maps, patterns, nothing, np.empty(0, np.intp), segments, between)

    def _made(
        self,
        kind: Literal["exact", "sampled"],
        polygons: Polygons,
        maps: Floats,
        patterns: NDArray[np.int8],
        cells: Polygons,
        classes: NDArray[np.intp],
        segments: Floats,
        between: NDArray[np.intp],
    ) -> Regions:
        own, parts = (Polygons(self._back(some.corners), some.sides) for some in (polygons, cells))
        return Regions(
            kind, self.bounds, self.names, self.units.outputs, self._class_names(), maps, patterns, own.areas, classes,
            self._back(segments), between, None if self.last is None else self.last.kind, own, parts,
        )  # fmt: skip

    def _back(self, points: Floats) -> Floats:
        return points * self.half + self.centre

    def _class_names(self) -> tuple[str, ...]:
        if self.level is None:
            return ()
        count = max(2, len(self.units.outputs))
        fitted = self.model.preprocessing
        if fitted is not None and fitted.classes is not None and len(fitted.classes) == count:
            return tuple(fitted.classes)
        return tuple(str(i) for i in range(count))


def _plane(slice: Plane | None, units: Units) -> Plane:
    inputs = len(units.names)
    if slice is None:
        if inputs != 2:
            raise ShapeError(
                "the network's inputs are no plane", expected="2 inputs", got=inputs,
                fix="Name a slice: plane_of_features or plane_through",
            )  # fmt: skip
        return whole_plane(units.names)
    if slice.origin.shape != (inputs,):
        raise ShapeError("the slice does not fit the network", expected=f"{inputs} inputs", got=slice.origin.shape)
    return slice


def _checked(bounds: Sequence[float]) -> tuple[float, float, float, float]:
    try:
        left, right, bottom, top = (float(bound) for bound in bounds)
    except (TypeError, ValueError) as error:
        raise ConfigError("bad bounds", expected="left, right, bottom, top", got=repr(bounds)[:80]) from error
    if not (np.isfinite([left, right, bottom, top]).all() and left < right and bottom < top):
        raise ConfigError("bad bounds", expected="left < right, bottom < top", got=(left, right, bottom, top))
    return left, right, bottom, top


def _without_squashing(pieces: list[Piece]) -> tuple[list[Piece], Apply | None]:
    last = pieces[-1] if pieces else None
    if isinstance(last, Apply) and last.kind in _SQUASHING:
        return pieces[:-1], last
    return pieces, None


def _level(model: Module, body: list[Piece], last: Apply | None) -> float | None:
    """The number above which one output means the second class; None for a network that predicts numbers."""
    loss, fitted = model.objective, model.preprocessing
    if last is not None:
        return 0.0  # where σ is ½ and tanh is 0
    if loss is not None and loss.task == "regression":
        return loss.threshold if fitted is not None and fitted.task == "binary" else None
    final = body[-1] if body else None
    if isinstance(final, Apply) and isinstance(final.layer, Step):
        return (final.layer.low + final.layer.high) / 2
    if isinstance(final, Affine) or loss is None:
        return 0.0
    return float(loss.threshold)
