"""Where the network decides what: the exact map of its two inputs, or an exact slice through more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule import plot
from chainrule.data import Dataset
from chainrule.explain.influence import influence
from chainrule.explain.planes import Plane, plane_of_features, plane_through
from chainrule.explain.regions import Regions, regions
from chainrule.explain.wording import number
from chainrule.reports.blocks import Block, Paragraph, Table
from chainrule.reports.material import Material
from chainrule.reports.pictures import picture
from chainrule.reports.record import Content, Skipped
from chainrule.train.evaluation import predict, predict_proba

__all__ = ["decision"]

_ROWS = 2000
_MARGIN = 0.15
_MOST_LISTED, _MOST_RANKED = 5, 10
_MANY, _VERY_MANY = 400, 4000  # regions; beyond the first a picture of their outlines is smaller as pixels


@dataclass(frozen=True)
class _Cut:
    """A plane through the inputs, its bounds, how it was chosen, and the classes of the samples that made it."""

    plane: Plane | None
    bounds: tuple[float, float, float, float]
    chosen: tuple[Block, ...]
    marks: tuple[int, ...] = ()


def decision(m: Material) -> Content | Skipped:
    """The map, its largest regions with their formulas, and for two inputs the surface in space."""
    if not m.has_formula:
        return Skipped(m.say("no_formula"))
    if m.evaluated.n_features < 2:
        return Skipped(m.say("decision_none"))
    two = m.evaluated.n_features == 2
    cut = _whole(m) if two else _through_images(m) if m.is_image else _of_features(m)
    found = regions(m.model, cut.bounds, cut.plane)
    found = replace(found, classes=tuple(m.keys)) if found.classes else found
    points, labels = _shown(m, cut) if two or m.is_image else (None, None)
    kind = found.kind if m.is_classifier else f"{found.kind}_quantity"
    caption = m.say(f"decision_{kind}", regions=f"{len(found):,}", segments=f"{len(found.boundary):,}")
    smooth = two and found.kind == "sampled"
    drawn = picture(
        lambda: _drawn(m, cut.bounds, flat=True) if smooth else plot.region_map(found, points, labels, lang=m.lang),
        "regions",
        caption,
        kind="filled" if len(found) <= _VERY_MANY else "card",  # drawing these twice would take seconds
        raster=len(found) > _MANY,
    )
    blocks: list[Block] = [*cut.chosen, drawn]
    if found.kind == "exact":
        blocks.append(_largest(m, found))
    if two:
        blocks.append(picture(lambda: _drawn(m, cut.bounds), "surface", m.say("decision_surface"), kind="filled"))
    facts = {"kind": found.kind, "regions": len(found), "names": found.names, "bounds": found.bounds}
    return Content(blocks, {**facts, "segments": len(found.boundary)})


def _shown(m: Material, cut: _Cut) -> tuple[np.ndarray, np.ndarray | None]:
    """The samples that lie in the plane; in a slice all others lie elsewhere."""
    if cut.plane is not None:
        return cut.plane.marks, np.array(cut.marks) if m.is_classifier else None
    return m.points(_ROWS), m.labels(_ROWS) if m.is_classifier else None


def _whole(m: Material) -> _Cut:
    return _Cut(None, _around(m.points(_ROWS)), (Paragraph(m.say("decision_whole")),))


def _of_features(m: Material) -> _Cut:
    ranked = influence(m.model, m.seen(_ROWS), m.units.names)
    order = ranked.order()
    numeric = [i for i in order if not m.units.names[i].startswith("[")]
    first, second = (numeric if len(numeric) > 1 else order)[:2]
    points, names = m.points(_ROWS), m.units.names
    fixed = _typical(points, names)
    plane = plane_of_features(names, first, second, fixed)
    rest = "; ".join(f"{names[i]} = {number(fixed[i])}" for i in order if i not in (first, second))
    said = m.say("decision_features", first=names[first], second=names[second], rest=_shortened(rest))
    table = Table(
        m.say("decision_influence"),
        [m.say("input"), m.say("influence")],
        [(names[i], number(ranked.values[i], 3)) for i in order[:_MOST_RANKED]],
    )
    how = Paragraph(m.say("decision_how", rows=f"{ranked.rows:,}"))
    return _Cut(plane, _around(points[:, [first, second]]), (how, table, Paragraph(said)))


def _typical(points: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Medians; of the columns that stand for categories, which have none, the most frequent combination."""
    fixed: np.ndarray = np.median(points, axis=0)
    categories = [i for i, name in enumerate(names) if name.startswith("[")]
    if categories:
        rows, counts = np.unique(points[:, categories], axis=0, return_counts=True)
        fixed[categories] = rows[counts.argmax()]
    return fixed


