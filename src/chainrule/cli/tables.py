"""Tables and short texts that commands have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

from chainrule.messages import text

if TYPE_CHECKING:
    from chainrule.data import Schema
    from chainrule.nn import Summary

__all__ = ["bytes_text", "confusion_table", "grid", "model_table", "schema_table", "truth_table"]

_MOST_COLUMNS = 40
_WIDEST_MATRIX = 12
_DIM, _GOOD, _BAD = "dim", "green", "yellow"


class _PlainTable(Table):
    """A table whose texts are shown as they stand: brackets in a user's names are no markup."""

    def add_row(self, *cells: RenderableType | None, style: StyleType | None = None, end_section: bool = False) -> None:
        plain = (Text(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*plain, style=style, end_section=end_section)


def grid(*columns: str, title: str | None = None, right: Sequence[int] = (), fold: int | None = None) -> Table:
    """Return an empty table.

    Args:
        columns: headings.
        title: what stands above it.
        right: numbers of the columns that are aligned to the right.
        fold: number of the column that gives way where the screen is narrow.
    """
    table = _PlainTable(box=box.ROUNDED, border_style=_DIM, header_style="bold", title_justify="left")
    table.title = None if title is None else Text(title, style="bold")
    for number, name in enumerate(columns):
        table.add_column(
            Text(name),
            justify="right" if number in right else "left",
            no_wrap=number != fold,
            overflow="fold" if number == fold else "ellipsis",
        )
    return table


def schema_table(schema: Schema, name: str, narrow: bool = False, lang: str | None = "en") -> Table:
    """The columns of a table: kinds, missing values, roles, and, unless the screen is narrow, what they hold."""
    keys = ("column", "kind", "role", "missing", *(() if narrow else ("distinct", "values")))
    heads = [text(f"screen.{key}", lang) for key in keys]
    table = grid(*heads, title=name, right=(3, 4), fold=5)
    for column in schema.columns[:_MOST_COLUMNS]:
        left_out = column.role == "left out"
        missing = Text(str(column.missing), style=_BAD if column.missing and not left_out else "")
        role = Text(column.role, style="bold cyan" if column.role == "target" else "")
        cells = (Text(column.name), column.kind, role, missing, str(column.distinct), Text(column.example))
        table.add_row(*cells[: len(heads)], style=_DIM if left_out else None)
    more = len(schema.columns) - _MOST_COLUMNS
    if more > 0:
        table.add_row(text("screen.more", lang, count=more), style=_DIM)
    return table


def model_table(summary: Summary, title: str | None = None, lang: str | None = "en") -> Table:
    """The layers, their shapes and their parameters."""
    heads = (text(f"screen.{key}", lang) for key in ("layer", "type", "shape", "parameters"))
    table = grid(*heads, title=title or text("screen.network", lang), right=(3,))
    for layer in summary.layers:
        shape = "?" if layer.output_shape is None else f"({', '.join(map(str, ('N', *layer.output_shape)))})"
        count = f"{layer.parameters:,}" if layer.parameters else Text("–", style=_DIM)
        table.add_row(layer.path, layer.type, shape, count)
    table.add_section()
    table.add_row("", text("screen.total", lang), "", f"{summary.parameters:,}", style="bold")
    return table


def confusion_table(matrix: np.ndarray, classes: Sequence[str], width: int = 80, lang: str | None = "en") -> Table:
    """Rows are true classes, columns predicted ones; where these do not fit, the commonest mistakes alone.

    Args:
        matrix: counts ``(C, C)``.
        classes: names in order.
        width: of the screen; columns too many for it lose their frames, and their names give way to numbers.
        lang: "en" or "ko".
    """
    names, numbers = list(classes), [str(i) for i in range(len(classes))]
    labels = [f"{i} {name}" for i, name in enumerate(classes)]
    wide = sum(cell_len(name) + 3 for name in classes) > 40 or _matrix_width(matrix, names, names, 19, 3) > width
    heads, corner = numbers if wide else names, text("screen.corner", lang)
    compact = _matrix_width(matrix, heads, labels if wide else names, cell_len(corner), 3) > width
    if compact:
        corner = text("screen.true", lang)
    fits = _matrix_width(matrix, heads, labels if wide else names, cell_len(corner), 2 if compact else 3) <= width
    if len(classes) > _WIDEST_MATRIX or not fits:
        return _commonest_mistakes(matrix, classes, lang)
    ends = text("screen.found", lang)
    table = grid(corner, *heads, ends, title=text("screen.confusion", lang), right=range(1, len(classes) + 2))
    if compact:
        table.box, table.show_edge, table.padding = box.SIMPLE_HEAD, False, (0, 0, 0, 1)
        table.title = Text(text("screen.confusion_across", lang), style="bold")
    for i, name in enumerate(classes):
        cells = [_count(int(count), hit=i == j) for j, count in enumerate(matrix[i])]
        rows = int(matrix[i].sum())
        found = f"{matrix[i, i] / rows:.0%}" if rows else "–"
        table.add_row(Text(f"{i} {name}" if wide else name), *cells, found)
    return table


def _matrix_width(matrix: np.ndarray, heads: Sequence[str], labels: Sequence[str], corner: int, space: int) -> int:
    """Columns of the screen that a confusion matrix takes, with `space` around each of its own."""
    most = [max(cell_len(head), len(str(int(count)))) for head, count in zip(heads, matrix.max(axis=0), strict=True)]
    first = max([corner, *(cell_len(label) for label in labels)])
    return first + sum(most) + len("found") + space * (len(heads) + 2) + 1


def _count(count: int, *, hit: bool) -> Text:
    if not count:
        return Text("–", style=_DIM)
    return Text(str(count), style=f"bold {_GOOD}" if hit else _BAD)


def _commonest_mistakes(matrix: np.ndarray, classes: Sequence[str], lang: str | None, most: int = 10) -> Table:
    heads = (text(f"screen.{key}", lang) for key in ("true", "predicted", "rows"))
    table = grid(*heads, title=text("screen.mistakes", lang), right=(2,))
    mistakes = np.array(matrix)
    np.fill_diagonal(mistakes, 0)
    for place in np.argsort(-mistakes, axis=None, kind="stable")[:most]:
        i, j = divmod(int(place), len(classes))
        if mistakes[i, j]:
            table.add_row(Text(classes[i]), Text(classes[j]), str(mistakes[i, j]))
    return table


def truth_table(
    name: str, inputs: np.ndarray, targets: np.ndarray, outputs: np.ndarray, lang: str | None = "en"
) -> Table:
    """Every input of a gate, what it should give, and what the network gives; in "en" or "ko"."""
    columns = [f"x{i + 1}" for i in range(inputs.shape[1])]
    heads = (text(f"gate.{key}", lang) for key in ("output", "rounded", "right"))
    table = grid(*columns, name.upper(), *heads, right=range(len(columns) + 3))
    for x, target, output in zip(inputs, targets, outputs, strict=True):
        right = undecided(output) is False and round(float(output)) == target
        rounded = "?" if undecided(output) else str(round(float(output)))
        word = Text(text("gate.yes" if right else "gate.no", lang), style=_GOOD if right else "red")
        table.add_row(*(f"{value:g}" for value in x), str(int(target)), f"{output:.4f}", rounded, word)
    return table


def undecided(output: Any) -> bool:
    """Whether an output is so near to one half that rounding it would be a coin toss."""
    return bool(abs(float(output) - 0.5) < 0.01)


def bytes_text(size: float) -> str:
    """Return a size for people, e.g. ``12.3 KB``."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
