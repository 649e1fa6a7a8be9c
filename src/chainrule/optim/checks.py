"""What hyperparameters may be: each rule returns the value as a plain Python number, or raises.

Plain numbers matter: ``float32 array · Python float`` stays float32, ``float32 array · numpy.float64`` does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from chainrule.errors import ConfigError, DTypeError, UnknownNameError

__all__ = [
    "PERFORMANCE_FLAGS",
    "Rule",
    "betas",
    "checked",
    "count",
    "flag",
    "fraction",
    "not_negative",
    "real",
    "reject_unknown",
    "share",
]

Rule: TypeAlias = Callable[[str, Any], Any]

PERFORMANCE_FLAGS = ("foreach", "fused", "capturable", "differentiable")
"""Options that choose among PyTorch's implementations of one formula; accepted and ignored here."""


def real(name: str, value: Any) -> Any:
    """A finite number."""
    number = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise DTypeError(f"{name} is not a number", got=repr(value))
    if not math.isfinite(number):
        raise ConfigError(f"{name} must be finite", got=number)
    return number


def not_negative(name: str, value: Any) -> Any:
    """A finite number ≥ 0."""
    return _within(name, value, math.inf, "a number ≥ 0")


def share(name: str, value: Any) -> Any:
    """A number from 0 to 1."""
    return _within(name, value, 1.0, "a number from 0 to 1")


def fraction(name: str, value: Any) -> Any:
    """A number from 0 up to and without 1."""
    return _within(name, value, math.nextafter(1.0, 0.0), "a number from 0 up to, not including, 1")


def count(name: str, value: Any) -> int:
    """A whole number ≥ 1."""
    number = real(name, value)
    if number < 1 or number != int(number):
        raise ConfigError(f"{name} must be a whole number ≥ 1", got=number)
    return int(number)


def betas(name: str, value: Any) -> tuple[Any, Any]:
    """A pair of decay rates, each in [0, 1)."""
    pair = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    if len(pair) != 2:
        raise ConfigError(f"{name} must be two numbers", expected="a pair such as (0.9, 0.999)", got=repr(value))
    return fraction(f"{name}[0]", pair[0]), fraction(f"{name}[1]", pair[1])


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if value not in (True, False):
        raise ConfigError(f"{name} must be True or False", got=repr(value))
    return bool(value)


def reject_unknown(kind: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise for the first of `given` that is neither known nor one of PyTorch's performance flags."""
    options = list(known)
    for name in given:
        if name not in options and name not in PERFORMANCE_FLAGS:
            raise UnknownNameError(kind, name, options)


def checked(rules: Mapping[str, Rule], values: Mapping[str, Any]) -> dict[str, Any]:
    """Apply each rule to the value of its name; values without a rule pass as they are."""
    return {name: rules[name](name, value) if name in rules else value for name, value in values.items()}


def _within(name: str, value: Any, highest: float, expected: str) -> Any:
    number = real(name, value)
    if not 0 <= number <= highest:
        raise ConfigError(f"{name} is out of range", expected=expected, got=number)
    return number
