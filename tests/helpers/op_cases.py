"""What each row of the operation table is tested on, and the PyTorch call that means the same.

A row without a case, or a case without a PyTorch call, fails `test_op_table.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Maker = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Case:
    """One way to call an operation: how to draw its inputs, and its parameters."""

    op: str
    label: str
    makers: tuple[Maker, ...]
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.op}-{self.label}"

    def inputs(self) -> list[np.ndarray]:
        """The inputs, in float64 (or as integers and booleans where the operation wants those)."""
        rng = np.random.default_rng(zlib.crc32(self.id.encode()))
        return [maker(rng) for maker in self.makers]


# Ways to draw inputs ------------------------------------------------------------------------------------------------


def normal(*shape: int) -> Maker:
    return lambda rng: rng.standard_normal(shape)


def positive(*shape: int) -> Maker:
    return lambda rng: rng.uniform(0.2, 3.0, shape)


def unit(*shape: int) -> Maker:
    return lambda rng: rng.uniform(0.2, 0.8, shape)


def smooth(*shape: int) -> Maker:
    """Numbers from -3 to 3, none within 0.05 of 0, ±0.5, ±1, … where piecewise functions have their kinks."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        return rng.integers(-6, 6, shape) * 0.5 + rng.uniform(0.05, 0.45, shape)

    return draw


