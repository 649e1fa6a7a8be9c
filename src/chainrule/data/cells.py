"""Cells: a user's column, whatever it holds, brought to one of three forms.

* numbers: an int64 or float64 array, NaN where a value is missing;
* dates: a ``datetime64[us]`` array, NaT where one is missing;
* text: an object array of ``str``, None where one is missing.

Booleans become text, so that a column reads the same from a frame and from a CSV file.
"""

from __future__ import annotations

import datetime
import decimal
import math
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import has_masked
from chainrule.data.dates import parse_dates
from chainrule.data.frames import ColumnSource
from chainrule.data.number_forms import PLAIN, NumberForm, number
from chainrule.errors import DataError, DTypeError, ShapeError

__all__ = [
    "MISSING", "Cells", "as_booleans", "as_cells", "as_dates", "as_numbers", "as_texts", "encode_column", "is_missing",
    "number",
]  # fmt: skip

Cells: TypeAlias = NDArray[Any]

#: Texts that mean "no value", in lower case.
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "#n/a", "<na>", "nat"})

#: Pairs of words that make a column boolean: (false, true).
BOOLEAN_WORDS = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"))

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,14})?", re.ASCII)
_NUMBERS = (int, float, decimal.Decimal, np.integer, np.floating)


def as_cells(column: Any, name: str, missing: Iterable[str] = ()) -> Cells:
    """Return `column` in one of the three forms.

    Args:
        column: a one-dimensional array or sequence.
        name: the column's name, for error messages.
        missing: further texts that mean "no value".

    Raises:
        ShapeError: if it is not one-dimensional.
        DTypeError: if it holds something else than numbers, text, booleans and dates.
    """
    array = _objects(column.tolist()) if has_masked(column) and column.ndim == 1 else np.asarray(column)
    if array.ndim != 1:
        raise ShapeError(f"column {name!r} is not one-dimensional", got=f"shape {array.shape}")
    kind = array.dtype.kind
    if kind in "iuf":
        return _numeric(array, missing)
    if kind == "M":
        return array.astype("datetime64[us]")
    if kind == "b":
        return _objects([str(value) for value in array.tolist()])
    if kind in "OUST":
        return _from_objects(array.tolist(), name, missing)
    raise DTypeError(
        f"column {name!r} has a dtype that cannot be used", expected="numbers, text, booleans or dates", got=array.dtype
    )


def is_missing(cells: Cells) -> NDArray[np.bool_]:
    """Mark the cells without a value."""
    if cells.dtype.kind == "f":
        return np.isnan(cells)
    if cells.dtype.kind == "M":
        return np.isnat(cells)
    if cells.dtype.kind == "O":
        return np.fromiter((value is None for value in cells), dtype=np.bool_, count=len(cells))
    return np.zeros(len(cells), dtype=np.bool_)


def as_numbers(cells: Cells, name: str, form: NumberForm = PLAIN) -> NDArray[np.float64]:
    """Return cells as float64, NaN where missing.  `form` says how text writes numbers.

    Raises:
        DataError: naming the first cell that is no number, or is infinite.
    """
    if cells.dtype.kind == "M":
        raise DataError(f"column {name!r} holds dates where numbers were expected")
    if cells.dtype.kind == "O":
        values = np.array([_number_or_raise(text, row, name, form) for row, text in enumerate(cells)], dtype=np.float64)
    else:
        values = cells.astype(np.float64)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            f"column {name!r} holds {len(infinite)} infinite value{'s' * (len(infinite) > 1)}",
            got=f"{values[infinite[0]]} in row {infinite[0]}",
            fix="Remove such rows, or leave the cells empty to have them filled in",
        )
    return values


def as_booleans(cells: Cells, name: str) -> NDArray[np.float64]:
    """Return 0.0 for false words and 0, 1.0 for true words and 1, NaN where missing.

    Raises:
        DataError: naming the first cell that is neither.
    """
    words: dict[str | None, float] = {word: float(i) for pair in BOOLEAN_WORDS for i, word in enumerate(pair)}
    words |= {"0": 0.0, "1": 1.0, None: math.nan}
    values = np.empty(len(cells))
    for row, text in enumerate(as_texts(cells)):
        value = words.get(text.lower() if text else None)
        if value is None:
            raise DataError(f"column {name!r} holds {text!r} in row {row}", expected="true/false, yes/no or 1/0")
        values[row] = value
    return values


def as_texts(cells: Cells) -> Cells:
    """Return cells as text, None where missing; the same number has the same text wherever it came from."""
    if cells.dtype.kind == "O":
        plain = {text: _canonical(text) for text in set(cells.tolist())}
        return _objects([plain[text] for text in cells])
    if cells.dtype.kind == "M":
        return _objects([None if value is None else value.isoformat() for value in cells.tolist()])
    return _objects([_number_text(value) for value in cells.tolist()])


