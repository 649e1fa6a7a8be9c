"""Which loss goes with data, and targets in the form that it takes, where training has not said so."""

from __future__ import annotations

import numpy as np

from chainrule import losses
from chainrule.data import Dataset
from chainrule.losses import Loss

__all__ = ["shaped_targets", "usual_loss"]


def usual_loss(data: Dataset, last: str, outputs: int) -> Loss | None:
    """The loss that training would take; None if the data do not say what to learn.

    Args:
        data: the data.
        last: class name of the network's last layer.
        outputs: how many outputs it has.
    """
    if data.task == "regression":
        return losses.get("mse")
    if data.task == "binary" and outputs == 1:
        return losses.get("bce" if last == "Sigmoid" else "bce_with_logits")
    classes = losses.get("nll" if last == "LogSoftmax" else "cross_entropy")
    return classes if data.task in ("binary", "multiclass") else None


def shaped_targets(loss: Loss, data: Dataset, targets: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Targets as the loss takes them beside the network's output, where that is possible at all."""
    if loss.task == "multiclass":
        return targets.astype(np.int64) if targets.ndim == 1 and data.task in ("binary", "multiclass") else targets
    return targets.astype(output.dtype).reshape(output.shape) if targets.size == output.size else targets
