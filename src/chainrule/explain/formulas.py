"""Every piece of a network as SymPy expressions, and how large the whole would become."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import MissingDependencyError
from chainrule.explain.algebra import Affine, Piece

__all__ = ["closed_size", "expressions", "import_sympy", "parameters_of"]

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
# From this threshold on, a softplus and its argument differ by less than 2e-9.
_FLAT = 20
# How often the argument occurs in an activation's formula.
_OCCURRENCES = {"LeakyReLU": 2, "ELU": 2, "SELU": 2, "GELU": 3, "SiLU": 2, "Softplus": 6, "Mish": 2, "SmoothClip": 2}


def import_sympy() -> Any:
    """Return SymPy.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    try:
        import sympy
    except ImportError as error:
        raise MissingDependencyError(
            "equations need SymPy, which is not installed", fix='Run: pip install "chainrule[explain]"'
        ) from error
    return sympy


def expressions(piece: Piece, x: list[Any]) -> list[Any]:
    """The piece's outputs as expressions of its inputs `x`."""
    if isinstance(piece, Affine):
        return _affine(piece, x)
    if piece.kind in _ALONG:
        return _ALONG[piece.kind](import_sympy(), piece.layer, x)
    function, sympy = _EACH[piece.kind], import_sympy()
    return [function(sympy, piece.layer, z) for z in x]


def closed_size(pieces: list[Piece], inputs: int) -> int:
    """How many terms (symbols and numbers) the outputs have when every piece is written out in the next."""
    sizes = [1] * inputs  # Python's integers: the product of the widths of a deep network does not fit into 64 bits
    for piece in pieces:
        total = sum(sizes)
        if isinstance(piece, Affine) and piece.weight.ndim == 1:
            sizes = [size + 2 for size in sizes]
        elif isinstance(piece, Affine):
            terms = [size + 1 for size in sizes]
            sizes = [1 + sum(terms[j] for j in np.flatnonzero(row)) for row in piece.weight]
        elif piece.kind in ("Softmax", "LogSoftmax"):
            sizes = [total + len(sizes) * size for size in sizes]
        elif piece.kind == "LayerNorm":
            sizes = [size + 2 * total + len(sizes) * total for size in sizes]
        else:
            sizes = [1 + _OCCURRENCES.get(piece.kind, 1) * size for size in sizes]
    return sum(sizes)


def parameters_of(pieces: list[Piece]) -> int:
    """How many weights and biases the pieces have."""
    return sum(piece.weight.size + piece.bias.size for piece in pieces if isinstance(piece, Affine))


def _affine(piece: Affine, x: list[Any]) -> list[Any]:
    sympy = import_sympy()
    rows = []
    for i, bias in enumerate(piece.bias.tolist()):
        columns = [i] if piece.weight.ndim == 1 else np.flatnonzero(piece.weight[i]).tolist()
        weights = [piece.weight[i]] if piece.weight.ndim == 1 else piece.weight[i, columns].tolist()
        terms = [_number(sympy, w) * x[j] for w, j in zip(weights, columns, strict=True)]
        rows.append(sympy.Add(*terms, _number(sympy, bias)))
    return rows


def _number(sympy: Any, value: float) -> Any:
    """Whole numbers as such, so that 1·x is x and 0·x is gone."""
    return sympy.Integer(int(value)) if float(value).is_integer() and abs(value) < 2**53 else sympy.Float(float(value))


def _exp(sympy: Any, z: Any) -> Any:
    # Left as it stands: SymPy would take the bias out of the exponent, as another number in front.
    return sympy.exp(z, evaluate=False)


def _above(sympy: Any, low: float, z: Any) -> Any:
    # Left as it stands: SymPy would compare every pair of arguments, which takes seconds for long sums.
    return sympy.Max(_number(sympy, low), z, evaluate=False)


def _below(sympy: Any, high: float, z: Any) -> Any:
    return sympy.Min(_number(sympy, high), z, evaluate=False)


