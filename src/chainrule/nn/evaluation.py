"""Using a network without leaving a trace in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.nn.module import Module

__all__ = [
    "INFERENCE_ROWS", "Rows", "evaluating", "innermost", "keeping_buffers", "keeping_modes", "model_dtype",
    "outputs_of", "watching",
]  # fmt: skip

INFERENCE_ROWS = 1024  # a batch for inference: large enough for BLAS, small enough for the cache


class Rows(Protocol):
    """Samples that can be taken in batches, as a `Dataset`."""

    def __len__(self) -> int: ...

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, Any]:
        """Inputs and targets of some rows, as the model sees them."""


@contextlib.contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """Evaluation mode for a block; afterwards every layer has the mode that it had (some may have been frozen)."""
    with keeping_modes(model):
        model.eval()
        yield


@contextlib.contextmanager
def keeping_modes(model: Module) -> Iterator[None]:
    """Whatever a block does to the layers' modes, training or evaluation, is undone after it."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextlib.contextmanager
def keeping_buffers(model: Module) -> Iterator[None]:
    """What a forward pass in training mode does to running statistics within a block is undone after it."""
    kept = [(buffer, buffer._data.copy()) for buffer in model.buffers()]
    try:
        yield
    finally:
        for buffer, before in kept:
            if isinstance(buffer._data, np.ndarray):
                np.copyto(buffer._data, before)  # in place: others may share this memory
            else:
                buffer._data = before


@contextlib.contextmanager
def watching(layers: Iterable[tuple[str, Module]], watch: Callable[[str, Module, Any, Any], None]) -> Iterator[None]:
    """Within a block, each call of one of these named layers is followed by ``watch(name, layer, args, output)``."""
    handles = [layer.register_forward_hook(partial(watch, name)) for name, layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def innermost(model: Module) -> list[tuple[str, Module]]:
    """The layers that hold no other layers, each by its path."""
    return [(path, layer) for path, layer in model.named_modules() if not list(layer.children())]


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
