"""ONNX's operations as layers: one function for each, which takes the node and adds to the chain."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.errors import ChainruleError, FormatError
from chainrule.interchange.layers import set_state
from chainrule.interchange.onnx_chain import Chain, constant_row, flattened
from chainrule.interchange.onnx_graph import Node
from chainrule.interchange.onnx_values import short
from chainrule.interchange.pickled_arrays import brief
from chainrule.nn import init
from chainrule.nn.module import Module

__all__ = ["OPERATIONS", "Operands", "attach"]

_FLOATS = (1, 10, 11, 16)  # elements that a network computes with
_SELU = (1.67326319217681884765625, 1.05070102214813232421875)  # ONNX's defaults


@dataclass(frozen=True)
class Operands:
    """A node on the way, and what it is given besides the value on the way.

    Attributes:
        node: the operation.
        place: which of its inputs the value is.
        given: all inputs that are constants, by their place.
        opset: version of the operators.
    """

    node: Node
    place: int
    given: Mapping[int, np.ndarray]
    opset: int

    def constant(self, place: int) -> np.ndarray:
        """A constant that has to be there."""
        if place not in self.given:
            raise self.node.refuse(f"input {place + 1} is no constant")
        return self.given[place]

    def number(self, place: int, default: float | None = None) -> float | None:
        """A constant that is one number, or `default` where it was left out."""
        if place not in self.given:
            return default
        value = self.given[place]
        if value.size != 1 or value.dtype.kind not in "fiu":
            raise self.node.refuse(f"input {place + 1} is not one number", got=brief(value.shape))
        return float(value.reshape(()))

    def row(self, place: int) -> np.ndarray:
        """A constant that is one number or one row."""
        return constant_row(self.constant(place), self.node.where)


Attach = Callable[..., None]


def attach(chain: Chain, operands: Operands) -> None:
    """Add what a node does to the chain; its operation is one of `OPERATIONS`.

    Raises:
        FormatError: if the node has options that no layer has, or does not fit.
    """
    node, function = operands.node, OPERATIONS[operands.node.operation]
    known = set(list(inspect.signature(function).parameters)[2:])
    unknown = set(node.attributes) - known
    if unknown:
        raise node.refuse(f"{node.operation} has an attribute that is not read", got=brief(min(unknown)))
    try:
        function(chain, operands, **node.attributes)
    except FormatError:
        raise
    except (ChainruleError, TypeError, ValueError, OverflowError) as error:
        raise node.refuse(f"{node.operation} has unusable options: {brief(str(error))}") from error


def _gemm(
    chain: Chain, operands: Operands, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0
) -> None:
    node = operands.node
    if operands.place != 0 or transA:
        raise node.refuse("a Gemm that does not multiply rows of samples by a constant matrix")
    if chain.shape is not None and len(chain.shape) != 1:
        raise node.refuse("a Gemm takes samples of one axis", got=chain.shape)
    weight = operands.constant(1)
    if weight.ndim != 2:
        raise node.refuse("the matrix of a Gemm has two axes", got=brief(weight.shape))
    weight = weight if transB else weight.T
    bias = operands.row(2) if 2 in operands.given else None
    if len(node.inputs) > 2 and node.inputs[2] and bias is None:
        raise node.refuse("the bias of a Gemm is no constant")
    chain.linear(weight if alpha == 1 else weight * np.float32(alpha), None, node.where)
    if bias is not None:
        chain.add(bias * beta, node.where)


def _matmul(chain: Chain, operands: Operands) -> None:
    weight = operands.given.get(1)
    if operands.place != 0 or weight is None or weight.ndim != 2:
        raise operands.node.refuse("a MatMul that does not multiply rows of samples by a constant matrix")
    chain.linear(weight.T, None, operands.node.where)


def _add(chain: Chain, operands: Operands) -> None:
    chain.add(operands.row(1 - operands.place), operands.node.where)


def _sub(chain: Chain, operands: Operands) -> None:
    value = operands.row(1 - operands.place)
    if operands.place == 1:
        chain.multiply(np.array(-1.0), operands.node.where)
    chain.add(value if operands.place == 1 else -value, operands.node.where)


def _mul(chain: Chain, operands: Operands) -> None:
    chain.multiply(operands.row(1 - operands.place), operands.node.where)


def _div(chain: Chain, operands: Operands) -> None:
    value = operands.row(1 - operands.place).astype(np.float64)
    if operands.place == 1 or not value.all():
        raise operands.node.refuse("a Div by what is no constant, or is zero")
    chain.multiply(1 / value, operands.node.where)


def _neg(chain: Chain, operands: Operands) -> None:
    chain.multiply(np.array(-1.0), operands.node.where)


def _scaler(chain: Chain, operands: Operands, offset: Any = (0.0,), scale: Any = (1.0,)) -> None:
    chain.add(-constant_row(np.array(offset), operands.node.where), operands.node.where)
    chain.multiply(constant_row(np.array(scale), operands.node.where), operands.node.where)


def _plain(make: Callable[[], Module]) -> Attach:
    def attached(chain: Chain, operands: Operands) -> None:
        chain.append(make(), operands.node.where)

    return attached


def _leaky(chain: Chain, operands: Operands, alpha: float = 0.01) -> None:
    chain.append(nn.LeakyReLU(short(alpha)), operands.node.where)


def _prelu(chain: Chain, operands: Operands) -> None:
    slopes = np.unique(operands.constant(1))
    if operands.place != 0 or len(slopes) != 1:
        raise operands.node.refuse("a PRelu with more than one slope", got=len(slopes))
    chain.append(nn.LeakyReLU(short(slopes[0])), operands.node.where)


def _elu(chain: Chain, operands: Operands, alpha: float = 1.0) -> None:
    chain.append(nn.ELU(short(alpha)), operands.node.where)


def _celu(chain: Chain, operands: Operands, alpha: float = 1.0) -> None:
    if alpha != 1:
        raise operands.node.refuse("a Celu with an alpha other than 1", got=alpha)
    chain.append(nn.ELU(), operands.node.where)


def _selu(chain: Chain, operands: Operands, alpha: float = _SELU[0], gamma: float = _SELU[1]) -> None:
    if not np.allclose((alpha, gamma), _SELU, rtol=1e-6, atol=0):
        raise operands.node.refuse("a Selu with other numbers than usual", got=(alpha, gamma), expected=_SELU)
    chain.append(nn.SELU(), operands.node.where)


def _gelu(chain: Chain, operands: Operands, approximate: bytes = b"none") -> None:
    chain.append(nn.GELU(approximate.decode("utf-8", "replace")), operands.node.where)


def _swish(chain: Chain, operands: Operands, alpha: float = 1.0) -> None:
    if alpha != 1:
        raise operands.node.refuse("a Swish with an alpha other than 1", got=alpha)
    chain.append(nn.SiLU(), operands.node.where)


def _clip(chain: Chain, operands: Operands, min: float | None = None, max: float | None = None) -> None:
    low, high = operands.number(1, min), operands.number(2, max)
    if low == 0 and (high is None or high > 1e38):
        chain.append(nn.ReLU(), operands.node.where)
    elif (low, high) == (0, 6):
        chain.append(nn.ReLU6(), operands.node.where)
    elif low is None or high is None:
        raise operands.node.refuse("a Clip with one limit", got=(low, high))
    elif not (isinstance(last := chain.last(), nn.SmoothClip) and -low == high == float(np.float32(last.limit))):
        chain.append(nn.Hardtanh(short(low), short(high)), operands.node.where)


def _hard_sigmoid(chain: Chain, operands: Operands, alpha: float = 0.2, beta: float = 0.5) -> None:
    chain.multiply(np.array(alpha), operands.node.where)
    chain.add(np.array(beta), operands.node.where)
    chain.append(nn.Hardtanh(0.0, 1.0), operands.node.where)


def _share(layer: type[nn.Softmax] | type[nn.LogSoftmax]) -> Attach:
    def attached(chain: Chain, operands: Operands, axis: int | None = None) -> None:
        if axis is None:
            axis = -1 if operands.opset >= 13 else 1
        # Before version 13 all axes from this one on were taken together.
        several = chain.shape is not None and len(chain.shape) > 1
        if axis not in (1, -1) or (several and (operands.opset < 13 or axis == 1)):
            raise operands.node.refuse(f"a {operands.node.operation} along another axis than the last", got=axis)
        chain.append(layer(dim=axis), operands.node.where)

    return attached


def _flatten(chain: Chain, operands: Operands, axis: int = 1) -> None:
    if axis != 1 and not (axis == -1 and chain.shape is not None and len(chain.shape) == 1):
        raise operands.node.refuse("a Flatten that does not keep samples apart", got=f"axis={axis}")
    chain.append(nn.Flatten(), operands.node.where)


def _reshape(chain: Chain, operands: Operands, allowzero: int = 0) -> None:
    sizes = [int(one) for one in np.ravel(operands.constant(1))]
    total, where = flattened(chain.shape), operands.node
    kept = len(sizes) == 2 and sizes[0] in ((-1, 1) if allowzero else (-1, 0, 1))
    if not kept or sizes == [-1, -1] or (sizes[1] == -1 and sizes[0] == -1):
        raise where.refuse("a Reshape to anything but (samples, features)", got=brief(sizes))
    if sizes[1] != -1 and total is not None and sizes[1] != total:
        raise where.refuse("a Reshape that does not keep samples apart", expected=f"{total} numbers", got=sizes[1])
    if sizes[1] < 1 and sizes[1] != -1:
        raise where.refuse("a Reshape to no features", got=brief(sizes))
    chain.append(nn.Flatten(), operands.node.where)


def _identity(chain: Chain, operands: Operands) -> None:
    pass


def _cast(chain: Chain, operands: Operands, to: int = 1, saturate: int = 1) -> None:
    if to not in _FLOATS:
        raise operands.node.refuse("a Cast to what is no floating-point number", got=f"type {to}")


def _dropout(chain: Chain, operands: Operands, ratio: float = 0.5, seed: int = 0) -> None:
    chain.append(nn.Dropout(short(operands.number(1, ratio) or 0.0)), operands.node.where)


def _batch_norm(
    chain: Chain, operands: Operands, epsilon: float = 1e-5, momentum: float = 0.9, training_mode: int = 0,
    spatial: int = 1,
) -> None:  # fmt: skip
    node = operands.node
    names = ("weight", "bias", "running_mean", "running_var")
    state = {name: operands.row(place) for place, name in enumerate(names, 1)}
    size = {value.shape for value in state.values()}
    if training_mode or not spatial or operands.place != 0 or len(size) != 1:
        raise node.refuse("a BatchNormalization that trains, or whose numbers do not fit each other")
    count = int(np.size(state["weight"]))
    if chain.shape is None:
        chain.shape = (count,)
    with init.skipped():
        layer = nn.BatchNorm1d(count, short(epsilon), round(1 - short(momentum), 9), dtype=_dtype(state["weight"]))
    full = {name: np.reshape(value, count).astype(_dtype(value)) for name, value in state.items()}
    set_state(layer, {**full, "num_batches_tracked": np.zeros((), np.int64)})
    chain.append(layer, node.where)


def _layer_norm(chain: Chain, operands: Operands, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> None:
    node, weight = operands.node, operands.constant(1)
    weight = weight if weight.ndim else weight.reshape(1)
    bias = operands.given.get(2)
    axes = len(chain.shape) + 1 if chain.shape is not None else weight.ndim + 1
    last = axes - axis if axis >= 0 else -axis
    if operands.place != 0 or last != weight.ndim or (bias is not None and bias.shape != weight.shape):
        raise node.refuse("a LayerNormalization whose numbers do not fit its axes", got=brief(weight.shape))
    if chain.shape is None:
        chain.shape = weight.shape
    with init.skipped():
        layer = nn.LayerNorm(list(weight.shape), short(epsilon), bias=bias is not None, dtype=_dtype(weight))
    set_state(layer, {"weight": weight} if bias is None else {"weight": weight, "bias": bias})
    chain.append(layer, node.where)


def _dtype(value: np.ndarray) -> np.dtype[Any]:
    return np.dtype(np.float64 if value.dtype == np.float64 else np.float32)


OPERATIONS: dict[str, Attach] = {
    "Gemm": _gemm, "MatMul": _matmul, "Add": _add, "Sub": _sub, "Mul": _mul, "Div": _div, "Neg": _neg,
    "Scaler": _scaler, "Relu": _plain(nn.ReLU), "Sigmoid": _plain(nn.Sigmoid), "Tanh": _plain(nn.Tanh),
    "Mish": _plain(nn.Mish), "Softplus": _plain(nn.Softplus), "LeakyRelu": _leaky, "PRelu": _prelu, "Elu": _elu,
    "Celu": _celu, "Selu": _selu, "Gelu": _gelu, "Swish": _swish, "Clip": _clip, "HardSigmoid": _hard_sigmoid,
    "Softmax": _share(nn.Softmax), "LogSoftmax": _share(nn.LogSoftmax), "Flatten": _flatten, "Reshape": _reshape,
    "Identity": _identity, "Cast": _cast, "Dropout": _dropout, "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
}  # fmt: skip
"""ONNX's name -> what adds it to the chain; its keyword arguments are the attributes that are understood."""
