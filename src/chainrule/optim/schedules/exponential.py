"""Exponential decay."""

from __future__ import annotations

from chainrule.optim.checks import not_negative
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["ExponentialLR"]


class ExponentialLR(LRScheduler):
    """Multiply the learning rate by γ every epoch: ηₜ = η₀ · γᵗ.

    Args:
        optimizer: whose rate to set.
        gamma: γ.
        last_epoch: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = float(not_negative("gamma", gamma))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [lr * self.gamma for lr in self.current_lr()]

    def first_lr(self) -> list[float]:
        return self.current_lr()
