"""Which plane of a network's inputs to look at, in the user's units, and the samples on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.data import Dataset
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.algebra import input_size, output_size, pieces_of
from chainrule.explain.planes import Plane, plane_of_features
from chainrule.explain.units import Units, units_of
from chainrule.nn.module import Module

__all__ = ["View", "view_of"]

_MARGIN = 0.15


@dataclass(frozen=True)
class View:
    """A plane, its bounds, and the samples to draw on it.

    Attributes:
        bounds: left, right, bottom, top.
        units: of the network's inputs.
        slice: for more than two inputs.
        points: ``(N, 2)``, or None.
        labels: class indices ``(N,)``, or None.
    """

    bounds: tuple[float, ...]
    units: Units
    slice: Plane | None
    points: np.ndarray | None
    labels: np.ndarray | None


def view_of(
    model: Module,
    data: Dataset | None = None,
    bounds: Sequence[float] | None = None,
    features: Sequence[str] | None = None,
) -> View:
    """Choose the plane.

    Args:
        model: made of the library's layers.
        data: its samples are drawn; on a slice they would lie elsewhere, and only say what is usual.
        bounds: left, right, bottom, top; default: the samples' range, else that of the data that it was trained on.
        features: two of more than two inputs; the rest stay at the samples' mean, else at that of the training data.

    Raises:
        ConfigError: if an argument makes no sense, or nothing says what the bounds are.
        ShapeError: if the network has more inputs than two, and no features are named.
        UnknownNameError: for a feature that is not there.
    """
    pieces = pieces_of(model)
    inputs = input_size(model, pieces)
    units = units_of(model, inputs, output_size(pieces, inputs))
    rows, labels = (None, None) if data is None else _samples(data, units)
    chosen, plane = [0, 1], None
    if features is not None:
        if isinstance(features, str) or len(features) != 2:
            raise ConfigError("a plane has two features", got=features)
        center = units.center if rows is None else rows.mean(axis=0)
        plane = plane_of_features(units.names, features[0], features[1], center)
        chosen = [units.names.index(name) for name in plane.names]
    elif inputs != 2:
        raise ShapeError(
            "the model's inputs are no plane", expected="2 inputs", got=inputs,
            fix=f"Name two as features=… (on the command line: --features): {', '.join(units.names[:8])}",
        )  # fmt: skip
    points = None if rows is None else rows[:, chosen]
    limits = _bounds(units, chosen, points) if bounds is None else tuple(bounds)
    if plane is not None:
        return View(limits, units, plane, None, None)
    return View(limits, units, None, points, labels)


def _samples(data: Dataset, units: Units) -> tuple[np.ndarray, np.ndarray | None]:
    seen = np.asarray(data.batch(np.arange(len(data)))[0], np.float64).reshape(len(data), -1)
    if seen.shape[1] != len(units.names):
        raise ShapeError("the data do not fit the network", expected=f"{len(units.names)} inputs", got=seen.shape[1])
    whole = data.targets is not None and data.targets.dtype.kind in "iu"
    return units.to_user(seen), np.asarray(data.targets) if whole else None


def _bounds(units: Units, chosen: list[int], points: np.ndarray | None) -> tuple[float, ...]:
    if points is not None:
        low, high = points.min(axis=0), points.max(axis=0)
        margin = _MARGIN * np.where(high > low, high - low, 1.0)
        low, high = low - margin, high + margin
    elif units.is_plain:
        raise ConfigError("nothing says what part of the plane to show", fix="Bring data, or bounds")
    else:  # inputs that were standardised lie mostly within three scales
        low, high = (units.center + sign * 3 * units.scale for sign in (-1, 1))
        low, high = low[chosen], high[chosen]
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])
