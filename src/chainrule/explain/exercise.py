"""A trace with blanks: a sheet to work out by hand, whose answers are checked factor by factor."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.explain.record import Record
from chainrule.explain.steps import Source
from chainrule.explain.substitute import numeral
from chainrule.explain.trace_text import COMPLETE, Numbers, trace_lines
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.mistakes import Check
    from chainrule.explain.trace_record import Trace

__all__ = ["Blank", "Exercise", "make_exercise"]


@dataclass(frozen=True)
class Blank(Record):
    """A number that was taken out.

    Attributes:
        label: on the sheet.
        path: of the number, as `Trace.value` knows it.
        solution: what stood there.
    """

    label: str
    path: str
    solution: float


@dataclass(frozen=True)
class Exercise(Record):
    """A sheet with blanks.

    Attributes:
        seed: which sheet; the same seed takes the same numbers out.
        blanks: in the order in which they can be worked out.
    """

    seed: int
    blanks: tuple[Blank, ...]
    _trace: Trace = field(compare=False, repr=False)

    @property
    def trace(self) -> Trace:
        """The complete trace."""
        return self._trace

    def lines(self, lang: str | None = None) -> list[str]:
        """The trace, with a blank wherever a number that was taken out would stand."""
        hidden = {blank.path: blank.label for blank in self.blanks}
        title = text("trace.exercise.title", lang, seed=self.seed)
        return [title, *trace_lines(self._trace, lang, Numbers(hidden))]

    def solutions(self, lang: str | None = None) -> list[str]:
        """The numbers that were taken out."""
        shown = [f"{blank.label} {blank.path} = {numeral(blank.solution, 6)}" for blank in self.blanks]
        return [text("trace.exercise.solutions", lang), *shown]

    def check(self, answers: Mapping[str, float]) -> list[Check]:
        """Check answers by the blanks' paths or numbers, e.g. ``{"0.output[0,1]": 0.31}`` or ``{"1": 0.31}``.

        Raises:
            UnknownNameError: if there is no such blank or value.
        """
        paths = {str(i + 1): blank.path for i, blank in enumerate(self.blanks)}
        return [self._trace.check(paths.get(str(key), str(key)), given) for key, given in answers.items()]


def make_exercise(trace: Trace, seed: Any, blanks: Any) -> Exercise:
    """See `Trace.exercise`.

    Raises:
        ConfigError: for a number of blanks or a seed that is no whole number from 1 (0) on.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError("bad seed", expected="a non-negative integer", got=repr(seed))
    if isinstance(blanks, bool) or not isinstance(blanks, int) or blanks < 1:
        raise ConfigError("bad number of blanks", expected="at least 1", got=repr(blanks))
    chances = _candidates(trace)
    hidden = _alone(trace, chances)
    chances = hidden if len(hidden) >= blanks else chances
    chosen = sorted(random.Random(seed).sample(range(len(chances)), min(blanks, len(chances))))
    return Exercise(
        seed,
        tuple(
            Blank(f"____({n + 1})", chances[place], float(trace.value(chances[place])))
            for n, place in enumerate(chosen)
        ),
        trace,
    )


def _candidates(trace: Trace) -> list[str]:
    """Paths of numbers that the sheet shows and that take some working out: forward first, then backward."""
    forward: list[str] = []
    backward: list[str] = []
    after: list[str] = []
    uses = {holder.name: len(holder.arrivals) for holder in trace.holders()}
    for step in trace.steps:
        if all(array.size <= COMPLETE for array in (step.value, *(one.value for one in step.inputs))):
            forward += _paths(step.name, step.value, "")
            backward[:0] = [
                path
                for one in step.inputs
                if one.downstream is not None and one.name and uses.get(one.name) == 1
                for path in _paths(one.name, one.downstream, ".grad")
            ]
    for change in trace.update.parameters if trace.update else ():
        if change.before.size <= COMPLETE:
            after += _paths(change.name, change.after, ".after")
    return [*forward, *backward, *after]


def _alone(trace: Trace, paths: list[str]) -> list[str]:
    """Those whose number stands nowhere else on the sheet, where it would give itself away."""
    count = Counter(
        numeral(float(number))
        for holder in trace.holders()
        for array in (holder.value, holder.grad if isinstance(holder, Source) else holder.upstream)
        if array is not None and array.size <= COMPLETE
        for number in array.reshape(-1)
    )
    changes = trace.update.parameters if trace.update else ()
    count.update(numeral(float(number)) for one in changes if one.after.size <= COMPLETE for number in one.after.flat)
    return [path for path in paths if count[numeral(float(trace.value(path)))] == 1]


def _paths(name: str, array: np.ndarray, suffix: str) -> list[str]:
    return [
        name + (f"[{','.join(map(str, index))}]" if index else "") + suffix
        for index in np.ndindex(array.shape)
        if array[index] != 0
    ]
