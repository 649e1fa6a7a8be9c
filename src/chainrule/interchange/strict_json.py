"""JSON from a file that nobody vouches for: one meaning per text, or none."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from chainrule.errors import FormatError

__all__ = ["loads"]

_DEEPEST = 400
_MOST_VALUES = 2**20
# All but brackets and commas; a string that nobody closes reaches to the end, or looking for it would take for ever.
_REST = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[^][{},"]+', re.DOTALL)


def loads(text: str, what: str, where: object) -> Any:
    """Parse JSON strictly.

    Args:
        text: the JSON text.
        what: what the text is, for messages, e.g. ``"the header"``.
        where: the file it came from, for messages.

    Raises:
        FormatError: if the text is not JSON, repeats a key in one object, holds NaN or Infinity (which JSON does not
            have), a number too long to read, or lone surrogates, is nested too deeply, or has too many values.
    """
    _check_size(text, what, where)
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
        # Half a surrogate pair, written as an escape, is a string that no file or terminal can take.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:  # less is left than usual, for the caller is deep in calls
        raise FormatError(f"{what} is nested too deeply", where=where) from error
    except ValueError as error:
        raise FormatError(f"{what} is not valid JSON: {error}", where=where) from error
    return value


def _check_size(text: str, what: str, where: object) -> None:
    """Refuse what would take many times its length in memory, or exhaust the stack, before it is parsed."""
    if text.count("[") + text.count("{") > _DEEPEST or text.count(",") > _MOST_VALUES:
        marks = _REST.sub("", text)
        if marks.count(",") > _MOST_VALUES:
            raise FormatError(f"{what} is too long", expected=f"at most {_MOST_VALUES:,} values", where=where)
        depth = 0
        for mark in marks:
            depth += (mark in "[{") - (mark in "]}")
            if depth > _DEEPEST:
                raise FormatError(f"{what} is nested too deeply", expected=f"at most {_DEEPEST}", where=where)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {key[:60]!r} comes twice")
            seen.add(key)
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")
