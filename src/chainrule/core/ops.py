"""THE table: every operation of chainrule, with its derivative, once.

Everything else interprets these rows: `Tensor` runs and records them, engines run them fast, explanations print
them with the numbers filled in.  In each rule ``g`` is the gradient of the loss with respect to the output ``y``;
``x`` (``a``, ``b``) are the inputs.  Where inputs were broadcast, whoever calls the rule sums the gradient back to
the input's shape (`sum_to`), so the rules do not mention it.

Derivatives: Baydin, Pearlmutter, Radul & Siskind, *Automatic differentiation in machine learning: a survey*, 2018;
Petersen & Pedersen, *The Matrix Cookbook*, 2012.  Values at kinks (|x| at 0, ties of max, …) follow PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core.op import OPS, Op, axes_of, broadcast_shape, reduced_shape, same_shape
from chainrule.core.special import erf as _erf

__all__ = ["OPS"]

_SELU_ALPHA = 1.6732632423543772848170429916717  # Klambauer et al. 2017, appendix
_SELU_SCALE = 1.0507009873554804934193349852946
_GELU_TANH = math.sqrt(2 / math.pi)  # Hendrycks & Gimpel 2016
_GELU_CUBIC = 0.044715
_BCE_FLOOR = float(np.float32(1e-12))  # PyTorch's, a float32 constant whatever the dtype

# Arithmetic ----------------------------------------------------------------------------------------------------------

add: Op = Op(
    "add", lambda xp, a, b: a + b, lambda g, y, a, b: g, lambda g, y, a, b: g,
    formula="a + b", derivative="1; 1", saves=False,
)  # fmt: skip
sub: Op = Op(
    "sub", lambda xp, a, b: a - b, lambda g, y, a, b: g, lambda g, y, a, b: -g,
    formula="a - b", derivative="1; -1", saves=False,
)  # fmt: skip
mul: Op = Op(
    "mul", lambda xp, a, b: a * b, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a,
    formula="a · b", derivative="b; a", latex=(r"a \cdot b", "b; a"),
)  # fmt: skip
div: Op = Op(
    "div", lambda xp, a, b: a / b, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b,
    formula="a / b", derivative="1/b; -a/b²", latex=(r"\frac{a}{b}", r"\frac{1}{b}; -\frac{a}{b^2}"),
    floats=True, warns=True,
)  # fmt: skip
neg: Op = Op("neg", lambda xp, x: -x, lambda g, y, x: -g, formula="-x", derivative="-1", saves=False)


def _pow_base(g: Any, y: Any, a: Any, b: Any) -> Any:
    if isinstance(b, (int, float)):
        return g * (2 * a) if b == 2 else g * (b * pow(a, b - 1)) if b else g * 0.0
    # Where b = 0 the derivative is 0 even at a = 0, where a^(b-1) would be infinite.
    return g * b * pow(a, where(b == 0, 0.0, b - 1))


def _pow_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    if isinstance(a, (int, float)) and a != 0:
        return g * y * (math.log(a) if a > 0 else math.nan)
    # lim a→0 of a^b·ln a is 0 for b > 0, and 0 is meant for b = 0; ln is kept away from 0 there.
    return g * y * log(where((b >= 0) & (a == 0), 1.0, a))


pow: Op = Op(
    "pow", lambda xp, a, b: a**b, _pow_base, _pow_exponent,
    formula="a^b", derivative="b·a^(b-1); a^b·ln a", latex=("a^{b}", r"b\,a^{b-1}; a^{b}\ln a"), warns=True,
)  # fmt: skip


def _matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return unsqueeze(g, -1) * b if a.ndim > 1 else g * b
    if a.ndim == 1:
        return _drop(matmul(unsqueeze(g, -2), _swap(b)), -2)
    return matmul(g, _swap(b))


def _matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        return _drop(matmul(_swap(a), unsqueeze(g, -1)), -1) if a.ndim > 1 else g * a
    if a.ndim == 1:
        return unsqueeze(a, -1) * unsqueeze(g, -2)
    return matmul(_swap(a), g)


def _matmul_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    rows = a[-2:-1] if len(a) > 1 else ()
    columns = b[-1:] if len(b) > 1 else ()
    return (*broadcast_shape(a[:-2], b[:-2]), *rows, *columns)


def _swap(x: Any) -> Any:
    return transpose(x, dim0=-2, dim1=-1)


def _drop(x: Any, dim: int) -> Any:
    return squeeze(x, dim=dim)


matmul: Op = Op(
    "matmul", lambda xp, a, b: xp.matmul(a, b), _matmul_left, _matmul_right,
    formula="Σₖ aᵢₖ bₖⱼ", derivative="g·bᵀ; aᵀ·g",
    latex=(r"\sum_k a_{ik} b_{kj}", r"g\,b^{\top}; a^{\top} g"), shape=_matmul_shape,
)  # fmt: skip


def _rows(x: Any) -> Any:
    """Fold all leading dimensions into one."""
    return x if x.ndim == 2 else reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


linear: Op = Op(
    "linear",
    # (W·xᵀ)ᵀ: the same product, in the orientation that OpenBLAS is a third faster in.
    lambda xp, x, w, b: (xp.matmul(w, x.T).T if x.ndim == 2 else xp.matmul(x, w.T)) + b,
    lambda g, y, x, w, b: matmul(g, w),
    lambda g, y, x, w, b: matmul(_rows(g).T, _rows(x)),
    lambda g, y, x, w, b: g,
    formula="x·Wᵀ + b", derivative="g·W; gᵀ·x; Σ g",
    latex=(r"x W^{\top} + b", r"g W; g^{\top} x; \textstyle\sum g"),
    shape=lambda x, w, b: (*x[:-1], w[0]),
)  # fmt: skip

# Elementwise functions -----------------------------------------------------------------------------------------------

exp: Op = Op(
    "exp", lambda xp, x: xp.exp(x), lambda g, y, x: g * y,
    formula="e^x", derivative="e^x", latex=("e^{x}", "e^{x}"), floats=True, warns=True, saves=False,
)  # fmt: skip
expm1: Op = Op(
    "expm1", lambda xp, x: xp.expm1(x), lambda g, y, x: g * (y + 1),
    formula="e^x - 1", derivative="e^x", latex=("e^{x} - 1", "e^{x}"), floats=True, warns=True, saves=False,
)  # fmt: skip
log: Op = Op(
    "log", lambda xp, x: xp.log(x), lambda g, y, x: g / x,
    formula="ln x", derivative="1/x", latex=(r"\ln x", r"\frac{1}{x}"), floats=True, warns=True,
)  # fmt: skip
log1p: Op = Op(
    "log1p", lambda xp, x: xp.log1p(x), lambda g, y, x: g / (1 + x),
    formula="ln(1 + x)", derivative="1/(1 + x)", latex=(r"\ln(1+x)", r"\frac{1}{1+x}"), floats=True, warns=True,
)  # fmt: skip
sqrt: Op = Op(
    "sqrt", lambda xp, x: xp.sqrt(x), lambda g, y, x: g / (2 * y),
    formula="√x", derivative="1/(2√x)", latex=(r"\sqrt{x}", r"\frac{1}{2\sqrt{x}}"),
    floats=True, warns=True, saves=False,
)  # fmt: skip
abs: Op = Op(
    "abs", lambda xp, x: xp.abs(x), lambda g, y, x: g * sign(x),
    formula="|x|", derivative="sign x", latex=(r"\lvert x\rvert", r"\operatorname{sign} x"),
)  # fmt: skip
sign: Op = Op(
    "sign", lambda xp, x: xp.sign(x), lambda g, y, x: g * 0.0,
    formula="sign x", derivative="0", latex=(r"\operatorname{sign} x", "0"),
)  # fmt: skip
sin: Op = Op(
    "sin", lambda xp, x: xp.sin(x), lambda g, y, x: g * cos(x),
    formula="sin x", derivative="cos x", latex=(r"\sin x", r"\cos x"), floats=True, warns=True,
)  # fmt: skip
cos: Op = Op(
    "cos", lambda xp, x: xp.cos(x), lambda g, y, x: -g * sin(x),
    formula="cos x", derivative="-sin x", latex=(r"\cos x", r"-\sin x"), floats=True, warns=True,
)  # fmt: skip
erf: Op = Op(
    "erf", _erf, lambda g, y, x: g * (2 / math.sqrt(math.pi) * exp(-x * x)),
    formula="erf x", derivative="2/√π·e^(-x²)", latex=(r"\operatorname{erf} x", r"\frac{2}{\sqrt\pi}e^{-x^2}"),
    floats=True, warns=True,
)  # fmt: skip

# Activations ---------------------------------------------------------------------------------------------------------

tanh: Op = Op(
    "tanh", lambda xp, x: xp.tanh(x), lambda g, y, x: g * (1 - y * y),
    formula="tanh x", derivative="1 - y²", latex=(r"\tanh x", "1 - y^2"), floats=True, saves=False,
)  # fmt: skip
sigmoid: Op = Op(
    "sigmoid", lambda xp, x: 1.0 / (1.0 + xp.exp(-x)), lambda g, y, x: g * (y * (1.0 - y)),
    formula="1/(1 + e^(-x))", derivative="y·(1 - y)", latex=(r"\frac{1}{1+e^{-x}}", r"y\,(1-y)"),
    floats=True, warns=True, saves=False,
)  # fmt: skip
relu: Op = Op(
    "relu", lambda xp, x: xp.maximum(x, 0), lambda g, y, x: g * (x > 0),
    formula="max(x, 0)", derivative="1 if x > 0 else 0",
    latex=(r"\max(x, 0)", r"\mathbb{1}[x>0]"),
)  # fmt: skip
leaky_relu: Op = Op(
    "leaky_relu",
    lambda xp, x, *, negative_slope=0.01: xp.where(x > 0, x, negative_slope * x),
    lambda g, y, x, *, negative_slope: where(x > 0, g, negative_slope * g),
    formula="x if x > 0 else α·x", derivative="1 if x > 0 else α",
    latex=(r"\max(x,0)+\alpha\min(x,0)", r"\mathbb{1}[x>0]+\alpha\,\mathbb{1}[x\le 0]"),
)  # fmt: skip
elu: Op = Op(
    "elu",
    lambda xp, x, *, alpha=1.0: xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0))),
    lambda g, y, x, *, alpha: where(x > 0, g, g * (y + alpha)),
    formula="x if x > 0 else α·(e^x - 1)", derivative="1 if x > 0 else α·e^x",
    latex=(r"\max(x,0)+\alpha(e^{\min(x,0)}-1)", r"\mathbb{1}[x>0]+\alpha e^{x}\,\mathbb{1}[x\le 0]"), floats=True,
)  # fmt: skip
selu: Op = Op(
    "selu",
    lambda xp, x: _SELU_SCALE * xp.where(x > 0, x, _SELU_ALPHA * xp.expm1(xp.minimum(x, 0))),
    lambda g, y, x: where(x > 0, _SELU_SCALE * g, g * (y + _SELU_SCALE * _SELU_ALPHA)),
    formula="λ·(x if x > 0 else α·(e^x - 1)), λ = 1.0507, α = 1.6733",
    derivative="λ if x > 0 else λ·α·e^x",
    latex=(
        r"\lambda(\max(x,0)+\alpha(e^{\min(x,0)}-1))",
        r"\lambda\,\mathbb{1}[x>0]+\lambda\alpha e^{x}\,\mathbb{1}[x\le 0]",
    ),
    floats=True,
)  # fmt: skip


def _gelu(xp: Any, x: Any, *, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return 0.5 * x * (1.0 + xp.tanh(_GELU_TANH * (x + _GELU_CUBIC * (x * x * x))))
    return 0.5 * x * (1.0 + _erf(xp, x * math.sqrt(0.5)))


def _gelu_vjp(g: Any, y: Any, x: Any, *, approximate: str) -> Any:
    if approximate == "tanh":
        t = tanh(_GELU_TANH * (x + _GELU_CUBIC * (x * x * x)))
        inner = _GELU_TANH * (1 + 3 * _GELU_CUBIC * (x * x))
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)
    density = exp(-0.5 * (x * x)) * (1 / math.sqrt(2 * math.pi))
    return g * (0.5 * (1 + erf(x * math.sqrt(0.5))) + x * density)


gelu: Op = Op(
    "gelu", _gelu, _gelu_vjp,
    formula="x·Φ(x) (tanh: x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))))", derivative="Φ(x) + x·φ(x)",
    latex=(r"x\,\Phi(x)", r"\Phi(x) + x\,\varphi(x)"), floats=True, warns=True,
)  # fmt: skip
silu: Op = Op(
    "silu", lambda xp, x: x / (1.0 + xp.exp(-x)),
    lambda g, y, x: g * ((s := sigmoid(x)) * (1 + x * (1 - s))),
    formula="x·σ(x)", derivative="σ(x)·(1 + x·(1 - σ(x)))",
    latex=(r"x\,\sigma(x)", r"\sigma(x)\,(1 + x(1-\sigma(x)))"), floats=True, warns=True,
)  # fmt: skip


def _softplus(xp: Any, x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    scaled = x if beta == 1 else beta * x
    smooth = xp.maximum(scaled, 0) + xp.log1p(xp.exp(-xp.abs(scaled)))
    if beta != 1:
        smooth = smooth / beta
    return smooth if threshold == math.inf else xp.where(scaled > threshold, x, smooth)


def _softplus_vjp(g: Any, y: Any, x: Any, *, beta: float, threshold: float) -> Any:
    scaled = x if beta == 1 else beta * x
    smooth = g * sigmoid(scaled)
    return smooth if threshold == math.inf else where(scaled > threshold, g, smooth)


softplus: Op = Op(
    "softplus", _softplus,
    _softplus_vjp,
    formula="ln(1 + e^(βx))/β", derivative="σ(βx)",
    latex=(r"\tfrac{1}{\beta}\ln(1+e^{\beta x})", r"\sigma(\beta x)"), floats=True,
)  # fmt: skip


def _mish_vjp(g: Any, y: Any, x: Any) -> Any:
    t = tanh(softplus(x))
    return g * (t + x * (1 - t * t) * sigmoid(x))


mish: Op = Op(
    "mish", lambda xp, x: x * xp.tanh(_softplus(xp, x)), _mish_vjp,
    formula="x·tanh(ln(1 + e^x))", derivative="t + x·(1 - t²)·σ(x), t = tanh(ln(1 + e^x))",
    latex=(r"x\tanh(\ln(1+e^{x}))", r"t + x(1-t^2)\,\sigma(x)"), floats=True, warns=True,
)  # fmt: skip
hardtanh: Op = Op(
    "hardtanh",
    lambda xp, x, *, min_val=-1.0, max_val=1.0: xp.minimum(xp.maximum(x, min_val), max_val),
    lambda g, y, x, *, min_val, max_val: g * ((x > min_val) & (x < max_val)),
    formula="min(max(x, lo), hi)", derivative="1 if lo < x < hi else 0",
    latex=(r"\min(\max(x, lo), hi)", r"\mathbb{1}[lo<x<hi]"),
)  # fmt: skip
step: Op = Op(
    "step",
    lambda xp, x, *, low=0.0, high=1.0: xp.where(x > 0, xp.zeros_like(x) + high, xp.zeros_like(x) + low),
    lambda g, y, x, *, low, high: g * 0.0,
    formula="high if x > 0 else low", derivative="0 (not defined at 0)",
    latex=(r"\mathbb{1}[x>0]", "0"),
)  # fmt: skip

# Selection -----------------------------------------------------------------------------------------------------------


def _share(g: Any, mine: Any, other: Any) -> Any:
    """The gradient of the larger of two: halves where they tie."""
    return g * (mine > other) + 0.5 * g * (mine == other)


maximum: Op = Op(
    "maximum", lambda xp, a, b: xp.maximum(a, b),
    lambda g, y, a, b: _share(g, a, b), lambda g, y, a, b: _share(g, b, a),
    formula="max(a, b)", derivative="1 if a > b (1/2 at a tie); 1 if b > a",
    latex=(r"\max(a, b)", r"\mathbb{1}[a>b]; \mathbb{1}[b>a]"),
)  # fmt: skip
minimum: Op = Op(
    "minimum", lambda xp, a, b: xp.minimum(a, b),
    lambda g, y, a, b: _share(g, b, a), lambda g, y, a, b: _share(g, a, b),
    formula="min(a, b)", derivative="1 if a < b (1/2 at a tie); 1 if b < a",
    latex=(r"\min(a, b)", r"\mathbb{1}[a<b]; \mathbb{1}[b<a]"),
)  # fmt: skip
where: Op = Op(
    "where", lambda xp, condition, a, b: xp.where(condition, a, b), None,
    lambda g, y, condition, a, b: where(condition, g, 0.0), lambda g, y, condition, a, b: where(condition, 0.0, g),
    formula="a if c else b", derivative="; 1 if c else 0; 0 if c else 1",
    latex=(r"c\,?\,a : b", r"\mathbb{1}[c]; \mathbb{1}[\lnot c]"),
)  # fmt: skip


def _clip(xp: Any, x: Any, *, min: float | None = None, max: float | None = None) -> Any:
    raised = x if min is None else xp.maximum(x, min)
    return raised if max is None else xp.minimum(raised, max)


def _clip_vjp(g: Any, y: Any, x: Any, *, min: float | None, max: float | None) -> Any:
    inside = g if min is None else g * (x >= min)
    return inside if max is None else inside * (x <= max)


clip: Op = Op(
    "clip", _clip, _clip_vjp,
    formula="min(max(x, lo), hi)", derivative="1 if lo ≤ x ≤ hi else 0",
    latex=(r"\min(\max(x, lo), hi)", r"\mathbb{1}[lo\le x\le hi]"),
)  # fmt: skip

# Reductions ----------------------------------------------------------------------------------------------------------


def _spread(g: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """Put a reduction's gradient back over the reduced dimensions, ready to broadcast against ``x``."""
    if dim is None or keepdim or g.ndim == x.ndim:
        return g
    axes = axes_of(dim, x.ndim)
    return reshape(g, shape=tuple(1 if axis in axes else size for axis, size in enumerate(x.shape)))


