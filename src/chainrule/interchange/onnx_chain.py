"""The layers of a network that is read from a graph, as they are found one after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, FormatError
from chainrule.interchange.layers import linear, numbers, set_state
from chainrule.interchange.pickled_arrays import brief
from chainrule.nn import init
from chainrule.nn.flatten import Flatten
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.scale import Scale

__all__ = ["Chain", "constant_row", "flattened"]


@dataclass
class _Linear:
    """W (outputs, inputs) and b, before the layer is made."""

    weight: np.ndarray
    bias: np.ndarray | None


@dataclass
class _Scaling:
    """(x - μ)·s + β, of single numbers or of one number for each feature, before it finds its place."""

    mean: Any = 0.0
    factor: Any = 1.0
    shift: Any = 0.0

    def add(self, value: np.ndarray) -> None:
        if np.all(self.factor == 1) and np.all(self.shift == 0):
            self.mean = self.mean - value  # (x - μ) is exact where x and μ are near each other
        else:
            self.shift = self.shift + value

    def multiply(self, value: np.ndarray) -> None:
        self.factor, self.shift = self.factor * value, self.shift * value

    @property
    def size(self) -> int:
        """How many features it was made for; 1 for any number."""
        return max(np.size(part) for part in (self.mean, self.factor, self.shift))

    def is_nothing(self) -> bool:
        return bool(np.all(self.mean == 0) and np.all(self.factor == 1) and np.all(self.shift == 0))


@dataclass
class Chain:
    """Layers, and the shape of one sample after the last of them (None as long as nothing says it)."""

    shape: tuple[int, ...] | None
    layers: list[Module | _Linear] = field(default_factory=list)
    scaling: _Scaling | None = None

    def linear(self, weight: Any, bias: Any, where: str) -> None:
        """x·Wᵀ + b.

        Raises:
            FormatError: if it does not fit the layer before it.
        """
        w = numbers(weight, 2, f"the weight of {where}")
        if self.shape is not None and self.shape[-1] != w.shape[1]:
            raise FormatError(
                "a layer does not fit the one before it",
                expected=f"{self.shape[-1]} inputs",
                got=w.shape[1],
                where=where,
            )
        self.shape = (*(self.shape or (0,))[:-1], w.shape[1])
        scaling = self.scaling
        if scaling is not None and np.all(scaling.mean == 0) and np.all(scaling.shift == 0):
            w, self.scaling = (w * scaling.factor).astype(w.dtype), None
        self.settle(where)
        self.layers.append(_Linear(w, None if bias is None else np.array(bias, w.dtype)))
        self.shape = (*self.shape[:-1], len(w))

    def add(self, value: np.ndarray, where: str) -> None:
        """Add one number, or one for each feature."""
        value = self._fitting(value, where)
        last = self.last()
        if isinstance(last, _Linear):
            held = np.zeros(len(last.weight), last.weight.dtype) if last.bias is None else last.bias
            last.bias = (held + value).astype(last.weight.dtype)
        elif isinstance(last, LayerNorm) and last.weight is not None and last.bias is None:
            self.layers[-1] = _normalisation(last, last.weight._data, np.broadcast_to(value, last.normalized_shape))
        else:
            self.scaling = self.scaling or _Scaling()
            self.scaling.add(value)

    def multiply(self, value: np.ndarray, where: str) -> None:
        """Multiply by one number, or by one for each feature."""
        value = self._fitting(value, where)
        last = self.last()
        if isinstance(last, _Linear):
            last.weight = (last.weight * np.reshape(value, (-1, 1))).astype(last.weight.dtype)
            last.bias = None if last.bias is None else (last.bias * value).astype(last.weight.dtype)
        elif isinstance(last, LayerNorm) and last.weight is None and len(last.normalized_shape) == 1:
            self.layers[-1] = _normalisation(last, np.broadcast_to(value, last.normalized_shape), None)
        else:
            self.scaling = self.scaling or _Scaling()
            self.scaling.multiply(value)

    def last(self) -> Module | _Linear | None:
        """The layer that anything added now would follow directly."""
        return self.layers[-1] if self.layers and self.scaling is None else None

    def _fitting(self, value: np.ndarray, where: str) -> np.ndarray:
        """`value` in double precision, after a look at whether it stretches a sample."""
        if value.size > 1:
            if self.shape is not None and self.shape[-1] != value.size:
                raise FormatError(
                    "a constant does not fit the layer before it",
                    expected=f"{self.shape[-1]} numbers",
                    got=value.size,
                    where=where,
                )
            self.shape = (*(self.shape or (0,))[:-1], value.size)
        return value.astype(np.float64)

    def append(self, layer: Module, where: str) -> None:
        """Any other layer.

        Raises:
            FormatError: if it does not fit the layer before it.
        """
        if not (isinstance(layer, Flatten) and (self.scaling is None or self.scaling.size == 1)):
            self.settle(where)
        if isinstance(layer, Flatten) and self.shape is not None and len(self.shape) == 1:
            return
        if self.shape is not None:
            try:
                self.shape = layer.output_shape(self.shape)
            except ChainruleError as error:
                raise FormatError(f"a layer does not fit the one before it: {error}", where=where) from error
        self.layers.append(layer)

    def settle(self, where: str) -> None:
        """Make a layer of what was added and multiplied since the last one.

        Raises:
            FormatError: if it has no place: before the number of features is known.
        """
        scaling, self.scaling = self.scaling, None
        if scaling is None or scaling.is_nothing():
            return
        if self.shape is None:
            raise FormatError("numbers are added to or multiplied by samples of unknown size", where=where)
        self.layers.append(_scale(scaling, self.shape, where))

    def finished(self) -> list[Module]:
        """All layers.

        Raises:
            FormatError: as `settle` does.
        """
        self.settle("the end of the graph")
        return [
            linear(one.weight, one.bias, f"layer {place}") if isinstance(one, _Linear) else one
            for place, one in enumerate(self.layers)
        ]


def _scale(scaling: _Scaling, shape: tuple[int, ...], where: str) -> Module:
    width, dtype = shape[-1], np.float32
    with init.skipped():
        if np.all(scaling.mean == 0) and np.all(scaling.shift == 0):
            layer: Module = Scale(width, dtype=dtype)
            state = {"weight": scaling.factor}
        elif len(shape) > 1:
            raise FormatError("numbers are added to samples of several axes", where=where)
        else:
            # Its statistics are fixed: (x - μ)·γ + β, with nothing rounded that a graph would not round, too.
            bias = bool(np.any(scaling.shift != 0))
            layer = BatchNorm1d(width, eps=0.0, momentum=0.0, bias=bias, dtype=dtype)
            state = {"running_mean": scaling.mean, "running_var": 1.0, "weight": scaling.factor}
            state |= {"bias": scaling.shift} if bias else {}
    full = {name: np.broadcast_to(np.asarray(value, dtype), width) for name, value in state.items()}
    counted = {"num_batches_tracked": np.zeros((), np.int64)} if isinstance(layer, BatchNorm1d) else {}
    set_state(layer, {**full, **counted})
    return layer


def _normalisation(layer: LayerNorm, weight: Any, bias: Any) -> LayerNorm:
    with init.skipped():
        made = LayerNorm(layer.normalized_shape, layer.eps, bias=bias is not None, dtype=np.float32)
    given = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    set_state(made, {name: np.asarray(value, np.float32) for name, value in given.items()})
    return made


def constant_row(value: np.ndarray, where: str) -> np.ndarray:
    """A constant that is the same for all samples, as one number or one row.

    Raises:
        FormatError: if it is neither.
    """
    if value.dtype.kind not in "fiu" or value.size != max(value.shape, default=1) or not value.size:
        raise FormatError(
            "a constant that is no row of numbers", got=f"{value.dtype} {brief(value.shape)}", where=where
        )
    if value.size > 1 and value.shape[-1] != value.size:
        raise FormatError("a constant that differs from sample to sample", got=brief(value.shape), where=where)
    return value.reshape(-1) if value.size > 1 else value.reshape(())


def flattened(shape: tuple[int, ...] | None) -> int | None:
    """How many numbers a sample has, if it is known."""
    return None if shape is None else math.prod(shape)
