"""Training curves as one part of a model file: short, strict, and the same text for the same curves.

``{"epoch": [1, 6, …], "loss": [0.69, …], …}``: curves longer than 1,000 epochs are thinned evenly, and ``epoch`` then
says which epochs were kept.  NaN and the infinities, which JSON does not have, are the texts ``"NaN"``,
``"Infinity"`` and ``"-Infinity"``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import FormatError

__all__ = ["described_curves", "read_curves"]

_MOST_POINTS = 1000
_MOST_CURVES = 64
_LONGEST_NAME = 200
_LAST_EPOCH = 10**9
_EPOCH = "epoch"
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Described = dict[str, list[float | int | str]]


def described_curves(history: Any, most: int = _MOST_POINTS) -> Described | None:
    """Return the curves for JSON; None if there are none, or `history` is something of the user's own.

    Args:
        history: name -> one number per epoch.
        most: epochs that are kept.
    """
    curves = _as_curves(history)
    if not curves:
        return None
    length = len(next(iter(curves.values())))
    kept = np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int)).tolist()
    found: Described = {}
    if len(kept) < length and _EPOCH not in curves:
        found[_EPOCH] = [i + 1 for i in kept]
    for name, values in curves.items():
        found[name] = [int(values[i]) if name == _EPOCH else _number(values[i]) for i in kept]
    return found


def read_curves(described: Any, most: int = _MOST_POINTS) -> dict[str, list[float]]:
    """Take curves from a file, trusting nothing in them.

    Args:
        described: the curves as JSON.
        most: epochs that are accepted.

    Raises:
        FormatError: for anything but what `described_curves` makes.
    """
    if not isinstance(described, dict) or not 0 < len(described) <= _MOST_CURVES + 1:
        raise FormatError("its training curves are not named lists", expected=f"1 to {_MOST_CURVES} of them")
    found: dict[str, list[float]] = {}
    for name, values in described.items():
        if not name or len(name) > _LONGEST_NAME:
            raise FormatError("a training curve has no usable name", got=repr(name[:60]))
        if not isinstance(values, list) or not 0 < len(values) <= most:
            raise FormatError(f"training curve {name[:60]!r} is no list of 1 to {most} numbers")
        found[name] = _epochs(values) if name == _EPOCH else [_read_number(value, name) for value in values]
    if len({len(values) for values in found.values()}) > 1 or set(found) == {_EPOCH}:
        raise FormatError("its training curves differ in length, or there are none")
    return found


def _as_curves(history: Any) -> dict[str, list[float]]:
    """The curves as lists of floats of one length; nothing if that is not what `history` is."""
    if not isinstance(history, Mapping) or not 0 < len(history) <= _MOST_CURVES + 1:
        return {}
    found: dict[str, list[float]] = {}
    for name, values in history.items():
        try:
            array = np.asarray(values)
        except (TypeError, ValueError):
            return {}
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not _is_text(name):
            return {}
        if array.ndim != 1 or array.dtype.kind not in "iuf" or not len(array):
            return {}
        found[name] = array.astype(np.float64).tolist()
    lengths = {len(values) for values in found.values()}
    if len(lengths) != 1 or set(found) == {_EPOCH} or not _is_counting(found.get(_EPOCH, [1])):
        return {}
    return found


def _is_text(name: str) -> bool:
    """Whether a name can be written at all: half a surrogate pair cannot."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _read_number(value: Any, name: str) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if not isinstance(value, bool) and isinstance(value, int | float) and abs(value) <= 1.7976931348623157e308:
        return float(value)
    raise FormatError(f"training curve {name[:60]!r} holds something that is no number", got=repr(value)[:60])


def _epochs(values: list[Any]) -> list[float]:
    if any(type(value) is not int for value in values) or not _is_counting(values):
        raise FormatError("the epochs of its training curves do not count upwards from 1")
    return list(values)


def _is_counting(values: list[Any]) -> bool:
    whole = all(0 < value <= _LAST_EPOCH and value == int(value) for value in values)
    return whole and all(one < other for one, other in itertools.pairwise(values))
