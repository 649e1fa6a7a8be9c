"""Whether hyperplanes divide the classes, with the proof."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.explain.deadline import Deadline
from chainrule.explain.labelled import labelled
from chainrule.explain.separability import Separability, separate
from chainrule.reports.blocks import Listing, Paragraph
from chainrule.reports.material import Material
from chainrule.reports.record import Content, Skipped

__all__ = ["separability"]

_SECONDS = 3.0
_MOST_CLASSES = 12  # whose answers are a pleasure to read
_MOST_NUMBERS = 20_000_000  # what is copied without being noticed


def separability(m: Material) -> Content | Skipped:
    """The answer for each class: yes, no, or that the time did not do."""
    rows, features = len(m.evaluated), m.evaluated.n_features
    if not m.is_classifier or len(np.unique(m.labels(rows))) < 2:
        return Skipped(m.say("separability_none"))
    if len(m.classes) > _MOST_CLASSES or rows * features > _MOST_NUMBERS:
        return Skipped(m.say("separability_large", classes=_MOST_CLASSES, numbers=f"{_MOST_NUMBERS:,}"))
    given = labelled(m.points(rows), np.asarray(m.classes)[m.labels(rows)])
    found = _numbered(separate(replace(given, names=m.units.names), Deadline(_SECONDS)), m)
    verdict = "undecided" if found.separable is None else "yes" if found.separable else "some"
    verdict = "no" if verdict == "some" and len(found.divisions) == 1 else verdict
    lines = found.explain(m.lang).splitlines()
    said = m.say(f"separability_{verdict}", **({"seconds": f"{_SECONDS:g}"} if verdict == "undecided" else {}))
    return Content([Paragraph(said), Listing(lines)], found.to_dict())


def _numbered(found: Separability, m: Material) -> Separability:
    """With the rows called as the report calls them."""
    divisions = []
    for division in found.divisions:
        plane, proof = division.hyperplane, division.certificate
        if plane is not None:
            plane = replace(plane, support=tuple(m.number(row) for row in plane.support))
        if proof is not None:
            low, high = (
                np.array([m.number(row) for row in rows], np.intp)
                for rows in (proof.negative_rows, proof.positive_rows)
            )
            proof = replace(proof, negative_rows=low, positive_rows=high)
        divisions.append(replace(division, hyperplane=plane, certificate=proof))
    return replace(found, divisions=tuple(divisions))
