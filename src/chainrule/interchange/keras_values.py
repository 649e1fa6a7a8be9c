"""Values among a Keras layer's arguments and numbers, after a look at them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import FormatError
from chainrule.interchange.keras_parts import Part
from chainrule.interchange.pickled_arrays import brief

__all__ = ["arrays_of", "constant", "dtype_of", "flag", "number", "vector"]


def arrays_of(part: Part, count: int, floats: int | None = None) -> list[np.ndarray]:
    """So many arrays of real numbers that are not whole (those of quantised layers are)."""
    arrays = [] if part.weights is None else part.weights.arrays()
    if len(arrays) != count:
        raise FormatError(
            f"the {part.kind} has other numbers than such a layer",
            expected=f"{count} arrays",
            got=len(arrays),
            where=part.where,
            fix="Quantised layers and LoRA cannot be taken over; an unbuilt network has no numbers yet"
            if part.kind == "Dense"
            else None,
        )
    if any(array.dtype.kind != "f" for array in arrays[:floats]):
        raise FormatError(
            f"the {part.kind} is quantised", got=", ".join(str(one.dtype) for one in arrays), where=part.where
        )
    return [array.astype(np.float32) if array.dtype == np.float16 else array for array in arrays]


def vector(array: np.ndarray, part: Part) -> np.ndarray:
    """`array` if it has one axis, and anything on it."""
    if array.ndim != 1 or not array.size:
        raise FormatError(f"the numbers of the {part.kind} are no vector", got=array.shape, where=part.where)
    return array


def number(part: Part, key: str, default: float) -> float:
    """An argument that is a number."""
    value = part.config.get(key, default)
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):  # NumPy's numbers
        value = value["config"].get("value")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e30:
        raise FormatError(f"{part.kind}'s {key} is no number", got=brief(value), where=part.where)
    return float(value)


def flag(part: Part, key: str, default: bool) -> bool:
    """An argument that is true or false."""
    value = part.config.get(key, default)
    if not isinstance(value, bool):
        raise FormatError(f"{part.kind}'s {key} is neither true nor false", got=brief(value), where=part.where)
    return value


def constant(part: Part, key: str, default: float) -> np.ndarray:
    """A number, or numbers in lists, as Keras describes arrays, too."""
    value = part.config.get(key, default)
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
        value = value["config"].get("value")
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"{part.kind}'s {key} holds no numbers", got=brief(value), where=part.where) from error
    if not np.isfinite(numbers).all() or not numbers.size:
        raise FormatError(f"{part.kind}'s {key} holds no numbers", got=brief(value), where=part.where)
    return numbers


def dtype_of(part: Part) -> np.dtype[Any]:
    """float64 if the layer computes in it, else float32."""
    policy = part.config.get("dtype")
    if isinstance(policy, Mapping) and isinstance(policy.get("config"), Mapping):
        policy = policy["config"].get("name")
    return np.dtype(np.float64 if policy == "float64" else np.float32)
