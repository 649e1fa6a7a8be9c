"""`neuron`: the inverse questions for one neuron: where it is undecided, and on which side a point lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.algebra import Floats
from chainrule.explain.record import Record
from chainrule.explain.wording import line_equation, number, vector
from chainrule.messages import text

__all__ = ["Neuron", "neuron"]

_MOST = 8  # axes that are spoken of


@dataclass(frozen=True)
class Neuron(Record):
    """σ(z) with z = w·x + w₀, and the line, plane or hyperplane z = 0 on which it is undecided.

    Attributes:
        weights: w ``(n,)``.
        bias: w₀.
        normal: w/|w|, which points to where z grows.
        distance: of z = 0 from the origin, signed: positive if the origin lies where z < 0.
        intercepts: where z = 0 meets each axis; None where it does not.
        nearest: the point of z = 0 nearest to the origin.
        slope: of the line x₂ = slope·x₁ + offset, for two inputs; None if it is vertical.
        offset: see `slope`.
    """

    weights: Floats
    bias: float
    normal: Floats
    distance: float
    intercepts: tuple[float | None, ...]
    nearest: Floats
    slope: float | None
    offset: float | None

    def z(self, x: Any) -> Floats:
        """w·x + w₀ for points ``(…, n)``."""
        points = np.asarray(x, np.float64)
        if points.shape[-1:] != self.weights.shape:
            raise ShapeError("points do not fit the neuron", expected=f"(…, {len(self.weights)})", got=points.shape)
        return np.asarray(points @ self.weights + self.bias)

    def output(self, x: Any) -> Floats:
        """σ(z), without overflow."""
        z = self.z(x)
        small = np.exp(-np.abs(z))
        return np.asarray(np.where(z >= 0, 1, small) / (1 + small))

    def inverse(self, value: float) -> float:
        """The z at which σ(z) is `value`: ln(p/(1 − p))."""
        if not 0 < value < 1:
            raise ConfigError("σ takes values between 0 and 1 only", got=value)
        return math.log(value) - math.log1p(-value)

    def distances(self, x: Any) -> Floats:
        """Signed distances of points ``(…, n)`` from z = 0."""
        return np.asarray(self.z(x) / np.linalg.norm(self.weights))

    def line(self) -> str:
        """The equation of z = 0 in plain text."""
        terms = " ".join(f"{'−' if w < 0 else '+'} {abs(w):.6g}·x{i + 1}" for i, w in enumerate(self.weights))
        return f"{terms.removeprefix('+ ')} {'−' if self.bias < 0 else '+'} {abs(self.bias):.6g} = 0"

    def explain(self, lang: str | None = None) -> str:
        """Return what it computes and where it is undecided, in words, "en" or "ko"."""
        names = [f"x{i + 1}" for i in range(len(self.weights))]
        equation = line_equation(self.weights, self.bias, names)
        lines = [
            text("neuron.sum", lang, sum=equation.removesuffix(" = 0")),
            text("neuron.undecided", lang, equation=equation),
        ]
        if len(self.weights) == 2 and self.slope is not None and self.offset is not None:
            sign = "−" if self.offset < 0 else "+"
            line = f"{number(self.slope)}·x1 {sign} {number(abs(self.offset))}"
            lines.append(text("neuron.slope", lang, line=line))
        elif len(self.weights) == 2:
            lines.append(text("neuron.vertical", lang))
        for name, value in zip(names[:_MOST], self.intercepts, strict=False):
            key = "parallel" if value is None else "intercept"
            lines.append("  " + text(f"neuron.{key}", lang, name=name, value="" if value is None else number(value)))
        values = {"normal": vector(self.normal), "distance": number(abs(self.distance))}
        sign = "<" if self.distance > 0 else ">"
        lines.append(text("neuron.normal" if self.distance else "neuron.through", lang, sign=sign, **values))
        return "\n".join(lines)


def neuron(weights: Any, bias: float = 0.0) -> Neuron:
    """Answer the inverse questions for one neuron.

    Args:
        weights: w ``(n,)``; or a `Linear` layer with one output, whose weights and bias are taken.
        bias: w₀.

    Raises:
        ShapeError: if there is more than one neuron.
        ConfigError: if all weights are 0, so that z = 0 is no line, or a number is not finite.

    >>> neuron([3, -2], 1).output([[-1, 2], [1, -2]]).round(5).tolist()
    [0.00247, 0.99966]
    """
    if hasattr(weights, "out_features"):
        bias = 0.0 if weights.bias is None else float(np.asarray(weights.bias._data).reshape(-1)[0])
        if weights.out_features != 1:
            raise ShapeError("one neuron is wanted", got=f"a layer of {weights.out_features}")
        weights = weights.weight._data[0]
    try:
        w, w0 = np.asarray(weights, np.float64), float(bias)
    except (TypeError, ValueError) as error:
        raise ConfigError("weights and bias of a neuron are numbers", got=repr(weights)[:60]) from error
    if w.ndim != 1 or not len(w):
        raise ShapeError("weights of one neuron have one dimension", expected="shape (n,)", got=w.shape)
    if not np.isfinite(w).all() or not math.isfinite(w0) or not w.any():
        raise ConfigError("z = 0 is no line", expected="finite weights, not all 0", got=f"{w.tolist()}, bias {w0}")
    length = float(np.linalg.norm(w))
    intercepts = tuple(-w0 / float(one) if one else None for one in w)
    slope = offset = None
    if len(w) == 2 and w[1]:
        slope, offset = float(-w[0] / w[1]), float(-w0 / w[1])
    return Neuron(w, w0, w / length, -w0 / length, intercepts, -w0 * w / length**2, slope, offset)
