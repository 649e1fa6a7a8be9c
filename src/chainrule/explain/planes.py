"""A plane through a network's inputs: two features, or the plane through three samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, ShapeError, UnknownNameError
from chainrule.explain.algebra import Floats
from chainrule.explain.record import Record

__all__ = ["Plane", "plane_of_features", "plane_through", "whole_plane"]


@dataclass(frozen=True)
class Plane(Record):
    """x = origin + u·first + v·second.

    Attributes:
        origin, first, second: ``(n,)``, in the units that the plane was made in.
        names: of the coordinates u and v.
        marks: coordinates of the samples that made it, ``(k, 2)``.
        seen_by_model: whether it is in what the model sees, instead of the user's units.
    """

    origin: Floats
    first: Floats
    second: Floats
    names: tuple[str, str]
    marks: Floats
    seen_by_model: bool = False

    def embed(self, points: Any) -> Floats:
        """Inputs ``(…, n)`` at coordinates ``(…, 2)``."""
        uv = np.asarray(points, np.float64)
        return np.asarray(self.origin + uv @ np.stack([self.first, self.second]))


def whole_plane(names: Sequence[str]) -> Plane:
    """The plane of a network's only two inputs."""
    return Plane(np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 1.0]), (names[0], names[1]), np.empty((0, 2)))


def plane_through(a: Any, b: Any, c: Any) -> Plane:
    """The plane through three samples, in lengths: a at (0, 0), b at (|b − a|, 0), c above.

    Args:
        a, b, c: inputs of any shape, as the model sees them; flattened.

    Raises:
        ShapeError: if they differ in shape.
        ConfigError: if they lie on one line.
    """
    points = [np.asarray(one, np.float64).reshape(-1) for one in (a, b, c)]
    if len({point.shape for point in points}) > 1 or points[0].size < 2:
        raise ShapeError("a plane goes through three samples of one shape", got=[point.shape for point in points])
    along, other = points[1] - points[0], points[2] - points[0]
    length = float(np.linalg.norm(along))
    first = along / (length or 1.0)
    rest = other - (other @ first) * first
    height = float(np.linalg.norm(rest))
    if not length > 0 or not height > 1e-12 * float(np.linalg.norm(other)):
        raise ConfigError("the three samples lie on one line", fix="Choose another")
    marks = np.array([[0.0, 0.0], [length, 0.0], [float(other @ first), height]])
    return Plane(points[0], first, rest / height, ("u", "v"), marks, seen_by_model=True)


def plane_of_features(
    names: Sequence[str],
    first: str | int,
    second: str | int,
    fixed: Any = None,
    values: Mapping[str, float] | None = None,
) -> Plane:
    """Two features that vary while the rest stay fixed.

    Args:
        names: of all inputs.
        first, second: name or position of the two.
        fixed: a sample ``(n,)`` whose values the others keep; default 0.
        values: some of them by name, instead.

    Raises:
        UnknownNameError: for a feature that is not there.
        ConfigError: if the two are the same.
        ShapeError: if the sample does not fit.
    """
    origin = np.zeros(len(names)) if fixed is None else np.array(fixed, np.float64).reshape(-1)
    if origin.shape != (len(names),):
        raise ShapeError("the fixed sample does not fit", expected=f"{len(names)} numbers", got=origin.shape)
    for name, value in (values or {}).items():
        origin[_position(names, name)] = float(value)
    i, j = _position(names, first), _position(names, second)
    if i == j:
        raise ConfigError("the two features of a plane are the same", got=names[i])
    origin[[i, j]] = 0
    one, two = np.zeros(len(names)), np.zeros(len(names))
    one[i], two[j] = 1.0, 1.0
    return Plane(origin, one, two, (str(names[i]), str(names[j])), np.empty((0, 2)))


def _position(names: Sequence[str], feature: str | int) -> int:
    if isinstance(feature, int) and not isinstance(feature, bool) and -len(names) <= feature < len(names):
        return feature % len(names)
    if feature not in names:
        raise UnknownNameError("feature", feature, names)
    return list(names).index(str(feature))
