"""What keeps the network from learning, or its scores from meaning what they seem to."""

from __future__ import annotations

from chainrule.explain.findings import LayerHealth
from chainrule.explain.wording import number
from chainrule.reports.blocks import Block, Heading, Paragraph, Points, Table
from chainrule.reports.material import Material
from chainrule.reports.record import Content

__all__ = ["diagnosis"]


def diagnosis(m: Material) -> Content:
    """Each finding with evidence, cause and advice; and how each layer is doing."""
    found = m.diagnosis
    looked = m.say("diagnosis_looked" if m.history else "diagnosis_without_curves", rows=f"{found.rows:,}")
    blocks: list[Block] = [Paragraph(found.lines(m.lang)[0]), Paragraph(looked, "note")]
    for number_, finding in enumerate(found.findings, start=1):
        texts = finding.texts(m.lang)
        pairs = [(m.say(part), texts[part]) for part in ("evidence", "cause", "advice")]
        blocks += [Heading(f"{number_}. {texts['title']}"), Points(pairs)]
    blocks += [Paragraph(note.message(m.lang), "note") for note in found.notes]
    if found.layers:
        names = ("layer", "type", "units", "dead", "saturated", "gradient")
        rows = [_row(layer) for layer in found.layers]
        blocks.append(Table(m.say("diagnosis_layers"), [m.say(name) for name in names], rows, texts=2))
    return Content(blocks, found.to_dict())


def _row(layer: LayerHealth) -> tuple[str, ...]:
    shares = ("—" if share is None else f"{share:.0%}" for share in (layer.dead, layer.saturated))
    gradient = "—" if layer.gradient is None else number(layer.gradient, 3)
    return (layer.path or "—", layer.kind, f"{layer.units:,}", *shares, gradient)
