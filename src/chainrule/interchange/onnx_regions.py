"""Several operations that amount to one layer: GELU as Div, Erf, Add, Mul and Mul, a layer normalisation as nine.

There are many ways to write down one function, and every program has its own.  So the operations are not compared with
a list of forms: they are computed, on a grid of numbers, and so are the layers that they could be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, FormatError
from chainrule.interchange.onnx_graph import Node
from chainrule.interchange.onnx_values import OPERATIONS, compute, short
from chainrule.nn.module import Module

__all__ = ["Both", "recognised"]

_CLOSE = 2e-6  # constants are written with seven digits
_ROWS = 4
_FAR = 10
_LEAST = 2000  # numbers of the grid
_MOST_NUMBERS = 8
_LARGEST = 2**18  # numbers of one sample
_PLAIN: tuple[Callable[[], Module], ...] = (
    nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, lambda: nn.GELU("tanh"), nn.Mish, nn.Softplus, nn.SELU, nn.Sigmoid, nn.Tanh,
)  # fmt: skip


class Both(nn.Identity):
    """Marks where a graph makes of the probability p of the second class both, 1 - p and p."""


def recognised(
    nodes: Sequence[Node], start: str, constants: Mapping[str, np.ndarray], opset: int, shape: tuple[int, ...] | None
) -> Module | None:
    """The layer that computes what `nodes` compute of the value `start`, or None.

    Args:
        nodes: one after the other; the last one's output is the result.
        start: the name of their input.
        constants: all of the graph.
        opset: version of the operators.
        shape: of one sample, if it is known.
    """
    if any(node.operation not in OPERATIONS for node in nodes):
        return None
    sample = shape or (_width(nodes, constants),)
    if math.prod(sample) > _LARGEST:
        return None
    x = _grid(sample)
    found = _run(nodes, start, x, constants, opset)
    if found is None:
        return None
    far = _run(nodes, start, _FAR * x, constants, opset)
    for layer in _candidates(nodes, start, x, constants, opset, found):
        # Far out a function may overflow where the layer does not; where it does not, both have to agree.
        if _same(layer, x, found) and (far is None or _same(layer, _FAR * x, far)):
            return layer
    return None


def _width(nodes: Sequence[Node], constants: Mapping[str, np.ndarray]) -> int:
    sizes = [constants[name].shape[-1] for node in nodes for name in node.inputs
             if name in constants and constants[name].ndim]  # fmt: skip
    return max(sizes, default=1)


def _grid(sample: tuple[int, ...]) -> np.ndarray:
    """Numbers from -30 to 30, close around 0, and 0 itself, as a batch of samples, in an order without pattern."""
    size = math.prod(sample)
    rows = max(_ROWS, -(-_LEAST // size))
    line = np.linspace(-1, 1, rows * size)
    line[len(line) // 2] = 0.0
    return np.random.default_rng(0).permutation(30 * line * np.abs(line)).reshape(rows, *sample)


def _run(
    nodes: Sequence[Node], start: str, x: np.ndarray, constants: Mapping[str, np.ndarray], opset: int
) -> np.ndarray | None:
    """What the nodes make of `x`, in double precision; None if it cannot be computed."""
    values: dict[str, Any] = {start: x}
    for node in nodes:
        operands = [values.get(name, _double(constants.get(name))) for name in node.inputs]
        try:
            made = compute(node.operation, operands, node.attributes, opset)
        except FormatError:
            return None
        values[node.outputs[0]] = _double(made)
    result = values[nodes[-1].outputs[0]]
    return result if result.dtype.kind == "f" and np.isfinite(result).all() else None


def _double(value: np.ndarray | None) -> np.ndarray | None:
    return value.astype(np.float64) if value is not None and value.dtype == np.float32 else value


def _candidates(
    nodes: Sequence[Node], start: str, x: np.ndarray, constants: Mapping[str, np.ndarray], opset: int, found: np.ndarray
) -> Iterator[Module]:
    if found.shape == (len(x), 2) and x.shape == (len(x), 1):
        yield Both()
    if found.shape != x.shape:
        yield nn.Flatten()
        return
    yield from (make() for make in _PLAIN)
    yield from (nn.Softmax(-1), nn.LogSoftmax(-1))
    # Options, read off at single numbers, if the function works on single numbers.
    at = {place: _at(nodes, start, x, constants, opset, place) for place in (-30.0, -1.0, 0.0, 30.0)}
    makers: tuple[Callable[[], Module], ...] = (
        lambda: nn.LeakyReLU(-at[-1.0]),
        lambda: nn.ELU(-at[-30.0]),
        lambda: nn.Hardtanh(at[-30.0], at[30.0]),
        lambda: nn.Step(at[0.0], at[30.0]),
        lambda: nn.SmoothClip(short(_at(nodes, start, x, constants, opset, 1e9))),
    )
    for make in makers:
        with suppress(ChainruleError, ArithmeticError, ValueError):
            yield make()
    numbers = _numbers(nodes, constants)
    yield from (nn.Softplus(beta, limit) for beta in numbers for limit in (20.0, *numbers))
    yield from (nn.LayerNorm(x.shape[-1], eps, elementwise_affine=False) for eps in numbers if eps < 1)


def _numbers(nodes: Sequence[Node], constants: Mapping[str, np.ndarray]) -> list[float]:
    """The positive single numbers among the operands: an ε, a β, a threshold."""
    given = {name for node in nodes for name in node.inputs if name in constants}
    single = {short(constants[name].reshape(())) for name in given
              if constants[name].size == 1 and constants[name].dtype.kind == "f"}  # fmt: skip
    return sorted(one for one in single if 0 < one < np.inf)[:_MOST_NUMBERS]


def _at(
    nodes: Sequence[Node], start: str, x: np.ndarray, constants: Mapping[str, np.ndarray], opset: int, place: float
) -> float:
    made = _run(nodes, start, np.full_like(x, place), constants, opset)
    return float("nan") if made is None or not made.size else short(made.flat[0])


def _same(layer: Module, x: np.ndarray, found: np.ndarray) -> bool:
    if isinstance(layer, Both):
        return np.array_equal(np.concatenate([1 - x, x], axis=1), found)
    try:
        with no_grad(), quiet():
            expected = np.asarray(layer.eval()(Tensor.of(x))._data)
    except (ChainruleError, ArithmeticError, ValueError):
        return False
    return expected.shape == found.shape and bool(np.allclose(expected, found, rtol=_CLOSE, atol=_CLOSE))
