"""Activations as layers: each applies the operation of the same name, whose formula and derivative the table has."""

from __future__ import annotations

from typing import Any

from chainrule.core import ops
from chainrule.errors import ConfigError, UnknownNameError
from chainrule.nn.checks import real, shape_of
from chainrule.nn.module import Module

__all__ = [
    "ELU", "GELU", "SELU", "Activation", "Hardtanh", "LeakyReLU", "LogSoftmax", "Mish", "ReLU", "ReLU6", "SiLU",
    "Sigmoid", "SmoothClip", "Softmax", "Softplus", "Step", "Tanh", "softmax_dim",
]  # fmt: skip


class Activation(Module):
    """Base of the layers that work on each element alone (the softmaxes: along one dimension)."""

    keeps_shape = True


class _InPlace(Activation):
    """An activation with PyTorch's argument ``inplace``; a new tensor is made either way, the numbers are the same."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = bool(inplace)

    def extra_repr(self) -> str:
        shown = super().extra_repr()
        return ", ".join([*([shown] if shown else []), *(["inplace=True"] if self.inplace else [])])


class ReLU(_InPlace):
    """max(x, 0) (Nair & Hinton 2010).

    Args:
        inplace: accepted for PyTorch's sake.
    """

    def forward(self, input: Any) -> Any:
        return ops.relu(input)


class ReLU6(_InPlace):
    """min(max(x, 0), 6) (Krizhevsky 2010).

    Args:
        inplace: accepted for PyTorch's sake.
    """

    def forward(self, input: Any) -> Any:
        return ops.hardtanh(input, min_val=0.0, max_val=6.0)


class LeakyReLU(_InPlace):
    """x where x > 0, else negative_slope·x (Maas et al. 2013).

    Args:
        negative_slope: slope for x < 0.
        inplace: accepted for PyTorch's sake.
    """

    arguments = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = real(negative_slope, "negative_slope")

    def forward(self, input: Any) -> Any:
        return ops.leaky_relu(input, negative_slope=self.negative_slope)


class ELU(_InPlace):
    """x where x > 0, else α·(eˣ - 1) (Clevert et al. 2016).

    Args:
        alpha: α.
        inplace: accepted for PyTorch's sake.
    """

    arguments = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = real(alpha, "alpha")

    def forward(self, input: Any) -> Any:
        return ops.elu(input, alpha=self.alpha)


class SELU(_InPlace):
    """λ·(x where x > 0, else α·(eˣ - 1)) with λ = 1.0507, α = 1.6733 (Klambauer et al. 2017).

    Args:
        inplace: accepted for PyTorch's sake.
    """

    def forward(self, input: Any) -> Any:
        return ops.selu(input)


class GELU(Activation):
    """x·Φ(x), Φ the standard normal distribution (Hendrycks & Gimpel 2016).

    Args:
        approximate: ``"none"`` for Φ itself, ``"tanh"`` for the approximation x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).

    Raises:
        UnknownNameError: for another value.
    """

    arguments = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise UnknownNameError("GELU approximation", approximate, ("none", "tanh"))
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        return ops.gelu(input, approximate=self.approximate)


class SiLU(_InPlace):
    """x·σ(x), also called swish (Elfwing et al. 2018).

    Args:
        inplace: accepted for PyTorch's sake.
    """

    def forward(self, input: Any) -> Any:
        return ops.silu(input)


class Softplus(Activation):
    """ln(1 + e^(βx))/β (Dugas et al. 2001).

    Args:
        beta: β.
        threshold: where βx is larger, the result is x itself.
    """

    arguments = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta, self.threshold = real(beta, "beta"), real(threshold, "threshold")
        if self.beta == 0:
            raise ConfigError("bad beta", expected="a number other than 0", got=beta)

    def forward(self, input: Any) -> Any:
        return ops.softplus(input, beta=self.beta, threshold=self.threshold)


class Mish(_InPlace):
    """x·tanh(ln(1 + eˣ)) (Misra 2020).

    Args:
        inplace: accepted for PyTorch's sake.
    """

    def forward(self, input: Any) -> Any:
        return ops.mish(input)


class Hardtanh(_InPlace):
    """min(max(x, min_val), max_val) (Collobert 2004).

    Args:
        min_val: smallest output.
        max_val: largest output.
        inplace: accepted for PyTorch's sake.

    Raises:
        ConfigError: if min_val is not below max_val.
    """

    arguments = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.min_val, self.max_val = real(min_val, "min_val"), real(max_val, "max_val")
        if not self.min_val < self.max_val:
            raise ConfigError("Hardtanh needs min_val < max_val", got=f"min_val={min_val}, max_val={max_val}")

    def forward(self, input: Any) -> Any:
        return ops.hardtanh(input, min_val=self.min_val, max_val=self.max_val)


class SmoothClip(Activation):
    """x/√(1 + (x/limit)²): nearly x where |x| is small, and never beyond ±limit, however far out x lies.

    RealMLP puts it before its first layer, so that outliers among the inputs do little harm (Holzmüller et al. 2024,
    arXiv:2407.04491).

    Args:
        limit: bound of |y|, above 0.

    Raises:
        ConfigError: if the limit is not above 0.
    """

    arguments = ("limit",)
    # x/limit beyond which nothing changes any more, in double precision either; its square overflows in none.
    _FAR = 1e9

    def __init__(self, limit: float = 3.0) -> None:
        super().__init__()
        self.limit = real(limit, "limit")
        if not self.limit > 0:
            raise ConfigError("bad limit", expected="a number above 0", got=limit)

    def forward(self, input: Any) -> Any:
        ratio = ops.clip(input * (1 / self.limit), min=-self._FAR, max=self._FAR)
        return ratio / ops.sqrt(1.0 + ratio * ratio) * self.limit


class Sigmoid(Activation):
    """σ(x) = 1/(1 + e^(-x)), the logistic function."""

    def forward(self, input: Any) -> Any:
        return ops.sigmoid(input)


class Tanh(Activation):
    """tanh x."""

    def forward(self, input: Any) -> Any:
        return ops.tanh(input)


class Step(Activation):
    """``high`` where x > 0, else ``low``: Rosenblatt's threshold.  Its derivative is 0, so no gradient passes it.

    Args:
        low: output for x ≤ 0; default 0.
        high: output for x > 0; default 1.
        signed: take -1 and 1 for the two.
    """

    arguments = ("low", "high")

    def __init__(self, low: float = 0.0, high: float = 1.0, signed: bool = False) -> None:
        super().__init__()
        self.low, self.high = (-1.0, 1.0) if signed else (real(low, "low"), real(high, "high"))

    def forward(self, input: Any) -> Any:
        return ops.step(input, low=self.low, high=self.high)


class _AlongDim(Activation):
    arguments = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        if dim is not None and (isinstance(dim, bool) or not isinstance(dim, int)):
            raise ConfigError("bad dim", expected="an integer or None", got=repr(dim))
        self.dim = dim


class Softmax(_AlongDim):
    """e^xᵢ / Σⱼ e^xⱼ: positive numbers that add up to one.  `CrossEntropyLoss` wants logits, without this layer.

    Args:
        dim: dimension along which the numbers add up to one; None: see `softmax_dim`.
    """

    def forward(self, input: Any) -> Any:
        return ops.softmax(input, dim=softmax_dim(input, self.dim))


class LogSoftmax(_AlongDim):
    """ln softmax(x), computed without losing digits.

    Args:
        dim: dimension along which the probabilities add up to one; None: see `softmax_dim`.
    """

    def forward(self, input: Any) -> Any:
        return ops.log_softmax(input, dim=softmax_dim(input, self.dim))


def softmax_dim(input: Any, dim: int | None) -> int:
    """The dimension of a softmax; left out, it is PyTorch's: the columns' (1), but 0 for 0, 1 and 3 dimensions."""
    if dim is not None:
        return dim
    return 0 if len(shape_of(input, "a softmax")) in (0, 1, 3) else 1
