"""What every result of `chainrule.explain` is: a frozen dataclass that turns into JSON without loss."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from chainrule.errors import DTypeError

__all__ = ["Record", "plain"]


class Record:
    """Base of the results; derive a ``@dataclass(frozen=True)`` from it.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Line(Record):
    ...     normal: np.ndarray
    ...     offset: float
    >>> Line(np.array([1.0, -2.0]), 0.1).to_dict()
    {'normal': [1.0, -2.0], 'offset': 0.1}
    """

    __slots__ = ()

    @classmethod
    def json_names(cls) -> tuple[str, ...]:
        """Names of the fields and properties that JSON shows: the fields whose names do not start with ``_``."""
        return tuple(field.name for field in fields(cls) if not field.name.startswith("_"))  # type: ignore[arg-type]

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of what `to_dict` returns; it is strict."""
        from chainrule.explain.schema import record_schema

        return record_schema(cls)

    def to_dict(self) -> dict[str, Any]:
        """Return what `json_names` names as JSON's types, see `plain`."""
        return {name: plain(getattr(self, name)) for name in self.json_names()}

    def to_json(self, indent: int | None = None) -> str:
        """Return `to_dict` as strict JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=indent)

    def __str__(self) -> str:
        """The record in words, in the language of the catalogue; `repr` if it has none."""
        explain, lines = getattr(self, "explain", None), getattr(self, "lines", None)
        if explain is not None:
            return str(explain())
        return repr(self) if lines is None else "\n".join(lines())

    def _repr_html_(self) -> str | None:
        """What notebooks show, in the language of the catalogue; None (then they take `repr`) if there are no words."""
        from chainrule.explain.notebook import fragment

        return fragment(self)


def plain(value: Any) -> Any:
    """Make dictionaries, lists, numbers and strings of records, arrays, tensors and containers of them.

    Every finite number is kept exactly: a float32 becomes the double of the same value. NaN and the infinities,
    which JSON does not have, become the strings ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``, as in Protocol
    Buffers' JSON.

    Raises:
        DTypeError: for anything that has no such form.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, Record):
        return value.to_dict()
    if is_dataclass(value) and not isinstance(value, type):
        named = (field.name for field in fields(value) if not field.name.startswith("_"))
        return {name: plain(getattr(value, name)) for name in named}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Set):
        return [plain(item) for item in sorted(value)]
    if isinstance(value, np.ndarray | np.generic):
        return _array(np.asarray(value))
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "detach"):  # a Tensor, without importing it
        return _array(np.asarray(value.detach().numpy()))
    if hasattr(value, "__array__"):
        return _array(np.asarray(value))
    raise DTypeError("a value has no form in JSON", got=type(value).__name__)


def _array(array: np.ndarray) -> Any:
    if array.dtype.kind not in "biufOU":
        raise DTypeError("an array has no form in JSON", got=f"dtype {array.dtype}")
    if array.dtype.kind == "O" or (array.dtype.kind == "f" and not np.isfinite(array).all()):
        return plain(array.tolist())
    return array.tolist()


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