def _count(x: Any, dim: Any) -> int:
    if dim is None:
        return math.prod(x.shape)
    return math.prod(x.shape[axis] for axis in axes_of(dim, x.ndim))


def _sum(xp: Any, x: Any, *, dim: Any = None, keepdim: bool = False) -> Any:
    return xp.sum(x, axis=None if dim is None and not keepdim else axes_of(dim, x.ndim), keepdims=keepdim)


sum: Op = Op(
    "sum", _sum,
    lambda g, y, x, *, dim, keepdim: broadcast_to(_spread(g, x, dim, keepdim), shape=x.shape),
    formula="Σ xᵢ", derivative="1", latex=(r"\sum_i x_i", "1"), shape=reduced_shape, saves=False,
)  # fmt: skip
mean: Op = Op(
    "mean",
    lambda xp, x, *, dim=None, keepdim=False: _sum(xp, x, dim=dim, keepdim=keepdim) / _count(x, dim),
    lambda g, y, x, *, dim, keepdim: broadcast_to(_spread(g, x, dim, keepdim) / _count(x, dim), shape=x.shape),
    formula="1/n Σ xᵢ", derivative="1/n", latex=(r"\frac1n\sum_i x_i", r"\frac1n"),
    shape=reduced_shape, floats=True, warns=True, saves=False,
)  # fmt: skip


