"""What a model answers all over the plane of its two inputs, and the samples on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.plot import canvas

__all__ = ["Bounds", "Plane", "asked", "class_colors", "lead", "shown"]

_MOST_POINTS = 3000

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Plane:
    """Answers at the points of a grid, and the samples.

    Attributes:
        x: places of the columns, ``(G,)``.
        y: places of the rows, ``(G,)``.
        answers: probabilities of the classes, ``(G, G, C)``, or a predicted quantity, ``(G, G)``.
        points: samples, ``(N, 2)``.
        targets: their class indices ``(N,)``, or what was measured.
        classes: names of the classes.
        axes: names of the two inputs.
    """

    x: np.ndarray
    y: np.ndarray
    answers: np.ndarray
    points: np.ndarray
    targets: np.ndarray
    classes: list[str]
    axes: tuple[str, str]

    @property
    def quantity(self) -> bool:
        """Whether a quantity is predicted, and no class."""
        return self.answers.ndim == 2

    @property
    def flat(self) -> bool:
        """Whether the answer is the same everywhere but for rounding, so that there is nothing to see."""
        least = 0.0 if self.quantity else 0.02
        return bool((np.ptp(self.answers, axis=(0, 1)) <= least).all())

    def name(self, index: int) -> str:
        """Return the name of a class, or its number if it has none."""
        return self.classes[index] if 0 <= index < len(self.classes) else str(index)


def asked(
    predict: Any,
    inputs: Any,
    targets: Any,
    classes: Sequence[str] | None,
    bounds: Bounds | None,
    feature_names: Sequence[str] | None,
    points: int,
) -> Plane:
    """Ask a model at the points of a grid.

    Args:
        predict: a function of float32 ``(M, 2)``, or an object with `predict_proba` or `predict`.
        inputs: samples ``(N, 2)``, or a data set.
        targets: their class indices or values, ``(N,)``; default: the data set's.
        classes: class names in order.
        bounds: ``(left, right, bottom, top)``; default: the samples with a margin.
        feature_names: names of the two inputs.
        points: of the grid along each axis.

    Raises:
        DTypeError: if `predict` cannot be called with an array, as a network; or there are no targets.
        ShapeError: if the inputs are not two, or `predict` returns something else.
        ConfigError: for bounds that make no sense, or answers that are not finite.
    """
    function = _callable(predict)
    if targets is None:
        if getattr(inputs, "targets", None) is None or not hasattr(inputs, "inputs"):
            raise DTypeError(
                "a decision surface needs targets",
                expected="inputs and targets, or a Dataset",
                got=type(inputs).__name__,
            )
        classes = inputs.classes if classes is None else classes
        feature_names = inputs.feature_names if feature_names is None else feature_names
        inputs, targets = inputs.inputs, inputs.targets
    samples, wanted = np.asarray(inputs, float), np.asarray(targets).reshape(-1)
    if samples.ndim != 2 or samples.shape[1] != 2 or len(samples) != len(wanted) or not len(samples):
        raise ShapeError(
            "a decision surface needs two inputs and one class for each sample",
            expected="shapes (N, 2) and (N,)",
            got=f"{samples.shape} and {wanted.shape}",
        )
    left, right, bottom, top = _around(samples) if bounds is None else _checked(bounds)
    x, y = np.linspace(left, right, points), np.linspace(bottom, top, points)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)
    answers = _answers(function(grid), wanted, len(grid))
    names = [str(i) for i in range(answers.shape[-1])] if classes is None else [str(name) for name in classes]
    first, second = feature_names if feature_names is not None and len(feature_names) == 2 else ("x1", "x2")
    if answers.ndim == 1:
        return Plane(x, y, answers.reshape(points, points), samples, wanted.astype(float), [], (first, second))
    shares = answers.reshape(points, points, -1)
    return Plane(x, y, shares, samples, wanted.astype(np.int64), names, (first, second))


def lead(shares: np.ndarray, index: int) -> np.ndarray:
    """Return by how much a class is ahead of the best of the others; the boundary is where this is 0."""
    ahead: np.ndarray = shares[..., index] - np.delete(shares, index, axis=-1).max(axis=-1)
    return ahead


def shown(plane: Plane) -> np.ndarray:
    """Return the numbers of the samples to draw: all, or some thousands spread over them."""
    return np.linspace(0, len(plane.points) - 1, min(len(plane.points), _MOST_POINTS)).astype(int)


def class_colors() -> Any:
    """Return a colour map from blue for class 0, through the paper at one half, to vermillion for class 1."""
    from matplotlib.colors import LinearSegmentedColormap

    sides = [canvas.lighter(color, canvas.WASH) for color in canvas.COLORS[:2]]
    ends: list[Any] = [sides[0], canvas.PAPER, sides[1]]
    return LinearSegmentedColormap.from_list("classes", ends)


def _callable(predict: Any) -> Callable[[np.ndarray], Any]:
    for name in ("predict_proba", "predict"):
        if callable(method := getattr(predict, name, None)):
            found: Callable[[np.ndarray], Any] = method
            return found
    if not callable(predict) or canvas.is_network(predict):
        raise DTypeError(
            "a decision surface asks a function of points",
            got=type(predict).__name__,
            fix="Pass lambda z: cr.predict_proba(model, z)",
        )
    checked: Callable[[np.ndarray], Any] = predict
    return checked


def _around(points: np.ndarray) -> Bounds:
    low, high = points.min(axis=0), points.max(axis=0)
    margin = np.where(high > low, 0.25 * (high - low), 1.0)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return left, right, bottom, top


def _checked(bounds: Bounds) -> Bounds:
    numbers = np.asarray(bounds, float).reshape(-1)
    if numbers.shape != (4,) or not np.isfinite(numbers).all() or numbers[0] >= numbers[1] or numbers[2] >= numbers[3]:
        raise ConfigError("bad bounds", expected="(left, right, bottom, top) with left < right", got=bounds)
    left, right, bottom, top = numbers.tolist()
    return left, right, bottom, top


def _answers(answer: Any, targets: np.ndarray, rows: int) -> np.ndarray:
    """Bring whatever `predict` returned to the form ``(M, C)``, or ``(M,)`` for a quantity."""
    values = np.asarray(answer)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2) or len(values) != rows or values.dtype.kind not in "fiub":
        raise ShapeError(
            "predict has to return numbers for every point", expected=f"({rows},) or ({rows}, C)", got=values.shape
        )
    if not np.isfinite(values).all():
        raise ConfigError("predict has to return finite numbers", got="NaN or infinity")
    if values.ndim == 2:
        return values.astype(float)
    if _measured(values, targets):
        return values.astype(float)
    if values.dtype.kind == "f":
        return np.stack([1 - values, values], axis=1).astype(float)
    indices = values.astype(np.int64)
    return np.eye(max(int(targets.max()) + 1, int(indices.max()) + 1, 2))[indices]


def _measured(values: np.ndarray, targets: np.ndarray) -> bool:
    """Whether a single answer is a quantity: the targets are no whole numbers, or it is no probability."""
    if targets.dtype.kind == "f" and (targets != np.round(targets)).any():
        return True
    return values.dtype.kind == "f" and bool(values.min() < 0 or values.max() > 1)
