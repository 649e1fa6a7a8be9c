"""Focal losses: cross-entropy that lets go of what is classified well already."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core import ops
from chainrule.core.mode import quiet
from chainrule.core.op import namespace
from chainrule.losses.base import Loss, array_of, constant_like
from chainrule.losses.multiclass import ClassLoss, picked
from chainrule.losses.validation import check_range, number_from

__all__ = ["BinaryFocalLoss", "FocalLoss"]

_TINY = 1e-12  # keeps the slope of a power finite at 0


class BinaryFocalLoss(Loss):
    """-(1 - p)^γ·ln p with p the probability of the true class, on logits (Lin et al., arXiv 1708.02002, 2017).

    γ = 0 is `BCEWithLogitsLoss`.  Computed from softplus alone, so it is stable for logits of any size; targets
    between 0 and 1 weigh the two sides.

    Args:
        gamma: γ ≥ 0.
        alpha: weight of the second class, and 1 - α of the first; None for 1 and 1.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    name = "binary_focal"
    task = "binary"
    arguments = ("gamma", "alpha", "reduction")
    probabilistic = True

    def __init__(self, gamma: float = 2.0, alpha: float | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.gamma = number_from(gamma, "gamma", 0)
        self.alpha = None if alpha is None else number_from(alpha, "alpha", 0, 1)

    def forward(self, output: Any, target: Any) -> Any:
        t = constant_like(target, output)
        positive, negative = t, 1 - t
        if self.alpha is not None:
            positive, negative = self.alpha * positive, (1 - self.alpha) * negative
        # -ln σ(z) = softplus(-z), and 1 - σ(z) = e^(-softplus(z))
        hit, miss = (ops.softplus(z, threshold=math.inf) for z in (ops.neg(output), output))
        second = ops.mul(ops.exp(ops.mul(miss, -self.gamma)), hit)
        first = ops.mul(ops.exp(ops.mul(hit, -self.gamma)), miss)
        return self.reduce(ops.add(ops.mul(second, positive), ops.mul(first, negative)))

    def check_values(self, targets: Any) -> None:
        check_range(targets, 0, 1)

    def link(self, output: Any) -> Any:
        """The probability σ(z) of the second class."""
        with quiet():
            return ops.sigmoid(output)


class FocalLoss(ClassLoss):
    """-(1 - p)^γ·ln p with p = softmax(z)ₜ, the probability of the true class, on logits (Lin et al. 2017).

    γ = 0 is `CrossEntropyLoss`.  With class weights the mean is Σ wₜ·lossₜ / Σ wₜ, as there.

    Args:
        gamma: γ = 0, or γ ≥ 1.
        weight: (C,), weight of each class.
        ignore_index: rows with this class index cost nothing and do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    name = "focal"
    arguments = ("gamma", "weight", "ignore_index", "reduction")

    def __init__(
        self, gamma: float = 2.0, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
        self.gamma = number_from(gamma, "gamma", 0)

    def forward(self, output: Any, target: Any) -> Any:
        log_p = ops.log_softmax(output, dim=1 if len(output.shape) > 1 else 0)
        losses, weights = self._nll(log_p, target)
        if self.gamma:
            t = array_of(target)
            chosen = picked(log_p, namespace((t,)).where(t == self.ignore_index, 0, t))
            missing = ops.clip(ops.sub(1.0, ops.exp(chosen)), min=_TINY)
            losses = ops.mul(losses, ops.pow(missing, self.gamma))
        return self._averaged(losses, weights)

    def link(self, output: Any) -> Any:
        """The probabilities of the classes."""
        with quiet():
            return ops.softmax(output, dim=1 if len(output.shape) > 1 else 0)
