"""Overfitting, from the losses of training rows and of rows that were held out, where no curve tells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.data import Dataset
from chainrule.data.dataset import with_inputs
from chainrule.explain.findings import Finding
from chainrule.losses import Loss
from chainrule.nn.evaluation import model_dtype, outputs_of
from chainrule.nn.module import Module
from chainrule.nn.objective import check_targets, shaped_targets

__all__ = ["gap_findings"]

_BLOCKS = 200
_LARGER, _VISIBLE = 0.5, 0.1  # the gap, as a share of the training loss and of the best constant's
_ERRORS = 2.0  # standard errors: a single bad row among those held out makes one
_USUAL_BASELINE = 1.0  # where no constant's loss is known: hinge and its kin


def gap_findings(
    model: Module, loss: Loss, trained: Dataset, held_out: Dataset, baseline: float | None
) -> Iterator[Finding]:
    """Overfitting, if the loss on held-out rows is much larger than on training rows, and not by a few rows' chance.

    Both are taken in evaluation mode.  The gap counts if it is more than half of the training loss, more than a tenth
    of the best constant's loss, and more than two standard errors of the two means.

    Args:
        model: the network.
        loss: its loss.
        trained: rows that it was trained on.
        held_out: rows that it was not.
        baseline: the loss of the best constant output, if known.

    Raises:
        ChainruleError: if the held-out rows do not fit the model or the loss.
    """
    first, second = _Rows(model, loss, trained), _Rows(model, loss, held_out)
    gap = second.loss - first.loss
    visible = _VISIBLE * (_USUAL_BASELINE if baseline is None else baseline)
    if not (
        gap > _LARGER * abs(first.loss) and gap > visible and gap > _ERRORS * math.hypot(first.error, second.error)
    ):
        return
    numbers: dict[str, Any] = {
        "trained": first.loss,
        "trained_rows": len(trained),
        "held_out": second.loss,
        "held_out_rows": len(held_out),
    }
    if first.accuracy is not None and second.accuracy is not None:
        numbers |= {"trained_accuracy": first.accuracy, "held_out_accuracy": second.accuracy}
    yield Finding("overfitting_held_out", None, numbers)


class _Rows:
    """Mean loss, its standard error, and accuracy on some rows."""

    def __init__(self, model: Module, loss: Loss, data: Dataset) -> None:
        dtype = model_dtype(model)
        outputs = outputs_of(model, with_inputs(data, dtype))
        targets = shaped_targets(loss, data.task, np.asarray(data.targets), outputs.shape[1:], outputs.dtype)
        check_targets(loss, targets, math.prod(outputs.shape[1:]))
        self.loss = _mean(loss, outputs, targets)
        self.error = _standard_error(loss, outputs, targets)
        self.accuracy = _accuracy(loss, outputs, targets)


def _mean(loss: Loss, outputs: np.ndarray, targets: np.ndarray) -> float:
    with no_grad(), quiet():
        value = float(loss.forward(Tensor.of(outputs), targets)._data.mean())
    return value / len(outputs) if loss.reduction == "sum" else value


def _standard_error(loss: Loss, outputs: np.ndarray, targets: np.ndarray) -> float:
    """Of the mean, from the spread of the means of up to 200 blocks of rows."""
    blocks = np.array_split(np.arange(len(outputs)), min(_BLOCKS, len(outputs)))
    if len(blocks) < 2:
        return math.inf
    means = np.array([_mean(loss, outputs[block], targets[block]) for block in blocks])
    return float(means.std(ddof=1) / math.sqrt(len(means)))


def _accuracy(loss: Loss, outputs: np.ndarray, targets: np.ndarray) -> float | None:
    if loss.task == "multiclass":
        true = targets.argmax(axis=1) if targets.ndim == 2 else targets
        return float((outputs.argmax(axis=1) == true).mean()) if outputs.ndim == 2 else None
    if loss.task != "binary":
        return None
    with quiet():
        predicted = np.asarray(loss.link(outputs)) > loss.threshold
    return float((predicted == (targets > loss.threshold)).mean())
