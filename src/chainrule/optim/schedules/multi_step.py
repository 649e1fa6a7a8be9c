"""Decay at given epochs."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.optim.checks import not_negative, real
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["MultiStepLR"]


class MultiStepLR(LRScheduler):
    """Multiply the learning rate by γ at each milestone: ηₜ = η₀ · γ^(number of milestones ≤ t).

    Args:
        optimizer: whose rate to set.
        milestones: epochs at which to decay; one that is there twice counts twice.
        gamma: γ; default 0.1.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(int(real("a milestone", milestone)) for milestone in milestones)
        self.gamma = float(not_negative("gamma", gamma))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        times = self.milestones.count(self.last_epoch)
        return [lr * self.gamma**times for lr in self.current_lr()]
