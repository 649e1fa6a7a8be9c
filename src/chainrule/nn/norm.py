"""Layers that normalise: `BatchNorm1d` over the batch, `LayerNorm` over each row's own features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.core import ops
from chainrule.core.mode import quiet
from chainrule.core.op import namespace
from chainrule.core.tensor import Tensor
from chainrule.errors import DataError, ShapeError
from chainrule.nn import init
from chainrule.nn.checks import float_dtype, on_cpu, positive_int, real, shape_of, shape_text
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter

__all__ = ["BatchNorm1d", "LayerNorm", "batch_norm", "layer_norm"]


class BatchNorm1d(Module):
    """y = (x - μ)/√(σ² + ε)·γ + β, for each feature over the batch (Ioffe & Szegedy 2015).

    In training μ and σ² are the batch's (σ² divided by n), and the running statistics move towards them, the running
    variance towards the unbiased one: running ← (1 - momentum)·running + momentum·batch.  In evaluation mode the
    running statistics take their place.

    Args:
        num_features: C.
        eps: ε.
        momentum: weight of the newest batch; None averages over all batches alike.
        affine: whether there are γ (``weight``, first 1) and β.
        track_running_stats: keep running statistics; without them the batch's are used in evaluation mode, too.
        device: accepted for PyTorch's sake; the CPU.
        dtype: of parameters and statistics; default: the default dtype (float32).
        bias: whether there is β (``bias``, first 0), too.

    Attributes:
        running_mean: (C,), first 0.
        running_var: (C,), first 1.
        num_batches_tracked: how many batches were seen.

    Shapes:
        (N, C) or (N, C, L), kept.

    Raises:
        ShapeError: if the input does not have C features.
        DataError: if a batch has one value per feature only, in training.
    """

    keeps_shape = True

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        on_cpu(device)
        self.num_features = positive_int(num_features, "num_features")
        self.eps = real(eps, "eps")
        self.momentum = None if momentum is None else real(momentum, "momentum")
        self.affine, self.track_running_stats = bool(affine), bool(track_running_stats)
        self._make_state(float_dtype(dtype), bool(bias))
        self.reset_parameters()

    def _make_state(self, dtype: np.dtype[Any], bias: bool) -> None:
        for name, present in (("weight", self.affine), ("bias", self.affine and bias)):
            self.register_parameter(name, Parameter(np.zeros(self.num_features, dtype)) if present else None)
        tracked = self.track_running_stats
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, Tensor.of(np.zeros(self.num_features, dtype)) if tracked else None)
        self.register_buffer("num_batches_tracked", Tensor.of(np.zeros((), np.int64)) if tracked else None)

    def reset_running_stats(self) -> None:
        """Forget the batches seen so far."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        shape = shape_of(input, self)
        if len(shape) not in (2, 3) or shape[1] != self.num_features:
            self._reject(tuple(shape))
        tracked = self.track_running_stats
        momentum = self._next_momentum() if tracked and self.training else 0.0
        return batch_norm(
            input,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            self._parameters["weight"],
            self._parameters["bias"],
            self.training or not tracked,
            momentum,
            self.eps,
        )

    def _next_momentum(self) -> Any:
        """Count the batch; the weight that it gets in the running statistics."""
        count = self.num_batches_tracked._data + 1
        self.num_batches_tracked._assign(count)
        return 1.0 / count if self.momentum is None else self.momentum

    def _reject(self, shape: object) -> None:
        raise ShapeError(
            f"{self!r} does not take this input",
            expected=f"shape (N, {self.num_features}) or (N, {self.num_features}, L)",
            got=shape,
        )

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        if len(input_shape) not in (1, 2) or input_shape[0] != self.num_features:
            self._reject(shape_text(input_shape))
        return tuple(input_shape)

    def config(self) -> dict[str, Any]:
        held = self.weight if self.affine else self.running_mean if self.track_running_stats else None
        return {
            "num_features": self.num_features,
            "eps": self.eps,
            "momentum": self.momentum,
            "affine": self.affine,
            "bias": self.bias is not None,
            "track_running_stats": self.track_running_stats,
            "dtype": None if held is None else str(held.dtype),
        }

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Normalise each feature over the batch, or in evaluation with running statistics; see `BatchNorm1d`.

    In training the running statistics, where given, are updated.
    """
    dims = (0, *range(2, len(input.shape)))
    if not training:
        scale = 1.0 / ops.sqrt(running_var + eps)
        scale = scale if weight is None else weight * scale
        y = (input - _per_feature(running_mean, input)) * _per_feature(scale, input)
        return y if bias is None else y + _per_feature(bias, input)
    n = math.prod(input.shape[dim] for dim in dims)
    if n <= 1:
        raise DataError(
            "Expected more than 1 value per channel when training",
            got=f"input of shape {tuple(input.shape)}",
            fix="Use larger batches, drop the last one, or call eval()",
        )
    if running_mean is not None:
        _track(getattr(input, "_data", input), dims, n, running_mean, running_var, momentum)
    return _affine(ops.normalize(input, dim=dims, eps=eps), weight, bias, input)


def _track(x: Any, dims: tuple[int, ...], n: int, running_mean: Tensor, running_var: Tensor, momentum: Any) -> None:
    """Move the running statistics towards the batch's."""
    xp = namespace((x,))
    with quiet():
        mean = xp.sum(x, axis=dims, keepdims=True) / n
        centred = x - mean
        var = xp.sum(centred * centred, axis=dims) / (n - 1)
        for running, batch in ((running_mean, xp.reshape(mean, var.shape)), (running_var, var)):
            running._assign((1.0 - momentum) * running._data + momentum * batch)