def _extreme_vjp(g: Any, y: Any, x: Any, *, dim: Any, keepdim: bool) -> Any:
    """Ties share the gradient evenly."""
    chosen = cast(x == _spread(y, x, dim, keepdim), dtype=x.dtype)
    return _spread(g, x, dim, keepdim) * (chosen / sum(chosen, dim=dim, keepdim=True))


max: Op = Op(
    "max", lambda xp, x, *, dim=None, keepdim=False: xp.max(x, axis=axes_of(dim, x.ndim), keepdims=keepdim),
    _extreme_vjp,
    formula="max xᵢ", derivative="1 at the largest (shared by ties), else 0",
    latex=(r"\max_i x_i", r"\mathbb{1}[x_i = y]"), shape=reduced_shape,
)  # fmt: skip
min: Op = Op(
    "min", lambda xp, x, *, dim=None, keepdim=False: xp.min(x, axis=axes_of(dim, x.ndim), keepdims=keepdim),
    _extreme_vjp,
    formula="min xᵢ", derivative="1 at the smallest (shared by ties), else 0",
    latex=(r"\min_i x_i", r"\mathbb{1}[x_i = y]"), shape=reduced_shape,
)  # fmt: skip


def _var(xp: Any, x: Any, *, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    n = _count(x, dim)
    centred = x - _sum(xp, x, dim=dim, keepdim=True) / n
    return _sum(xp, centred * centred, dim=dim, keepdim=keepdim) / _freedom(n, correction)


def _freedom(n: int, correction: float) -> float:
    # One value has no sample variance; PyTorch answers NaN rather than an error.
    return n - correction if n > correction else math.nan


def _var_vjp(g: Any, y: Any, x: Any, *, dim: Any, correction: float, keepdim: bool) -> Any:
    centred = x - mean(x, dim=dim, keepdim=True)
    return _spread(g, x, dim, keepdim) * (2 / _freedom(_count(x, dim), correction)) * centred


var: Op = Op(
    "var", _var, _var_vjp,
    formula="1/(n - c) Σ (xᵢ - x̄)²", derivative="2(xᵢ - x̄)/(n - c)",
    latex=(r"\frac{1}{n-c}\sum_i (x_i-\bar x)^2", r"\frac{2(x_i-\bar x)}{n-c}"),
    shape=reduced_shape, floats=True, warns=True,
)  # fmt: skip


def _std_vjp(g: Any, y: Any, x: Any, *, dim: Any, correction: float, keepdim: bool) -> Any:
    centred = x - mean(x, dim=dim, keepdim=True)
    spread, root = _spread(g, x, dim, keepdim), _spread(y, x, dim, keepdim)
    # Where all values are equal nothing says in which direction the deviation grows; PyTorch answers 0.
    flat = root == 0
    return where(flat, 0.0, spread * centred / (where(flat, 1.0, root) * _freedom(_count(x, dim), correction)))


std: Op = Op(
    "std",
    lambda xp, x, *, dim=None, correction=1, keepdim=False: xp.sqrt(
        _var(xp, x, dim=dim, correction=correction, keepdim=keepdim)
    ),
    _std_vjp,
    formula="√(1/(n - c) Σ (xᵢ - x̄)²)", derivative="(xᵢ - x̄)/((n - c)·y)",
    latex=(r"\sqrt{\frac{1}{n-c}\sum_i (x_i-\bar x)^2}", r"\frac{x_i-\bar x}{(n-c)\,y}"),
    shape=reduced_shape, floats=True, warns=True,
)  # fmt: skip


def _normalize(xp: Any, x: Any, *, dim: Any, eps: float = 1e-5) -> Any:
    n = _count(x, dim)
    centred = x - _sum(xp, x, dim=dim, keepdim=True) / n
    return centred / xp.sqrt(_sum(xp, centred * centred, dim=dim, keepdim=True) / n + eps)


def _normalize_vjp(g: Any, y: Any, x: Any, *, dim: Any, eps: float) -> Any:
    spread = g - mean(g, dim=dim, keepdim=True) - y * mean(g * y, dim=dim, keepdim=True)
    return spread / sqrt(var(x, dim=dim, correction=0, keepdim=True) + eps)


normalize: Op = Op(
    "normalize", _normalize, _normalize_vjp,
    formula="(x - μ)/√(σ² + ε)", derivative="(g - mean(g) - y·mean(g·y))/√(σ² + ε)",
    latex=(
        r"\frac{x-\mu}{\sqrt{\sigma^2+\varepsilon}}",
        r"\frac{g-\bar g-y\,\overline{g y}}{\sqrt{\sigma^2+\varepsilon}}",
    ),
    shape=same_shape, floats=True, warns=True,
)  # fmt: skip


def _logsumexp(xp: Any, x: Any, *, dim: Any, keepdim: bool = False) -> Any:
    axes = axes_of(dim, x.ndim)
    peak = xp.max(x, axis=axes, keepdims=True)
    shift = xp.where(xp.isfinite(peak), peak, 0.0)  # rows of infinities have no finite peak to subtract
    total = xp.log(xp.sum(xp.exp(x - shift), axis=axes, keepdims=True)) + shift
    return total if keepdim else xp.reshape(total, reduced_shape(x.shape, dim=axes))


logsumexp: Op = Op(
    "logsumexp", _logsumexp,
    lambda g, y, x, *, dim, keepdim: _spread(g, x, dim, keepdim) * exp(x - _spread(y, x, dim, keepdim)),
    formula="ln Σ e^xᵢ", derivative="softmax(x)ᵢ", latex=(r"\ln\sum_i e^{x_i}", r"\mathrm{softmax}(x)_i"),
    shape=reduced_shape, floats=True, warns=True,
)  # fmt: skip


def _softmax(xp: Any, x: Any, *, dim: Any) -> Any:
    axes = axes_of(dim, x.ndim)
    powers = xp.exp(x - xp.max(x, axis=axes, keepdims=True))
    return powers / xp.sum(powers, axis=axes, keepdims=True)


softmax: Op = Op(
    "softmax", _softmax, lambda g, y, x, *, dim: y * (g - sum(g * y, dim=dim, keepdim=True)),
    formula="e^xᵢ / Σ e^xⱼ", derivative="yᵢ·(gᵢ - Σ gⱼ yⱼ)",
    latex=(r"\frac{e^{x_i}}{\sum_j e^{x_j}}", r"y_i\,(g_i-\textstyle\sum_j g_j y_j)"),
    shape=same_shape, floats=True, warns=True, saves=False,
)  # fmt: skip


def _log_softmax(xp: Any, x: Any, *, dim: Any) -> Any:
    axes = axes_of(dim, x.ndim)
    shifted = x - xp.max(x, axis=axes, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axes, keepdims=True))


