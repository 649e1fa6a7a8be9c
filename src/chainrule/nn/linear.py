"""`Linear`: the weighted sum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.core import ops
from chainrule.errors import ShapeError
from chainrule.nn import init
from chainrule.nn.checks import float_dtype, on_cpu, positive_int, shape_of, shape_text
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter

__all__ = ["Linear"]


class Linear(Module):
    """y = x·Wᵀ + b.

    Args:
        in_features: size of the last dimension of the input.
        out_features: size of the last dimension of the output, i.e. the number of neurons.
        bias: whether there is a b.
        device: accepted for PyTorch's sake; the CPU.
        dtype: of the parameters; default: the default dtype (float32).

    Attributes:
        weight: (out_features, in_features), drawn from U(-1/√in, 1/√in), as PyTorch does (He et al. 2015 with a = √5).
        bias: (out_features,), drawn likewise; None without bias.

    Shapes:
        (…, in_features) -> (…, out_features)

    Raises:
        ConfigError: if a size is not a positive integer.
        ShapeError: when called with an input whose last dimension is not ``in_features``.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        on_cpu(device)
        self.in_features = positive_int(in_features, "in_features")
        self.out_features = positive_int(out_features, "out_features")
        kind = float_dtype(dtype)
        self.weight = Parameter(np.zeros((self.out_features, self.in_features), kind))
        self.register_parameter("bias", Parameter(np.zeros(self.out_features, kind)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        bound = 1 / math.sqrt(self.in_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        shape = shape_of(input, self)
        if not shape or shape[-1] != self.in_features:
            self._reject(tuple(shape))
        parameters = self._parameters
        bias = parameters["bias"]
        if bias is None:
            return ops.matmul(input, ops.transpose(parameters["weight"], dim0=0, dim1=1))
        return ops.linear(input, parameters["weight"], bias)

    def _reject(self, shape: object) -> None:
        raise ShapeError(f"{self!r} does not take this input", expected=f"shape (…, {self.in_features})", got=shape)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        if not input_shape or input_shape[-1] != self.in_features:
            self._reject(shape_text(input_shape))
        return (*input_shape[:-1], self.out_features)

    def config(self) -> dict[str, Any]:
        return {
            "in_features": self.in_features,
            "out_features": self.out_features,
            "bias": self.bias is not None,
            "dtype": str(self.weight.dtype),
        }

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
