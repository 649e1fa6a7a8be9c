"""Lines of text set on A4 pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.plot import canvas

__all__ = ["HIGH", "MARGIN", "WIDE", "Line", "Placed", "Setter", "draw", "paginate"]

#: A4, in inches.
WIDE, HIGH = 8.27, 11.69
MARGIN = 0.75
_FOOT = 0.35  # for the number of the page
_HANGING = 0.25
_FORMULA = 1.15  # times the size of the text beside it


@dataclass(frozen=True)
class Line:
    """One line of text before it is set.

    Attributes:
        text: in words that may be parted by spaces.
        size: in points.
        bold: whether it is.
        indent: in inches.
        above: space above it, in inches.
        together: it stands on one page with so many of the following lines.
        formula: LaTeX that stands behind it if there is room.
    """

    text: str
    size: float = 8.5
    bold: bool = False
    indent: float = 0.0
    above: float = 0.0
    together: int = 0
    formula: str = ""

    @property
    def height(self) -> float:
        """Of one row, in inches: one and a half times the size, so that there is room to write."""
        return 1.5 * self.size / 72


@dataclass(frozen=True)
class Placed:
    """A row of text with its place.

    Attributes:
        text: of the row.
        line: that it is from.
        left, top: in inches from the page's upper left corner, of its upper edge.
        formula: where the formula starts, or None if there is none, or no room.
    """

    text: str
    line: Line
    left: float
    top: float
    formula: float | None = None


class Setter:
    """Measures and breaks lines; to be used within `canvas.drawing`."""

    def __init__(self) -> None:
        from matplotlib.backends.backend_agg import RendererAgg

        self._dpi = 72.0
        self._renderer = RendererAgg(10, 10, self._dpi)
        self._advances: dict[tuple[str, float, bool], float] = {}

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Of a text, in inches, without kerning."""
        return sum(self._advance(letter, size, bold) for letter in text)

    def _advance(self, letter: str, size: float, bold: bool) -> float:
        """From one letter to the next."""
        key = (letter, size, bold)
        if key not in self._advances:
            # What is measured is the ink; between these two the difference is ten steps.
            many, one = (self._ink("x" + letter * n + "x", size, bold) for n in (11, 1))
            self._advances[key] = (many - one) / 10
        return self._advances[key]

    def _ink(self, text: str, size: float, bold: bool) -> float:
        from matplotlib.font_manager import FontProperties

        font = FontProperties(size=size, weight="bold" if bold else "normal")
        return float(self._renderer.get_text_width_height_descent(text, font, False)[0]) / self._dpi

    def rows(self, line: Line) -> list[str]:
        """Break a line into rows that fit on the page; rows after the first are to be indented a little more."""
        room = WIDE - 2 * MARGIN - line.indent
        space = self.width(" ", line.size, line.bold)
        rows: list[str] = []
        row, used = "", 0.0
        for word in line.text.split(" "):
            wide = self.width(word, line.size, line.bold)
            if row and used + space + wide > room:
                rows.append(row)
                row, used = word, wide
                room = WIDE - 2 * MARGIN - line.indent - _HANGING
            else:
                row, used = (f"{row} {word}", used + space + wide) if row else (word, wide)
        return [*rows, row]

    def behind(self, row: str, line: Line) -> float | None:
        """Where a line's formula starts behind its text; None if there is none, it cannot be set, or is too wide."""
        if not line.formula:
            return None
        start = MARGIN + line.indent + self.width(row, line.size, line.bold) + 0.3
        try:
            right = _outline(line).get_extents().x1 / 72
        except ValueError:  # LaTeX that matplotlib does not know
            return None
        return start if start + right <= WIDE - MARGIN else None


def _outline(line: Line) -> Any:
    """A line's formula as a path, in points."""
    from matplotlib.textpath import TextPath

    return TextPath((0, 0), f"${line.formula}$", size=_FORMULA * line.size)


def paginate(lines: Sequence[Line], setter: Setter, start: float) -> list[list[Placed]]:
    """Set lines on pages.

    Args:
        lines: from the first to the last.
        setter: breaks them.
        start: where the first page's text begins, in inches from its upper edge.
    """
    end = HIGH - MARGIN - _FOOT
    pages: list[list[Placed]] = [[]]
    top = start
    broken = [setter.rows(line) for line in lines]
    for i, (line, rows) in enumerate(zip(lines, broken, strict=True)):
        company = _height(zip(lines[i : i + 1 + line.together], broken[i : i + 1 + line.together], strict=True))
        if pages[-1] and top + min(company, end - MARGIN) > end:
            pages.append([])
            top = MARGIN
        top += line.above if pages[-1] else 0.0
        for j, row in enumerate(rows):
            if top + line.height > end:
                pages.append([])
                top = MARGIN
            left = MARGIN + line.indent + (_HANGING if j else 0.0)
            behind = setter.behind(row, line) if j == len(rows) - 1 == 0 else None
            pages[-1].append(Placed(row, line, left, top, behind))
            top += line.height
    return pages


def _height(lines: Iterable[tuple[Line, list[str]]]) -> float:
    return sum(line.above + len(rows) * line.height for line, rows in lines)


def draw(figure: Any, page: Sequence[Placed], bottom: float) -> None:
    """Write a page's rows into a figure whose coordinates are inches from its lower left corner.

    Args:
        figure: with nothing but inches: ``figure.dpi_scale_trans``.
        page: the rows.
        bottom: height of the page's lower edge.
    """
    for placed in page:
        line = placed.line
        place = {"transform": figure.dpi_scale_trans, "va": "top", "size": line.size}
        up = bottom + HIGH - placed.top
        figure.text(placed.left, up, placed.text, weight="bold" if line.bold else "normal", parse_math=False, **place)
        if placed.formula is not None:
            _formula(figure, line, placed.formula, up)


def _formula(figure: Any, line: Line, left: float, top: float) -> None:
    """Beside a line that begins at `top`; a fraction is not to touch the line below."""
    from matplotlib.patches import PathPatch
    from matplotlib.transforms import Affine2D

    outline = _outline(line)
    box = outline.get_extents()
    middle = top - 0.36 * line.height - (box.y0 + box.y1) / 2 / 72
    place = Affine2D().scale(1 / 72).translate(left, middle) + figure.dpi_scale_trans
    figure.add_artist(PathPatch(outline, transform=place, facecolor=canvas.INK, edgecolor="none"))
