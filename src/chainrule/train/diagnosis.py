"""Where a loss that is not a number came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core import rng
from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.engines.base import Plan
from chainrule.nn.evaluation import innermost, keeping_buffers, watching
from chainrule.nn.module import Module

__all__ = ["describe_parameter", "locate_nonfinite"]


def locate_nonfinite(plan: Plan, data: Dataset, rows: np.ndarray, step: int) -> str | None:
    """Name the first place on the way from inputs to outputs that is not finite; None if all are.

    Args:
        plan: what was trained.
        data: the training data.
        rows: the batch whose loss is not finite.
        step: the step, from 0, so that dropout drops the same again.
    """
    inputs, _ = data.batch(rows)
    if not np.isfinite(inputs).all():
        row = int(rows[np.argwhere(~np.isfinite(inputs))[0][0]])
        return f"the inputs of that batch are not finite, in row {row} first"
    for path, parameter in plan.model.named_parameters():
        if not np.isfinite(parameter._data).all():
            return f"{describe_parameter(plan.model, path)} is not finite"
    found: list[str] = []

    def watch(path: str, layer: Module, args: Any, output: Any) -> None:
        if isinstance(output, Tensor) and not np.isfinite(output._data).all():
            name = f"layer {path!r} ({type(layer).__name__})" if path else f"the {type(layer).__name__}"
            found.append(f"{name} is the first whose output is not finite")

    model = plan.model
    with watching(innermost(model), watch), keeping_buffers(model), rng.at_step(plan.seed, step), no_grad(), quiet():
        model(Tensor.of(inputs))
    return found[0] if found else None


def describe_parameter(model: Module, path: str) -> str:
    """A parameter with the layer that it belongs to, e.g. ``parameter '0.weight' (of layer '0', Linear)``."""
    owner = path.rpartition(".")[0]
    kind = type(model.get_submodule(owner)).__name__
    return f"parameter {path!r} (of layer {owner!r}, {kind})" if owner else f"parameter {path!r} (of the {kind})"
