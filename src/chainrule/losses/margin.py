"""The hinge loss of several classes."""

from __future__ import annotations

from typing import Any

from chainrule.core import ops
from chainrule.core.op import namespace
from chainrule.losses.base import array_of, constant_like
from chainrule.losses.multiclass import ClassLoss, picked
from chainrule.losses.validation import number_from

__all__ = ["MultiMarginLoss"]


class MultiMarginLoss(ClassLoss):
    """Σ_{i ≠ t} w_t·max(0, margin - z_t + z_i) / C: every class beaten by a margin (Weston & Watkins 1999).

    PyTorch's ``MultiMarginLoss`` with p = 1; the outputs are scores, of which the highest wins.

    Args:
        margin: by how much the true class's score has to be above each other one to cost nothing.
        weight: (C,), weight of each class; the mean is over the rows, whatever their weights.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shapes:
        scores (N, C) with class indices (N,).
    """

    name = "multi_margin"
    arguments = ("margin", "weight", "reduction")
    probabilistic = False

    def __init__(self, margin: float = 1.0, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(weight, -100, reduction)
        self.margin = number_from(margin, "margin", 0)

    def forward(self, output: Any, target: Any) -> Any:
        t = array_of(target)
        classes = output.shape[1]
        true = ops.unsqueeze(picked(output, t), dim=1)
        others = constant_like(t[:, None] != namespace((t,)).arange(classes), output)
        short = ops.mul(ops.relu(ops.add(ops.sub(output, true), self.margin)), others)
        losses = ops.div(ops.sum(short, dim=1), classes)
        if self.weight is not None:
            losses = ops.mul(losses, constant_like(self.weight, output)[t])
        return self.reduce(losses)
