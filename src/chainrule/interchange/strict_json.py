"""JSON from a file that nobody vouches for: one meaning per text, or none."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from chainrule.errors import FormatError

__all__ = ["loads"]


def loads(text: str, what: str, where: object) -> Any:
    """Parse JSON strictly.

    Args:
        text: the JSON text.
        what: what the text is, for messages, e.g. ``"the header"``.
        where: the file it came from, for messages.

    Raises:
        FormatError: if the text is not JSON, repeats a key in one object, holds NaN or Infinity (which JSON does not
            have), a number too long to read, or lone surrogates, or is nested too deeply.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
        # Half a surrogate pair, written as an escape, is a string that no file or terminal can take.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise FormatError(f"{what} is nested too deeply", where=where) from error
    except ValueError as error:
        raise FormatError(f"{what} is not valid JSON: {error}", where=where) from error
    return value


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
