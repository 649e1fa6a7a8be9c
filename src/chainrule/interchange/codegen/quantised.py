"""A network in whole numbers of 8 bits: what the int8 option of the C export writes, and the same arithmetic in NumPy.

A number x is kept as q = x/s + z, rounded to −128 … 127, with a scale s and a zero point z of the whole layer, from the
least and the greatest value that calibration rows come to.  Weights have z = 0 and a scale for each neuron; their
products are added up in 32 bits, and brought to the next layer's scale by a multiplication with a 31-bit number and a
shift.  Activations are tables of 256 entries.  See B. Jacob et al., "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference" (CVPR 2018), sections 2.1 to 2.4.

Layer normalisation and softmax in the middle of a network, and all that follows its last linear layer, are computed in
single precision: they take few of the operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import FormatError
from chainrule.interchange.codegen.evaluate import run_step
from chainrule.interchange.codegen.program import Affine, Elementwise, Program, Scale, Step

__all__ = [
    "FROM_FLOAT_LIMIT",
    "Dequantise",
    "FloatStep",
    "Product",
    "ProductToFloat",
    "Quantise",
    "Stage",
    "Table",
    "quantise",
    "run",
]

FROM_FLOAT_LIMIT = 1000.0
"""Far outside of what 8 bits hold; larger numbers are cut off there, before they become whole."""

_LEAST, _GREATEST = -128, 127
_MOST_PRODUCTS = 2**15  # of a neuron: their sum, 255·127 each, and the bias have to fit into 32 bits
_MOST_SHIFT = 61
_SATURATED = {"Tanh": 4.0, "Sigmoid": 8.0}  # beyond, the activation's own 8 bits do not change


@dataclass(frozen=True)
class Quantise:
    """Floats -> int8: each number times its factor, rounded (halves to even), plus its zero point."""

    factor: np.ndarray
    zero: np.ndarray


@dataclass(frozen=True)
class Dequantise:
    """int8 -> floats: (q - zero)·scale."""

    scale: np.float32
    zero: int


@dataclass(frozen=True)
class Product:
    """int8 -> int8: (W·q + b)·multiplier/2^shift, rounded, plus the zero point."""

    weight: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray
    shift: np.ndarray
    zero: int


@dataclass(frozen=True)
class ProductToFloat:
    """int8 -> floats: (W·q + b)·factor."""

    weight: np.ndarray
    bias: np.ndarray
    factor: np.ndarray


@dataclass(frozen=True)
class Table:
    """int8 -> int8: the entry at q + 128."""

    name: str
    values: np.ndarray


@dataclass(frozen=True)
class FloatStep:
    """Floats -> floats, as in the float option."""

    step: Step


Stage = Quantise | Dequantise | Product | ProductToFloat | Table | FloatStep


@dataclass(frozen=True)
class _Grid:
    """What a whole number stands for: s·(q - z), by number or for all alike."""

    scale: np.ndarray
    zero: np.ndarray


def quantise(program: Program, features: np.ndarray) -> list[Stage]:
    """Turn the steps of a network into stages in whole numbers.

    Args:
        program: the network.
        features: calibration rows (N, features), as the first step sees them.

    Raises:
        FormatError: if there is no linear layer, or one has more inputs than 32 bits can add up.
    """
    steps = _folded(program.steps)
    last = max((place for place, step in enumerate(steps) if isinstance(step, Affine)), default=-1)
    if last < 0:
        raise FormatError("a network without a linear layer has no weights for 8 bits", fix="Export it without int8")
    values = [np.asarray(features, np.float64)]
    for step in steps:
        values.append(run_step(step, values[-1]))
    stages: list[Stage] = []
    grid: _Grid | None = None
    place = 0
    while place < len(steps):
        step, following = steps[place], steps[place + 1] if place + 1 < len(steps) else None
        if isinstance(step, Affine):
            if grid is None:
                grid = _grid(values[place], by_column=not _are_alike(values[place]))
                stages.append(_quantise(grid, step.weight.shape[1]))
            rectified = isinstance(following, Elementwise) and following.name == "ReLU" and place < last
            beyond = steps[place + 2] if rectified and place + 2 < len(steps) else following
            if place == last or not (rectified or isinstance(beyond, (Affine, Elementwise))):
                stages.append(_to_float(step, grid))
                grid = None
            else:
                place += rectified
                within = _SATURATED.get(following.name, np.inf) if isinstance(following, Elementwise) else np.inf
                target = _grid(np.clip(values[place + 1], -within, within))
                stages.append(_product(step, grid, target))
                grid = target
        elif isinstance(step, Elementwise) and grid is not None:
            target = _grid(values[place + 1])
            stages.append(_table(step, grid, target))
            grid = target
        else:
            if grid is not None:
                stages.append(Dequantise(np.float32(grid.scale), int(grid.zero)))
                grid = None
            stages.append(FloatStep(step))
        place += 1
    return stages


def _folded(steps: Sequence[Step]) -> list[Step]:
    """Scalings become part of the linear layer that follows them."""
    found: list[Step] = []
    for step in steps:
        if isinstance(step, Affine) and found and isinstance(scale := found[-1], Scale):
            found[-1] = Affine(step.weight * scale.factor, step.bias + step.weight @ scale.shift)
        else:
            found.append(step)
    return found


def _grid(values: np.ndarray, by_column: bool = False) -> _Grid:
    """The finest grid for the values, zero among them; for all alike, or by column."""
    axis = 0 if by_column else None
    low = np.minimum(values.min(axis=axis), 0.0)
    high = np.maximum(values.max(axis=axis), 0.0)
    scale = (high - low) / (_GREATEST - _LEAST)
    # Where nothing ever changes any scale will do, but a large one would make all other weights small.
    scale = np.where(scale > 0, scale, np.median(scale[scale > 0]) if (scale > 0).any() else 1.0)
    zero = np.clip(np.rint(_LEAST - low / scale), _LEAST, _GREATEST)
    return _Grid(scale, zero.astype(np.int64))


def _are_alike(values: np.ndarray) -> bool:
    """Whether columns look like one quantity (pixels do), so that one that was never large may become so."""
    low, size = values.min(axis=0), np.ptp(values, axis=0)
    return bool((low == low.min()).mean() > 0.5 and np.median(size) > size.max() / 2)


def _quantise(grid: _Grid, width: int) -> Quantise:
    factor = np.broadcast_to(1 / grid.scale, width).astype(np.float32)
    return Quantise(factor, np.broadcast_to(grid.zero, width).astype(np.int8))


def _whole(step: Affine, grid: _Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights and biases as whole numbers, and what 1 stands for in the sum of each neuron."""
    columns = step.weight.shape[1]
    if columns > _MOST_PRODUCTS:
        raise FormatError("a layer is too wide for sums of 32 bits", expected=f"{_MOST_PRODUCTS} inputs", got=columns)
    scaled = step.weight * grid.scale
    unit = np.maximum(np.abs(scaled).max(axis=1) / _GREATEST, np.abs(step.bias) / 2**29)
    unit = np.where(unit > 0, unit, 1.0)
    weight = np.rint(scaled / unit[:, None]).astype(np.int8)
    bias = np.rint(step.bias / unit).astype(np.int64) - weight.astype(np.int64) @ np.broadcast_to(grid.zero, columns)
    return weight, bias.astype(np.int32), unit


