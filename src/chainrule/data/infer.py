"""Deciding what a column is from what it holds."""

from __future__ import annotations

import numpy as np

from chainrule.data.cells import BOOLEAN_WORDS, Cells, as_dates, as_numbers, as_texts, is_missing, number
from chainrule.data.column import KINDS, Column
from chainrule.data.dates import ORDERS, find_order, parse_dates
from chainrule.data.number_forms import PLAIN, NumberForm, find_form
from chainrule.errors import ConfigError, UnknownNameError

__all__ = ["infer_column"]

#: Columns with fewer rows than this are never taken for identifiers or free text.
FEW_ROWS = 20
_ROW_NUMBER_NAMES = {
    "",
    "index",
    "idx",
    "row",
    "rowname",
    "rownames",
    "row_names",
    "unnamed: 0",
    "column 1",
    "no",
    "번호",
}


def infer_column(name: str, cells: Cells, asked: str | None = None, commas: str = "thousands") -> Column:
    """Describe a column: kind, missing and distinct values, an example, and a note where it should not be an input.

    Args:
        name: the column's name.
        cells: its cells, see `cells.as_cells`.
        asked: the kind that the user wants, if any; ``"date:dmy"`` also says how its dates are written.
        commas: what ``1,234`` means where the column's other cells do not tell, see `number_forms.find_form`.

    Raises:
        UnknownNameError: for a kind that does not exist.
        ConfigError: if the column cannot be of the kind that was asked for.
    """
    absent = is_missing(cells)
    present = cells[~absent]
    if asked is not None:
        kind, _, order = asked.partition(":")
        if kind not in KINDS:
            raise UnknownNameError("kind of column", asked, KINDS, where=f"column {name!r}")
        if order and order not in ORDERS:
            raise UnknownNameError("order of dates", order, ORDERS, where=f"column {name!r}")
    elif not len(present):
        kind, order = "empty", ""
    else:
        kind, order = _kind(present, commas), ""
    form = _form(present, commas) if kind == "numeric" else PLAIN
    if kind == "date" and not order:
        order = _order(name, present)
    missing = int(absent.sum())
    distinct = len(np.unique(present)) if present.dtype.kind != "O" else len(set(as_texts(present).tolist()))
    note = "" if asked else _note(name, kind, present, distinct, missing, form)
    if not note and form != PLAIN:
        note = form.describe(max(present.tolist(), key=len))
    if not note and not asked and kind == "date":
        note = _date_note(present, order)
    example = _example(name, kind, present, order, form)
    return Column(name, kind, missing, distinct, example, order=order, note=note, form=form)


def _form(present: Cells, commas: str) -> NumberForm:
    """Return how a column of numbers is written; plain where it is all plain, or in no single form."""
    if present.dtype.kind != "O":
        return PLAIN
    distinct = set(present.tolist())
    plain = all(number(text) is not None for text in distinct)
    return PLAIN if plain else find_form(distinct, commas) or PLAIN


def _kind(present: Cells, commas: str) -> str:
    if present.dtype.kind in "if":
        return "numeric"
    if present.dtype.kind == "M":
        return "date"
    distinct = set(present.tolist())
    if len(distinct) <= 4 and any({text.lower() for text in distinct} <= set(pair) for pair in BOOLEAN_WORDS):
        return "boolean"
    if all(number(text) is not None for text in distinct) or find_form(distinct, commas) is not None:
        return "numeric"
    return "date" if find_order(distinct) else "categorical"


def _order(name: str, present: Cells) -> str:
    if present.dtype.kind == "M":
        return "ymd"
    found = find_order(set(as_texts(present).tolist()))
    if found is None:
        raise ConfigError(
            f"column {name!r} cannot be read as dates", got=repr(present[0]), fix="Write dates as 2024-01-31"
        )
    return found


def _note(name: str, kind: str, present: Cells, distinct: int, missing: int, form: NumberForm) -> str:
    """Say why a column is left out (the text begins with "left out") or looks odd."""
    rows = len(present) + missing
    if kind == "empty":
        return "left out: every value is missing"
    if distinct == 1 and rows > 1 and not missing:
        return "left out: the same value in every row"
    if kind == "categorical":
        return _text_note(present, distinct)
    if kind == "numeric" and not missing and distinct == rows >= FEW_ROWS and _named_as_key(name):
        steps = np.diff(as_numbers(present, name, form))
        if (steps == 1).all():
            return "left out: it numbers the rows"
    return ""


def _named_as_key(name: str) -> bool:
    folded = name.strip().lower()
    return (
        folded in _ROW_NUMBER_NAMES or folded == "id" or folded.endswith(("_id", " id", "-id")) or name.endswith("Id")
    )


def _text_note(present: Cells, distinct: int) -> str:
    if distinct == len(present) >= FEW_ROWS:
        numbers = [text for text in present.tolist() if number(text) is not None]
        if len(numbers) < 0.5 * len(present):
            return "left out: a different text in every row, as an identifier has"
    folded: dict[str, str] = {}
    for text in as_texts(present).tolist():
        other = folded.setdefault(" ".join(text.split()).casefold(), text)
        if other != text:
            return f"{other!r} and {text!r} differ in case or spaces alone, and count as two categories"
    odd = [(text, number(text) is None) for text in set(present.tolist())]
    words = sorted(text for text, wrong in odd if wrong)
    if distinct >= FEW_ROWS and len(words) <= 0.2 * distinct:
        return f"mostly numbers, but also {', '.join(map(repr, words[:3]))}: treated as categorical"
    return ""


def _date_note(present: Cells, order: str) -> str:
    """Say which reading was taken where day and month could change places in every cell."""
    if order != "mdy" or present.dtype.kind == "M":
        return ""
    texts = set(present.tolist())
    other = parse_dates(texts, "dmy")
    if None in other.values():
        return ""
    text = next((text for text, date in parse_dates(sorted(texts), "mdy").items() if date != other[text]), None)
    if text is None:
        return ""
    return f'{text!r} is read as month/day/year; if the day comes first, ask for the kind "date:dmy"'


def _range(low: float, high: float) -> str:
    """Return two numbers with as many digits as tell them apart; whole ones in full."""
    if low == high:
        return _figure(low, 6)
    digits = next((n for n in (6, 9, 12) if _figure(low, n) != _figure(high, n)), 17)
    return f"{_figure(low, digits)} … {_figure(high, digits)}"


def _figure(value: float, digits: int) -> str:
    value += 0.0  # no negative zero
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.{digits}g}"


def _example(name: str, kind: str, present: Cells, order: str, form: NumberForm) -> str:
    """Return the range of numbers and dates, the first few words of text."""
    if not len(present):
        return ""
    if kind == "numeric":
        values = as_numbers(
            np.where(np.isinf(present), np.nan, present) if present.dtype.kind == "f" else present, name, form
        )
        return _range(float(np.nanmin(values)), float(np.nanmax(values))) if not np.isnan(values).all() else ""
    if kind == "date":
        dates = as_dates(present, name, order)
        first, last = dates.min().astype("datetime64[D]"), dates.max().astype("datetime64[D]")
        return str(first) if first == last else f"{first} … {last}"
    words = sorted(set(as_texts(present).tolist()))
    shown = ", ".join(word if len(word) <= 20 else word[:19] + "…" for word in words[:4])
    return shown + (", …" if len(words) > 4 else "")