log_softmax: Op = Op(
    "log_softmax", _log_softmax, lambda g, y, x, *, dim: g - exp(y) * sum(g, dim=dim, keepdim=True),
    formula="xᵢ - ln Σ e^xⱼ", derivative="gᵢ - softmax(x)ᵢ·Σ gⱼ",
    latex=(r"x_i-\ln\sum_j e^{x_j}", r"g_i-\mathrm{softmax}(x)_i\textstyle\sum_j g_j"),
    shape=same_shape, floats=True, warns=True, saves=False,
)  # fmt: skip


def _binary_cross_entropy(xp: Any, p: Any, t: Any) -> Any:
    # PyTorch bounds each logarithm below by -100, so that a confident mistake costs 100 and not infinity.
    return -(t * xp.maximum(xp.log(p), -100) + (1 - t) * xp.maximum(xp.log1p(-p), -100))


binary_cross_entropy: Op = Op(
    "binary_cross_entropy", _binary_cross_entropy,
    lambda g, y, p, t: g * (p - t) / maximum(p * (1 - p), _BCE_FLOOR),
    lambda g, y, p, t: g * (clip(log1p(-p), min=-100) - clip(log(p), min=-100)),
    formula="-(t·ln p + (1 - t)·ln(1 - p))", derivative="(p - t)/(p·(1 - p)); ln(1 - p) - ln p",
    latex=(r"-(t\ln p+(1-t)\ln(1-p))", r"\frac{p-t}{p(1-p)}; \ln\frac{1-p}{p}"), floats=True, warns=True,
)  # fmt: skip

