"""Comparing a module's state with one to be loaded, and saying in one readable line how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.mode import no_grad
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DTypeError, ShapeError

__all__ = ["Difference", "compare", "copy_into"]


class Difference(NamedTuple):
    """How a state dict differs from a module's own."""

    missing: list[str]
    unexpected: list[str]
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]

    def check(self, strict: bool, owner: str) -> None:
        """Raise if the state cannot be loaded."""
        keys = strict and (self.missing or self.unexpected)
        if not (keys or self.shapes):
            return
        parts = []
        if strict and self.missing:
            parts.append(f"missing {', '.join(self._with_hints())}")
        if strict and self.unexpected:
            parts.append(f"unexpected {', '.join(map(repr, self.unexpected))}")
        parts += [
            f"{path!r} has shape {theirs} where the model has {ours}" for path, (ours, theirs) in self.shapes.items()
        ]
        problem = f"state dict does not fit {owner}: {'; '.join(parts)}"
        if keys:
            raise ConfigError(problem, fix="Build the model that the state comes from, or pass strict=False")
        raise ShapeError(problem, fix="Build the model with the sizes that the state comes from")

    def _with_hints(self) -> list[str]:
        import difflib

        listed = []
        for path in self.missing:
            nearest = difflib.get_close_matches(path, self.unexpected, n=1, cutoff=0.6)
            listed.append(f"{path!r} (did you mean {nearest[0]!r}?)" if nearest else repr(path))
        return listed


def compare(own: Mapping[str, Tensor], other: Any) -> Difference:
    """Find what `other` lacks, has too much, or has in another shape."""
    if not isinstance(other, Mapping):
        raise DTypeError("a state dict maps paths to tensors", got=type(other).__name__)
    missing = [path for path in own if path not in other]
    unexpected = [str(path) for path in other if path not in own]
    shapes = {}
    for path, tensor in own.items():
        if path in other:
            ours, theirs = tuple(tensor._data.shape), _array(path, other[path]).shape
            if ours != theirs:
                shapes[path] = (ours, tuple(theirs))
    return Difference(missing, unexpected, shapes)


def copy_into(own: Mapping[str, Tensor], other: Mapping[str, Any]) -> None:
    """Write the values of `other` into the memory of the tensors of the same path."""
    with no_grad():
        for path, tensor in own.items():
            if path in other:
                tensor.copy_(_array(path, other[path]))


def _array(path: str, value: Any) -> Any:
    """The array in a tensor of ours or of another library."""
    if isinstance(value, Tensor):
        return value._data
    if hasattr(value, "detach"):  # PyTorch's tensors refuse conversion while they require gradients
        value = value.detach()
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise DTypeError("a state dict holds arrays", got=type(value).__name__, where=path) from error
    if array.dtype.kind not in "fiub":
        raise DTypeError("a state dict holds numbers", got=f"dtype {array.dtype}", where=path)
    return array
