"""What each neuron of the first layer looks for, for pictures."""

from __future__ import annotations

from chainrule import plot
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped

__all__ = ["weights"]

_MOST = 24


def weights(m: Material) -> Content | Skipped:
    """The first layer's weights as images."""
    if not m.is_image:
        return Skipped(m.say("weights_none"))
    caption = m.say("weights_caption")
    drawn = picture(lambda: plot.weights_image(m.model, most=_MOST, lang=m.lang), "weights", caption, kind="card")
    return Content([drawn])
