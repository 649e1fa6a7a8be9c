"""The answer in a few sentences."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.explain.wording import number
from chainrule.reports.blocks import Block, Paragraph
from chainrule.reports.material import Material
from chainrule.reports.record import Content

__all__ = ["verdict"]


def verdict(m: Material) -> Content:
    """How well the model does against the simplest rival, and what the diagnosis found."""
    facts = _for_classes(m) if m.is_classifier else _for_quantities(m)
    said, judged = facts.pop("sentences")
    caution = m.say("verdict_held_out" if m.held_out else "verdict_seen")
    found = m.diagnosis
    if found.healthy:
        health = m.say("verdict_healthy")
    else:
        titles = "; ".join(finding.title(m.lang) for finding in found.findings)
        health = m.say("verdict_findings", count=len(found.findings), titles=titles)
    blocks: list[Block] = [Paragraph(f"{said} {judged}", "lead"), Paragraph(health), Paragraph(caution, "note")]
    return Content(blocks, {**facts, "healthy": found.healthy, "findings": found.kinds(), "held_out": m.held_out})


def _for_classes(m: Material) -> dict[str, Any]:
    scores = m.measured.scores
    accuracy, baseline = scores["accuracy"], scores["baseline"]
    said = m.say(
        "verdict_classes", rows=f"{m.measured.rows:,}", accuracy=f"{accuracy:.1%}", baseline=f"{baseline:.1%}",
        data=m.source,
    )  # fmt: skip
    # Two standard errors of the accuracy: less is no difference that these rows could show.
    margin = 2 * float(np.sqrt(accuracy * (1 - accuracy) / max(m.measured.rows, 1)))
    ahead = "better" if accuracy - margin > baseline else "worse" if accuracy < baseline else "unclear"
    return {"sentences": (said, m.say(f"verdict_{ahead}")), "accuracy": accuracy, "baseline": baseline}


def _for_quantities(m: Material) -> dict[str, Any]:
    scores, fitted = m.measured.scores, m.evaluated.preprocessing
    true = np.asarray(fitted.decode(np.asarray(m.evaluated.targets, np.float64)), np.float64)
    baseline = float(np.abs(true - np.median(true, axis=0)).mean())
    said = m.say(
        "verdict_quantity", rows=f"{m.measured.rows:,}", mae=number(scores["mae"]), baseline=number(baseline),
        target=fitted.target_name or "y", data=m.source,
    )  # fmt: skip
    ahead = "better" if scores["mae"] < 0.95 * baseline else "worse" if scores["mae"] > baseline else "unclear"
    return {"sentences": (said, m.say(f"verdict_{ahead}")), "mae": scores["mae"], "baseline": baseline}
