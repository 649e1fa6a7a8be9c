"""Losses for targets that are quantities."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core import ops
from chainrule.core.mode import quiet
from chainrule.core.op import namespace
from chainrule.losses.base import Loss, array_of
from chainrule.losses.validation import check_finite, check_minimum, number_above, number_from

__all__ = ["HuberLoss", "L1Loss", "MSELoss", "PoissonNLLLoss", "QuantileLoss", "SmoothL1Loss"]


class Regression(Loss):
    """Base of the losses that compare an output with a target of the same shape, element by element."""

    task = "regression"

    def check_values(self, targets: Any) -> None:
        check_finite(targets)


class MSELoss(Regression):
    """(z - t)²: squared error, by default its mean.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    name = "mse"

    def forward(self, output: Any, target: Any) -> Any:
        return self.reduce(ops.pow(ops.sub(output, target), 2))


class L1Loss(Regression):
    """|z - t|: absolute error, by default its mean.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    name = "l1"

    def forward(self, output: Any, target: Any) -> Any:
        return self.reduce(ops.abs(ops.sub(output, target)))


class HuberLoss(Regression):
    """½d² where |d| ≤ δ, else δ·(|d| - ½δ), d = z - t (Huber 1964).

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        delta: δ > 0.
    """

    name = "huber"
    arguments = ("reduction", "delta")

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = number_above(delta, "delta", 0)

    def forward(self, output: Any, target: Any) -> Any:
        return self.reduce(_huber(ops.sub(output, target), self.delta))


class SmoothL1Loss(Regression):
    """½d²/β where |d| < β, else |d| - ½β, d = z - t (Girshick 2015).

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        beta: β ≥ 0; 0 gives `L1Loss`.
    """

    name = "smooth_l1"
    arguments = ("reduction", "beta")

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = number_from(beta, "beta", 0)

    def forward(self, output: Any, target: Any) -> Any:
        d = ops.sub(output, target)
        if self.beta == 0:
            return self.reduce(ops.abs(d))
        return self.reduce(ops.div(_huber(d, self.beta), self.beta))


class QuantileLoss(Regression):
    """q·d where d > 0, else (q - 1)·d, d = t - z: the pinball loss, least at the q-quantile (Koenker & Bassett 1978).

    Args:
        quantile: q, between 0 and 1; 0.5 is half of `L1Loss`, and gives medians.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    name = "quantile"
    arguments = ("quantile", "reduction")

    def __init__(self, quantile: float = 0.5, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.quantile = number_from(quantile, "quantile", 0, 1)

    def forward(self, output: Any, target: Any) -> Any:
        d = ops.sub(target, output)
        below, above = ops.relu(d), ops.relu(ops.neg(d))
        return self.reduce(ops.add(ops.mul(below, self.quantile), ops.mul(above, 1 - self.quantile)))


def _huber(d: Any, delta: float) -> Any:
    # With q = d clipped to ±δ both branches are q·(d - q/2); unlike |d|, this is smooth at 0 to any order.
    q = ops.clip(d, min=-delta, max=delta)
    return ops.mul(q, ops.sub(d, ops.mul(q, 0.5)))


class PoissonNLLLoss(Regression):
    """λ - t·ln λ: negative log-likelihood of counts under a Poisson distribution of mean λ, without ln t!.

    Args:
        log_input: the output is ln λ, so λ = e^z; else λ itself, and ln(λ + eps) is taken.
        full: add Stirling's approximation of ln t!, t·ln t - t + ½·ln(2πt), where t > 1.
        eps: keeps ln away from 0 when ``log_input`` is False.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    With ``log_input`` an output beyond about 88 (float32) or 709 (float64) makes λ infinite, as in PyTorch.
    """

    name = "poisson"
    arguments = ("log_input", "full", "eps", "reduction")

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input, self.full, self.eps = bool(log_input), bool(full), number_above(eps, "eps", 0)

    def forward(self, output: Any, target: Any) -> Any:
        if self.log_input:
            loss = ops.sub(ops.exp(output), ops.mul(output, target))
        else:
            loss = ops.sub(output, ops.mul(ops.log(ops.add(output, self.eps)), target))
        return self.reduce(ops.add(loss, _stirling(array_of(target))) if self.full else loss)

    def check_values(self, targets: Any) -> None:
        check_minimum(targets, 0)

    def link(self, output: Any) -> Any:
        """The expected count λ."""
        if not self.log_input:
            return output
        with quiet():
            return ops.exp(output)


def _stirling(t: Any) -> Any:
    xp = namespace((t,))
    safe = xp.maximum(t, 1)
    return xp.where(t > 1, safe * xp.log(safe) - safe + 0.5 * xp.log(2 * math.pi * safe), xp.zeros_like(safe))
