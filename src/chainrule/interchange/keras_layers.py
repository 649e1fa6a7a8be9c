"""Layers of Keras as ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.errors import ConfigError, FormatError, ShapeError
from chainrule.interchange.keras_parts import Part, kind_of
from chainrule.interchange.keras_values import arrays_of, constant, dtype_of, flag, number, vector
from chainrule.interchange.layers import linear, set_state
from chainrule.interchange.pickled_arrays import brief
from chainrule.nn import init
from chainrule.nn.module import Module

__all__ = ["ACTIVATIONS", "layers_of"]

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "linear": nn.Identity, "relu": nn.ReLU, "relu6": nn.ReLU6, "leaky_relu": lambda: nn.LeakyReLU(0.2), "elu": nn.ELU,
    "celu": nn.ELU, "selu": nn.SELU, "gelu": nn.GELU, "silu": nn.SiLU, "swish": nn.SiLU, "softplus": nn.Softplus,
    "mish": nn.Mish, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "hard_tanh": nn.Hardtanh,
    "softmax": lambda: nn.Softmax(-1), "log_softmax": lambda: nn.LogSoftmax(-1),
}  # fmt: skip
"""Keras's functions by name, with the options that they have there."""

_SMALLEST_DEVIATION = 1e-7  # by which Keras's Normalization divides at least


def layers_of(parts: Sequence[Part]) -> list[Module]:
    """Make our layers.

    Args:
        parts: Keras's layers in order.

    Raises:
        FormatError: for a layer without a counterpart, or whose numbers do not fit it.
    """
    making = _Making()
    for part in parts:
        make = _MAKERS.get(part.kind)
        if make is None:
            raise FormatError(
                f"there is no counterpart of Keras's {brief(part.kind)}",
                where=part.where,
                fix="Known: " + ", ".join(_MAKERS),
            )
        try:
            with init.skipped():
                make(making, part)
        except (ConfigError, ShapeError) as error:
            raise FormatError(f"a {part.kind} of Keras cannot be taken over: {error}", where=part.where) from error
    making.finish()
    return making.layers


class _Making:
    """The layers so far, the shape of one sample behind them, and a rescaling that waits for a Dense layer."""

    def __init__(self) -> None:
        self.layers: list[Module] = []
        self.shape: tuple[int, ...] | None = None  # None: not known
        self.waiting: tuple[np.ndarray, np.ndarray, str] | None = None

    def add(self, layer: Module) -> None:
        if not isinstance(layer, (nn.Flatten, nn.Linear)):
            self.finish()
        if self.shape is not None:
            self.shape = layer.output_shape(self.shape)
        self.layers.append(layer)

    def finish(self) -> None:
        """Nothing may follow a rescaling but what takes it in."""
        if self.waiting is not None:
            raise FormatError("only a Dense layer beside it can take in a Rescaling", where=self.waiting[2])

    def last_axis(self, axes: Any, where: str) -> None:
        """Refuse a layer that works along another axis than the last."""
        along = axes if isinstance(axes, (list, tuple)) else [axes]
        last = (-1,) if self.shape is None else (-1, len(self.shape))
        if len(along) != 1 or type(along[0]) is not int or along[0] not in (*last, *((1,) if not self.shape else ())):
            raise FormatError("the layer does not work along the last axis", got=brief(axes), where=where)


def _input(making: _Making, part: Part) -> None:
    shape = part.config.get("batch_shape", part.config.get("batch_input_shape"))
    if making.shape is not None or making.layers or not isinstance(shape, (list, tuple)):
        return
    sizes = [size for size in shape[1:] if type(size) is int and 0 < size < 2**31]
    making.shape = tuple(sizes) if len(sizes) == len(shape) - 1 else None


def _dense(making: _Making, part: Part) -> None:
    _input(making, part)
    use_bias = flag(part, "use_bias", True)
    arrays = arrays_of(part, 1 + use_bias)
    layer = linear(arrays[0].T, arrays[1] if use_bias else None, part.where)
    if part.config.get("units") != layer.out_features:
        raise FormatError(
            "a layer's size and numbers disagree", expected=brief(part.config.get("units")), where=part.where
        )
    if making.waiting is not None:
        layer = _taken_in(layer, making.waiting, part.where)
        making.waiting = None
    making.add(layer)
    _activate(making, part, part.config.get("activation"))


def _taken_in(layer: nn.Linear, rescaling: tuple[np.ndarray, np.ndarray, str], where: str) -> nn.Linear:
    """W·(a·x + c) + b as (W·a)·x + (b + W·c)."""
    scale, offset = (one if len(set(one.ravel().tolist())) > 1 else one.ravel()[:1] for one in rescaling[:2])
    if scale.ndim > 1 or offset.ndim > 1 or not {scale.size, offset.size} <= {1, layer.in_features}:
        raise FormatError("only a Dense layer of the same inputs can take in a Rescaling", where=rescaling[2])
    weight = layer.weight._data.astype(np.float64)
    bias = weight @ np.broadcast_to(offset, layer.in_features) + (0 if layer.bias is None else layer.bias._data)
    kind = layer.weight._data.dtype
    return linear((weight * scale).astype(kind), bias.astype(kind), where)


