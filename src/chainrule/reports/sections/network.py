"""The network drawn with its real weights, and the values of one row in it."""

from __future__ import annotations

from chainrule import plot
from chainrule.explain.algebra import Affine
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped

__all__ = ["network"]


def network(m: Material) -> Content | Skipped:
    """Neurons in columns, weights by sign and size between them."""
    if not m.has_formula:
        return Skipped(m.say("no_formula"))
    if not any(isinstance(piece, Affine) and piece.kind == "Linear" for piece in m.pieces):
        return Skipped(m.say("network_none"))
    row = m.rows[0]
    names = m.keys if m.is_classifier and len(m.classes) == m.outputs else None
    drawn = picture(
        lambda: plot.network(m.model, m.sample(row), output_names=names, lang=m.lang),
        "network",
        m.say("network_caption", row=m.number(row)),
        kind="filled",
    )
    return Content([drawn], {"row": m.number(row)})
