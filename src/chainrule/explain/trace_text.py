"""A trace as sections of plain text, small ones with every number, large ones summarised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.explain.steps import Source, Step
from chainrule.explain.substitute import numeral
from chainrule.explain.trace_terms import Index, Show, backward_lines, element, forward_lines
from chainrule.explain.update_text import update_lines
from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace, Where

__all__ = ["Numbers", "Section", "sections", "trace_lines"]

_IN_WORDS = frozenset(
    (
        "reshape",
        "permute",
        "broadcast_to",
        "sum_to",
        "squeeze",
        "unsqueeze",
        "scatter",
        "gather",
        "concatenate",
        "stack",
    )
)
COMPLETE = 64
"""A step is shown number by number if none of its arrays holds more than this many."""


@dataclass(frozen=True)
class Section:
    """A piece of the page: ``part`` is "forward", "backward" or "update"; ``formulas`` are in LaTeX."""

    part: str
    title: str
    lines: tuple[str, ...]
    formulas: tuple[str, ...] = ()


class Numbers:
    """Writes the numbers of a trace; those in `hidden` as blanks."""

    def __init__(self, hidden: Mapping[str, str] | None = None) -> None:
        self.hidden = hidden or {}

    def __call__(self, name: str, what: str, index: Index, value: float) -> str:
        path = element(name, index) + ("" if what == "value" else f".{what}")
        return self.hidden.get(path) or numeral(value)


def trace_lines(trace: Trace, lang: str | None = None, show: Show | None = None) -> list[str]:
    """The whole trace as lines."""
    lines = [text("trace.title", lang), *heading(trace, lang, show)]
    part = ""
    for section in sections(trace, lang, show):
        if section.part != part:
            part = section.part
            lines += ["", f"== {part_title(trace, part, lang)} =="]
        lines += ["", section.title, *(f"  {line}" for line in section.lines)]
    return lines


def heading(trace: Trace, lang: str | None = None, show: Show | None = None) -> list[str]:
    """What is traced, in one line or two."""
    written = show(trace.steps[-1].name, "value", (), trace.loss) if show is not None else numeral(trace.loss, 8)
    found = [text("trace.loss", lang, value=written)]
    if trace.samples is not None:
        loss = trace.objective or ""
        one = text("trace.one_sample", lang, objective=loss)
        found.append(one if trace.samples == 1 else text("trace.samples", lang, n=trace.samples, objective=loss))
    return found


def part_title(trace: Trace, part: str, lang: str | None) -> str:
    """Forward, Backward, Update by …"""
    return text(f"trace.{part}", lang, **({"optimizer": trace.update.optimizer} if trace.update else {}))


def sections(trace: Trace, lang: str | None = None, show: Show | None = None) -> Iterator[Section]:
    """Forward layer by layer, backward from the loss on, and the update."""
    show = show or Numbers()
    steps = {step.name: step for step in trace.steps}
    uses = _uses(trace)
    for layer in trace.layers:
        own = [steps[name] for name in layer.steps]
        lines = [line for step in own for line in _forward(step, show, lang)]
        title = _title(layer.path, layer.description, lang)
        yield Section("forward", title, tuple(lines or [text("trace.passes", lang)]), _latex(own, 0))
    for layer in reversed(trace.layers):
        back = [steps[name] for name in reversed(layer.steps) if steps[name].upstream is not None]
        lines = [line for step in back for line in _backward(step, trace, show, uses, lang)]
        if lines:
            yield Section("backward", _title(layer.path, layer.description, lang), tuple(lines), _latex(back, 1))
    if trace.update is not None:
        for change in trace.update.parameters:
            lines = update_lines(change, trace.update, show, lang, COMPLETE)
            yield Section("update", change.name, tuple(lines), (trace.update.latex,))


def _latex(steps: list[Step], which: int) -> tuple[str, ...]:
    """The formulas of some steps, each once."""
    return tuple(dict.fromkeys(step.latex[which] for step in steps if step.latex[which]))


def _uses(trace: Trace) -> dict[str, int]:
    found = {source.name: len(source.arrivals) for source in trace.sources}
    return {**found, **{step.name: len(step.arrivals) for step in trace.steps}}


def _title(path: str, description: str, lang: str | None) -> str:
    if path == "loss":
        return text("trace.layer.loss", lang)
    return text("trace.layer", lang, path=path, description=description) if path else text("trace.layer.own", lang)


def _is_small(step: Step) -> bool:
    return all(array.size <= COMPLETE for array in (step.value, *(one.value for one in step.inputs)))


def summary(name: str, array: np.ndarray, lang: str | None) -> str:
    """A large array in one line."""
    low, high, mean = (numeral(float(number)) for number in (array.min(), array.max(), array.mean()))
    return text("trace.summary", lang, name=name, shape=tuple(array.shape), low=low, high=high, mean=mean)


def more(name: str, array: np.ndarray, shown: int, lang: str | None, what: str = "") -> str:
    """How to see the numbers that are left out."""
    path = element(name, tuple(size - 1 for size in array.shape)) + what
    return text("trace.more", lang, n=array.size - shown, path=path)


def _forward(step: Step, show: Show, lang: str | None) -> Iterator[str]:
    if step.formula:
        yield f"{step.op}: {text('trace.formula', lang, formula=_formula(step, lang))}"
    if _is_small(step):
        yield from forward_lines(step, show)
        return
    yield summary(step.name, step.value, lang)
    lines = forward_lines(step, show)
    shown = min(3, step.value.size)
    yield from (next(lines) for _ in range(shown))
    if step.value.size > shown:
        yield more(step.name, step.value, shown, lang)


def _formula(step: Step, lang: str | None) -> str:
    """The table's formula; one that is told in words, in the reader's."""
    return text(f"trace.prose.{step.op}", lang) if step.op in _IN_WORDS else step.formula


def _backward(step: Step, trace: Trace, show: Show, uses: Mapping[str, int], lang: str | None) -> Iterator[str]:
    if step is trace.steps[-1]:
        yield text("trace.one_upstream", lang)
    elif len(step.arrivals) > 1:
        yield fan_out(step, lang)
    if step.derivative and step.derivative != "1":
        yield f"{step.op}: {text('trace.derivative', lang, derivative=step.derivative)}"
    if _is_small(step):
        yield from backward_lines(step, show, uses)
        for one in step.inputs:
            source = next((s for s in trace.sources if s.name == one.name and len(s.arrivals) > 1), None)
            if source is not None and source.arrivals[-1].user == step.name:
                yield fan_out(source, lang)
        return
    for one in step.inputs:
        if one.downstream is not None:
            yield summary(f"∂L/∂{one.name}", one.downstream, lang)
            yield more(one.name, one.downstream, 0, lang, ".grad")


def expanded(trace: Trace, where: Where, lang: str | None) -> list[str]:
    """One number with all its terms: how it was computed, or for a gradient what it is the sum of."""
    everything, index = 1 << 30, where.index or ()
    show = Numbers()
    if where.what == "grad":
        uses = _uses(trace)
        users = (step for step in reversed(trace.steps) if step.upstream is not None)
        only = (where.name, index)
        lines = [line for step in users for line in backward_lines(step, show, uses, only, everything)]
        if len(lines) > 1:
            lines.append(f"∂L/∂{element(where.name, index)} = {numeral(trace.at(where))}")
        return lines or [text("trace.no_gradient", lang, name=where.name)]
    if where.what == "value":
        for step in trace.steps:
            if step.name == where.name:
                return list(forward_lines(step, show, index, everything))
    return [f"{where} = {numeral(trace.at(where))}"]


def fan_out(holder: Step | Source, lang: str | None) -> str:
    """A gradient that is a sum: its terms."""
    total = holder.upstream if isinstance(holder, Step) else holder.grad
    terms = " + ".join(f"({arrival.user}) {_brief(arrival.gradient)}" for arrival in holder.arrivals)
    shown = "" if total is None else f" = {_brief(total)}"
    return text("trace.fan_out", lang, name=holder.name, n=len(holder.arrivals), terms=terms + shown)


def _brief(array: np.ndarray) -> str:
    if array.size == 1:
        return numeral(float(array.reshape(-1)[0]))
    numbers = ", ".join(numeral(float(number)) for number in array.reshape(-1)[:8])
    return f"[{numbers}{', …' if array.size > 8 else ''}]"
