"""A spreadsheet for small networks: a CSV file with one formula for each number, which any of the programs opens."""

from __future__ import annotations

import csv
import io

from chainrule.errors import FormatError
from chainrule.interchange.codegen.cells import stages
from chainrule.interchange.codegen.expression import Dialect
from chainrule.interchange.codegen.program import Program, feature

__all__ = ["generate"]

_LONGEST = 8000  # Excel takes 8,192 characters
_MOST_ROWS = 10_000


class _Sheet(Dialect):
    def number(self, value: float) -> str:
        shown = f"{value:.15g}".upper()
        return f"({shown})" if shown.startswith("-") else shown

    def text(self, value: str) -> str:
        return '"' + value.replace('"', '""') + '"'


_DIALECT = _Sheet(
    {
        **{name: f"{name.upper()}({{0}})" for name in ("exp", "tanh", "sqrt", "abs")},
        "log": "LN({0})",
        "log1p": "LN(1+{0})",
        "max": "MAX({0},{1})",
        "min": "MIN({0},{1})",
        "largest": "MAX({})",
        "neg": "(0-{0})",  # -x^2 is (-x)^2 to spreadsheets
        "where": "IF({0}>{1},{2},{3})",
        "missing": "IF(ISNUMBER({0}),0,1)",
        "filled": "IF(ISNUMBER({0}),{0},{1})",
        "equals": "IF(EXACT({0},{1}),1,0)",
        "phi": "NORMSDIST({0})",
    }
)


def generate(program: Program, name: str) -> str:
    """CSV text: the inputs' names in column A with room for their values in B, then a formula for each number.

    The outputs come last.  `name` is the heading.
    """
    rows: list[tuple[str, str]] = [(_label(name), ""), *((_label(one), "0") for one in program.inputs)]
    cells = [f"B{place + 2}" for place in range(len(program.inputs))]
    cells = _written(rows, [_DIALECT.write(feature(one, cells)) for one in program.features], "feature")
    for place, step in enumerate(program.steps, 1):
        for formulas in stages(step, cells, _DIALECT):
            cells = _written(rows, formulas(cells), f"step {place}")
    for output, cell in zip(program.outputs, cells, strict=True):
        rows.append((_label(f"output {output}"), f"={cell}"))
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()


def _written(rows: list[tuple[str, str]], formulas: list[str], label: str) -> list[str]:
    """Add formulas to the sheet; return their cells."""
    start = len(rows)
    longest = max(map(len, formulas))
    if longest > _LONGEST or start + len(formulas) > _MOST_ROWS:
        raise FormatError(
            "the network is too large for a spreadsheet",
            expected=f"formulas of {_LONGEST} characters in {_MOST_ROWS} rows",
            got=f"{longest} characters",
            fix="Export to sql or python",
        )
    rows += [(f"{label} [{place + 1}]", f"={one}") for place, one in enumerate(formulas)]
    return [f"B{start + place + 1}" for place in range(len(formulas))]


def _label(text: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
