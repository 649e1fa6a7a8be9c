"""`Scale`: a learned factor for each feature."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.nn import init
from chainrule.nn.checks import float_dtype, on_cpu, positive_int, shape_of, shape_text
from chainrule.nn.module import Module
from chainrule.nn.parameter import Parameter

__all__ = ["Scale"]


class Scale(Module):
    """y = x·w, feature by feature.

    Before the first Linear of a network for tables, with a higher learning rate than the rest, it learns which columns
    matter: a soft selection of features (Holzmüller et al. 2024, arXiv:2407.04491).

    Args:
        num_features: size of the last dimension of the input.
        device: accepted for PyTorch's sake; the CPU.
        dtype: of the factors; default: the default dtype (float32).

    Attributes:
        weight: w, (num_features,), first 1.

    Shapes:
        (…, num_features), kept.

    Raises:
        ConfigError: if num_features is not a positive integer.
        ShapeError: when called with an input whose last dimension is not ``num_features``.
    """

    keeps_shape = True
    arguments = ("num_features",)

    def __init__(self, num_features: int, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        on_cpu(device)
        self.num_features = positive_int(num_features, "num_features")
        self.weight = Parameter(np.zeros(self.num_features, float_dtype(dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make all factors 1."""
        init.ones_(self.weight)

    def forward(self, input: Any) -> Any:
        shape = tuple(shape_of(input, self))
        if not shape or shape[-1] != self.num_features:
            self._reject(shape)
        return input * self._parameters["weight"]

    def _reject(self, shape: object) -> None:
        raise ShapeError(f"{self!r} does not take this input", expected=f"shape (…, {self.num_features})", got=shape)

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        if not input_shape or input_shape[-1] != self.num_features:
            self._reject(shape_text(input_shape))
        return tuple(input_shape)

    def config(self) -> dict[str, Any]:
        return {"num_features": self.num_features, "dtype": str(self.weight.dtype)}
