"""One pass over some rows with every layer's output and gradient kept; the model is left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.backward import grad
from chainrule.core.mode import enable_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.errors import DTypeError
from chainrule.losses import Loss
from chainrule.nn.evaluation import evaluating, innermost, keeping_buffers, watching
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d

__all__ = ["Observation", "Observed", "observe"]


@dataclass(frozen=True)
class Observed:
    """One call of a layer that holds no other layers.

    Attributes:
        path: of the layer.
        layer: itself.
        output: its output, a row per sample.
        gradient: ∂L/∂output; None without targets, or if the loss does not depend on it.
        last: whether this is the model's output.
    """

    path: str
    layer: Module
    output: np.ndarray
    gradient: np.ndarray | None
    last: bool


@dataclass(frozen=True)
class Observation:
    """All calls in order, the model's output, and the loss."""

    calls: tuple[Observed, ...]
    output: np.ndarray
    loss: float | None

    @property
    def last(self) -> Module | None:
        """The layer that makes the model's output; None if code of the model's own does."""
        return self.calls[-1].layer if self.calls and self.calls[-1].last else None


def observe(
    model: Module, inputs: np.ndarray, targets: np.ndarray | None = None, loss: Loss | None = None
) -> Observation:
    """Run rows through the model, and the loss's gradient back if there are targets.

    Dropout is off; batch normalisation uses the batch, as in training.

    Raises:
        ShapeError: if the rows do not fit the model.
        DTypeError: if the model returns anything but a tensor.
    """
    calls: list[tuple[str, Module, Tensor]] = []
    x = Tensor.of(inputs)
    x.requires_grad = True
    with _watched(model, calls, len(inputs)), enable_grad(), quiet():
        output = model(x)
        if not isinstance(output, Tensor):
            raise DTypeError("the model must return a tensor", got=type(output).__name__)
        value = None if targets is None or loss is None else loss.forward(output, targets)
        found: list[Any] = [None] * len(calls)
        if value is not None and value.requires_grad:
            found = list(grad(value, [tensor for _, _, tensor in calls], allow_unused=True)) if calls else []
    seen = tuple(
        Observed(path, layer, tensor._data, None if g is None else g._data, tensor is output)
        for (path, layer, tensor), g in zip(calls, found, strict=True)
    )
    return Observation(seen, output._data, None if value is None else float(value._data))


@contextmanager
def _watched(model: Module, calls: list[tuple[str, Module, Tensor]], rows: int) -> Iterator[None]:
    """Collect the outputs of layers without parts of their own; give modes and running statistics back afterwards."""

    def watch(path: str, layer: Module, args: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.requires_grad:
            calls.append((path, layer, output))

    with evaluating(model), keeping_buffers(model), watching(innermost(model), watch):
        for module in model.modules():
            module.training = isinstance(module, BatchNorm1d) and rows > 1
        yield
