"""What `diagnose` returns: findings with their evidence, and how each layer is doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.explain.record import Record
from chainrule.messages import text

__all__ = ["Diagnosis", "Finding", "LayerHealth", "Note"]


@dataclass(frozen=True)
class Finding(Record):
    """Something that keeps a network from learning, or its scores from meaning what they seem to.

    Attributes:
        kind: which finding, e.g. ``"dead_relu"``; the texts belong to it.
        where: path of the layer that it is about; None for data, curves and the network as a whole.
        evidence: the numbers that it rests on, by name.
    """

    kind: str
    where: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def title(self, lang: str | None = None) -> str:
        """The finding in a few words."""
        return self._text("title", lang)

    def numbers(self, lang: str | None = None) -> str:
        """The evidence in words."""
        numbers = self._text("evidence", lang)
        if "held_out_accuracy" in self.evidence:
            numbers += " " + text("diagnose.accuracies", lang, **self.evidence)
        return numbers

    def cause(self, lang: str | None = None) -> str:
        """Where it comes from, in two sentences."""
        return self._text("cause", lang)

    def advice(self, lang: str | None = None) -> str:
        """What to do about it."""
        return self._text("advice", lang)

    def lines(self, lang: str | None = None) -> list[str]:
        """All four, the title first and the rest indented."""
        rest = (self.numbers(lang), self.cause(lang), self.advice(lang))
        return [self.title(lang), *(f"  {line}" for line in rest)]

    def texts(self, lang: str | None = None) -> dict[str, str]:
        """All four by name, for programs that show them."""
        shown = {"title": self.title, "evidence": self.numbers, "cause": self.cause, "advice": self.advice}
        return {name: write(lang) for name, write in shown.items()}

    def _text(self, part: str, lang: str | None) -> str:
        return text(f"diagnose.{self.kind}_{part}", lang, where=self.where, **self.evidence)


@dataclass(frozen=True)
class Note(Record):
    """What a diagnosis could not judge; no finding.

    Attributes:
        kind: ``"overfitting_not_judged"``: there were no held-out rows and no validation curve.
    """

    kind: str

    def message(self, lang: str | None = None) -> str:
        """The note as a sentence."""
        return text(f"diagnose.{self.kind.replace('_', '-')}", lang)


@dataclass(frozen=True)
class LayerHealth(Record):
    """One layer on the data.

    Attributes:
        path, kind: of the layer.
        units: number of its outputs per sample.
        dead: share of its units that are 0 on every row; None for layers other than ReLU.
        saturated: share of its activations where the derivative is below 5 % of its maximum; None for layers other
            than sigmoid and tanh.
        gradient: norm ‖∂L/∂output‖ over all rows and units; None without targets.
    """

    path: str
    kind: str
    units: int
    dead: float | None = None
    saturated: float | None = None
    gradient: float | None = None


@dataclass(frozen=True)
class Diagnosis(Record):
    """What `diagnose` found.

    Attributes:
        findings: the most basic first: data, weights, layers, gradients, curves; empty for a healthy network.
        layers: each layer in the order in which it runs; empty without data.
        loss: the network's loss on the rows looked at; None without targets.
        baseline: the loss of the best constant output on these rows; None where it is not known.
        rows: number of rows looked at.
        notes: what could not be judged.
    """

    findings: tuple[Finding, ...]
    layers: tuple[LayerHealth, ...] = ()
    loss: float | None = None
    baseline: float | None = None
    rows: int = 0
    notes: tuple[Note, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    def kinds(self) -> list[str]:
        """The findings' kinds, each once."""
        return list(dict.fromkeys(finding.kind for finding in self.findings))

    def lines(self, lang: str | None = None) -> list[str]:
        """Everything found, as lines to print; what could not be judged comes last."""
        notes = [note.message(lang) for note in self.notes]
        if self.healthy:
            return [text("diagnose.healthy", lang), *notes]
        found = [text("diagnose.found", lang, count=len(self.findings))]
        for number, finding in enumerate(self.findings, start=1):
            first, *rest = finding.lines(lang)
            found += ["", f"{number}. {first}", *rest]
        return [*found, *(["", *notes] if notes else ())]

    def explain(self, lang: str | None = None) -> str:
        """`lines` as one text."""
        return "\n".join(self.lines(lang))
