"""The loss around the weights that training found."""

from __future__ import annotations

from chainrule import explain, plot
from chainrule.explain.given import some_rows
from chainrule.explain.wording import number
from chainrule.reports.blocks import Paragraph
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content

__all__ = ["landscape"]

_POINTS, _FEW_POINTS = 25, 17
_ROWS, _FEW_ROWS = 1024, 256
_LARGE = 20_000


def landscape(m: Material) -> Content:
    """The loss on a plane of two filter-normalised random directions."""
    large = m.parameters > _LARGE
    points, rows = (_FEW_POINTS, _FEW_ROWS) if large else (_POINTS, _ROWS)
    data = some_rows(m.training, rows)
    found = explain.landscape(m.model, data, points=points, loss=m.loss)
    caption = m.say("landscape_caption", rows=f"{len(data):,}", points=points, loss=number(found.center_loss))
    drawn = picture(lambda: plot.landscape(found, lang=m.lang), "landscape", caption, kind="filled")
    return Content([Paragraph(m.say("landscape_why")), drawn], found.to_dict())
