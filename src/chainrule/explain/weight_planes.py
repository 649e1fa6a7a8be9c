"""Planes in the space of the weights: through two of them, along random directions, along principal components."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DataError, ShapeError, UnknownNameError
from chainrule.explain.loss_at import Floats
from chainrule.nn.module import Module

__all__ = ["WeightPlane", "principal_plane", "random_plane", "slice_plane"]

_NAME = re.compile(r"(.+)\[([\d,\s]+)\]")


@dataclass(frozen=True)
class WeightPlane:
    """Two directions in the space of the weights.

    Attributes:
        kind: "slice", "random" or "pca".
        names: of the directions.
        origin: all weights at (0, 0).
        axes: ``(2, weights)``.
        center: where the model is.
        explained: for "pca", the share of the variance along either direction; else None.
    """

    kind: str
    names: tuple[str, str]
    origin: Floats
    axes: Floats
    center: Floats
    explained: tuple[float, float] | None = None

    def at(self, a: float, b: float) -> Floats:
        """All weights at a point of the plane."""
        point: Floats = self.origin + a * self.axes[0] + b * self.axes[1]
        return point

    def project(self, states: Floats) -> Floats:
        """The nearest points of the plane, ``(N, 2)``."""
        if not len(states):
            return np.zeros((0, 2))
        found: Floats = np.linalg.lstsq(self.axes.T, (states - self.origin).T, rcond=None)[0].T.astype(np.float64)
        return found

    def distances(self, states: Floats, path: Floats) -> Floats:
        """How far states are from their projections."""
        found: Floats = np.linalg.norm(states - self.origin - path @ self.axes, axis=1)
        # What is left of a state that lies in the plane is rounding.
        return np.where(found > 1e-9 * (1 + np.linalg.norm(states, axis=1)), found, 0.0)


def slice_plane(model: Module, here: Floats, weights: Any) -> WeightPlane:
    """The plane along two named weights, all others as they are.

    Raises:
        UnknownNameError, ShapeError, ConfigError: if these are not two different weights.
    """
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
    return WeightPlane("slice", (str(weights[0]), str(weights[1])), origin, axes, here[places])


def random_plane(model: Module, here: Floats, seed: int) -> WeightPlane:
    """Two filter-normalised random directions from the model."""
    random = np.random.default_rng(seed)
    axes = np.array([_filter_normalised(model, random) for _ in range(2)])
    return WeightPlane("random", ("direction 1", "direction 2"), here, axes, np.zeros(2))


def principal_plane(here: Floats, states: Floats) -> WeightPlane:
    """The first two principal components of states about the model.

    Raises:
        ConfigError: if there are less than 3 states.
        DataError: if they are all the same.
    """
    if len(states) < 3:
        raise ConfigError("principal components need a trajectory", expected="3 states or more", got=len(states))
    _, sizes, axes = np.linalg.svd(states - here, full_matrices=False)
    total = float((sizes**2).sum())
    if total == 0 or len(axes) < 2:
        raise DataError("the trajectory does not move", fix="Take snapshots during training, not after it")
    shares = (float(sizes[0] ** 2 / total), float(sizes[1] ** 2 / total))
    return WeightPlane("pca", ("component 1", "component 2"), here, axes[:2], np.zeros(2), shares)


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
