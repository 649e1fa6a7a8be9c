"""Reading a dictionary that came out of somebody's file, trusting nothing in it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from chainrule.errors import FormatError

__all__ = ["Fields"]

#: No list in a preprocessing description is longer than this.
MOST_ITEMS = 1_000_000


class Fields:
    """A dictionary whose fields are taken one by one, each checked for its type.

    Args:
        data: what should be a dictionary.
        where: what it describes, for error messages.

    Raises:
        FormatError: if it is not a dictionary with text keys.
    """

    def __init__(self, data: object, where: str) -> None:
        self.where = where
        if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
            raise self.error("is not a dictionary with names")
        self._data: dict[str, Any] = dict(data)

    def error(self, problem: str) -> FormatError:
        """Return the error to raise."""
        return FormatError(f"the preprocessing cannot be read: {self.where} {problem}")

    def has(self, key: str) -> bool:
        """Tell whether there is such a field."""
        return key in self._data

    def take(self, key: str) -> Any:
        """Take a field of any type."""
        if key not in self._data:
            raise self.error(f"lacks {key!r}")
        return self._data.pop(key)

    def text(self, key: str, among: Iterable[str] | None = None) -> str:
        """Take a text, if `among` is given one of those."""
        value = self.take(key)
        if not isinstance(value, str) or (among is not None and value not in among):
            raise self.error(f"has an unusable {key!r}")
        return value

    def optional_text(self, key: str, among: Iterable[str] | None = None) -> str | None:
        """Take a text or None."""
        return (
            None if key in self._data and self._data[key] is None and self.take(key) is None else self.text(key, among)
        )

    def flag(self, key: str) -> bool:
        """Take a boolean."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.error(f"has an unusable {key!r}")
        return value

    def number(self, key: str, above: float = -math.inf) -> float:
        """Take a finite number greater than `above`."""
        return self._number(self.take(key), key, above)

    def numbers(self, key: str, count: int, above: float = -math.inf) -> tuple[float, ...]:
        """Take a list of `count` finite numbers."""
        values = self.items(key)
        if len(values) != count:
            raise self.error(f"has {len(values)} values in {key!r} instead of {count}")
        return tuple(self._number(value, key, above) for value in values)

    def items(self, key: str) -> list[Any]:
        """Take a list."""
        value = self.take(key)
        if not isinstance(value, list | tuple) or len(value) > MOST_ITEMS:
            raise self.error(f"has an unusable {key!r}")
        return list(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Take a list of distinct texts."""
        values = self.items(key)
        if not all(isinstance(value, str) for value in values) or len(set(values)) != len(values):
            raise self.error(f"has an unusable {key!r}")
        return tuple(values)

    def optional_texts(self, key: str) -> tuple[str, ...] | None:
        """Take a list of distinct texts or None."""
        return None if key in self._data and self._data[key] is None and self.take(key) is None else self.texts(key)

    def finish(self) -> None:
        """Check that nothing is left."""
        if self._data:
            raise self.error(f"has an unknown field {min(self._data)[:40]!r}")

    def _number(self, value: object, key: str, above: float) -> float:
        try:
            usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        except OverflowError:
            usable = False
        if not usable or not isinstance(value, int | float) or not float(value) > above:
            raise self.error(f"has an unusable {key!r}")
        return float(value)