def _affine(y: Any, weight: Any, bias: Any, input: Any) -> Any:
    if weight is not None:
        y = y * _per_feature(weight, input)
    return y if bias is None else y + _per_feature(bias, input)


def _per_feature(values: Any, input: Any) -> Any:
    """Values of shape (C,), shaped so that they broadcast along the features of (N, C) or (N, C, L)."""
    extra = len(input.shape) - 2
    return values if not extra else ops.reshape(values, shape=(-1, *(1,) * extra))


class LayerNorm(Module):
    """y = (x - μ)/√(σ² + ε)·γ + β, μ and σ² (divided by n) of each row's own features (Ba et al. 2016).

    Args:
        normalized_shape: the last dimensions, over which to normalise; an int for one.
        eps: ε.
        elementwise_affine: whether there are γ (``weight``, first 1) and β.
        bias: whether there is β (``bias``, first 0).
        device: accepted for PyTorch's sake; the CPU.
        dtype: of the parameters; default: the default dtype (float32).

    Shapes:
        (…, *normalized_shape), kept.

    Raises:
        ShapeError: if the input's last dimensions are others.
    """

    keeps_shape = True

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        on_cpu(device)
        sizes = list(normalized_shape) if isinstance(normalized_shape, (list, tuple)) else [normalized_shape]
        self.normalized_shape = tuple(positive_int(size, "normalized_shape") for size in sizes)
        if not sizes:
            raise ShapeError("normalized_shape is empty", fix="Give at least one size")
        self.eps, self.elementwise_affine = real(eps, "eps"), bool(elementwise_affine)
        kind = float_dtype(dtype)
        for name, present in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            self.register_parameter(name, Parameter(np.zeros(self.normalized_shape, kind)) if present else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        shape = tuple(shape_of(input, self))
        if shape[-len(self.normalized_shape) :] != self.normalized_shape:
            self._reject(shape)
        parameters = self._parameters
        return layer_norm(input, self.normalized_shape, parameters["weight"], parameters["bias"], self.eps)

    def _reject(self, shape: object) -> None:
        wanted = ", ".join(map(str, self.normalized_shape))
        raise ShapeError(f"{self!r} does not take this input", expected=f"shape (…, {wanted})", got=shape)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        if tuple(input_shape[-len(self.normalized_shape) :]) != self.normalized_shape:
            self._reject(shape_text(input_shape))
        return tuple(input_shape)

    def config(self) -> dict[str, Any]:
        return {
            "normalized_shape": list(self.normalized_shape),
            "eps": self.eps,
            "elementwise_affine": self.elementwise_affine,
            "bias": self.bias is not None,
            "dtype": None if self.weight is None else str(self.weight.dtype),
        }

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


def layer_norm(
    input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Normalise each row over its last dimensions; see `LayerNorm`."""
    y = ops.normalize(input, dim=tuple(range(-len(normalized_shape), 0)), eps=eps)
    if weight is not None:
        y = y * weight
    return y if bias is None else y + bias
