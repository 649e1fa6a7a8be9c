"""Using a network without leaving a trace in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.nn.module import Module

__all__ = ["INFERENCE_ROWS", "Rows", "evaluating", "model_dtype", "outputs_of"]

INFERENCE_ROWS = 1024  # a batch for inference: large enough for BLAS, small enough for the cache


class Rows(Protocol):
    """Samples that can be taken in batches, as a `Dataset`."""

    def __len__(self) -> int: ...

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, Any]:
        """Inputs and targets of some rows, as the model sees them."""


@contextlib.contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Evaluation mode for a block; afterwards every layer has the mode that it had (some may have been frozen)."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def model_dtype(model: Module) -> np.dtype[Any]:
    """The dtype of the parameters: float32, or float64 if any of them is."""
    return np.result_type(np.float32, *(parameter.dtype for parameter in model.parameters()))


def outputs_of(model: Module, data: Rows, batch_size: int = INFERENCE_ROWS) -> np.ndarray:
    """The model's raw outputs for every row, in evaluation mode; the modes are put back afterwards."""
    with evaluating(model), no_grad(), quiet():
        parts = [
            model(Tensor.of(data.batch(np.arange(start, min(start + batch_size, len(data))))[0]))._data
            for start in range(0, len(data), batch_size)
        ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
