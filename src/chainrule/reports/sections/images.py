"""Pictures from the data with what the network takes them for, mistakes first."""

from __future__ import annotations

import numpy as np

from chainrule import plot
from chainrule.explain.given import some_rows
from chainrule.reports.blocks import Paragraph
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped

__all__ = ["images"]

_ROWS, _MISTAKES, _SHOWN = 2000, 18, 30


def images(m: Material) -> Content | Skipped:
    """Up to eighteen mistakes, then pictures that are right."""
    if not m.is_image or not m.is_classifier:
        return Skipped(m.say("images_none"))
    looked = some_rows(m.evaluated, _ROWS)
    taken, true = m.predicted(looked), m.true(looked)
    wrong = [i for i, (one, other) in enumerate(zip(taken, true, strict=True)) if one != other]
    right = [i for i, (one, other) in enumerate(zip(taken, true, strict=True)) if one == other]
    order = [*wrong[:_MISTAKES], *right][:_SHOWN]
    chosen = looked.rows(np.array(order))
    mistakes = min(len(wrong), _MISTAKES)
    caption = m.say("images_caption", mistakes=mistakes, right=len(order) - mistakes)
    heading = m.say("images_heading")
    drawn = picture(
        lambda: plot.images(
            chosen, [m.keys[m.classes.index(taken[i])] for i in order], targets=chosen.targets, classes=m.keys,
            most=len(order), title=heading, lang=m.lang,
        ),
        "images", caption, kind="card",
    )  # fmt: skip
    note = Paragraph(m.say("images_looked", rows=f"{len(looked):,}", wrong=f"{len(wrong):,}"))
    return Content([note, drawn], {"rows": len(looked), "mistakes": len(wrong)})
