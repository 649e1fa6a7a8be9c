"""Step decay."""

from __future__ import annotations

from chainrule.optim.checks import count, not_negative
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["StepLR"]


class StepLR(LRScheduler):
    """Multiply the learning rate by γ every `step_size` epochs: ηₜ = η₀ · γ^⌊t / step_size⌋.

    Args:
        optimizer: whose rate to set.
        step_size: epochs from one decay to the next.
        gamma: γ; default 0.1.
        last_epoch: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = count("step_size", step_size)
        self.gamma = float(not_negative("gamma", gamma))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return [lr * self.gamma if due else lr for lr in self.current_lr()]
