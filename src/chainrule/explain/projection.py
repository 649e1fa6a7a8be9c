"""The inner product as a projection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ShapeError
from chainrule.explain.labelled import one_vector
from chainrule.explain.record import Record
from chainrule.explain.wording import number, vector
from chainrule.messages import text

__all__ = ["Projection", "projection"]


@dataclass(frozen=True)
class Projection(Record):
    """What a·b says about two vectors.

    Attributes:
        a: the vector that is projected.
        b: the vector onto which it is.
        inner: a·b = ‖a‖‖b‖ cos θ.
        norm_a: ‖a‖.
        norm_b: ‖b‖.
        cosine: cos θ, from −1 to 1; None if a is zero.
        angle: θ in degrees; None if a is zero.
        length: a·b/‖b‖, the signed length of the shadow of a on b.
        along: the part of a along b, (a·b/b·b) b.
        across: the rest of a, at a right angle to b.
    """

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    inner: float
    norm_a: float
    norm_b: float
    cosine: float | None
    angle: float | None
    length: float
    along: NDArray[np.float64]
    across: NDArray[np.float64]

    def explain(self, lang: str | None = None) -> str:
        """Return the projection in words, "en" or "ko"."""
        values = {"inner": number(self.inner), "norm_b": number(self.norm_b), "length": number(self.length)}
        parts = {"along": vector(self.along), "across": vector(self.across)}
        lines = [text("foundations.projection", lang, a=vector(self.a), b=vector(self.b), **values, **parts)]
        if self.cosine is not None and self.angle is not None:
            lines.append(text("foundations.angle", lang, cosine=number(self.cosine), angle=number(self.angle)))
        return "\n".join(lines)


def projection(a: Any, b: Any) -> Projection:
    """Project the vector a onto the vector b.

    Raises:
        DataError: if b is zero, or a number is not finite.
        DTypeError, ShapeError: for what are no two vectors of the same length.

    >>> found = projection([3, 4], [2, 0])
    >>> found.inner, found.length, found.along.tolist(), found.across.tolist()
    (6.0, 3.0, [3.0, 0.0], [0.0, 4.0])
    """
    x, onto = one_vector(a, "a"), one_vector(b, "b")
    if x.shape != onto.shape:
        raise ShapeError("the vectors differ in length", expected=len(onto), got=len(x))
    norm_a, norm_b = float(np.linalg.norm(x)), float(np.linalg.norm(onto))
    if norm_b == 0:
        raise DataError("there is no direction to project onto", got="a vector of zeros")
    unit = onto / norm_b
    length = float(x @ unit)
    cosine = None if norm_a == 0 else max(-1.0, min(1.0, length / norm_a))
    along = length * unit
    return Projection(
        a=x,
        b=onto,
        inner=float(x @ onto),
        norm_a=norm_a,
        norm_b=norm_b,
        cosine=cosine,
        angle=None if cosine is None else math.degrees(math.acos(cosine)),
        length=length,
        along=along,
        across=x - along,
    )
