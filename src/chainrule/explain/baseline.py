"""The loss of the best constant output: what a network has to beat to have learned anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.losses import Loss

__all__ = ["constant_loss"]

_SMALLEST = 1e-6  # share of a class that does not occur


def constant_loss(loss: Loss, targets: np.ndarray, outputs: int) -> float | None:
    """The loss if every row got the same, best output; None for losses where that is not known in closed form.

    Class frequencies for cross-entropies, the mean for squared error, the median for absolute and Huber's error.

    Args:
        loss: the loss.
        targets: in the form that the loss takes.
        outputs: how many outputs the network has.
    """
    best = _constant(loss.name, targets, outputs)
    if best is None:
        return None
    rows = np.broadcast_to(best, (len(targets), outputs)).astype(np.float64)
    rows = rows if loss.task == "multiclass" else rows.reshape(targets.shape)
    shaped = targets if loss.task == "multiclass" and targets.dtype.kind != "f" else targets.astype(np.float64)
    with no_grad(), quiet():
        return float(loss.forward(Tensor.of(rows), shaped)._data)


def _constant(name: str, targets: np.ndarray, outputs: int) -> Any:
    columns = targets.reshape(len(targets), -1)
    if name in ("cross_entropy", "nll"):
        if targets.dtype.kind == "f":
            shares = columns.mean(axis=0)
        else:
            shares = np.bincount(targets[targets >= 0], minlength=outputs) / max((targets >= 0).sum(), 1)
        return np.log(np.maximum(shares, _SMALLEST))
    if name in ("bce", "bce_with_logits"):
        share = np.clip(columns.mean(axis=0), _SMALLEST, 1 - _SMALLEST)
        return share if name == "bce" else np.log(share / (1 - share))
    if name == "mse":
        return columns.mean(axis=0)
    return np.median(columns, axis=0) if name in ("l1", "huber", "smooth_l1") else None