def distinct(*shape: int, shift: float = 0.0) -> Maker:
    """Numbers that differ by at least 0.1, in random order."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        size = int(np.prod(shape))
        return (rng.permutation(size).reshape(shape) - size // 2) * 0.1 + shift

    return draw


def booleans(*shape: int) -> Maker:
    return lambda rng: rng.random(shape) < 0.5


CASES: list[Case] = []


def case(op: str, label: str, *makers: Maker, **params: Any) -> None:
    CASES.append(Case(op, label, makers, params))


# Arithmetic ---------------------------------------------------------------------------------------------------------

for _name in ("add", "sub", "mul", "div"):
    _right = positive if _name == "div" else normal
    case(_name, "same", normal(3, 4), _right(3, 4))
    case(_name, "row", normal(3, 4), _right(4))
    case(_name, "column", normal(3, 1), _right(1, 4))
    case(_name, "scalar", normal(2, 3), _right())
    case(_name, "lead", normal(3), _right(2, 1, 3))
    case(_name, "empty", normal(0, 3), _right(3))
case("neg", "matrix", normal(3, 4))
case("neg", "scalar", normal())
case("pow", "same", positive(3, 4), normal(3, 4))
case("pow", "row", positive(3, 4), normal(4))
case("pow", "column", positive(2, 1), normal(1, 3))

for _label, _a, _b in [
    ("matrices", (3, 4), (4, 2)),
    ("vectors", (4,), (4,)),
    ("matrix-vector", (3, 4), (4,)),
    ("vector-matrix", (4,), (4, 2)),
    ("batched", (2, 3, 4), (2, 4, 2)),
    ("broadcast-left", (3, 4), (2, 4, 2)),
    ("broadcast-right", (2, 3, 4), (4, 2)),
    ("broadcast-both", (2, 1, 2, 3), (3, 3, 2)),
    ("batched-vector", (2, 3, 4), (4,)),
    ("vector-batched", (3,), (2, 3, 4)),
    ("empty", (0, 4), (4, 2)),
    ("inner-empty", (3, 0), (0, 2)),
]:
    case("matmul", _label, normal(*_a), normal(*_b))
case("linear", "matrix", normal(5, 3), normal(2, 3), normal(2))
case("linear", "vector", normal(3), normal(2, 3), normal(2))
case("linear", "batched", normal(2, 4, 3), normal(2, 3), normal(2))

# Elementwise --------------------------------------------------------------------------------------------------------

for _name in ("exp", "expm1", "sin", "cos", "erf", "tanh", "sigmoid", "gelu", "silu", "softplus", "mish"):
    case(_name, "matrix", normal(3, 4))
for _name in ("log", "log1p", "sqrt"):
    case(_name, "matrix", positive(3, 4))
for _name in ("abs", "sign", "relu", "leaky_relu", "elu", "selu", "hardtanh", "step"):
    case(_name, "matrix", smooth(3, 4))
case("exp", "scalar", normal())
case("tanh", "empty", normal(0))
case("sigmoid", "cube", normal(2, 2, 2))
case("leaky_relu", "slope", smooth(3, 4), negative_slope=0.3)
case("elu", "alpha", smooth(3, 4), alpha=0.7)
case("gelu", "tanh", normal(3, 4), approximate="tanh")
case("softplus", "beta", normal(3, 4), beta=2.0)
case("softplus", "threshold", smooth(3, 4), beta=1.5, threshold=1.5)
case("hardtanh", "bounds", smooth(3, 4), min_val=-0.5, max_val=2.0)
case("step", "bipolar", smooth(3, 4), low=-1.0, high=1.0)

# Selection ----------------------------------------------------------------------------------------------------------

for _name in ("maximum", "minimum"):
    case(_name, "same", distinct(3, 4), distinct(3, 4, shift=0.05))
    case(_name, "row", distinct(3, 4), distinct(4, shift=0.05))
    case(_name, "column", distinct(3, 1), distinct(1, 4, shift=0.05))
case("where", "same", booleans(3, 4), normal(3, 4), normal(3, 4))
case("where", "broadcast", booleans(3, 1), normal(4), normal(3, 4))
case("where", "scalar", booleans(3, 4), normal(), normal(3, 4))
case("clip", "both", smooth(3, 4), min=-1.0, max=0.5)
case("clip", "low", smooth(3, 4), min=-0.5, max=None)
case("clip", "high", smooth(3, 4), min=None, max=1.0)

# Reductions ---------------------------------------------------------------------------------------------------------

_REDUCTIONS: list[tuple[str, dict[str, Any]]] = [
    ("all", {}),
    ("all-keep", {"keepdim": True}),
    ("first", {"dim": 0}),
    ("last-keep", {"dim": -1, "keepdim": True}),
    ("pair", {"dim": (0, 2)}),
    ("pair-keep", {"dim": (2, -2), "keepdim": True}),
]
for _name in ("sum", "mean", "max", "min", "var", "std", "logsumexp"):
    for _label, _params in _REDUCTIONS:
        if _name == "logsumexp" and "dim" not in _params:
            continue  # PyTorch's takes no default
        case(_name, _label, (distinct if _name in ("max", "min") else normal)(2, 3, 4), **_params)
for _name in ("sum", "mean"):
    case(_name, "scalar", normal())
    case(_name, "empty-kept", normal(0, 3), dim=1)
case("sum", "empty", normal(0, 3), dim=0)
case("var", "population", normal(3, 4), dim=1, correction=0)
case("var", "correction", normal(3, 4), correction=2)
case("std", "population", normal(3, 4), dim=1, correction=0)
case("normalize", "columns", normal(5, 3), dim=0)
case("normalize", "rows", normal(5, 3), dim=1, eps=1e-2)
case("normalize", "pair", normal(2, 3, 4), dim=(0, 2))
for _name in ("softmax", "log_softmax"):
    case(_name, "rows", normal(3, 4), dim=1)
    case(_name, "columns", normal(3, 4), dim=0)
    case(_name, "negative", normal(2, 3, 4), dim=-2)
case("binary_cross_entropy", "same", unit(3, 4), unit(3, 4))

# Shape --------------------------------------------------------------------------------------------------------------

case("cast", "same", normal(3, 4), dtype=np.dtype(np.float64))
case("reshape", "flat", normal(3, 4), shape=(12,))
case("reshape", "unknown", normal(3, 4), shape=(2, -1))
case("reshape", "scalar", normal(1, 1), shape=())
case("transpose", "default", normal(3, 4), dim0=0, dim1=1)
case("transpose", "negative", normal(2, 3, 4), dim0=-1, dim1=0)
case("permute", "cycle", normal(2, 3, 4), dims=(1, 2, 0))
case("permute", "negative", normal(2, 3, 4), dims=(-1, 0, 1))
case("broadcast_to", "lead", normal(3), shape=(2, 3))
case("broadcast_to", "unit", normal(3, 1), shape=(2, 3, 4))
case("broadcast_to", "scalar", normal(), shape=(2, 2))
case("sum_to", "lead", normal(2, 3), shape=(3,))
case("sum_to", "unit", normal(2, 3, 4), shape=(3, 1))
case("sum_to", "scalar", normal(2, 3), shape=())
case("squeeze", "all", normal(1, 3, 1), dim=None)
case("squeeze", "one", normal(1, 3, 1), dim=-1)
case("squeeze", "not-unit", normal(1, 3, 1), dim=1)
case("squeeze", "pair", normal(1, 3, 1), dim=(0, 1))
case("unsqueeze", "front", normal(3, 4), dim=0)
case("unsqueeze", "back", normal(3, 4), dim=-1)
case("unsqueeze", "scalar", normal(), dim=0)

# Indexing -----------------------------------------------------------------------------------------------------------

_MASK = np.arange(12).reshape(3, 4) % 5 < 2
for _label, _index in [
    ("row", 1),
    ("last", -1),
    ("slice", slice(1, None)),
    ("stride", slice(None, None, 2)),
    ("element", (1, 2)),
    ("column", (slice(None), 2)),
    ("ellipsis", (Ellipsis, 1)),
    ("new-axis", (None, slice(0, 2), None)),
    ("mask", _MASK),
    ("rows-mask", np.array([True, False, True])),
    ("integers", np.array([2, 0, 2, 2])),
    ("pairs", (np.array([0, 2, 0]), np.array([1, 1, 1]))),
    ("mixed", (slice(0, 2), np.array([[0, 0], [3, 1]]))),
    ("none-chosen", slice(0, 0)),
]:
    case("getitem", _label, normal(3, 4), index=_index)
case("scatter", "repeated", normal(4, 3), index=np.array([2, 0, 2, 2]), shape=(3, 3))
case("scatter", "slice", normal(2, 3), index=(slice(1, 3),), shape=(4, 3))
case("gather", "rows", normal(3, 4), dim=1, index=np.array([[0, 3], [1, 1], [2, 0]]))
case("gather", "columns", normal(3, 4), dim=0, index=np.array([[0, 1, 2, 1], [2, 2, 2, 2]]))
case("gather", "fewer", normal(3, 4), dim=-1, index=np.array([[3]]))
case("concatenate", "rows", normal(2, 3), normal(1, 3), normal(3, 3), dim=0)
case("concatenate", "columns", normal(2, 3), normal(2, 1), dim=-1)
case("concatenate", "one", normal(2, 3), dim=1)
case("stack", "front", normal(2, 3), normal(2, 3), dim=0)
case("stack", "back", normal(2, 3), normal(2, 3), normal(2, 3), dim=-1)
case("stack", "scalars", normal(), normal(), dim=0)

# PyTorch's calls ----------------------------------------------------------------------------------------------------


def torch_index(torch: Any, index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(torch_index(torch, part) for part in index)
    return torch.from_numpy(index) if isinstance(index, np.ndarray) else index


def _normalize(torch: Any, x: Any, dim: Any, eps: float = 1e-5) -> Any:
    mean = x.mean(dim, keepdim=True)
    return (x - mean) / torch.sqrt(((x - mean) ** 2).mean(dim, keepdim=True) + eps)


def _scatter(torch: Any, x: Any, index: Any, shape: Any) -> Any:
    zeros = torch.zeros(shape, dtype=x.dtype)
    if isinstance(index, np.ndarray):
        return zeros.index_put((torch.from_numpy(index),), x, accumulate=True)
    rows = index[0]
    return torch.cat([zeros[: rows.start], x, zeros[rows.stop :]])


def _extreme(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return getattr(torch, name)(x, tuple(range(x.ndim)) if dim is None else dim, keepdim)

    return call


def _functional(name: str) -> Callable[..., Any]:
    return lambda torch, *inputs, **params: getattr(torch.nn.functional, name)(*inputs, **params)


def _same(name: str) -> Callable[..., Any]:
    return lambda torch, *inputs, **params: getattr(torch, name)(*inputs, **params)


def _step(torch: Any, x: Any, low: float = 0.0, high: float = 1.0) -> Any:
    return low + (high - low) * torch.heaviside(x.detach(), torch.zeros((), dtype=x.dtype)) + 0 * x


def _reduction(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> Any:
        return getattr(torch, name)(x, dim=tuple(range(x.ndim)) if dim is None else dim, keepdim=keepdim, **options)

    return call


TORCH: dict[str, Callable[..., Any]] = {
    **{
        name: _same(name)
        for name in """add sub mul div neg pow matmul exp expm1 log log1p sqrt abs sign sin cos erf tanh sigmoid relu
        maximum minimum where softmax log_softmax reshape unsqueeze""".split()
    },
    **{name: _reduction(name) for name in ("sum", "mean", "var", "std", "logsumexp")},
    **{
        name: _functional(name)
        for name in "linear leaky_relu elu selu gelu silu softplus mish hardtanh".split()
    },
    "step": _step,
    "clip": lambda torch, x, min=None, max=None: torch.clamp(x, min, max),
    "max": _extreme("amax"),
    "min": _extreme("amin"),
    "normalize": _normalize,
    "binary_cross_entropy": lambda torch, p, t: torch.nn.functional.binary_cross_entropy(p, t, reduction="none"),
    "cast": lambda torch, x, dtype: x.to(getattr(torch, dtype.name)),
    "transpose": lambda torch, x, dim0, dim1: x.transpose(dim0, dim1),
    "permute": lambda torch, x, dims: x.permute(dims),
    "broadcast_to": lambda torch, x, shape: x.broadcast_to(shape),
    "sum_to": lambda torch, x, shape: x.sum_to_size(shape),
    "squeeze": lambda torch, x, dim: x.squeeze() if dim is None else x.squeeze(dim),
    "getitem": lambda torch, x, index: x[torch_index(torch, index)],
    "scatter": _scatter,
    "gather": lambda torch, x, dim, index: x.gather(dim, torch.from_numpy(index)),
    "concatenate": lambda torch, *inputs, dim: torch.cat(inputs, dim),
    "stack": lambda torch, *inputs, dim: torch.stack(inputs, dim),
}  # fmt: skip


def torch_forward(torch: Any, case: Case, tensors: list[Any]) -> Any:
    return TORCH[case.op](torch, *tensors, **case.params)
