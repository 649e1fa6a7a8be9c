"""XOR composed of perceptrons that are NAND, OR and AND."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.explain.perceptron import Perceptron
from chainrule.explain.record import Record
from chainrule.explain.wording import number
from chainrule.messages import text

__all__ = ["Composition", "Stage", "xor_from_gates"]


@dataclass(frozen=True)
class Stage(Record):
    """One perceptron of a composition.

    Attributes:
        name: of the gate, and of its output.
        inputs: names of what it takes.
        perceptron: the gate itself.
        outputs: what it gives in each row of the truth table.
    """

    name: str
    inputs: tuple[str, ...]
    perceptron: Perceptron
    outputs: NDArray[np.int64]


@dataclass(frozen=True)
class Composition(Record):
    """A gate made of gates.

    Attributes:
        name: of the whole.
        inputs: ``(4, 2)``, the rows of the truth table.
        stages: the perceptrons in the order in which they are computed; the last gives the result.
    """

    name: str
    inputs: NDArray[np.int64]
    stages: tuple[Stage, ...]

    @property
    def outputs(self) -> NDArray[np.int64]:
        """The result in each row."""
        return self.stages[-1].outputs

    def explain(self, lang: str | None = None) -> str:
        """Return the perceptrons and the truth table with every intermediate, "en" or "ko"."""
        names, rows = self.truth_table()
        lines = [*self.head(lang), "  ".join(names)] + [
            "  ".join(str(value).rjust(len(name)) for name, value in zip(names, row, strict=True)) for row in rows
        ]
        return "\n".join([*lines, text("gates.why", lang)])

    def head(self, lang: str | None = None) -> list[str]:
        """Return what it is composed of, the perceptrons indented."""
        lines = [text("gates.composed", lang, name=self.name.upper())]
        for stage in self.stages:
            weights = zip(stage.perceptron.weights, stage.inputs, strict=True)
            total = " + ".join(f"({number(w)})·{name}" for w, name in weights)
            values = {"name": stage.name, "sum": total, "threshold": number(stage.perceptron.threshold)}
            lines.append(text("gates.stage", lang, **values))
        return lines

    def truth_table(self) -> tuple[list[str], list[list[int]]]:
        """Return the names of the columns, and the rows with every intermediate."""
        columns = np.column_stack([self.inputs, *(stage.outputs for stage in self.stages)])
        return ["x1", "x2", *(stage.name for stage in self.stages)], columns.tolist()


def xor_from_gates() -> Composition:
    """Return XOR as AND(NAND(x₁, x₂), OR(x₁, x₂)), with the truth table of every intermediate.

    >>> composed = xor_from_gates()
    >>> [stage.outputs.tolist() for stage in composed.stages]
    [[1, 1, 1, 0], [0, 1, 1, 1], [0, 1, 1, 0]]
    """
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    nand, either, both = (Perceptron.gate(name) for name in ("nand", "or", "and"))
    hidden = np.column_stack([nand(inputs), either(inputs)])
    stages = (
        Stage("NAND", ("x1", "x2"), nand, hidden[:, 0]),
        Stage("OR", ("x1", "x2"), either, hidden[:, 1]),
        Stage("AND", ("NAND", "OR"), both, both(hidden)),
    )
    return Composition("xor", inputs, stages)
