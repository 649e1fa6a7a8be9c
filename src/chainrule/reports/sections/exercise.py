"""The same pass with blanks to fill in by hand, for networks that are small enough."""

from __future__ import annotations

from chainrule.reports.blocks import Folded, Listing, Paragraph
from chainrule.reports.material import Material
from chainrule.reports.record import Content, Skipped
from chainrule.reports.sections.trace import trace_of

__all__ = ["exercise"]

_MOST_PARAMETERS = 40
_SEED = 1


def exercise(m: Material) -> Content | Skipped:
    """A sheet, and its solutions folded away."""
    if m.parameters > _MOST_PARAMETERS:
        return Skipped(m.say("exercise_none", most=_MOST_PARAMETERS, parameters=f"{m.parameters:,}"))
    sheet = trace_of(m, m.rows[0]).exercise(_SEED)
    _, *lines = sheet.lines(m.lang)
    title, *solutions = sheet.solutions(m.lang)
    said = Paragraph(m.say("exercise_how", blanks=len(sheet.blanks)))
    return Content([said, Listing(lines), Folded(title, [Listing(solutions)], fresh=True)], sheet.to_dict())
