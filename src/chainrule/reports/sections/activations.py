"""How the values in each layer are distributed."""

from __future__ import annotations

from chainrule import plot
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content

__all__ = ["activations"]

_ROWS = 1000


def activations(m: Material) -> Content:
    """A histogram for each layer."""
    seen = m.seen(_ROWS)
    caption = m.say("activations_caption", rows=f"{len(seen):,}")
    drawn = picture(lambda: plot.activation_histograms(m.model, seen, lang=m.lang), "activations", caption)
    return Content([drawn], {"rows": len(seen)})
