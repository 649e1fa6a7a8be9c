"""Checks of arguments."""

from __future__ import annotations

import numpy as np

from chainrule.errors import ConfigError

__all__ = ["check_whole", "has_masked", "is_whole"]


def is_whole(value: object) -> bool:
    """Tell whether `value` is a whole number; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def has_masked(values: object) -> bool:
    """Tell whether `values` is an array with masked elements; loads numpy.ma only for what may be one."""
    return isinstance(values, np.ndarray) and type(values) is not np.ndarray and bool(np.ma.is_masked(values))


def check_whole(name: str, value: int, least: int, most: int | None = None) -> None:
    """Raise `ConfigError` unless the argument called `name` is a whole number in a range."""
    if not is_whole(value) or value < least or (most is not None and value > most):
        limits = f"from {least} on" if most is None else f"from {least} to {most}"
        raise ConfigError(f"{name} is not usable", expected=f"a whole number {limits}", got=repr(value))