def _activate(making: _Making, part: Part, activation: Any) -> None:
    """Add the activation that a layer names; ``linear`` and None are none."""
    if activation is None or activation == "linear":
        return
    if isinstance(activation, Mapping):
        kind, config = kind_of(activation, part.where)
        if kind in _ACTIVATION_LAYERS:
            _ACTIVATION_LAYERS[kind](making, Part(kind, part.name, config))
            return
        activation = config.get("name") if kind == "function" else kind
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise FormatError(
            f"there is no counterpart of the activation {brief(activation)}",
            where=part.where,
            fix="Known: " + ", ".join(ACTIVATIONS),
        )
    making.add(ACTIVATIONS[activation]())


def _activation(making: _Making, part: Part) -> None:
    before = len(making.layers)
    _activate(making, part, part.config.get("activation"))
    if len(making.layers) == before:
        making.add(nn.Identity())


def _relu(making: _Making, part: Part) -> None:
    most, slope = part.config.get("max_value"), number(part, "negative_slope", 0.0)
    if number(part, "threshold", 0.0) or (most is not None and slope):
        raise FormatError("a ReLU with a threshold, or with both a slope and a largest value", where=part.where)
    if most is None:
        making.add(nn.LeakyReLU(slope) if slope else nn.ReLU())
    else:
        limit = number(part, "max_value", 6.0)
        making.add(nn.ReLU6() if limit == 6 else nn.Hardtanh(0.0, limit))


def _leaky_relu(making: _Making, part: Part) -> None:
    making.add(nn.LeakyReLU(number(part, "negative_slope", number(part, "alpha", 0.3))))


def _elu(making: _Making, part: Part) -> None:
    making.add(nn.ELU(number(part, "alpha", 1.0)))


def _softmax(making: _Making, part: Part) -> None:
    making.last_axis(part.config.get("axis", -1), part.where)
    making.add(nn.Softmax(-1))


def _nothing(making: _Making, part: Part) -> None:
    making.add(nn.Identity())


def _dropout(making: _Making, part: Part) -> None:
    if part.config.get("noise_shape") is not None:
        raise FormatError("a Dropout of whole rows or columns (noise_shape)", where=part.where)
    making.add(nn.Dropout(number(part, "rate", 0.5)))


def _flatten(making: _Making, part: Part) -> None:
    _input(making, part)
    if part.config.get("data_format") == "channels_first" and (making.shape is None or len(making.shape) > 1):
        raise FormatError("a Flatten that moves channels to the end", where=part.where)
    if making.waiting is not None and making.shape is not None:
        scale, offset, where = making.waiting
        making.waiting = np.ravel(scale), np.ravel(offset), where
    making.add(nn.Flatten())


def _reshape(making: _Making, part: Part) -> None:
    target = part.config.get("target_shape")
    if not isinstance(target, (list, tuple)) or len(target) != 1:
        raise FormatError("a Reshape to several axes", got=brief(target), where=part.where)
    if target[0] != -1 and (making.shape is None or target[0] != math.prod(making.shape)):
        raise FormatError("a Reshape to another number of values", got=brief(target), where=part.where)
    _flatten(making, Part("Flatten", part.name, {}))


def _batch_normalization(making: _Making, part: Part) -> None:
    if flag(part, "renorm", False):
        raise FormatError("a BatchNormalization with renorm", where=part.where)
    axis = part.config.get("axis", -1)
    if making.shape is None or len(making.shape) == 1:
        making.last_axis(axis, part.where)
    elif len(making.shape) > 2 or axis not in (1, [1]):
        raise FormatError("a BatchNormalization of several axes", got=brief(axis), where=part.where)
    scale, center = flag(part, "scale", True), flag(part, "center", True)
    arrays = [vector(array, part) for array in arrays_of(part, scale + center + 2)]
    momentum = 1 - number(part, "momentum", 0.99)
    mean, variance = arrays[-2:]
    layer = nn.BatchNorm1d(
        len(mean),
        eps=number(part, "epsilon", 1e-3),
        momentum=round(momentum, 12),
        affine=scale or center,
        bias=center,
        dtype=mean.dtype,
    )
    counted = np.zeros((), np.int64)
    state = {"running_mean": mean, "running_var": variance, "num_batches_tracked": counted}
    _set(layer, {**state, **_affine(arrays[:-2], scale, center, mean)}, part)
    making.add(layer)