# Cases are written with max and min: SymPy would multiply nested Piecewise out, 2ⁿ cases for n neurons.
def _leaky(sympy: Any, layer: Any, z: Any) -> Any:
    return _above(sympy, 0, z) + _number(sympy, layer.negative_slope) * _below(sympy, 0, z)


def _elu(sympy: Any, layer: Any, z: Any) -> Any:
    return _above(sympy, 0, z) + _number(sympy, layer.alpha) * (_exp(sympy, _below(sympy, 0, z)) - 1)


def _selu(sympy: Any, layer: Any, z: Any) -> Any:
    positive, negative = sympy.Float(_SELU_SCALE), sympy.Float(_SELU_SCALE * _SELU_ALPHA)
    return positive * _above(sympy, 0, z) + negative * (_exp(sympy, _below(sympy, 0, z)) - 1)


def _gelu(sympy: Any, layer: Any, z: Any) -> Any:
    if layer.approximate == "tanh":
        inner = sympy.Float(math.sqrt(2 / math.pi)) * (z + sympy.Float(0.044715) * z**3)
        return z * (1 + sympy.tanh(inner)) / 2
    return z * (1 + sympy.erf(z / sympy.sqrt(2))) / 2


def _softplus(sympy: Any, layer: Any, z: Any) -> Any:
    beta = _number(sympy, layer.beta)
    scaled = beta * z
    correction = sympy.log(1 + _exp(sympy, -sympy.Abs(scaled, evaluate=False)))
    smooth = (_above(sympy, 0, scaled) + correction) / beta
    if layer.threshold >= _FLAT:
        return smooth
    return smooth + sympy.Heaviside(scaled - _number(sympy, layer.threshold), 0) * (z - smooth)


def _step(sympy: Any, layer: Any, z: Any) -> Any:
    rise = _number(sympy, layer.high - layer.low)
    return _number(sympy, layer.low) + rise * sympy.Heaviside(z, 0)


_EACH: dict[str, Callable[[Any, Any, Any], Any]] = {
    "ReLU": lambda sympy, _, z: _above(sympy, 0, z),
    "ReLU6": lambda sympy, _, z: _below(sympy, 6, _above(sympy, 0, z)),
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "SELU": _selu,
    "GELU": _gelu,
    "SiLU": lambda sympy, _, z: z / (1 + _exp(sympy, -z)),
    "Softplus": _softplus,
    "Mish": lambda sympy, _, z: z * sympy.tanh(sympy.log(1 + _exp(sympy, z))),
    "Hardtanh": lambda sympy, layer, z: _below(sympy, layer.max_val, _above(sympy, layer.min_val, z)),
    "Sigmoid": lambda sympy, _, z: 1 / (1 + _exp(sympy, -z)),
    "Tanh": lambda sympy, _, z: sympy.tanh(z),
    "SmoothClip": lambda sympy, layer, z: z / sympy.sqrt(1 + (z / _number(sympy, layer.limit)) ** 2),
    "Step": _step,
}


def _softmax(sympy: Any, layer: Any, x: list[Any]) -> list[Any]:
    # Differences of logits: e^z alone would overflow where it is evaluated.
    return [1 / sympy.Add(*(_exp(sympy, other - z) for other in x)) for z in x]


def _log_softmax(sympy: Any, layer: Any, x: list[Any]) -> list[Any]:
    return [-sympy.log(sympy.Add(*(_exp(sympy, other - z) for other in x))) for z in x]


def _layer_norm(sympy: Any, layer: Any, x: list[Any]) -> list[Any]:
    mean = sympy.Add(*x) / len(x)
    variance = sympy.Add(*((z - mean) ** 2 for z in x)) / len(x)
    return [(z - mean) / sympy.sqrt(variance + sympy.Float(layer.eps)) for z in x]


_ALONG: dict[str, Callable[[Any, Any, list[Any]], list[Any]]] = {
    "Softmax": _softmax,
    "LogSoftmax": _log_softmax,
    "LayerNorm": _layer_norm,
}
