"""Every number of one forward and backward pass."""

from __future__ import annotations

import numpy as np

from chainrule.explain.trace_page import trace_body
from chainrule.explain.trace_record import Trace
from chainrule.explain.tracer import trace as traced
from chainrule.reports.blocks import Block, Heading, Markup, Paragraph
from chainrule.reports.material import Material
from chainrule.reports.record import Content

__all__ = ["trace", "trace_of"]


def trace_of(m: Material, row: int) -> Trace:
    """The trace of one row."""
    x, y = m.with_targets(m.evaluated.rows([row])).batch(np.array([0]))
    return traced(m.model, x, y, m.loss, training=False)


def trace(m: Material) -> Content:
    """The passes of the chosen rows, complete for small networks, summarised for large ones."""
    blocks: list[Block] = []
    facts = []
    for row in m.rows:
        one = m.evaluated.rows([row])
        found = trace_of(m, row)
        title = m.say("trace_row", row=m.number(row))
        said = m.say("trace_answer", predicted=m.predicted(one)[0], true=m.true(one)[0])
        size = m.say("trace_complete" if m.is_small else "trace_summarised")
        body = f'<div class="trace">{trace_body(found, m.lang, level=4)}</div>'
        blocks += [Heading(title), Paragraph(said), Paragraph(size, "note"), Markup(body)]
        facts.append({"row": m.number(row), "trace": found.to_dict()})
    return Content(blocks, {"rows": facts})
