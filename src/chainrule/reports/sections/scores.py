"""How well the model does, and which classes it takes for which."""

from __future__ import annotations

import numpy as np

from chainrule import plot
from chainrule.reports.blocks import Block, Table
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content

__all__ = ["scores"]


def scores(m: Material) -> Content:
    """All scores with what they are; for classes the confusion matrix, and precision and recall of each."""
    found = m.measured
    rows = [(m.say(f"score_{name}"), m.say(f"score_{name}_is"), _number(one)) for name, one in found.scores.items()]
    title = m.say("scores_of", rows=f"{found.rows:,}")
    blocks: list[Block] = [Table(title, [m.say(name) for name in ("score", "what", "value")], rows, texts=2)]
    if found.matrix is not None:
        matrix, keys = np.asarray(found.matrix), m.keys
        caption = m.say("confusion_caption")
        blocks.append(picture(lambda: plot.confusion(matrix, keys, lang=m.lang), "confusion", caption, kind="filled"))
        blocks.append(_by_class(m, matrix, list(found.classes or [])))
    return Content(blocks, found.to_dict())


def _by_class(m: Material, matrix: np.ndarray, classes: list[str]) -> Table:
    rows = []
    for i, name in enumerate(classes):
        true, taken, hits = int(matrix[i].sum()), int(matrix[:, i].sum()), int(matrix[i, i])
        rows.append((name, f"{true:,}", _share(hits, taken), _share(hits, true)))
    return Table(m.say("by_class"), [m.say(name) for name in ("class", "rows", "precision", "recall")], rows)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "—"


def _number(value: float) -> str:
    return (f"{value:.4f}" if abs(value) < 1e4 else f"{value:.6g}").replace("-", "−")
