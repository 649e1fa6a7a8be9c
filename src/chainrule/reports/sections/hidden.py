"""Where the layers move the data."""

from __future__ import annotations

from chainrule import explain, plot
from chainrule.explain.given import some_rows
from chainrule.explain.hidden import HiddenSpace
from chainrule.reports.blocks import Paragraph
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped

__all__ = ["hidden"]

_ROWS = 400
_MOST_STAGES = 8
_FLAT = 2  # dimensions that are drawn as they are


def hidden(m: Material) -> Content | Skipped:
    """The data, and for two inputs a grid, after each layer."""
    if not m.has_formula:
        return Skipped(m.say("no_formula"))
    if len(m.pieces) < 2:
        return Skipped(m.say("hidden_none"))
    data = some_rows(m.evaluated, _ROWS)
    found = _fewer(explain.hidden_space(m.model, data, lines=11, steps=41))
    targets = m.labels(_ROWS) if m.is_classifier else m.quantities(_ROWS)
    classes = m.keys if m.is_classifier else None
    drawn = picture(
        lambda: plot.hidden_space(found, targets, classes=classes, lang=m.lang),
        "hidden",
        m.say("hidden_caption", rows=f"{len(data):,}"),
    )
    stages = [{"path": stage.path, "move": stage.move} for stage in found.stages]
    return Content(
        [Paragraph(m.say("hidden_why" if m.is_classifier else "hidden_why_quantity")), drawn],
        {"rows": len(data), "stages": stages},
    )


def _fewer(space: HiddenSpace) -> HiddenSpace:
    """One stage per layer where a shift cannot be seen; of many the input, what activations make, and the output."""
    stages = space.stages
    if all(stage.points.shape[1] <= _FLAT for stage in stages) and len(stages) <= _MOST_STAGES:
        return space
    following = [*(stage.move for stage in stages[1:]), ""]
    kept = [stage for stage, after in zip(stages, following, strict=True) if after != "shift"]
    if len(kept) > _MOST_STAGES:
        inner = [stage for stage in kept[1:-1] if stage.move not in ("linear", "shift")]
        kept = [kept[0], *inner[: _MOST_STAGES - 2], kept[-1]]
    return HiddenSpace(tuple(kept))
