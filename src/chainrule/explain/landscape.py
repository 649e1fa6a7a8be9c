"""The loss over a plane in the space of the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.explain.loss_at import Floats, LossAt, flat
from chainrule.explain.record import Record
from chainrule.explain.weight_planes import WeightPlane, principal_plane, random_plane, slice_plane
from chainrule.nn.module import Module

__all__ = ["Landscape", "landscape", "survey"]

_MARGIN = 0.25


@dataclass(frozen=True)
class Landscape(Record):
    """The loss on a grid.

    Attributes:
        kind: "slice" over two weights, "random" or "pca".
        names: of the axes.
        x, y: the grid's coordinates: values of the two weights, or multiples of the two directions.
        loss: ``(len(y), len(x))``.
        center: where the model is, in these coordinates.
        center_loss: its loss.
        path: ``(steps, 2)``, where the trajectory's states are; for planes that they leave, their projections.
        distances: ``(steps,)``, how far these states are off the plane; 0 where `loss` is the loss that they had.
        explained: for "pca", the share of the trajectory's variance along either direction; else None.
    """

    kind: str
    names: tuple[str, str]
    x: Floats
    y: Floats
    loss: Floats
    center: tuple[float, float]
    center_loss: float
    path: Floats
    explained: tuple[float, float] | None = None
    distances: Floats = field(default_factory=lambda: np.zeros(0))


def landscape(
    model: Module,
    data: Any,
    weights: tuple[str, str] | None = None,
    *,
    directions: str = "random",
    trajectory: Sequence[Mapping[str, Any]] = (),
    span: float | None = None,
    points: int = 31,
    loss: Any = None,
    seed: int = 0,
) -> Landscape:
    """Compute the loss over a plane through the model's weights.

    With `weights` it is the exact slice along two of them, all others fixed.  Otherwise it is the plane of two
    directions: "random" ones, in which each unit's weights have the length of the model's own and biases do not move
    (filter normalisation; Li et al., "Visualizing the Loss Landscape of Neural Nets", 2018); or "pca", the first two
    principal components of the trajectory about the model.

    Args:
        model: any network; it is left as it was, and is evaluated without dropout.
        data: as for `diagnose`; at most 1024 rows, evenly spread.
        weights: names such as ``("0.weight[1,0]", "2.bias[0]")``.
        directions: "random" or "pca".
        trajectory: the model's states during training, each a mapping from paths to arrays as `state_dict` gives.
        span: how far to go from the model on either side; default: 1 for random directions, else so that the
            trajectory is seen, and at least 2 for a slice.
        points: grid points along either axis.
        loss: name or `Loss`; default: the one that the model was trained with, else the usual one for the data.
        seed: of the random directions.

    Returns:
        a `Landscape`.

    Raises:
        UnknownNameError: if there is no such weight.
        ConfigError, DataError, ShapeError, DTypeError: for arguments that make no sense.
    """
    if not isinstance(model, Module):
        raise DTypeError("landscape takes a model", expected="a Module", got=type(model).__name__)
    if points < 2 or (span is not None and not 0 < span < math.inf):
        raise ConfigError("bad grid", expected="2 points or more, span above 0", got=f"{points} points, span {span}")
    here = flat(model, dict(model.named_parameters()))
    states = np.array([flat(model, state) for state in trajectory]).reshape(len(trajectory), len(here))
    plane = slice_plane(model, here, weights) if weights is not None else _plane(model, here, directions, states, seed)
    path = plane.project(states)
    x, y = (_axis(plane, path, i, span, points) for i in (0, 1))
    return survey(plane, LossAt(model, data, loss), x, y, states)


def survey(plane: WeightPlane, loss_at: LossAt, x: Floats, y: Floats, states: Floats) -> Landscape:
    """Compute the loss on a grid of a plane.

    Args:
        plane: through the weights.
        loss_at: the loss.
        x, y: coordinates of the grid.
        states: ``(steps, weights)``, the trajectory.
    """
    grid = np.array([[loss_at(plane.at(a, b)) for a in x] for b in y])
    a, b = plane.center.tolist()
    path = plane.project(states)
    return Landscape(
        plane.kind, plane.names, x, y, grid, (a, b), loss_at(plane.at(a, b)), path, plane.explained,
        plane.distances(states, path),
    )  # fmt: skip


def _plane(model: Module, here: Floats, kind: str, states: Floats, seed: int) -> WeightPlane:
    if kind == "random":
        return random_plane(model, here, seed)
    if kind != "pca":
        raise UnknownNameError("directions", kind, ("random", "pca"))
    return principal_plane(here, states)


def _axis(plane: WeightPlane, path: Floats, i: int, span: float | None, points: int) -> Floats:
    center = float(plane.center[i])
    reach = float(np.abs(path[:, i] - center).max()) if len(path) else 0.0
    if span is None and plane.kind == "random":
        span = 1.0
    elif span is None:
        least = max(2.0, 1.5 * abs(center)) if plane.kind == "slice" else 1e-6
        span = max(least, (1 + _MARGIN) * reach)
    return np.linspace(center - span, center + span, points)
