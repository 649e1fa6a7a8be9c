"""A reduced rate for the first epochs."""

from __future__ import annotations

from chainrule.optim.checks import real, share
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["ConstantLR"]


class ConstantLR(LRScheduler):
    """Multiply the learning rate by a factor for the first `total_iters` epochs, then give it back.

    Args:
        optimizer: whose rate to set.
        factor: from 0 to 1; default 1/3.
        total_iters: how many epochs; default 5.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        self.factor = float(share("factor", factor))
        self.total_iters = int(real("total_iters", total_iters))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch == 0:
            return [lr * self.factor for lr in self.current_lr()]
        if self.last_epoch != self.total_iters:
            return self.current_lr()
        # Nothing is left to scale back up after a factor of zero.
        return [lr * (1.0 / self.factor) for lr in self.current_lr()] if self.factor else list(self.base_lrs)
