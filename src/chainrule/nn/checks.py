"""Checks of constructor arguments that several layers share."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.mode import state
from chainrule.errors import ConfigError, DTypeError, EngineError

__all__ = ["float_dtype", "on_cpu", "positive_int", "probability", "real", "shape_of", "shape_text"]


def positive_int(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ConfigError(f"bad {name}", expected="a positive integer", got=repr(value))
    return int(value)


def real(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or value != value:
        raise ConfigError(f"bad {name}", expected="a number", got=repr(value))
    return float(value)


def probability(value: Any, name: str) -> float:
    number = real(value, name)
    if not 0 <= number <= 1:
        raise ConfigError(f"bad {name}", expected="a probability from 0 to 1", got=repr(value))
    return number


def float_dtype(dtype: Any) -> np.dtype[Any]:
    """The dtype for new parameters: what is asked for, or the default."""
    try:
        wanted: np.dtype[Any] = np.dtype(state.default_dtype if dtype is None else dtype)
    except TypeError as error:
        raise DTypeError("unknown dtype", expected="float32 or float64", got=repr(dtype)) from error
    if wanted.kind != "f":
        raise DTypeError("parameters are floating-point numbers", expected="float32 or float64", got=wanted)
    return wanted


def on_cpu(device: Any) -> None:
    """Accept the device that PyTorch programs name, if it is the one there is."""
    if device is not None and not str(device).startswith("cpu"):
        raise EngineError("modules live on the CPU", got=device, fix='Use device="cpu"')


def shape_of(input: Any, layer: object) -> tuple[int, ...]:
    """The shape of what a layer is called with.

    Raises:
        DTypeError: if it is not a tensor or an array.
    """
    try:
        return input.shape  # type: ignore[no-any-return]
    except AttributeError:
        raise DTypeError(f"{layer!r} takes a tensor or an array", got=type(input).__name__) from None


def shape_text(shape: tuple[int, ...] | None) -> str:
    """A shape without the batch dimension, shown with it: (784,) as ``(N, 784)``."""
    return "?" if shape is None else f"({', '.join(['N', *map(str, shape)])})"
