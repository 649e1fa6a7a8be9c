"""Layers as ONNX's operations: one function for each, which writes nodes and returns the name of their result."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError, FormatError
from chainrule.interchange.onnx_writer import Writer
from chainrule.nn.activation import LogSoftmax, Softmax, softmax_dim
from chainrule.nn.flatten import Flatten
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.scale import Scale
from chainrule.nn.sequential import Sequential

__all__ = ["LAYERS", "leaves", "write_layers"]

Shape = tuple[int, ...]
_LATE_THRESHOLD = 16.0  # beyond it, a softplus in single precision is x itself
_FAR_MEAN = 8.0  # in standard deviations: beyond it, γ·x/σ and β - γ·μ/σ lose digits that γ·(x - μ)/σ keeps
_FAR = 1e9  # beyond so many limits, a smooth clip is the limit; its square does not overflow


def leaves(module: Module, path: str = "") -> list[tuple[str, Module]]:
    """Paths and layers, without the `Sequential`s around them."""
    if type(module) is not Sequential:
        return [(path, module)]
    found = []
    for name, child in module.named_layers():
        found += leaves(child, f"{path}.{name}" if path else name)
    return found


def write_layers(writer: Writer, layers: list[tuple[str, Module]], value: str, shape: Shape) -> tuple[str, Shape]:
    """Write all layers, in evaluation mode.

    Args:
        writer: of the graph.
        layers: with their paths, which name the weights.
        value: that goes in.
        shape: of one sample of it.

    Returns:
        the value that comes out, and its shape.

    Raises:
        FormatError: for a layer that is none of the library's, or does not fit.
    """
    for path, layer in layers:
        name = type(layer).__name__
        if name not in LAYERS or type(layer).__module__.partition(".")[0] != "chainrule":
            raise FormatError(f"ONNX cannot have a {name}", expected="the library's own layers", where=f"layer {path}")
        try:
            after = tuple(layer.output_shape(shape))
        except ChainruleError as error:
            raise FormatError(f"layer {path} does not fit: {error}") from error
        value = LAYERS[name](writer, layer, value, shape, path)
        shape = after
    return value, shape


def _array(tensor: Any) -> np.ndarray:
    """In single precision."""
    with np.errstate(over="ignore"):
        return np.asarray(tensor._data).astype(np.float32)


def _linear(w: Writer, layer: Linear, x: str, shape: Shape, path: str) -> str:
    weight, bias = _array(layer.weight), None if layer.bias is None else _array(layer.bias)
    if len(shape) == 1:
        given = [x, w.constant(weight, f"{path}.weight")]
        given += [] if bias is None else [w.constant(bias, f"{path}.bias")]
        return w.node("Gemm", *given, transB=1)
    y = w.node("MatMul", x, w.constant(weight.T, f"{path}.weight"))
    return y if bias is None else w.node("Add", y, w.constant(bias, f"{path}.bias"))


def _batch_norm(w: Writer, layer: BatchNorm1d, x: str, shape: Shape, path: str) -> str:
    if layer.running_mean is None or layer.running_var is None:
        raise FormatError(
            "a BatchNorm1d without running statistics needs a batch", fix="Train with track_running_stats"
        )
    mean, variance = _array(layer.running_mean), np.asarray(layer.running_var._data, np.float64)
    weight = np.ones_like(mean) if layer.weight is None else _array(layer.weight)
    bias = np.zeros_like(mean) if layer.bias is None else _array(layer.bias)
    if len(shape) == 1 and np.any(np.abs(mean) > _FAR_MEAN * np.sqrt(variance + layer.eps)):
        factor = (weight / np.sqrt(variance + layer.eps)).astype(np.float32)
        y = w.node("Sub", x, w.constant(mean, f"{path}.running_mean"))
        y = w.node("Mul", y, w.constant(factor, f"{path}.weight"))
        return w.node("Add", y, w.constant(bias, f"{path}.bias")) if bias.any() else y
    named = {"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance.astype(np.float32)}
    given = [w.constant(value, f"{path}.{name}") for name, value in named.items()]
    return w.node("BatchNormalization", x, *given, epsilon=layer.eps)


def _layer_norm(w: Writer, layer: LayerNorm, x: str, shape: Shape, path: str) -> str:
    ones = np.ones(layer.normalized_shape, np.float32)
    given = [w.constant(ones if layer.weight is None else _array(layer.weight), f"{path}.weight")]
    if layer.bias is not None:
        given.append(w.constant(_array(layer.bias), f"{path}.bias"))
    return w.node("LayerNormalization", x, *given, axis=-ones.ndim, epsilon=layer.eps)


def _scale(w: Writer, layer: Scale, x: str, shape: Shape, path: str) -> str:
    return w.node("Mul", x, w.constant(_array(layer.weight), f"{path}.weight"))


def _flatten(w: Writer, layer: Flatten, x: str, shape: Shape, path: str) -> str:
    after = layer.output_shape(shape)
    if after == shape:
        return x
    if len(after) == 1:
        return w.node("Flatten", x, axis=1)
    return w.node("Reshape", x, w.constant(np.array([-1, *after]), "shape"))


def _share(operation: str) -> Callable[..., str]:
    def write(w: Writer, layer: Softmax | LogSoftmax, x: str, shape: Shape, path: str) -> str:
        axes = len(shape) + 1
        axis = softmax_dim(np.empty((1,) * axes), layer.dim)
        if axis % axes == 0:
            raise FormatError(f"{layer!r} puts samples in relation to each other", where=f"layer {path}")
        return w.node(operation, x, axis=axis)

    return write


def _plain(operation: str, option: str | None = None) -> Callable[..., str]:
    """An operation of one operand; at most one option of the layer, which ONNX always calls alpha."""

    def write(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
        return w.node(operation, x) if option is None else w.node(operation, x, alpha=float(getattr(layer, option)))

    return write


def _clip(low: str | float, high: str | float) -> Callable[..., str]:
    def write(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
        limits = [float(getattr(layer, one) if isinstance(one, str) else one) for one in (low, high)]
        return w.node("Clip", x, *(w.number(one) for one in limits))

    return write


def _gelu(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
    """Written out: the operation itself came with version 20."""
    if layer.approximate == "none":
        inner = w.node("Erf", w.node("Mul", x, w.number(math.sqrt(0.5))))
    else:
        cube = w.node("Mul", w.node("Mul", x, x), x)
        sum_ = w.node("Add", x, w.node("Mul", cube, w.number(0.044715)))
        inner = w.node("Tanh", w.node("Mul", sum_, w.number(math.sqrt(2 / math.pi))))
    return w.node("Mul", w.node("Mul", x, w.node("Add", inner, w.number(1.0))), w.number(0.5))


def _silu(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
    return w.node("Mul", x, w.node("Sigmoid", x))


def _mish(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
    return w.node("Mul", x, w.node("Tanh", w.node("Softplus", x)))


def _softplus(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
    scaled = x if layer.beta == 1 else w.node("Mul", x, w.number(layer.beta))
    y = w.node("Softplus", scaled)
    y = y if layer.beta == 1 else w.node("Div", y, w.number(layer.beta))
    if layer.threshold >= _LATE_THRESHOLD:
        return y
    return w.node("Where", w.node("Greater", scaled, w.number(layer.threshold)), x, y)


def _step(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
    return w.node("Where", w.node("Greater", x, w.number(0.0)), w.number(layer.high), w.number(layer.low))


def _smooth_clip(w: Writer, layer: Any, x: str, shape: Shape, path: str) -> str:
    limit = float(layer.limit)
    ratio = w.node("Clip", w.node("Div", x, w.number(limit)), w.number(-_FAR), w.number(_FAR))
    root = w.node("Sqrt", w.node("Add", w.node("Mul", ratio, ratio), w.number(1.0)))
    return w.node("Clip", w.node("Div", x, root), w.number(-limit), w.number(limit))


def _nothing(w: Writer, layer: Module, x: str, shape: Shape, path: str) -> str:
    return x


LAYERS: dict[str, Callable[..., str]] = {
    "Linear": _linear, "BatchNorm1d": _batch_norm, "LayerNorm": _layer_norm, "Scale": _scale, "Flatten": _flatten,
    "Identity": _nothing, "Dropout": _nothing, "Softmax": _share("Softmax"), "LogSoftmax": _share("LogSoftmax"),
    "ReLU": _plain("Relu"), "LeakyReLU": _plain("LeakyRelu", "negative_slope"), "ELU": _plain("Elu", "alpha"),
    "SELU": _plain("Selu"), "Sigmoid": _plain("Sigmoid"), "Tanh": _plain("Tanh"), "ReLU6": _clip(0.0, 6.0),
    "Hardtanh": _clip("min_val", "max_val"), "GELU": _gelu, "SiLU": _silu, "Mish": _mish, "Softplus": _softplus,
    "Step": _step, "SmoothClip": _smooth_clip,
}  # fmt: skip
"""Layer -> what writes it."""
