"""The network as a formula, in the units of the data."""

from __future__ import annotations

from chainrule.explain.equation import Equation
from chainrule.explain.equation import equation as written
from chainrule.explain.given import some_rows
from chainrule.reports.blocks import Block, Folded, Markup, Paragraph
from chainrule.reports.material import Material
from chainrule.reports.record import Content, Skipped

__all__ = ["equation"]

_DIGITS = 4
_MOST_TERMS = 120
_MOST_SHOWN = 12
_ROWS = 5000


def equation(m: Material) -> Content | Skipped:
    """One formula per output where that can be read, else one per neuron, else one per layer."""
    if not m.has_formula:
        return Skipped(m.say("no_formula"))
    found = written(m.model, None, _DIGITS, some_rows(m.evaluated, _ROWS), max_terms=_MOST_TERMS)
    blocks: list[Block] = [Paragraph(m.say(f"equation_{found.form}")), Paragraph(_meaning(m))]
    formulas = Markup(_formulas(found))
    count = len(found.formulas)
    blocks.append(formulas if count <= _MOST_SHOWN else Folded(m.say("equation_folded", count=count), [formulas]))
    blocks += [Paragraph(note, "note") for note in found.notes(m.lang)]
    return Content(blocks, found.to_dict())


def _formulas(found: Equation) -> str:
    return f'<div class="equations">{"".join(f"<div>{one.mathml}</div>" for one in found.formulas)}</div>'


def _meaning(m: Material) -> str:
    if not m.is_classifier:
        return m.say("equation_quantity", target=m.units.outputs[0])
    if m.outputs > 1:
        return m.say("equation_largest")
    threshold = {"bce_with_logits": 0, "hinge": 0, "perceptron": 0}.get(m.loss.name, 0.5)
    return m.say("equation_threshold", threshold=threshold, positive=m.classes[-1], negative=m.classes[0])
