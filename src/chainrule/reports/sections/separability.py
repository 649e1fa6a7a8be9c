"""Whether hyperplanes divide the classes, with the proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.explain.deadline import Deadline
from chainrule.explain.labelled import labelled
from chainrule.explain.separability import separate
from chainrule.reports.blocks import Listing, Paragraph
from chainrule.reports.material import Material
from chainrule.reports.record import Content, Skipped

__all__ = ["separability"]

_SECONDS = 3.0
_MOST_ROWS, _MOST_FEATURES, _MOST_CLASSES = 5000, 40, 12


def separability(m: Material) -> Content | Skipped:
    """The answer for each class, where it does not take long."""
    if not m.is_classifier or len(np.unique(m.labels(_MOST_ROWS))) < 2:
        return Skipped(m.say("separability_none"))
    data = m.evaluated
    if len(data) > _MOST_ROWS or data.n_features > _MOST_FEATURES or len(m.classes) > _MOST_CLASSES:
        return Skipped(m.say("separability_large", rows=f"{_MOST_ROWS:,}", features=_MOST_FEATURES))
    given = labelled(m.points(_MOST_ROWS), np.asarray(m.classes)[m.labels(_MOST_ROWS)])
    found = separate(replace(given, names=m.units.names), Deadline(_SECONDS))
    verdict = "undecided" if found.separable is None else "yes" if found.separable else "some"
    verdict = "no" if verdict == "some" and len(found.divisions) == 1 else verdict
    lines = found.explain(m.lang).splitlines()
    return Content([Paragraph(m.say(f"separability_{verdict}")), Listing(lines)], found.to_dict())
