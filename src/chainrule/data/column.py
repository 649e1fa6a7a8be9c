"""What is known about one column of a table."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.data.number_forms import PLAIN, NumberForm

__all__ = ["KINDS", "Column"]

#: Kinds that a user may ask for; inference also knows "empty".
KINDS = ("numeric", "boolean", "categorical", "date", "ignore")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: its name.
        kind: "numeric", "boolean", "categorical", "date", "empty" or "ignore".
        missing: number of missing values.
        distinct: number of distinct values that are not missing.
        example: range or first few values, for people to read.
        role: "input", "target" or "left out".
        order: for dates, how they are written: "ymd", "mdy", "dmy" or "named".
        note: why it is left out, or what is odd about it.
        form: for numbers in text, how they are written.
    """

    name: str
    kind: str
    missing: int
    distinct: int
    example: str
    role: str = "input"
    order: str = ""
    note: str = ""
    form: NumberForm = PLAIN
