"""What the model is: its layers, inputs with their units, outputs, and loss."""

from __future__ import annotations

import numpy as np

from chainrule.explain.wording import number
from chainrule.nn.checks import shape_text
from chainrule.nn.summary import summary
from chainrule.reports.blocks import Block, Points, Table
from chainrule.reports.material import Material
from chainrule.reports.record import Content

__all__ = ["overview"]

_MOST_INPUTS, _MOST_CLASSES = 40, 30
_ROWS = 20_000


def overview(m: Material) -> Content:
    """A few facts, the table of layers, and the table of inputs."""
    found = summary(m.model, m.evaluated.inputs.shape[1:])
    facts = [
        (m.say("overview_task"), m.say(f"task_{m.task}")),
        (m.say("overview_data"), m.say("overview_rows", data=m.source, rows=f"{len(m.evaluated):,}")),
        (m.say("overview_target"), _target(m)),
        (m.say("overview_loss"), m.loss.name),
        (m.say("overview_parameters"), f"{found.parameters:,}"),
    ]
    if m.file is not None:
        facts.append((m.say("overview_file"), m.file))
    layers = Table(
        m.say("overview_layers"),
        [m.say(name) for name in ("layer", "type", "shape", "parameters")],
        [(one.path or "—", one.type, shape_text(one.output_shape), f"{one.parameters:,}") for one in found.layers],
        texts=3,
    )
    blocks: list[Block] = [Points(facts), layers]
    if not m.is_image:
        blocks.append(_inputs(m))
    return Content(blocks, {"summary": found.to_dict(), "loss": m.loss.name, "task": m.task, "data": m.source})


def _target(m: Material) -> str:
    name = m.evaluated.target_name or "y"
    if not m.is_classifier:
        return name
    classes = m.classes
    more = f", … ({len(classes)})" if len(classes) > _MOST_CLASSES else ""
    return f"{name}: {', '.join(classes[:_MOST_CLASSES])}{more}"


def _inputs(m: Material) -> Table:
    points, units = m.points(_ROWS), m.units
    rows = []
    for i, name in enumerate(units.names[:_MOST_INPUTS]):
        column = points[:, i]
        scaled = (units.center[i], units.scale[i]) != (0, 1)
        scaling = m.say("scaled", center=number(units.center[i]), scale=number(units.scale[i])) if scaled else "—"
        rows.append((name, scaling, number(column.min()), number(np.median(column)), number(column.max())))
    title = m.say("overview_inputs", count=len(units.names))
    if len(units.names) > _MOST_INPUTS:
        title = m.say("overview_some_inputs", count=len(units.names), shown=_MOST_INPUTS)
    return Table(title, [m.say(name) for name in ("input", "scaling", "least", "median", "most")], rows, texts=2)
