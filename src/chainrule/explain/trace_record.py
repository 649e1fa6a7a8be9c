"""`Trace`: all numbers of a pass, found by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ShapeError, UnknownNameError
from chainrule.explain.graph import Graph
from chainrule.explain.record import Record
from chainrule.explain.steps import LayerTrace, Source, Step, shortened
from chainrule.explain.trace_neuron import TracedNeuron, neuron_of
from chainrule.explain.updates import ParameterUpdate, Update

if TYPE_CHECKING:
    from chainrule.explain.exercise import Exercise
    from chainrule.explain.mistakes import Check

__all__ = ["Trace", "Where"]

_INDEX = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Where:
    """A place in a trace: a value's name, what of it ("value", "grad", "after", a state array's name), and an index."""

    name: str
    what: str
    index: tuple[int, ...] | None

    def __str__(self) -> str:
        at = "" if self.index is None else f"[{','.join(map(str, self.index))}]"
        return f"{self.name}{at}" + ("" if self.what == "value" else f".{self.what}")


@dataclass(frozen=True, repr=False)
class Trace(Record):
    """One forward and backward pass, number by number.

    Attributes:
        loss: the number that gradients are of.
        objective: name of the loss function; None for a program of one's own.
        samples: size of the batch; None for a program of one's own.
        layers: calls of layers in order, each with the names of its steps; the loss last.
        steps: every operation in order.
        sources: the values that the computation starts from: parameters and input, with their gradients.
        update: what the optimiser makes of it, if one was given.
    """

    loss: float
    objective: str | None
    samples: int | None
    layers: tuple[LayerTrace, ...]
    steps: tuple[Step, ...]
    sources: tuple[Source, ...]
    update: Update | None
    _graph: Graph = field(compare=False)

    # Looking things up

    def names(self) -> list[str]:
        """Names of all values: sources first, then results in the order of computation."""
        return [holder.name for holder in self.holders()]

    def holders(self) -> list[Source | Step]:
        """Everything that has a value: sources first, then steps."""
        return [*self.sources, *self.steps]

    def step(self, name: str) -> Step:
        """The step that made a value.

        Raises:
            UnknownNameError: if there is none of that name.
        """
        for step in self.steps:
            if step.name == name:
                return step
        raise UnknownNameError("step", name, [step.name for step in self.steps])

    def value(self, path: str) -> Any:
        """Numbers by path: a float where the path ends at one number, else an array.

        Args:
            path: e.g. ``"0.weight[1,0]"``, ``"0.weight[1,0].grad"``, ``"0.output"``, ``"loss.grad"``; with an
                optimiser also ``"0.weight[1,0].after"`` and its state, ``"0.weight.exp_avg"``.

        Raises:
            UnknownNameError: if there is no such value.
            ShapeError: if the index does not fit.
        """
        return self.at(self.where(path))

    def where(self, path: str) -> Where:
        """The parts of a path, checked; see `value`.

        Raises:
            UnknownNameError, ShapeError: as `value` does.
        """
        bare = _INDEX.sub("", str(path)).strip()
        found = _INDEX.findall(str(path))
        known = self.names()
        name, what = bare, "value"
        if name not in known:
            name, _, what = bare.rpartition(".")
        if name not in known or what not in self._facets(name):
            raise UnknownNameError("value", bare, [*known, *(f"{one}.{what}" for one in known if what)])
        try:
            index = tuple(int(part) for part in found[0].split(",")) if found else None
        except ValueError:
            index = ()
        shape = self.at(Where(name, what, None), whole=True).shape
        fits = index is None or (
            len(found) == 1
            and len(index) == len(shape)
            and all(-size <= i < size for i, size in zip(index, shape, strict=True))
        )
        if not fits:
            raise ShapeError(f"no such element of {bare}", expected=f"{len(shape)} indices into {shape}", got=path)
        if index is not None:
            index = tuple(i % size for i, size in zip(index, shape, strict=True))
        return Where(name, what, index)

    def at(self, where: Where, whole: bool = False) -> Any:
        """The numbers at a place; with `whole`, always the whole array."""
        array = self._array(where)
        if whole:
            return array
        if where.index is not None:
            return float(array[where.index])
        return float(array.reshape(-1)[0]) if array.ndim == 0 else array

    def _facets(self, name: str) -> list[str]:
        change = self.change(name)
        state = [] if change is None else ["after", *change.slots_after, *change.derived]
        return ["value", "grad", *state]

    def change(self, name: str) -> ParameterUpdate | None:
        """The optimiser's step of a parameter, if there is one."""
        return next((one for one in (self.update.parameters if self.update else ()) if one.name == name), None)

    def _array(self, where: Where) -> np.ndarray:
        holder = next((one for one in self.holders() if one.name == where.name), None)
        if holder is None:
            raise UnknownNameError("value", where.name, self.names())
        if where.what == "value":
            return holder.value
        if where.what == "grad":
            grad = holder.grad if isinstance(holder, Source) else holder.upstream
            # What the loss does not depend on has the derivative 0.
            return np.zeros_like(holder.value) if grad is None else grad
        change = self.change(where.name)
        if change is None:
            raise UnknownNameError("value", str(where), self.names())
        return change.after if where.what == "after" else {**change.slots_after, **change.derived}[where.what]

    # Closer looks

    def neuron(self, layer: str, unit: int, sample: int = 0) -> TracedNeuron:
        """One neuron of a Linear layer: z = w₁·x₁ + … + b, and how its weights get their gradients.

        Raises:
            UnknownNameError: if there is no such Linear layer.
            ShapeError: if there is no such neuron or sample.
        """
        return neuron_of(self, layer, unit, sample)

    def linear_layers(self) -> Iterator[LayerTrace]:
        """The calls of Linear layers."""
        return (layer for layer in self.layers if layer.kind == "Linear" and layer.steps)

    def check(self, path: str, given: float) -> Check:
        """Compare a number worked out by hand with the right one, and find the first factor where it went wrong."""
        from chainrule.explain.mistakes import check

        return check(self, path, given)

    def exercise(self, seed: int = 0, blanks: int = 8) -> Exercise:
        """The trace with blanks to fill in."""
        from chainrule.explain.exercise import make_exercise

        return make_exercise(self, seed, blanks)

    # Showing

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """The JSON Schema of what `to_dict` returns, with the summaries of large arrays."""
        from chainrule.explain.schema import record_schema

        return record_schema(cls, summaries=True)

    def to_dict(self, limit: int | None = 64) -> dict[str, Any]:
        """JSON's types; arrays of more than `limit` numbers are summarised, None keeps every number."""
        content: dict[str, Any] = shortened(self, limit)
        return content

    def expand(self, path: str, lang: str | None = None) -> list[str]:
        """One number with all its terms, however long: how it came about, or what a gradient is the sum of.

        Args:
            path: as for `value`, ending at one number.
            lang: "en" or "ko".

        Raises:
            UnknownNameError: if there is no such value.
            ShapeError: if the path names an array, or the index does not fit.
        """
        from chainrule.explain.trace_text import expanded

        where = self.where(path)
        if not isinstance(self.at(where), float):
            raise ShapeError("one number is expanded at a time", expected="an index", got=repr(path))
        return expanded(self, where, lang)

    def lines(self, lang: str | None = None) -> list[str]:
        """The trace as lines of text, in English or Korean."""
        from chainrule.explain.trace_text import trace_lines

        return trace_lines(self, lang)

    def page(self, lang: str | None = None) -> str:
        """One self-contained HTML page to read and print: no network, no scripts."""
        from chainrule.explain.trace_page import trace_page

        return trace_page(self, lang)

    def __repr__(self) -> str:
        return f"<Trace of {len(self.steps)} steps, loss {self.loss:.6g}>"

    def _repr_html_(self) -> str:
        from chainrule.explain.trace_page import trace_fragment

        return trace_fragment(self)
