"""`hidden_space`: the data and a bent grid as each layer moves them, and first-layer weights as images."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.data.finite import check_finite
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.algebra import Affine, Floats, input_size, pieces_of
from chainrule.explain.numbers import as_numbers
from chainrule.explain.planes import Plane
from chainrule.explain.record import Record
from chainrule.nn.module import Module

__all__ = ["HiddenSpace", "Stage", "hidden_space", "weight_images"]


@dataclass(frozen=True)
class Stage(Record):
    """Where everything is after one move.

    Attributes:
        path: the layer's name; "" for the input.
        move: ``"input"``, ``"linear"`` (W·x), ``"shift"`` (+ b), or the type of the activation.
        points: the samples, ``(N, d)``.
        lines: the grid, ``(lines, steps, d)``; empty without one.
    """

    path: str
    move: str
    points: Floats
    lines: Floats


@dataclass(frozen=True)
class HiddenSpace(Record):
    """The stages in order.

    Attributes:
        stages: the first one is the input.
    """

    stages: tuple[Stage, ...]

    def after(self, path: str) -> Stage:
        """The last stage of a layer.

        Raises:
            ConfigError: if there is no such layer, or it moves nothing.
        """
        found = [stage for stage in self.stages if stage.path == path]
        if not found:
            known = ", ".join(dict.fromkeys(stage.path for stage in self.stages if stage.path))
            raise ConfigError(f"no layer {path!r} moves anything", fix=f"Known: {known}")
        return found[-1]


def hidden_space(
    model: Module,
    data: Any,
    bounds: Sequence[float] | None = None,
    slice: Plane | None = None,
    *,
    lines: int = 21,
    steps: int = 101,
) -> HiddenSpace:
    """Follow samples and a grid through a network in evaluation mode: linear map, shift and activation one by one.

    Args:
        model: made of the library's layers.
        data: a `Dataset`, an array ``(N, …)`` or a pair ``(X, y)``, as the model sees them.
        bounds: left, right, bottom, top of the grid; default: the samples' range with a tenth on each side, for
            two inputs; without a plane for the grid there is none.
        slice: the plane of the grid, for more than two inputs, in what the model sees.
        lines: how many lines of the grid in each direction.
        steps: points along each line.

    Raises:
        DTypeError, DataError: for data that are no numbers, or not finite.
        ShapeError: if data or plane do not fit the network.
        ConfigError: for bounds or counts that make no sense, and layers that have no formula.
    """
    pieces = pieces_of(model)
    inputs = input_size(model, pieces)
    points = _rows(data, inputs)
    grid = _grid(points, bounds, slice, inputs, lines, steps)
    stages = [Stage("", "input", points, grid)]
    for piece in pieces:
        before = stages[-1]
        if isinstance(piece, Affine):
            # A shift of nothing is no move.
            plain = Affine(piece.path, piece.kind, piece.weight, np.zeros_like(piece.bias))
            stages.append(Stage(piece.path, "linear", plain(before.points), _along(plain, before.lines)))
            if piece.bias.any():
                last, shift = stages[-1], Affine(piece.path, piece.kind, np.ones_like(piece.bias), piece.bias)
                stages.append(Stage(piece.path, "shift", shift(last.points), _along(shift, last.lines)))
        else:
            stages.append(Stage(piece.path, piece.kind, piece(before.points), _along(piece, before.lines)))
    return HiddenSpace(tuple(stages))


def weight_images(model: Module, shape: Sequence[int] | None = None) -> Floats:
    """The first layer's weights as one image per neuron.

    Args:
        model: whose first layer with weights is a `Linear`.
        shape: of an image; default: the training data's, else a square.

    Returns:
        ``(neurons, height, width)``, or with more axes, as `shape` says.

    Raises:
        ConfigError: if there is no such layer.
        ShapeError: if the weights do not make an image.
    """
    first = next((piece for piece in pieces_of(model) if isinstance(piece, Affine)), None)
    if first is None or first.kind != "Linear":
        raise ConfigError("the network does not begin with a Linear layer")
    count = first.weight.shape[1]
    side = math.isqrt(count)
    if shape is None and model.preprocessing is not None and len(model.preprocessing.shape) > 1:
        shape = model.preprocessing.shape
    try:
        sizes = (side, side) if shape is None else tuple(operator.index(size) for size in shape)
    except TypeError:
        raise ShapeError("not the shape of an image", expected="as (height, width)", got=repr(shape)[:60]) from None
    if math.prod(sizes) != count:
        raise ShapeError("the weights make no image", expected=f"{math.prod(sizes)} for {sizes}", got=count)
    return first.weight.reshape(-1, *sizes).copy()


def _along(piece: Any, lines: Floats) -> Floats:
    if not lines.size:
        return lines
    moved = piece(lines.reshape(-1, lines.shape[-1]))
    return np.asarray(moved.reshape(*lines.shape[:-1], -1))


def _rows(data: Any, inputs: int) -> Floats:
    if isinstance(data, Dataset):
        source = data.batch(np.arange(len(data)))[0]
    else:
        source = data[0] if isinstance(data, tuple) and len(data) == 2 else data
    points = as_numbers(source, "the data")
    if points.ndim < 2 or not len(points) or points[0].size != inputs:
        raise ShapeError("the data do not fit the network", expected=f"(N, {inputs})", got=points.shape)
    check_finite(points, "the data")
    return points.reshape(len(points), inputs).astype(np.float64)


def _grid(
    points: Floats, bounds: Sequence[float] | None, plane: Plane | None, inputs: int, lines: int, steps: int
) -> Floats:
    if lines < 2 or steps < 2:
        raise ConfigError("a grid has at least 2 lines of 2 points", got=f"lines={lines}, steps={steps}")
    if plane is None and inputs != 2:
        return np.empty((0, steps, inputs))
    if plane is not None and plane.origin.shape != (inputs,):
        raise ShapeError("the slice does not fit the network", expected=f"{inputs} inputs", got=plane.origin.shape)
    if bounds is None:
        if plane is not None:
            raise ConfigError("the grid on a slice needs bounds", expected="left, right, bottom, top")
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.1 * np.where(high > low, high - low, 1.0)
        (left, bottom), (right, top) = low - margin, high + margin
    else:
        left, right, bottom, top = (float(bound) for bound in bounds)
    across, up = np.linspace(left, right, lines), np.linspace(bottom, top, lines)
    far, high_up = np.linspace(left, right, steps), np.linspace(bottom, top, steps)
    upright = np.stack(np.meshgrid(across, high_up, indexing="ij"), axis=-1)
    level = np.stack(np.meshgrid(far, up, indexing="ij"), axis=-1).swapaxes(0, 1)
    grid = np.concatenate([upright, level])
    return grid if plane is None else plane.embed(grid)
