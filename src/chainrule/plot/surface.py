"""What a model answers all over the plane of its two inputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.plot import canvas

__all__ = ["decision_surface"]

_GRID = 241  # points along each axis
_LEVELS = 25  # odd, so that one half is white
_MOST_POINTS = 3000

Bounds = tuple[float, float, float, float]


def decision_surface(
    predict: Callable[[np.ndarray], Any],
    inputs: Any,
    targets: Any = None,
    classes: Sequence[str] | None = None,
    bounds: Bounds | None = None,
    feature_names: Sequence[str] | None = None,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    title: str | None = None,
) -> Any:
    """Colour the plane by predicted class, the stronger the surer, and draw the samples on it.

    The picture is SAMPLED: `predict` is asked at the points of a grid, and the boundary is drawn between them.

    Args:
        predict: called with float32 ``(M, 2)``; returns the probability of class 1 ``(M,)`` or ``(M, 1)``, class
            probabilities ``(M, C)``, or class indices ``(M,)``.  An object with a method ``predict_proba`` will do.
            For a network, write ``lambda z: chainrule.predict_proba(model, z)``.
        inputs: the samples, ``(N, 2)``; or a data set that has them, their targets and the names.
        targets: their class indices, ``(N,)``.
        classes: class names in order; their numbers by default.
        bounds: ``(left, right, bottom, top)`` of the plane; the samples with a margin by default.
        feature_names: names of the two inputs.
        path: file to write, if any.
        ax: axes to draw into.
        title: heading.

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: if `predict` cannot be called with an array, as a network.
        ShapeError: if the inputs are not two, or `predict` returns something else.
        ConfigError: for bounds that make no sense.
        MissingDependencyError: if matplotlib is not installed.
    """
    predict = _callable(predict)
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
    points, labels = np.asarray(inputs, float), np.asarray(targets).reshape(-1).astype(np.int64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels) or not len(points):
        raise ShapeError(
            "a decision surface needs two inputs and one class for each sample",
            expected="shapes (N, 2) and (N,)",
            got=f"{points.shape} and {labels.shape}",
        )
    left, right, bottom, top = _around(points) if bounds is None else _checked(bounds)
    x, y = np.linspace(left, right, _GRID), np.linspace(bottom, top, _GRID)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)
    shares = _probabilities(predict(grid), int(labels.max()) + 1, len(grid)).reshape(_GRID, _GRID, -1)
    names = [str(i) for i in range(shares.shape[2])] if classes is None else [str(name) for name in classes]
    with canvas.drawing():
        if ax is None:
            figure = canvas.new_figure(4.8, 4.4)
            ax = figure.add_subplot()
        if shares.shape[2] == 2:
            _two(ax, x, y, shares[:, :, 1])
        else:
            _many(ax, x, y, shares)
        _samples(ax, points, labels, names)
        _labelled(ax, feature_names, title, flat=_is_flat(shares))
        ax.set_xlim(left, right)
        ax.set_ylim(bottom, top)
        return canvas.save(ax.figure, path)


def _callable(predict: Any) -> Callable[[np.ndarray], Any]:
    if callable(method := getattr(predict, "predict_proba", None)):
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


def _probabilities(answer: Any, least: int, rows: int) -> np.ndarray:
    """Bring whatever `predict` returned to the form ``(M, C)``."""
    values = np.asarray(answer)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim not in (1, 2) or len(values) != rows or values.dtype.kind not in "fiub":
        raise ShapeError(
            "predict has to return numbers for every point", expected=f"({rows},) or ({rows}, C)", got=values.shape
        )
    if values.ndim == 2:
        return values.astype(float)
    if values.dtype.kind == "f":
        return np.stack([1 - values, values], axis=1).astype(float)
    indices = values.astype(np.int64)
    return np.eye(max(least, int(indices.max()) + 1, 2))[indices]


def _is_flat(shares: np.ndarray) -> bool:
    """Whether the answer is the same everywhere but for rounding, so that there is no boundary to draw."""
    return bool((np.ptp(shares, axis=(0, 1)) < 0.02).all())


def _two(ax: Any, x: np.ndarray, y: np.ndarray, p: np.ndarray) -> None:
    """Blue for class 0, through white at 0.5, to vermillion for class 1, with the boundary where p is 0.5."""
    from matplotlib.colors import LinearSegmentedColormap

    ends: list[Any] = [canvas.lighter(canvas.COLORS[0], 0.62), canvas.PAPER, canvas.lighter(canvas.COLORS[1], 0.62)]
    colors = LinearSegmentedColormap.from_list("classes", ends)
    shades = ax.contourf(x, y, p, levels=np.linspace(0, 1, _LEVELS + 1), cmap=colors, antialiased=False)
    bar = ax.figure.colorbar(shades, ax=ax, ticks=[0, 0.25, 0.5, 0.75, 1], shrink=0.85, pad=0.03)
    bar.set_label("probability of class 1", size=9)
    bar.outline.set_visible(False)
    if p.min() < 0.5 < p.max() and not _is_flat(p):
        ax.contour(x, y, p, levels=[0.5], colors=canvas.INK, linewidths=1.6)


def _many(ax: Any, x: np.ndarray, y: np.ndarray, shares: np.ndarray) -> None:
    """Each class in its colour, the paler the less sure, with a line wherever the class changes."""
    winner, sureness = shares.argmax(axis=2), shares.max(axis=2)
    least = 1 / shares.shape[2]
    pixels = np.empty((*winner.shape, 3))
    for index in range(shares.shape[2]):
        color = np.array(canvas.lighter(canvas.COLORS[index % len(canvas.COLORS)], 1.0))
        here = winner == index
        strength = 0.1 + 0.5 * np.clip((sureness[here] - least) / (1 - least), 0, 1)[:, None]
        pixels[here] = 1 - strength * (1 - color)
    ax.imshow(pixels, extent=(x[0], x[-1], y[0], y[-1]), origin="lower", aspect="auto", interpolation="bilinear")
    for index in np.unique(winner):
        rest = np.delete(shares, index, axis=2).max(axis=2)
        lead = shares[:, :, index] - rest
        if lead.min() < 0 < lead.max():
            ax.contour(x, y, lead, levels=[0], colors=canvas.INK, linewidths=1.2)


def _samples(ax: Any, points: np.ndarray, labels: np.ndarray, names: list[str]) -> None:
    few = len(points) <= 12
    shown = np.linspace(0, len(points) - 1, min(len(points), _MOST_POINTS)).astype(int)
    for index in np.unique(labels):
        chosen = shown[labels[shown] == index]
        ax.scatter(
            points[chosen, 0],
            points[chosen, 1],
            s=150 if few else 26,
            c=canvas.COLORS[index % len(canvas.COLORS)],
            marker=canvas.MARKERS[index % len(canvas.MARKERS)],
            edgecolors=canvas.PAPER,
            linewidths=1.8 if few else 0.7,
            label=names[index] if index < len(names) else str(index),
            zorder=3,
        )


def _labelled(ax: Any, feature_names: Sequence[str] | None, title: str | None, flat: bool) -> None:
    first, second = feature_names if feature_names is not None and len(feature_names) == 2 else ("x1", "x2")
    ax.set_xlabel(first)
    ax.set_ylabel(second)
    canvas.frame(ax)
    if title:
        ax.set_title(title, loc="left", pad=22)
    note = "sampled: the same answer everywhere" if flat else f"sampled on a {_GRID} × {_GRID} grid"
    place = {"xytext": (0, 7), "textcoords": "offset points", "xycoords": "axes fraction"}
    ax.annotate(note, (0, 1), size=9, **place)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4, handletextpad=0.1, columnspacing=1)
