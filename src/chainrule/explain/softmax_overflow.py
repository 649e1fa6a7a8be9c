"""Softmax as it is written, and as it has to be computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule.core import ops
from chainrule.errors import ConfigError
from chainrule.explain.labelled import one_vector
from chainrule.explain.record import Record
from chainrule.explain.wording import vector
from chainrule.messages import text

__all__ = ["SoftmaxOverflow", "softmax_overflow"]

Vector = NDArray[Any]


@dataclass(frozen=True)
class SoftmaxOverflow(Record):
    """Both ways of computing softmax, step by step.

    Attributes:
        logits: z.
        exponentials: exp(z), infinite where it overflows.
        naive: exp(z)/Σexp(z), NaN (∞/∞) where it overflowed.
        shifted: z − max z, never above zero.
        shifted_exponentials: exp(z − max z), never above one.
        stable: their shares; mathematically the same, for exp(−max z) cancels.
        overflows: whether the naive way fails.
        limit: the largest number of which the exponential is finite, ln of the largest number of the type.
        dtype: of the computation.
    """

    logits: Vector
    exponentials: Vector
    naive: Vector
    shifted: Vector
    shifted_exponentials: Vector
    stable: Vector
    overflows: bool
    limit: float
    dtype: str

    def explain(self, lang: str | None = None) -> str:
        """Return both ways in words, "en" or "ko"."""
        verdict = "overflows" if self.overflows else "agrees"
        return "\n".join(
            [
                text("foundations.softmax_naive", lang, exps=vector(self.exponentials), result=vector(self.naive)),
                text("foundations.softmax_stable", lang, shifted=vector(self.shifted), result=vector(self.stable)),
                text(f"foundations.softmax_{verdict}", lang, limit=f"{self.limit:.2f}", dtype=self.dtype),
            ]
        )


def softmax_overflow(
    logits: Any = (1000.0, 1001.0, 1002.0), dtype: Literal["float32", "float64"] = "float64"
) -> SoftmaxOverflow:
    """Compute softmax as it is written and with the largest logit subtracted first.

    Args:
        logits: a vector.
        dtype: "float32" or "float64".

    Raises:
        ConfigError: for any other dtype.
        DataError, DTypeError, ShapeError: for what is no vector of finite numbers.

    >>> found = softmax_overflow([1000, 1000])
    >>> found.naive.tolist(), found.stable.tolist()
    ([nan, nan], [0.5, 0.5])
    """
    if str(dtype) not in {"float32", "float64"}:
        raise ConfigError("dtype is not usable", expected="float32 or float64", got=dtype)
    z = one_vector(logits, "logits").astype(dtype)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        exponentials = np.exp(z)
        naive = exponentials / exponentials.sum()
        shifted = z - z.max()
        shifted_exponentials = np.exp(shifted)
    return SoftmaxOverflow(
        logits=z,
        exponentials=exponentials,
        naive=naive,
        shifted=shifted,
        shifted_exponentials=shifted_exponentials,
        stable=np.asarray(ops.softmax(z, dim=0)),
        overflows=not bool(np.isfinite(naive).all() and np.isfinite(exponentials).all()),
        limit=float(np.log(np.finfo(dtype).max)),
        dtype=str(dtype),
    )