def _to_float(step: Affine, grid: _Grid) -> ProductToFloat:
    weight, bias, unit = _whole(step, grid)
    return ProductToFloat(weight, bias, unit.astype(np.float32))


def _product(step: Affine, grid: _Grid, target: _Grid) -> Product:
    weight, bias, unit = _whole(step, grid)
    fraction, exponent = np.frexp(unit / target.scale)
    # Beyond 2^29 all is cut off in any case; below 2^-30 nothing is left.
    shift = np.clip(31 - exponent.astype(np.int64), 1, _MOST_SHIFT)
    multiplier = np.rint(np.ldexp(fraction, exponent + shift)).clip(0, 2**31 - 1)
    return Product(weight, bias, multiplier.astype(np.int32), shift.astype(np.int8), int(target.zero))


def _table(step: Elementwise, grid: _Grid, target: _Grid) -> Table:
    inputs = grid.scale * (np.arange(_LEAST, _GREATEST + 1) - grid.zero)
    outputs = run_step(step, inputs[:, None])[:, 0]
    whole = np.rint(outputs / target.scale) + target.zero
    return Table(step.name, np.clip(whole, _LEAST, _GREATEST).astype(np.int8))


def run(stages: Sequence[Stage], features: np.ndarray) -> np.ndarray:
    """What the generated code computes of rows (N, features): the same whole numbers, one by one.

    Args:
        stages: of `quantise`.
        features: float32.
    """
    x: np.ndarray = np.asarray(features, np.float32)
    for stage in stages:
        x = _run_stage(stage, x)
    return x


def _run_stage(stage: Stage, x: Any) -> Any:
    if isinstance(stage, Quantise):
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = np.nan_to_num(x * stage.factor, nan=-FROM_FLOAT_LIMIT)
        scaled = np.clip(scaled, -FROM_FLOAT_LIMIT, FROM_FLOAT_LIMIT)
        return np.clip(np.rint(scaled).astype(np.int64) + stage.zero, _LEAST, _GREATEST).astype(np.int8)
    if isinstance(stage, Dequantise):
        return (x.astype(np.int32) - stage.zero).astype(np.float32) * stage.scale
    if isinstance(stage, Table):
        return stage.values[x.astype(np.int64) + 128]
    if isinstance(stage, FloatStep):
        return run_step(stage.step, x)
    # Exact in double precision, which multiplies matrices fast.
    sums = (x.astype(np.float64) @ stage.weight.T.astype(np.float64)).astype(np.int64) + stage.bias
    if isinstance(stage, ProductToFloat):
        return sums.astype(np.float32) * stage.factor
    shift = stage.shift.astype(np.int64)
    scaled = (sums * stage.multiplier + (1 << (shift - 1))) >> shift
    return np.clip(scaled + stage.zero, _LEAST, _GREATEST).astype(np.int8)
