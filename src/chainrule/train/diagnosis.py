"""Where a loss that is not a number came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.losses import Loss
from chainrule.nn.module import Module

__all__ = ["locate_nonfinite"]


def locate_nonfinite(model: Module, loss: Loss, data: Dataset, rows: np.ndarray) -> str:
    """Name the first place on the way from inputs to loss that is not finite, for the batch `rows`."""
    inputs, _ = data.batch(rows)
    if not np.isfinite(inputs).all():
        return "the inputs of that batch are not finite"
    for path, parameter in model.named_parameters():
        if not np.isfinite(parameter._data).all():
            return f"parameter {path!r} is not finite; the step before was too large"
    found: list[str] = []

    def watch(path: str, layer: Module) -> Any:
        def hook(module: Module, args: Any, output: Any) -> None:
            if isinstance(output, Tensor) and not np.isfinite(output._data).all():
                found.append(f"layer {path!r} ({type(layer).__name__}) is the first whose output is not finite")

        return layer.register_forward_hook(hook)

    leaves = [(path, layer) for path, layer in model.named_modules() if path and not list(layer.children())]
    handles = [watch(path, layer) for path, layer in leaves]
    try:
        with no_grad(), quiet():
            model(Tensor.of(inputs))
    finally:
        for handle in handles:
            handle.remove()
    if found:
        return found[0]
    return f"all layers are finite; loss {loss.name!r} is not, for these targets"
