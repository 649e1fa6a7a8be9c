"""Operations at the edges of floating point, and where chainrule means to differ from PyTorch there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor

Ignored = Callable[..., np.ndarray]


def _nan(x: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """NaN went in, NaN came out; whether the gradient is NaN, 0 or 1 carries no information."""
    missing = np.isnan(x)
    for other in others:
        missing = missing | np.isnan(other)
    return missing


# (operation, result) -> which elements are not compared.
IGNORED: dict[tuple[str, str], Ignored] = {
    **{(name, "d0"): _nan for name in ("abs", "relu", "elu", "selu", "hardtanh")},
    **{(name, d): _nan for name in ("maximum", "minimum") for d in ("d0", "d1")},
    # PyTorch says 0, NumPy and IEEE 754 functions say NaN.
    ("sign", "y"): _nan,
    # PyTorch's vectorised float32 kernel gives NaN for gelu(inf), its float64 kernel inf.
    ("gelu", "y"): np.isposinf,
    # PyTorch's derivative with respect to the target ignores the bound of -100 that its value has.
    ("binary_cross_entropy", "d1"): lambda p, t: (p == 0) | (p == 1),
}


@dataclass(frozen=True)
class Edge:
    """An operation and inputs to try it on, in float64."""

    op: str
    label: str
    inputs: tuple[np.ndarray, ...]
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.op}-{self.label}"

    def ignored(self, key: str, inputs: list[np.ndarray]) -> np.ndarray:
        """Which elements of result `key` are not compared."""
        rule = IGNORED.get((self.op, key))
        return np.zeros((), bool) if rule is None else rule(*inputs)


def edge_results(edge: Edge, inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    tensors = [Tensor(array.copy(), requires_grad=True) for array in inputs]
    with np.errstate(all="ignore"):
        y = OPS[edge.op](*tensors, **edge.params)
    y.backward(np.ones(y.shape, y.dtype))
    return {"y": y._data, **{f"d{i}": t.grad._data for i, t in enumerate(tensors)}}


_LINE = np.array(
    """-inf -1e30 -1e4 -100 -20.5 -6 -3 -1 -0.5 -1e-8 -0.0 0 1e-8 0.5 1 3 6 20 20.5 88 100 1e4 1e30 inf nan""".split(),
    np.float64,
)
_FEW = np.array("-inf -3 -1 -0.5 -0.0 0 0.5 1 2 3 inf nan".split(), np.float64)
_PAIRS = (np.repeat(_FEW, len(_FEW)), np.tile(_FEW, len(_FEW)))
_PROBABILITIES = np.array([0.0, 1e-30, 1e-8, 0.25, 0.5, 0.75, 1 - 1e-7, 1.0])
_ROWS = np.array(
    [
        [1e4, -1e4, 0],
        [np.inf, 0, 1],
        [-np.inf, -np.inf, -np.inf],
        [-np.inf, 0, 1],
        [np.nan, 1, 2],
        [1, 1, 1],
        [np.inf, np.inf, 0],
        [2, 2, 1],
    ]
)

EDGES: list[Edge] = [
    *(
        Edge(name, "line", (_LINE,))
        for name in """neg exp expm1 log log1p sqrt abs sin cos erf tanh sigmoid relu leaky_relu elu selu gelu silu
        softplus mish hardtanh""".split()
    ),
    Edge("gelu", "tanh", (_LINE,), {"approximate": "tanh"}),
    Edge("softplus", "beta", (_LINE,), {"beta": 2.0, "threshold": 5.0}),
    Edge("elu", "alpha", (_LINE,), {"alpha": 0.5}),
    Edge("leaky_relu", "slope", (_LINE,), {"negative_slope": 0.3}),
    Edge("hardtanh", "bounds", (_LINE,), {"min_val": -3.0, "max_val": 0.5}),
    Edge("clip", "both", (_LINE,), {"min": -1.0, "max": 0.5}),
    Edge("clip", "low", (_LINE,), {"min": 0.0, "max": None}),
    Edge("clip", "high", (_LINE,), {"min": None, "max": 1.0}),
    *(Edge(name, "pairs", _PAIRS) for name in "add sub mul div pow maximum minimum".split()),
    Edge(
        "binary_cross_entropy",
        "bounds",
        (np.repeat(_PROBABILITIES, len(_PROBABILITIES)), np.tile(_PROBABILITIES, len(_PROBABILITIES))),
    ),
    *(
        Edge(name, "rows", (_ROWS,), {"dim": 1})
        for name in "softmax log_softmax logsumexp max min sum mean var normalize".split()
    ),
]
