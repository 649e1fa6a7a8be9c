"""Which plane of a model's inputs to look at, and the samples on it, from a command line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.cli.sources import open_data
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.algebra import input_size, output_size, pieces_of
from chainrule.explain.planes import Plane, plane_of_features
from chainrule.explain.units import Units, units_of
from chainrule.nn.module import Module
from chainrule.train.inputs import inputs_only, like_training

__all__ = ["ChosenPlane", "plane_for"]


@dataclass(frozen=True)
class ChosenPlane:
    """A plane, its bounds, and the samples to draw on it.

    Attributes:
        bounds: left, right, bottom, top.
        slice: for more than two inputs.
        points: ``(N, 2)``, or None.
        labels: class indices ``(N,)``, or None.
    """

    bounds: tuple[float, ...]
    slice: Plane | None
    points: np.ndarray | None
    labels: np.ndarray | None


def plane_for(model: Module, source: str | None, bounds: str | None, features: str | None) -> ChosenPlane:
    """Read the options.

    Args:
        model: the network.
        source: DATA, if it was given.
        bounds: as ``"0,1,0,1"``.
        features: as ``"mass,length"``.

    Raises:
        ConfigError: if an option makes no sense, or neither data nor scales say what the bounds are.
        ShapeError: if the network has more inputs than two, and no features are named.
        UnknownNameError: for a feature that is not there.
    """
    pieces = pieces_of(model)
    inputs = input_size(model, pieces)
    units = units_of(model, inputs, output_size(pieces, inputs))
    rows, labels = (None, None) if source is None else _samples(model, source, units)
    chosen, plane = [0, 1], None
    if features is not None:
        names = [name.strip() for name in features.split(",")]
        if len(names) != 2:
            raise ConfigError("a plane has two features", expected="as --features mass,length", got=features)
        plane = plane_of_features(units.names, names[0], names[1], units.center if rows is None else rows.mean(axis=0))
        chosen = [units.names.index(name) for name in names]
    elif inputs != 2:
        listed = ", ".join(units.names[:8])
        fix = f"Name two with --features: {listed}"
        raise ShapeError("the model's inputs are no plane", expected="2 inputs", got=inputs, fix=fix)
    points = None if rows is None else rows[:, chosen]
    limits = _bounds(units, chosen, points) if bounds is None else _numbers(bounds)
    # On a slice samples would be drawn where they do not lie.
    return ChosenPlane(limits, plane, points if plane is None else None, labels if plane is None else None)


def _samples(model: Module, source: str, units: Units) -> tuple[np.ndarray, np.ndarray | None]:
    opened = open_data(source)
    try:
        data = like_training(model, opened, "evaluation")
    except ConfigError:  # without targets
        data = inputs_only(model, opened)
    seen = np.asarray(data.batch(np.arange(len(data)))[0], np.float64).reshape(len(data), -1)
    whole = data.targets is not None and data.targets.dtype.kind in "iu"
    return units.to_user(seen), np.asarray(data.targets) if whole else None


def _bounds(units: Units, chosen: list[int], points: np.ndarray | None) -> tuple[float, ...]:
    if points is not None:
        low, high = points.min(axis=0), points.max(axis=0)
        margin = 0.15 * np.where(high > low, high - low, 1.0)
        low, high = low - margin, high + margin
    elif units.is_plain:
        fix = "Give DATA, or --bounds left,right,bottom,top"
        raise ConfigError("nothing says what part of the plane to show", fix=fix)
    else:  # inputs that were standardised lie mostly within three scales
        low, high = (units.center + sign * 3 * units.scale for sign in (-1, 1))
        low, high = low[chosen], high[chosen]
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def _numbers(bounds: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in bounds.split(","))
    except ValueError as error:
        raise ConfigError("bad bounds", expected="four numbers: left,right,bottom,top", got=bounds) from error
