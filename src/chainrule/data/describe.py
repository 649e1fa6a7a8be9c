"""Tables of text for people to read."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.data.schema import Schema

__all__ = ["describe_schema", "layout"]


def layout(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Lay out rows under a header; the columns whose numbers are in `right` are aligned to the right."""
    widths = [max(_width(row[i]) for row in (header, *rows)) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        padded = []
        for i, (text, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _width(text))
            padded.append(space + text if i in right else text + space)
        return "  ".join(padded).rstrip()

    return "\n".join([line(header), line(["─" * width for width in widths]), *map(line, rows)])


def describe_schema(schema: Schema, most: int = 40) -> str:
    """Return the schema as an aligned table, with the target, the task and the notes below it."""
    shown = schema.columns[:most]
    rows = [
        [_short(column.name), column.kind, str(column.missing), str(column.distinct), column.example, column.role]
        for column in shown
    ]
    lines = [layout(["column", "kind", "missing", "distinct", "values", "role"], rows, right=(2, 3))]
    if len(schema.columns) > most:
        lines.append(f"… and {len(schema.columns) - most} more columns")
    lines.append("")
    lines.append(f"{schema.rows} rows · target {schema.target} · task {schema.task or 'none'}" + _classes(schema))
    lines += [f"note: {note}" for note in schema.notes[:most]]
    return "\n".join(lines)


def _classes(schema: Schema) -> str:
    if schema.classes is None:
        return ""
    shown = ", ".join(_short(name) for name in schema.classes[:6])
    return f" · classes {shown}" + (f", … ({len(schema.classes)})" if len(schema.classes) > 6 else "")


def _short(text: str, most: int = 30) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _width(text: str) -> int:
    """Columns that a text takes in a terminal: wide letters (Hangul, Han, Kana) take two."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text
    )
