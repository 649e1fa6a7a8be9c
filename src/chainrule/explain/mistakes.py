"""Where a hand computation went wrong: the number that came is compared with those that usual mistakes would give.

Each mistake is made on purpose in a pass of its own: a step of the recorded graph sends back something else than its
rule says (or computes something else), all others do as they should.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.mode import quiet
from chainrule.errors import DTypeError, ShapeError
from chainrule.explain.backward_mistakes import backward_mistakes
from chainrule.explain.forward_mistakes import forward_mistakes
from chainrule.explain.record import Record
from chainrule.explain.slips import Slip
from chainrule.explain.update_mistakes import update_mistakes
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace, Where

__all__ = ["Check", "check"]


@dataclass(frozen=True)
class Check(Record):
    """The verdict on a number worked out by hand.

    Attributes:
        path: which number.
        given: what came.
        expected: what is right.
        right: whether they agree, to the digits that were given.
        mistake: what went wrong first, e.g. "missing_derivative"; None if it is right or no usual mistake fits.
        step: the value at which it went wrong; None if the whole number did.
        details: what the message says about it.
    """

    path: str
    given: float
    expected: float
    right: bool
    mistake: str | None
    step: str | None
    details: dict[str, Any]

    def message(self, lang: str | None = None) -> str:
        """One or two sentences for the learner, in English or Korean."""
        values = {"path": self.path, "given": f"{self.given:.6g}", "expected": f"{self.expected:.6g}"}
        if self.right:
            return text("trace.check.right", lang, **values)
        if self.mistake is None:
            return text("trace.check.wrong", lang, **values)
        reason = text(f"trace.mistake.{self.mistake}", lang, **{"step": self.step or "", **values, **self.details})
        return text("trace.check.mistake", lang, reason=reason, **values)

    def __str__(self) -> str:
        return self.message()


def check(trace: Trace, path: str, given: Any) -> Check:
    """See `Trace.check`.

    Raises:
        UnknownNameError: if there is no such number.
        ShapeError: if the path names an array instead of one number.
        DTypeError: if `given` is not a number.
    """
    where = trace.where(path)
    expected = trace.at(where)
    if not isinstance(expected, float):
        raise ShapeError("one number is checked at a time", expected=f"an index into {expected.shape}", got=repr(path))
    if isinstance(given, bool) or not isinstance(given, (int, float, np.integer, np.floating)):
        raise DTypeError("a number is needed", got=repr(given))
    value = float(given)
    verdict = (str(where), value, expected)
    if _agree(value, expected, value):
        return Check(*verdict, True, None, None, {})
    with quiet():
        slip = next((s for s in _slips(trace, where, expected) if _is(s.value, value, expected)), None)
    if slip is None:
        return Check(*verdict, False, None, None, {})
    return Check(*verdict, False, slip.kind, slip.step, slip.details)


def _slips(trace: Trace, where: Where, expected: float) -> Iterator[Slip]:
    """One mistake, from the loss to the number; then one together with a wrong sign or factor."""
    found: list[Slip] = []
    yield Slip("sign", None, -expected)
    by_kind = {"grad": backward_mistakes, "value": forward_mistakes}
    for slip in by_kind.get(where.what, update_mistakes)(trace, where):
        found.append(slip)
        yield slip
    n = trace.samples or 1
    if n > 1 and where.what == "grad":
        yield Slip("sum_for_mean", None, expected * n, {"n": n})
        yield Slip("mean_for_sum", None, expected / n, {"n": n})
    yield Slip("factor_2", None, expected * 2)
    yield Slip("factor_half", None, expected / 2)
    for slip in found:
        yield Slip(slip.kind, slip.step, -slip.value, slip.details)
    if n > 1 and where.what == "grad":
        for factor in (n, 1 / n):
            yield from (Slip(slip.kind, slip.step, slip.value * factor, slip.details) for slip in found)


def _is(value: float, given: float, expected: float) -> bool:
    """Whether a mistake gives the number that came, and can be told from the right one."""
    return math.isfinite(value) and not _agree(expected, value, value) and _agree(given, value, given)


def _agree(a: float, b: float, written: float) -> bool:
    """Whether two numbers are the same to the digits of the one that was written down."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b):
        return a == b
    return abs(a - b) <= max(1e-4 * abs(b), min(_half_unit(written), 0.01 * abs(b)), 1e-12)


def _half_unit(written: float) -> float:
    """Half a unit of the last digit of a number as a person writes it."""
    _, _, decimals = f"{written:.12g}".partition(".")
    if "e" in decimals or "e" in f"{written:.12g}":
        mantissa, _, exponent = f"{written:.12g}".partition("e")
        return 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return 0.5 * 10.0 ** -len(decimals)
