"""Initial values for parameters: PyTorch's ``nn.init``.  Each function writes into its tensor and returns it.

Draws come from the package's one generator (`core.rng.generator`) unless ``generator`` names another, and are made in
float64, so that a float32 and a float64 network start from the same numbers.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.core import rng
from chainrule.core.mode import no_grad
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, ShapeError, UnknownNameError

__all__ = [
    "calculate_gain", "constant_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_", "orthogonal_",
    "skipped", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

Generator = np.random.Generator | None

_LINEAR = (
    "linear",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "sigmoid",
)


class _State(threading.local):
    skip = False


_state = _State()


@contextlib.contextmanager
def skipped() -> Iterator[None]:
    """Leave tensors as they are within a block: their values are about to be loaded."""
    before, _state.skip = _state.skip, True
    try:
        yield
    finally:
        _state.skip = before


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity: ReLU √2, leaky ReLU √(2/(1 + a²)), tanh 5/3, SELU 3/4.

    Args:
        nonlinearity: name of the function, e.g. ``"relu"``.
        param: the negative slope a of ``"leaky_relu"``; default 0.01.

    Raises:
        UnknownNameError: for a name that has no recommended factor.
    """
    gains = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4, **dict.fromkeys(_LINEAR, 1.0)}
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else float(param)
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in gains:
        raise UnknownNameError("nonlinearity", nonlinearity, [*gains, "leaky_relu"])
    return gains[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator = None) -> Tensor:
    """U(a, b).

    Raises:
        ConfigError: if b is less than a.
    """
    if not a <= b:
        raise ConfigError("uniform_ needs a ≤ b", got=f"[{a}, {b}]")
    return tensor if _state.skip else _written(tensor, _source(generator).uniform(a, b, tensor.shape))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator = None) -> Tensor:
    """N(mean, std²).

    Raises:
        ConfigError: if std is negative.
    """
    if not std >= 0:
        raise ConfigError("normal_ needs std ≥ 0", got=std)
    return tensor if _state.skip else _written(tensor, _source(generator).normal(mean, std, tensor.shape))


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Generator = None
) -> Tensor:
    """N(mean, std²), draws outside [a, b] drawn again.

    Raises:
        ConfigError: if [a, b] is empty, or so far from the mean that hardly a draw falls into it.
    """
    if not a < b or a > mean + 5 * std or b < mean - 5 * std:
        raise ConfigError(
            "trunc_normal_ needs a < b, within 5 std of the mean", got=f"[{a}, {b}], mean {mean}, std {std}"
        )
    if _state.skip:
        return tensor
    source = _source(generator)
    values = source.normal(mean, std, tensor.shape)
    while (outside := (values < a) | (values > b)).any():
        values = np.where(outside, source.normal(mean, std, tensor.shape), values)
    return _written(tensor, values)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """The same value everywhere."""
    return tensor if _state.skip else _written(tensor, np.asarray(val))


def zeros_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    return constant_(tensor, 1.0)


def eye_(tensor: Tensor) -> Tensor:
    """1 on the diagonal, else 0, for a matrix."""
    if tensor.ndim != 2:
        raise ShapeError("eye_ takes a matrix", got=f"shape {tuple(tensor.shape)}")
    return tensor if _state.skip else _written(tensor, np.eye(*tensor.shape))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator = None) -> Tensor:
    """U(-a, a), a = gain·√(6/(fan_in + fan_out)) (Glorot & Bengio 2010)."""
    bound = gain * math.sqrt(6 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator = None) -> Tensor:
    """N(0, std²), std = gain·√(2/(fan_in + fan_out)) (Glorot & Bengio 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator = None,
) -> Tensor:
    """U(-bound, bound), bound = gain·√(3/fan) (He et al. 2015).

    Args:
        tensor: at least two-dimensional, (out, in, …).
        a: negative slope, where the nonlinearity is ``"leaky_relu"``.
        mode: ``"fan_in"`` keeps the variance forward, ``"fan_out"`` backward.
        nonlinearity: see `calculate_gain`.
        generator: to draw from.
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator = None,
) -> Tensor:
    """N(0, std²), std = gain/√fan (He et al. 2015); arguments as `kaiming_uniform_`."""
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator = None) -> Tensor:
    """Orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al. 2014)."""
    if tensor.ndim < 2:
        raise ShapeError("orthogonal_ takes at least two dimensions", got=f"shape {tuple(tensor.shape)}")
    if _state.skip:
        return tensor
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    draws = _source(generator).standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(draws)
    q = q * np.sign(np.diag(r))  # makes the distribution uniform (Mezzadri 2007)
    return _written(tensor, gain * (q if rows >= columns else q.T).reshape(tensor.shape))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise UnknownNameError("mode", mode, ("fan_in", "fan_out"))
    fan_in, fan_out = _fans(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan_in if mode == "fan_in" else fan_out)


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs one output has, and the reverse."""
    if tensor.ndim < 2:
        raise ShapeError("fan in and fan out need at least two dimensions", got=f"shape {tuple(tensor.shape)}")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _source(generator: Generator) -> np.random.Generator:
    return rng.generator() if generator is None else generator


def _written(tensor: Tensor, values: Any) -> Tensor:
    with no_grad():
        return tensor.copy_(values)