def _layer_normalization(making: _Making, part: Part) -> None:
    if flag(part, "rms_scaling", False):
        raise FormatError("a LayerNormalization with rms_scaling", where=part.where)
    making.last_axis(part.config.get("axis", -1), part.where)
    scale, center = flag(part, "scale", True), flag(part, "center", True)
    arrays = [vector(array, part) for array in arrays_of(part, scale + center)]
    if not arrays and not making.shape:
        raise FormatError("nothing says how many features there are", where=part.where)
    like = arrays[0] if arrays else np.zeros(making.shape[-1] if making.shape else 0, dtype_of(part))
    layer = nn.LayerNorm(
        len(like), number(part, "epsilon", 1e-3), scale or center, bias=center, dtype=like.dtype
    )  # fmt: skip
    _set(layer, _affine(arrays, scale, center, like), part)
    making.add(layer)


def _affine(arrays: list[np.ndarray], scale: bool, center: bool, like: np.ndarray) -> dict[str, np.ndarray]:
    """γ and β; where only β is there, γ is 1."""
    state = {"weight": arrays[0] if scale else np.ones_like(like)} if scale or center else {}
    return {**state, "bias": arrays[-1]} if center else state


def _normalization(making: _Making, part: Part) -> None:
    """(x - mean)/√variance of the training data, as a `BatchNorm1d` whose statistics stay as they are."""
    _input(making, part)
    if flag(part, "invert", False) or making.shape is None or len(making.shape) != 1:
        raise FormatError("a Normalization of anything but rows of numbers", where=part.where)
    if part.config.get("mean") is None:
        mean, variance = arrays_of(part, 3, floats=2)[:2]
        kind = mean.dtype
    else:
        mean, variance = constant(part, "mean", 0.0), constant(part, "variance", 1.0)
        kind = dtype_of(part)
    size = making.shape[0]
    if not {mean.size, variance.size} <= {1, size}:
        raise FormatError("a layer's size and numbers disagree", expected=size, got=mean.size, where=part.where)
    layer = nn.BatchNorm1d(size, eps=0.0, momentum=0.0, affine=False, dtype=kind)
    least = np.maximum(variance.ravel(), _SMALLEST_DEVIATION**2)
    state = {
        "running_mean": np.broadcast_to(mean.ravel(), size).astype(kind),
        "running_var": np.broadcast_to(least, size).astype(kind),
        "num_batches_tracked": np.zeros((), np.int64),
    }
    set_state(layer, state)
    making.add(layer)


def _rescaling(making: _Making, part: Part) -> None:
    """a·x + c, which the Dense layer before it takes in, or the one after it."""
    _input(making, part)
    making.finish()
    scale, offset = constant(part, "scale", 1.0), constant(part, "offset", 0.0)
    last = making.layers[-1] if making.layers else None
    if isinstance(last, nn.Linear):
        if scale.ndim > 1 or offset.ndim > 1 or not {scale.size, offset.size} <= {1, last.out_features}:
            raise FormatError("a Rescaling of another shape than its input", where=part.where)
        kind = last.weight._data.dtype
        bias = (0.0 if last.bias is None else last.bias._data) * scale.ravel() + offset.ravel()
        making.layers[-1] = linear(
            (last.weight._data * scale.reshape(-1, 1)).astype(kind),
            np.broadcast_to(bias, last.out_features).astype(kind),
            part.where,
        )
        return
    if making.shape is not None:
        try:
            scale, offset = np.broadcast_to(scale, making.shape), np.broadcast_to(offset, making.shape)
        except ValueError as error:
            raise FormatError("a Rescaling of another shape than its input", where=part.where) from error
    making.waiting = scale, offset, part.where


def _set(layer: Module, state: dict[str, np.ndarray], part: Part) -> None:
    sizes = {array.shape for name, array in state.items() if name != "num_batches_tracked"}
    if len(sizes) > 1:
        raise FormatError(f"the numbers of the {part.kind} do not fit each other", got=sorted(sizes), where=part.where)
    set_state(layer, state)


_Maker = Callable[[_Making, Part], None]

_ACTIVATION_LAYERS: dict[str, _Maker] = {
    "Activation": _activation, "ReLU": _relu, "LeakyReLU": _leaky_relu, "ELU": _elu, "Softmax": _softmax,
}  # fmt: skip

_MAKERS: dict[str, _Maker] = {
    "InputLayer": _input, "Dense": _dense, **_ACTIVATION_LAYERS, "Identity": _nothing, "Dropout": _dropout,
    "Flatten": _flatten, "Reshape": _reshape, "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization, "Normalization": _normalization, "Rescaling": _rescaling,
    # In training alone do these do anything.
    "GaussianNoise": _nothing, "GaussianDropout": _nothing, "AlphaDropout": _nothing,
    "ActivityRegularization": _nothing,
}  # fmt: skip
