"""An exercise as sheets of paper: the network, the trace with its blanks, and the solutions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.explain.exercise import Exercise
from chainrule.explain.trace_neuron import Linearity, linearity
from chainrule.explain.trace_text import Numbers, heading, part_title, sections
from chainrule.files import atomic_write
from chainrule.plot import canvas
from chainrule.plot.network import draw_wiring
from chainrule.plot.pages import HIGH, MARGIN, WIDE, Line, Placed, Setter, draw, paginate
from chainrule.plot.wiring import Wiring

__all__ = ["exercise_sheet"]

_BLANK = "________"
_MOST = 12  # neurons of a layer, if the network is to be drawn
_TALLEST, _NEURON, _LABELS = 2.9, 0.42, 0.75  # of the network's picture, in inches
_SMALL = 7.5
_BARE_FRACTION = re.compile(r"\\frac(\w)(\w)")
_PLACES = (None, "page", "upside down")


def exercise_sheet(
    exercise: Exercise,
    path: str | os.PathLike[str] | None = None,
    *,
    page: int | None = None,
    solutions: Literal["page", "upside down"] | None = "page",
    title: str | None = None,
    lang: str | None = None,
) -> Any:
    """Set an exercise on A4 pages to be printed: the network with its weights, every step, and blanks to fill in.

    A ``.pdf`` gets a page for each page.  Other files, and the figure that is returned, hold one below the other.

    Args:
        exercise: what `Trace.exercise` returned.
        path: file to write, if any.
        page: only this one, from 1 on.
        solutions: "page" for a last page with them, "upside down" for small print at the foot of the last one that is
            read with the sheet turned round, or None.
        title: heading; default: the exercise's number.
        lang: "en" or "ko".

    Returns:
        matplotlib's ``Figure``.

    Raises:
        DTypeError: for anything but an exercise.
        UnknownNameError: for another place of the solutions.
        ConfigError: if there is no such page.
        MissingDependencyError: if matplotlib is not installed.
    """
    if not isinstance(exercise, Exercise):
        raise DTypeError("not an exercise", expected="what Trace.exercise returns", got=type(exercise).__name__)
    if solutions not in _PLACES:
        raise UnknownNameError("place of the solutions", solutions, [str(place) for place in _PLACES])
    with canvas.drawing():
        sheet = _Sheet(exercise, solutions, title, canvas.shown_language(lang))
        count = len(sheet.pages)
        if page is not None and (isinstance(page, bool) or page not in range(1, count + 1)):
            raise ConfigError("no such page", expected=f"a number from 1 to {count}", got=page)
        if page is None and path is not None and Path(path).suffix.lower() == ".pdf":
            _write(path, [sheet.figure([i]) for i in range(count)])
            path = None
        return canvas.save(sheet.figure(list(range(count)) if page is None else [page - 1]), path)


def _write(path: str | os.PathLike[str], figures: list[Any]) -> None:
    from matplotlib.backends.backend_pdf import PdfPages

    with atomic_write(path) as file, PdfPages(file) as pages:
        for figure in figures:
            pages.savefig(figure)


class _Sheet:
    """The pages of an exercise.

    Attributes:
        pages: the rows of each.
    """

    def __init__(self, exercise: Exercise, solutions: str | None, title: str | None, lang: str) -> None:
        self.lang = lang
        self.network = _wiring(exercise)
        self.high = 0.0 if self.network is None else min(_NEURON * max(self.network.sizes) + _LABELS, _TALLEST)
        setter = Setter()
        head, body = list(_head(exercise, title, lang)), list(_body(exercise, lang))
        self.foot = list(_small(exercise, lang, setter)) if solutions == "upside down" else []
        self.below_head = MARGIN + sum(line.above + line.height for line in head)
        first = paginate(head, setter, MARGIN)[0]
        text = paginate(body, setter, self.below_head + self.high + 0.1)
        self.pages: list[list[Placed]] = [[*first, *text[0]], *text[1:]]
        if solutions == "page":
            self.pages += paginate(list(_answers(exercise, lang)), setter, MARGIN)
        elif self.foot and self._bottom() + self._foot_height() > HIGH - MARGIN:
            self.pages.append([])

    def _bottom(self) -> float:
        last = self.pages[-1][-1]
        return last.top + last.line.height

    def _foot_height(self) -> float:
        return sum(line.height for line in self.foot) + 0.4

    def figure(self, numbers: list[int]) -> Any:
        """These pages, one below the other."""
        figure = canvas.new_figure(WIDE, HIGH * len(numbers))
        figure.set_layout_engine("none")
        for i, number in enumerate(numbers):
            bottom = HIGH * (len(numbers) - 1 - i)
            draw(figure, self.pages[number], bottom)
            if number == 0 and self.network is not None:
                self._draw_network(figure, bottom, HIGH * len(numbers))
            if number == len(self.pages) - 1:
                self._draw_foot(figure, bottom)
            shown = canvas.caption("training.page", self.lang, number=number + 1, count=len(self.pages))
            place = {"transform": figure.dpi_scale_trans, "size": _SMALL, "color": canvas.INK}
            figure.text(WIDE / 2, bottom + 0.4, shown, ha="center", **place)
        return figure

    def _draw_network(self, figure: Any, bottom: float, whole: float) -> None:
        assert self.network is not None
        wide = WIDE - 2 * MARGIN
        up = bottom + HIGH - self.below_head - self.high
        ax = figure.add_axes((MARGIN / WIDE, up / whole, wide / WIDE, self.high / whole))
        draw_wiring(ax, self.network, [None] * len(self.network.sizes), _MOST, None, self.lang)
        ax.get_legend().remove()

    def _draw_foot(self, figure: Any, bottom: float) -> None:
        """Turned by half a circle, so that the first line stands lowest."""
        up = bottom + MARGIN
        for line in self.foot:
            figure.text(
                WIDE - MARGIN, up, line.text, size=line.size, weight="bold" if line.bold else "normal", rotation=180,
                rotation_mode="anchor", ha="left", va="top", parse_math=False, transform=figure.dpi_scale_trans,
            )  # fmt: skip
            up += line.height


def _head(exercise: Exercise, title: str | None, lang: str) -> Iterator[Line]:
    shown = canvas.caption("trace.exercise.title", lang, seed=exercise.seed) if title is None else title
    yield Line(shown, size=14, bold=True)
    yield Line(canvas.caption("training.name_date", lang), size=9, above=0.08)
    for i, text in enumerate(heading(exercise.trace, lang, _numbers(exercise))):
        yield Line(text, size=9, above=0.1 if i == 0 else 0.0)


def _body(exercise: Exercise, lang: str) -> Iterator[Line]:
    part = ""
    for section in sections(exercise.trace, lang, _numbers(exercise)):
        if section.part != part:
            part = section.part
            yield Line(part_title(exercise.trace, part, lang), size=11, bold=True, above=0.18, together=3)
        formulas = ",\\quad ".join(_mathtext(formula) for formula in section.formulas)
        yield Line(section.title, bold=True, above=0.15, together=2, formula=formulas)
        for text in section.lines:
            yield Line(text, indent=0.2)


def _numbers(exercise: Exercise) -> Numbers:
    return Numbers({blank.path: f"{_BLANK}({i + 1})" for i, blank in enumerate(exercise.blanks)})


def _mathtext(latex: str) -> str:
    """LaTeX in the part of it that matplotlib knows."""
    for ours, theirs in (("\\tfrac", "\\frac"), ("\\textstyle", ""), ("\\operatorname", "\\mathrm")):
        latex = latex.replace(ours, theirs)
    return _BARE_FRACTION.sub(r"\\frac{\1}{\2}", latex)


def _answers(exercise: Exercise, lang: str) -> Iterator[Line]:
    title, *lines = exercise.solutions(lang)
    yield Line(title, size=14, bold=True)
    for i, text in enumerate(lines):
        yield Line(text.lstrip("_"), size=10, above=0.15 if i == 0 else 0.03)


def _small(exercise: Exercise, lang: str, setter: Setter) -> Iterator[Line]:
    """The solutions, one behind the other, in rows that fit."""
    title, *lines = exercise.solutions(lang)
    # Spaces within a solution must not be where its row ends.
    joined = "   ".join(text.lstrip("_").replace(" ", "\N{NO-BREAK SPACE}") for text in lines)
    yield Line(title, size=_SMALL, bold=True)
    for row in setter.rows(Line(joined, size=_SMALL, indent=0.3)):
        yield Line(row.strip(), size=_SMALL)


def _wiring(exercise: Exercise) -> Wiring | None:
    """The traced Linear layers; None if there are none, they do not follow one another, or are too wide to draw."""
    products: list[Linearity] = []
    for layer in exercise.trace.linear_layers():
        products += [found for name in layer.steps if (found := linearity(exercise.trace.step(name))) is not None]
    weights = [np.asarray(product.rows) for product in products]
    if not weights or any(after.shape[1] != len(before) for before, after in pairwise(weights)):
        return None
    sizes = [weights[0].shape[1], *(len(one) for one in weights)]
    if max(sizes) > _MOST:
        return None
    biases = [None if product.bias is None else np.asarray(product.bias.value) for product in products]
    return Wiring(weights, biases, sizes, [(), *_functions(exercise, len(products))], None)


def _functions(exercise: Exercise, count: int) -> list[tuple[str, ...]]:
    """For each Linear layer the names of the layers that follow it."""
    found: list[tuple[str, ...]] = []
    for layer in exercise.trace.layers:
        if layer.kind == "Linear" and layer.steps:
            found.append(())
        elif found and layer.steps and layer.path not in ("loss", ""):
            found[-1] = (*found[-1], layer.kind)
    return found if len(found) == count else [()] * count
