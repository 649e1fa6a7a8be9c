"""The loss over a plane in the space of the weights."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import losses
from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError, UnknownNameError
from chainrule.explain.given import given_data, some_rows
from chainrule.explain.record import Record
from chainrule.explain.supervised import supervised
from chainrule.nn.module import Module

__all__ = ["Landscape", "landscape"]

_MOST_ROWS = 1024
_MARGIN = 0.25
_NAME = re.compile(r"(.+)\[([\d,\s]+)\]")

Floats = NDArray[np.float64]


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


@dataclass(frozen=True)
class _Plane:
    kind: str
    names: tuple[str, str]
    origin: Floats  # all weights at (0, 0)
    axes: Floats  # (2, weights)
    center: Floats
    explained: tuple[float, float] | None = None

    def project(self, states: Floats) -> Floats:
        if not len(states):
            return np.zeros((0, 2))
        found: Floats = np.linalg.lstsq(self.axes.T, (states - self.origin).T, rcond=None)[0].T.astype(np.float64)
        return found


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
    here = _flat(model, dict(model.named_parameters()))
    states = np.array([_flat(model, state) for state in trajectory]).reshape(len(trajectory), len(here))
    plane = _slice(model, here, weights) if weights is not None else _directions(model, here, directions, states, seed)
    path = plane.project(states)
    x, y = (_axis(plane, path, i, span, points) for i in (0, 1))
    measure = _Measure(copy.deepcopy(model), data, loss)
    grid = np.array([[measure(plane.origin + a * plane.axes[0] + b * plane.axes[1]) for a in x] for b in y])
    center = (float(plane.center[0]), float(plane.center[1]))
    return Landscape(plane.kind, plane.names, x, y, grid, center, measure(here), path, plane.explained)


class _Measure:
    """The loss as a function of all weights."""

    def __init__(self, model: Module, data: Any, loss: Any) -> None:
        wanted = model.objective if loss is None else losses.get(loss)
        rows = supervised(model, some_rows(given_data(model, data, wanted), _MOST_ROWS), wanted)
        self.model, self.loss = model.eval(), rows.loss
        self.inputs, self.targets = Tensor.of(rows.inputs), Tensor.of(rows.targets)

    def __call__(self, weights: Floats) -> float:
        with no_grad(), quiet():
            start = 0
            for parameter in self.model.parameters():
                stop = start + parameter._data.size
                parameter._assign(weights[start:stop].reshape(parameter.shape).astype(parameter.dtype))
                start = stop
            return float(self.loss.forward(self.model(self.inputs), self.targets)._data)


def _flat(model: Module, state: Mapping[str, Any]) -> Floats:
    parts = []
    for path, parameter in model.named_parameters():
        if path not in state:
            raise UnknownNameError("parameter of a state", path, list(state))
        values = np.asarray(getattr(state[path], "_data", state[path]), np.float64)
        if values.shape != tuple(parameter.shape):
            raise ShapeError(f"a state's {path!r} does not fit", expected=tuple(parameter.shape), got=values.shape)
        parts.append(values.reshape(-1))
    if not parts:
        raise ConfigError("the model has no weights")
    return np.concatenate(parts)


def _slice(model: Module, here: Floats, weights: Any) -> _Plane:
    if not isinstance(weights, tuple | list) or len(weights) != 2:
        raise ConfigError(
            "a slice is over two weights", expected='e.g. ("0.weight[0,0]", "0.weight[0,1]")', got=weights
        )
    places = [_place(model, str(name)) for name in weights]
    if places[0] == places[1]:
        raise ConfigError("a slice is over two different weights", got=weights[0])
    axes = np.zeros((2, len(here)))
    axes[[0, 1], places] = 1
    origin = here.copy()
    origin[places] = 0
    return _Plane("slice", (str(weights[0]), str(weights[1])), origin, axes, here[places])


def _place(model: Module, name: str) -> int:
    start, found = 0, _NAME.fullmatch(name.strip())
    for path, parameter in model.named_parameters():
        if found is not None and path == found[1]:
            index = tuple(int(part) for part in found[2].split(",") if part.strip())
            shape = tuple(parameter.shape)
            if len(index) != len(shape) or any(i >= size for i, size in zip(index, shape, strict=True)):
                raise ShapeError(f"{path!r} has no element [{found[2]}]", expected=f"an index into shape {shape}")
            return start + int(np.ravel_multi_index(index, shape))
        start += parameter._data.size
    raise UnknownNameError("weight", name, [f"{path}[…]" for path, _ in model.named_parameters()])


def _directions(model: Module, here: Floats, kind: str, states: Floats, seed: int) -> _Plane:
    if kind == "random":
        random = np.random.default_rng(seed)
        axes = np.array([_filter_normalised(model, random) for _ in range(2)])
        return _Plane(kind, ("direction 1", "direction 2"), here, axes, np.zeros(2))
    if kind != "pca":
        raise UnknownNameError("directions", kind, ("random", "pca"))
    if len(states) < 3:
        raise ConfigError("principal components need a trajectory", expected="3 states or more", got=len(states))
    _, sizes, axes = np.linalg.svd(states - here, full_matrices=False)
    total = float((sizes**2).sum())
    if total == 0 or len(axes) < 2:
        raise DataError("the trajectory does not move", fix="Take snapshots during training, not after it")
    shares = (float(sizes[0] ** 2 / total), float(sizes[1] ** 2 / total))
    return _Plane(kind, ("component 1", "component 2"), here, axes[:2], np.zeros(2), shares)


def _filter_normalised(model: Module, random: np.random.Generator) -> Floats:
    """A random direction whose rows have the lengths of the weights' rows; 0 for biases."""
    parts = []
    for parameter in model.parameters():
        values = parameter._data.astype(np.float64)
        drawn = random.standard_normal(values.shape)
        if values.ndim < 2:
            drawn[...] = 0
        else:
            rows = tuple(range(1, values.ndim))
            own, length = (np.sqrt((v * v).sum(axis=rows, keepdims=True)) for v in (values, drawn))
            drawn *= own / length
        parts.append(drawn.reshape(-1))
    return np.concatenate(parts)


def _axis(plane: _Plane, path: Floats, i: int, span: float | None, points: int) -> Floats:
    center = float(plane.center[i])
    reach = float(np.abs(path[:, i] - center).max()) if len(path) else 0.0
    if span is None and plane.kind == "random":
        span = 1.0
    elif span is None:
        least = max(2.0, 1.5 * abs(center)) if plane.kind == "slice" else 1e-6
        span = max(least, (1 + _MARGIN) * reach)
    return np.linspace(center - span, center + span, points)
