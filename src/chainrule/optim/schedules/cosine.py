"""Cosine annealing."""

from __future__ import annotations

import math

from chainrule.optim.checks import count, real
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["CosineAnnealingLR"]


class CosineAnnealingLR(LRScheduler):
    """Let the learning rate fall along half a cosine: ηₜ = η_min + (η₀ − η_min) · (1 + cos(πt/T)) / 2.

    After T it rises again.  Loshchilov & Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017,
    without the restarts.

    Args:
        optimizer: whose rate to set.
        T_max: T, epochs from the highest rate to the lowest.
        eta_min: η_min; default 0.
        last_epoch: see `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = count("T_max", T_max)
        self.eta_min = float(real("eta_min", eta_min))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        t, T, low = self.last_epoch, self.T_max, self.eta_min
        if (t - 1 - T) % (2 * T) == 0:
            # One step after the lowest rate, where the ratio below would be 0 / 0.
            rise = (1 - math.cos(math.pi / T)) / 2
            return [lr + (base - low) * rise for lr, base in zip(self.current_lr(), self.base_lrs, strict=True)]
        ratio = (1 + math.cos(math.pi * t / T)) / (1 + math.cos(math.pi * (t - 1) / T))
        return [ratio * (lr - low) + low for lr in self.current_lr()]

    def first_lr(self) -> list[float]:
        return self.current_lr()