# Shape ---------------------------------------------------------------------------------------------------------------

cast: Op = Op(
    "cast", lambda xp, x, *, dtype: xp.astype(x, dtype), lambda g, y, x, *, dtype: cast(g, dtype=x.dtype),
    formula="x", derivative="1", shape=same_shape, saves=False, warns=True,
)  # fmt: skip
reshape: Op = Op(
    "reshape", lambda xp, x, *, shape: xp.reshape(x, shape), lambda g, y, x, *, shape: reshape(g, shape=x.shape),
    formula="x, arranged anew", derivative="1", saves=False,
    shape=lambda x, *, shape: tuple(
        size if size >= 0 else math.prod(x) // -math.prod(shape) for size in shape
    ),
)  # fmt: skip


def _order(ndim: int, dim0: int, dim1: int) -> tuple[int, ...]:
    order = list(range(ndim))
    (first,), (second,) = axes_of(dim0, ndim), axes_of(dim1, ndim)
    order[first], order[second] = second, first
    return tuple(order)


transpose: Op = Op(
    "transpose", lambda xp, x, *, dim0=0, dim1=1: xp.permute_dims(x, _order(x.ndim, dim0, dim1)),
    lambda g, y, x, *, dim0, dim1: transpose(g, dim0=dim0, dim1=dim1),
    formula="xᵀ", derivative="gᵀ", latex=(r"x^{\top}", r"g^{\top}"), saves=False,
    shape=lambda x, *, dim0, dim1: tuple(x[axis] for axis in _order(len(x), dim0, dim1)),
)  # fmt: skip
permute: Op = Op(
    "permute", lambda xp, x, *, dims: xp.permute_dims(x, axes_of(dims, x.ndim)),
    lambda g, y, x, *, dims: permute(g, dims=tuple(int(axis) for axis in np.argsort(axes_of(dims, x.ndim)))),
    formula="x with its dimensions reordered", derivative="1", saves=False,
    shape=lambda x, *, dims: tuple(x[axis] for axis in axes_of(dims, len(x))),
)  # fmt: skip
broadcast_to: Op = Op(
    "broadcast_to", lambda xp, x, *, shape: xp.broadcast_to(x, shape),
    lambda g, y, x, *, shape: sum_to(g, shape=x.shape),
    formula="x, repeated", derivative="Σ g over the repeats", latex=("x", r"\textstyle\sum g"), saves=False,
    shape=lambda x, *, shape: tuple(shape),
)  # fmt: skip


