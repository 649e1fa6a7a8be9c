"""Which loss goes with a task and a network's last layer, and targets in the form that a loss takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import losses
from chainrule.losses import Loss
from chainrule.nn.activation import LogSoftmax, Sigmoid
from chainrule.nn.module import Module

__all__ = ["check_targets", "decides", "shaped_targets", "takes_signs", "usual_loss"]


def usual_loss(task: str | None, last: Module | None, outputs: int) -> Loss | None:
    """The loss that is commonly taken; None if the task is not known.

    Args:
        task: of the data: "binary", "multiclass" or "regression".
        last: the layer that makes the output, if it is known.
        outputs: how many numbers it gives for a sample.
    """
    if task == "regression":
        return losses.get("mse")
    if task == "binary" and outputs == 1:
        return losses.get("bce" if isinstance(last, Sigmoid) else "bce_with_logits")
    if task not in ("binary", "multiclass"):
        return None
    return losses.get("nll" if isinstance(last, LogSoftmax) else "cross_entropy")


def takes_signs(loss: Loss | None) -> bool:
    """Whether targets may be -1 and 1: losses on the margin y·z."""
    return loss is not None and loss.task == "binary" and not loss.probabilistic


def decides(loss: Loss, task: str | None, outputs: int) -> bool:
    """Whether a single output of a regression loss stands for one of two classes: squared error on 0 and 1."""
    return loss.task == "regression" and task == "binary" and outputs == 1


def shaped_targets(
    loss: Loss, task: str | None, targets: np.ndarray, output_shape: tuple[int, ...], dtype: np.dtype[Any]
) -> np.ndarray:
    """Class indices, or floats in the shape of the outputs, as the loss takes them; what fits neither stays as it is.

    Args:
        loss: the loss.
        task: of the data.
        targets: ``(N, …)``.
        output_shape: of one sample's output.
        dtype: of the outputs.
    """
    if loss.task == "multiclass":
        if targets.ndim > 1:
            return targets.astype(dtype) if targets.dtype.kind == "f" else targets
        # Zeros and ones that came as floats are classes all the same.
        return targets.astype(np.int64) if task in ("binary", "multiclass") else targets
    if targets.size != len(targets) * math.prod(output_shape):
        return targets
    return targets.astype(dtype).reshape(len(targets), *output_shape)


def check_targets(loss: Loss, targets: np.ndarray, outputs: int) -> None:
    """Raise what `Loss.check_targets` does for targets of any number of axes."""
    loss.check_targets(targets.reshape(len(targets), -1) if targets.ndim > 2 else targets, outputs)
