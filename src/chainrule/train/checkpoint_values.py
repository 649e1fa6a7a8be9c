"""Nested values as JSON beside named arrays, and back: what a checkpoint may hold, and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, FormatError
from chainrule.train.loop import Snapshot

__all__ = ["pack", "unpack"]

_MARK = "$"
_DEEPEST = 50
_NONFINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


def pack(value: Any, where: str = "state") -> tuple[str, dict[str, np.ndarray]]:
    """Return `value` as JSON, and the arrays that the JSON speaks of by name.

    Args:
        value: None, booleans, numbers, text, arrays, snapshots, and lists, tuples and dictionaries (by text) of these.
        where: what it is, for messages.

    Raises:
        ConfigError: naming the place of anything else.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        packed = _packed(value, where, arrays)
        return json.dumps(packed, ensure_ascii=False, separators=(",", ":"), allow_nan=False), arrays
    except RecursionError as error:
        raise ConfigError("the state is nested too deeply for a checkpoint", where=where) from error


def _packed(value: Any, where: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, np.ndarray):
        name = where if where not in arrays else f"{where}#{len(arrays)}"
        arrays[name] = value
        return {"$array": name}
    if isinstance(value, Snapshot):
        return {"$snapshot": [value.epoch, value.step, _packed(value.state, where, arrays)]}
    if isinstance(value, (list, tuple)):
        items = [_packed(item, f"{where}/{i}", arrays) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        found = {str(key): _packed(item, f"{where}/{key}", arrays) for key, item in value.items()}
        return {"$dict": list(found.items())} if any(key.startswith(_MARK) for key in found) else found
    raise ConfigError(
        "the state cannot be kept in a checkpoint",
        expected="numbers, text, arrays, and lists and dictionaries of these",
        got=type(value).__name__,
        where=where,
    )


def unpack(
    value: Any, arrays: Mapping[str, np.ndarray], snapshot: Callable[[Any, Any, Any], Snapshot], depth: int = 0
) -> Any:
    """The opposite of `pack`.

    Args:
        value: the parsed JSON.
        arrays: by name.
        snapshot: makes one of epoch, step and arrays by path, or refuses them.
        depth: how deep this value lies in another.

    Raises:
        FormatError: for a mark that `pack` does not make, an array that is not there, or deep nesting.
    """
    if depth > _DEEPEST:
        raise FormatError("the checkpoint's state is nested too deeply")
    if isinstance(value, list):
        return [unpack(item, arrays, snapshot, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if not any(key.startswith(_MARK) for key in value):
        return {key: unpack(item, arrays, snapshot, depth + 1) for key, item in value.items()}
    mark, content = next(iter(value.items()))
    if len(value) == 1 and mark == "$float" and isinstance(content, str) and content in _NONFINITE:
        return _NONFINITE[content]
    if len(value) == 1 and mark == "$array" and isinstance(content, str) and content in arrays:
        return arrays[content]
    if len(value) == 1 and isinstance(content, list):
        if mark == "$tuple":
            return tuple(unpack(content, arrays, snapshot, depth + 1))
        if mark == "$dict" and all(isinstance(pair, list) and len(pair) == 2 for pair in content):
            return {str(key): unpack(item, arrays, snapshot, depth + 1) for key, item in content}
        if mark == "$snapshot" and len(content) == 3:
            return snapshot(*unpack(content, arrays, snapshot, depth + 1))
    raise FormatError("the checkpoint's state is malformed", got=f"the mark {mark[:40]!r}")
