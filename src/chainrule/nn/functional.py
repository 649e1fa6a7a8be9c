"""Layers and losses as functions, with PyTorch's names: ``F.linear``, ``F.relu``, ``F.cross_entropy``, …

Formulas and arguments: see the layer or loss of the same name.
"""

from __future__ import annotations

from typing import Any

from chainrule import losses
from chainrule.core import ops
from chainrule.nn.activation import softmax_dim
from chainrule.nn.dropout import dropout
from chainrule.nn.norm import batch_norm, layer_norm

__all__ = [
    "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "dropout", "elu", "gelu",
    "hardtanh", "hinge_loss", "huber_loss", "l1_loss", "layer_norm", "leaky_relu", "linear", "log_softmax", "mish",
    "mse_loss", "nll_loss", "perceptron_loss", "poisson_nll_loss", "relu", "relu6", "selu", "sigmoid", "silu",
    "smooth_l1_loss", "softmax", "softplus", "step", "tanh",
]  # fmt: skip

relu, selu, silu, mish, sigmoid, tanh = ops.relu, ops.selu, ops.silu, ops.mish, ops.sigmoid, ops.tanh
step = ops.step


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x·Wᵀ + b with weight (out, in) and bias (out,) or None."""
    if bias is None:
        return ops.matmul(input, ops.transpose(weight, dim0=0, dim1=1))
    return ops.linear(input, weight, bias)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    return ops.leaky_relu(input, negative_slope=negative_slope)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    return ops.elu(input, alpha=alpha)


def gelu(input: Any, approximate: str = "none") -> Any:
    return ops.gelu(input, approximate=approximate)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    return ops.softplus(input, beta=beta, threshold=threshold)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    return ops.hardtanh(input, min_val=min_val, max_val=max_val)


def relu6(input: Any, inplace: bool = False) -> Any:
    return ops.hardtanh(input, min_val=0.0, max_val=6.0)


def softmax(input: Any, dim: int | None = None) -> Any:
    return ops.softmax(input, dim=softmax_dim(input, dim))


def log_softmax(input: Any, dim: int | None = None) -> Any:
    return ops.log_softmax(input, dim=softmax_dim(input, dim))


def mse_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    return losses.MSELoss(reduction)(input, target)


def l1_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    return losses.L1Loss(reduction)(input, target)


def smooth_l1_loss(input: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    return losses.SmoothL1Loss(reduction, beta)(input, target)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    return losses.HuberLoss(reduction, delta)(input, target)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    return losses.PoissonNLLLoss(log_input, full, eps, reduction)(input, target)


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Any:
    return losses.BCELoss(weight, reduction)(input, target)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    return losses.BCEWithLogitsLoss(weight, reduction, pos_weight)(input, target)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    return losses.CrossEntropyLoss(weight, ignore_index, reduction, label_smoothing)(input, target)


def nll_loss(input: Any, target: Any, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean") -> Any:
    return losses.NLLLoss(weight, ignore_index, reduction)(input, target)


def hinge_loss(input: Any, target: Any, margin: float = 1.0, *, reduction: str = "mean") -> Any:
    return losses.HingeLoss(margin, reduction)(input, target)


def perceptron_loss(input: Any, target: Any, *, reduction: str = "sum") -> Any:
    return losses.PerceptronLoss(reduction)(input, target)
