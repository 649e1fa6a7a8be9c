"""Where the layers move the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import explain, plot
from chainrule.explain.given import some_rows
from chainrule.reports.blocks import Paragraph
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped

__all__ = ["hidden"]

_ROWS = 600


def hidden(m: Material) -> Content | Skipped:
    """The data after each layer."""
    draw: Callable[..., Any] | None = getattr(plot, "hidden_space", None)
    if draw is None or len(m.pieces) < 2:
        return Skipped(m.say("hidden_none"))
    data = some_rows(m.evaluated, _ROWS)
    found = explain.hidden_space(m.model, data)
    labels = m.labels(_ROWS) if m.is_classifier else None
    names = m.classes if m.is_classifier else None
    drawn = picture(
        lambda: draw(found, labels, names, lang=m.lang),
        "hidden",
        m.say("hidden_caption", rows=f"{len(data):,}"),
    )
    return Content([Paragraph(m.say("hidden_why")), drawn], {"rows": len(data)})