def _through_images(m: Material) -> _Cut:
    """The plane through three pictures, of different classes where there are so many."""
    labels = m.labels(_ROWS) if m.is_classifier else np.arange(_ROWS)
    _, first = np.unique(labels, return_index=True)
    rows = [*sorted(first.tolist())[:3]]
    rows += [i for i in range(len(labels)) if i not in rows][: 3 - len(rows)]
    plane = plane_through(*m.seen(_ROWS)[rows])
    if m.is_classifier:
        named = ", ".join(m.classes[int(labels[row])] for row in rows)
    else:
        named = ", ".join(str(row) for row in rows)
    bounds = _around(plane.marks, 0.4)
    marks = tuple(int(labels[row]) for row in rows)
    return _Cut(plane, bounds, (Paragraph(m.say("decision_images", named=named)),), marks)


def _around(points: np.ndarray, margin: float = _MARGIN) -> tuple[float, float, float, float]:
    low, high = points.min(axis=0), points.max(axis=0)
    room = margin * np.where(high > low, high - low, 1.0)
    (left, bottom), (right, top) = (low - room).tolist(), (high + room).tolist()
    return left, right, bottom, top


def _largest(m: Material, found: Regions) -> Table:
    order = np.argsort(-found.areas, kind="stable")[:_MOST_LISTED].tolist()
    whole = float(found.areas.sum()) or 1.0
    rows = []
    for place, i in enumerate(order, start=1):
        maps = [found.formula(i, output).replace("= -", "= −") for output in range(min(len(found.outputs), 3))]
        more = ["…"] if len(found.outputs) > 3 else []
        rows.append((str(place), "; ".join([*maps, *more]), f"{found.areas[i] / whole:.1%}"))
    caption = m.say("decision_largest", shown=len(order), count=f"{len(found):,}")
    return Table(caption, ["", m.say("map"), m.say("area")], rows, texts=2)


def _drawn(m: Material, bounds: tuple[float, float, float, float], *, flat: bool = False) -> Any:
    """What the network answers all over the plane, as colours or as heights."""

    def answer(places: np.ndarray) -> np.ndarray:
        seen = m.units.to_model(places.astype(np.float64)).reshape(len(places), *m.evaluated.inputs.shape[1:])
        data = Dataset(seen.astype(np.float32), preprocessing=m.evaluated.preprocessing)
        probabilistic = m.is_classifier and m.loss.probabilistic
        return predict_proba(m.model, data) if probabilistic else _indexed(m, predict(m.model, data))

    draw = plot.decision_surface if flat else plot.surface_3d
    targets = m.labels(_ROWS) if m.is_classifier else m.quantities(_ROWS)
    classes = m.keys if m.is_classifier else None
    return draw(answer, m.points(_ROWS), targets, classes, bounds, m.units.names, lang=m.lang)


def _indexed(m: Material, answers: np.ndarray) -> np.ndarray:
    if not m.is_classifier:
        return np.asarray(answers, np.float64).reshape(len(answers), -1)[:, 0]
    place = {name: i for i, name in enumerate(m.classes)}
    return np.array([place[str(answer)] for answer in answers], np.int64)


def _shortened(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
