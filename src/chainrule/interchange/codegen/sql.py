"""SQL for SQLite 3.35 and later: one query that adds the network's outputs to the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.errors import FormatError
from chainrule.interchange.codegen.cells import stages
from chainrule.interchange.codegen.expression import Dialect
from chainrule.interchange.codegen.program import Program, feature

__all__ = ["generate"]

_MOST_COLUMNS = 1000  # SQLite allows 2,000

# The normal distribution by Abramowitz & Stegun (1964), 7.1.26, whose error is below 1e-7.
_T = "1 / (1 + 0.3275911 * abs({0}) * 0.7071067811865476)"
_TAIL = (
    f"(0.254829592 + ({_T}) * (-0.284496736 + ({_T}) * (1.421413741 + ({_T}) * (-1.453152027 + ({_T}) * 1.061405429))))"
    f" * ({_T}) * exp(-{{0}} * {{0}} / 2) / 2"
)


class _Sqlite(Dialect):
    def number(self, value: float) -> str:
        shown = repr(float(value))  # 1.0, never 1: whole numbers divide to whole numbers
        return f"({shown})" if shown.startswith("-") else shown

    def text(self, value: str) -> str:
        return "'" + value.replace("'", "''") + "'"


_DIALECT = _Sqlite(
    {
        "log": "ln({0})",
        "log1p": "ln(1.0 + {0})",
        "where": "CASE WHEN {0} > {1} THEN {2} ELSE {3} END",
        "missing": "({0} IS NULL)",
        "filled": "COALESCE({0}, {1})",
        "equals": "({0} IS {1})",
        "largest": "max({})",
        "phi": f"(CASE WHEN {{0}} > 0 THEN 1.0 - {_TAIL} ELSE {_TAIL} END)",
    }
)


def generate(program: Program, name: str, table: str = "data") -> str:
    """A query over `table`, whose result has ``rowid`` and one column for each output; `name` is not used."""
    if not program.steps or max(len(program.features), len(program.inputs)) >= _MOST_COLUMNS:
        _refuse(len(program.features))
    columns = [f"CAST({_quoted(one)} AS REAL)" if not program.encodes else _quoted(one) for one in program.inputs]
    encoded = [_DIALECT.write(feature(one, columns)) for one in program.features]
    parts = [_stage(0, encoded, "rowid AS id", _quoted(table))]
    width = len(encoded)
    for step in program.steps:
        for formulas in stages(step, _names(width), _DIALECT):
            written = formulas(_names(width))
            place, width = len(parts), len(written)
            parts.append(_stage(place, written, "id", f"s{place - 1}"))
    listed = ", ".join(
        f"{one} AS {_quoted(output)}" for one, output in zip(_names(width), program.outputs, strict=True)
    )
    return "WITH\n" + ",\n".join(parts) + f"\nSELECT id AS rowid, {listed} FROM s{len(parts) - 1} ORDER BY id;\n"


def _names(count: int) -> list[str]:
    if count >= _MOST_COLUMNS:
        _refuse(count)
    return [f"x{place}" for place in range(count)]


def _stage(place: int, formulas: Sequence[str], identity: str, source: str) -> str:
    # Materialised: otherwise SQLite may put every formula in the place of every mention of it.
    listed = ",\n    ".join(f"{one} AS x{column}" for column, one in enumerate(formulas))
    return f"s{place} AS MATERIALIZED (\n    SELECT {identity},\n    {listed}\n    FROM {source}\n)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refuse(width: int) -> None:
    raise FormatError("the network is too wide for a query", expected=f"1 to {_MOST_COLUMNS - 1} columns", got=width)
