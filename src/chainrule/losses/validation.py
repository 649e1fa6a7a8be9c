"""Checks of target values: each raises one line that names the first row at fault."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DataError, DTypeError

__all__ = [
    "check_binary", "check_classes", "check_finite", "check_minimum", "check_range", "number_above", "number_from",
    "weight_array",
]  # fmt: skip


def _concrete(targets: Any) -> bool:
    """Whether the values can be looked at: those of a tracer cannot."""
    return isinstance(targets, np.ndarray)


def _refuse(targets: np.ndarray, wrong: np.ndarray, expected: str, fix: str | None = None) -> None:
    if not wrong.any():
        return
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    more = int(wrong.sum()) - 1
    raise DataError(
        "targets do not fit the loss",
        expected=expected,
        got=f"{targets[first]!s}" + (f" and {more} more such values" if more else ""),
        where=f"row {first[0]}" if first else None,
        fix=fix,
    )


def check_finite(targets: Any) -> None:
    if _concrete(targets) and targets.dtype.kind == "f":
        _refuse(targets, ~np.isfinite(targets), "finite numbers", "Drop or impute these rows")


def check_range(targets: Any, low: float, high: float) -> None:
    """Values from low to high."""
    check_finite(targets)
    if _concrete(targets):
        _refuse(targets, (targets < low) | (targets > high), f"values from {low} to {high}")


def check_minimum(targets: Any, low: float) -> None:
    check_finite(targets)
    if _concrete(targets):
        _refuse(targets, targets < low, f"values of at least {low}")


def check_binary(targets: Any) -> None:
    """Either 0 and 1, or -1 and 1."""
    check_finite(targets)
    if _concrete(targets):
        _refuse(targets, (targets != 1) & (targets != 0) & (targets != -1), "0 and 1, or -1 and 1")
        if (targets == 0).any() and (targets == -1).any():
            raise DataError("targets do not fit the loss", expected="0 and 1, or -1 and 1", got="-1, 0 and others")


def check_classes(targets: Any, n_classes: int | None, ignore_index: int) -> None:
    """Class indices from 0, of an integer dtype."""
    if targets.dtype.kind not in "iu":
        raise DTypeError(
            "class indices are integers",
            expected="an integer dtype",
            got=f"dtype {targets.dtype}",
            fix="Convert them, e.g. with .astype(np.int64)",
        )
    if _concrete(targets) and targets.size:
        if targets.min() >= 0 and (n_classes is None or targets.max() < n_classes):
            return
        last = "" if n_classes is None else f" to {n_classes - 1}"
        wrong = targets < 0 if n_classes is None else (targets < 0) | (targets >= n_classes)
        _refuse(targets, wrong & (targets != ignore_index), f"class indices from 0{last}")


def weight_array(weight: Any, name: str) -> np.ndarray | None:
    """The weights that a loss was given, checked; float64, so that float32 and float64 losses lose nothing."""
    if weight is None:
        return None
    try:
        array = np.array(getattr(weight, "_data", weight), np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"bad {name}", expected="numbers", got=repr(weight)) from error
    if not np.isfinite(array).all() or (array < 0).any():
        raise ConfigError(f"bad {name}", expected="finite numbers of at least 0", got=array.tolist())
    return array


def number_from(value: Any, name: str, low: float, high: float = np.inf) -> float:
    """An option of a loss that has to be a finite number from low to high."""
    if not _is_number(value) or not low <= value <= high:
        to = "" if high == np.inf else f" to {high}"
        raise ConfigError(f"bad {name}", expected=f"a number from {low}{to}", got=repr(value))
    return float(value)


def number_above(value: Any, name: str, low: float) -> float:
    """An option of a loss that has to be a finite number above low."""
    if not _is_number(value) or not value > low:
        raise ConfigError(f"bad {name}", expected=f"a number above {low}", got=repr(value))
    return float(value)


def _is_number(value: Any) -> bool:
    kinds = (int, float, np.integer, np.floating)
    return isinstance(value, kinds) and not isinstance(value, bool) and bool(np.isfinite(value))