def as_dates(cells: Cells, name: str, order: str) -> NDArray[np.datetime64]:
    """Return cells as ``datetime64[us]``, NaT where missing.  `order` is one of `dates.ORDERS`.

    Raises:
        DataError: naming the first cell that is no such date.
    """
    if cells.dtype.kind == "M":
        return cells
    texts = [None if text is None else str(text) for text in as_texts(cells)]
    known = parse_dates({text for text in texts if text is not None}, order)
    wrong = next((row for row, text in enumerate(texts) if text is not None and known[text] is None), None)
    if wrong is not None:
        raise DataError(f"column {name!r} holds {texts[wrong]!r} in row {wrong}, which is not a date ({order})")
    return np.array([None if text is None else known[text] for text in texts], dtype="datetime64[us]")


def encode_column(
    encode: Callable[[Cells], NDArray[Any]], column: Any, name: str, source: Any, missing: tuple[str, ...] = ()
) -> NDArray[Any]:
    """Encode a column of `source` as training read such cells, or else as the source reads it.

    The second way is for tables that write the same otherwise: 10,25 for 10.25, or the day before the month.

    Raises:
        DataError: as `encode` does for the cells as they stand.
    """
    try:
        return encode(as_cells(column, name, missing))
    except DataError:
        if isinstance(source, ColumnSource):
            with suppress(DataError):
                return encode(as_cells(source[name], name, missing))
        raise


def _numeric(array: NDArray[Any], missing: Iterable[str]) -> Cells:
    fits = array.dtype.kind == "i" or (array.dtype.kind == "u" and (not len(array) or int(array.max()) < 2**63))
    cells = array.astype(np.int64 if fits else np.float64)
    absent = [value for token in missing if (value := number(token)) is not None]
    hit = np.isin(cells, absent) if absent else np.zeros(0, dtype=np.bool_)
    return np.where(hit, np.nan, cells) if hit.any() else cells


def _from_objects(values: Sequence[Any], name: str, missing: Iterable[str]) -> Cells:
    """Sort a list of Python objects into one of the three forms."""
    types = set(map(type, values))
    if types <= {str}:
        return _texts(values, missing)
    kept = [None if _absent(value) else value for value in values]
    present = [value for value in kept if value is not None]
    if all(isinstance(value, datetime.date) for value in present) and present:
        return np.array([_naive(value) for value in kept], dtype="datetime64[us]")
    if all(isinstance(value, _NUMBERS) and not isinstance(value, bool | np.bool_) for value in present) and present:
        whole = len(present) == len(kept) and all(isinstance(value, int | np.integer) for value in present)
        if whole and all(-(2**63) <= value < 2**63 for value in present):
            return _numeric(np.array(kept, dtype=np.int64), missing)
        return _numeric(np.array([math.nan if v is None else _float(v) for v in kept], dtype=np.float64), missing)
    return _texts([None if value is None else _text(value, name) for value in kept], missing)


def _texts(values: Iterable[str | None], missing: Iterable[str]) -> Cells:
    absent = MISSING | {token.strip().lower() for token in missing}
    stripped = (None if value is None else value.strip() for value in values)
    return _objects([None if value is None or value.lower() in absent else value for value in stripped])


def _absent(value: Any) -> bool:
    """Tell whether a Python object means "no value": None, NaN, pandas' NA and NaT."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating | decimal.Decimal) and bool(value != value)


def _text(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, _NUMBERS):
        return _number_text(value) or ""
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise DTypeError(
        f"column {name!r} holds a {type(value).__name__}", expected="numbers, text, booleans or dates in every cell"
    )


def _naive(value: Any) -> Any:
    """Return a date or time without a time zone, in UTC."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    return value


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _number_text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    whole = isinstance(value, int | np.integer) or (abs(value) < 2**53 and value == int(value))
    return str(int(value)) if whole else repr(float(value))


def _canonical(text: str | None) -> str | None:
    return _number_text(float(text)) if text is not None and _PLAIN_NUMBER.fullmatch(text) and "." in text else text


def _number_or_raise(text: str | None, row: int, name: str, form: NumberForm) -> float:
    if text is None:
        return math.nan
    value = form.read(text)
    if value is None:
        raise DataError(
            f"column {name!r} holds {text!r} in row {row}, which is not a number",
            fix="Correct the cell, leave it empty, or treat the column as categorical",
        )
    return value


def _objects(values: Sequence[Any]) -> Cells:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return cells