def _sum_to(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: add up all that came from one element."""
    if x.shape == shape:
        return x
    lead = x.ndim - len(shape)
    if lead == 1 and x.shape[1:] == shape:  # a bias: all that most networks ever need
        return xp.sum(x, axis=0)
    repeated = tuple(axis for axis in range(x.ndim) if axis < lead or (shape[axis - lead] == 1 and x.shape[axis] != 1))
    total = xp.sum(x, axis=repeated, keepdims=bool(shape) and lead == 0)
    return total if total.shape == shape else xp.reshape(total, shape)


sum_to: Op = Op(
    "sum_to", _sum_to, lambda g, y, x, *, shape: broadcast_to(g, shape=x.shape),
    formula="Σ x over the repeats", derivative="1", latex=(r"\textstyle\sum x", "1"), saves=False,
    shape=lambda x, *, shape: tuple(shape),
)  # fmt: skip


def _unit_axes(x: tuple[int, ...], dim: Any) -> tuple[int, ...]:
    axes = axes_of(dim, len(x))
    return tuple(axis for axis in axes if x[axis] == 1)


squeeze: Op = Op(
    "squeeze", lambda xp, x, *, dim=None: xp.squeeze(x, axis=_unit_axes(x.shape, dim)),
    lambda g, y, x, *, dim: reshape(g, shape=x.shape),
    formula="x without dimensions of size 1", derivative="1", saves=False,
    shape=lambda x, *, dim: tuple(size for axis, size in enumerate(x) if axis not in _unit_axes(x, dim)),
)  # fmt: skip


def _with_unit(x: tuple[int, ...], dim: int) -> tuple[int, ...]:
    (axis,) = axes_of(dim, len(x) + 1)
    return (*x[:axis], 1, *x[axis:])


unsqueeze: Op = Op(
    "unsqueeze", lambda xp, x, *, dim: xp.reshape(x, _with_unit(x.shape, dim)),
    lambda g, y, x, *, dim: reshape(g, shape=x.shape),
    formula="x with a dimension of size 1", derivative="1", saves=False, shape=lambda x, *, dim: _with_unit(x, dim),
)  # fmt: skip

# Indexing ------------------------------------------------------------------------------------------------------------

getitem: Op = Op(
    "getitem", lambda xp, x, *, index: x[index],
    lambda g, y, x, *, index: scatter(g, index=index, shape=x.shape),
    formula="x[index]", derivative="1 at the chosen elements, else 0", latex=("x_{index}", "1"), saves=False,
    shape=lambda x, *, index: np.empty(x, np.bool_)[index].shape,
)  # fmt: skip


def _scatter(xp: Any, g: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    full = xp.zeros(shape, dtype=g.dtype)
    if hasattr(full, "at"):  # immutable arrays (JAX)
        return full.at[index].add(g)
    np.add.at(full, index, g)
    return full


scatter: Op = Op(
    "scatter", _scatter, lambda g, y, x, *, index, shape: getitem(g, index=index),
    formula="zeros with x added at index", derivative="g[index]", latex=("x", "g_{index}"), saves=False,
    shape=lambda x, *, index, shape: tuple(shape),
)  # fmt: skip


def _grid(shape: tuple[int, ...], index: Any, dim: int) -> tuple[Any, ...]:
    """The index tuple that picks ``x[…, index[…, j, …], …]`` along ``dim``."""
    (along,) = axes_of(dim, len(shape))
    grid: list[Any] = []
    for axis, size in enumerate(index.shape):
        lined = tuple(size if other == axis else 1 for other in range(index.ndim))
        grid.append(index if axis == along else np.arange(size).reshape(lined))
    return tuple(grid)


gather: Op = Op(
    "gather", lambda xp, x, *, dim, index: x[_grid(x.shape, index, dim)],
    lambda g, y, x, *, dim, index: scatter(g, index=_grid(x.shape, index, dim), shape=x.shape),
    formula="x at index along dim", derivative="1 at the chosen elements, else 0", latex=("x_{index}", "1"),
    saves=False, shape=lambda x, *, dim, index: index.shape,
)  # fmt: skip


def _concatenate_vjp(i: int, g: Any, y: Any, *inputs: Any, dim: int) -> Any:
    (axis,) = axes_of(dim, y.ndim)
    start = 0
    for earlier in inputs[:i]:
        start += earlier.shape[axis]
    chosen = slice(start, start + inputs[i].shape[axis])
    return getitem(g, index=(slice(None),) * axis + (chosen,))


def _concatenate_shape(*shapes: tuple[int, ...], dim: int) -> tuple[int, ...]:
    (axis,) = axes_of(dim, len(shapes[0]))
    total = 0
    for shape in shapes:
        total += shape[axis]
    return (*shapes[0][:axis], total, *shapes[0][axis + 1 :])


concatenate: Op = Op(
    "concatenate", lambda xp, *inputs, dim=0: xp.concat(inputs, axis=dim), _concatenate_vjp,
    formula="the inputs one after the other", derivative="1", saves=False, shape=_concatenate_shape,
)  # fmt: skip
stack: Op = Op(
    "stack", lambda xp, *inputs, dim=0: xp.stack(inputs, axis=dim),
    lambda i, g, y, *inputs, dim: getitem(
        g, index=(slice(None),) * axes_of(dim, y.ndim)[0] + (i,)
    ),
    formula="the inputs along a new dimension", derivative="1", saves=False,
    shape=lambda *shapes, dim: (
        *shapes[0][: axes_of(dim, len(shapes[0]) + 1)[0]],
        len(shapes),
        *shapes[0][axes_of(dim, len(shapes[0]) + 1)[0] :],
    ),
)  # fmt: skip
