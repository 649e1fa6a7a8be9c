"""Cosine annealing with warm restarts."""

from __future__ import annotations

import math

from chainrule.errors import ConfigError
from chainrule.optim.checks import count, real
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["CosineAnnealingWarmRestarts"]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that jumps back to the first rate after T₀ epochs, then after T₀·T_mult more, ….

    ηₜ = η_min + (η₀ − η_min) · (1 + cos(π·t_cur/Tᵢ)) / 2, with t_cur epochs since the last restart.
    Loshchilov & Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017.

    Args:
        optimizer: whose rate to set.
        T_0: epochs until the first restart.
        T_mult: by how much each period is longer than the one before; default 1.
        eta_min: η_min; default 0.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_0 = self.T_i = count("T_0", T_0)
        self.T_mult = count("T_mult", T_mult)
        self.eta_min = float(real("eta_min", eta_min))
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        share = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to `epoch`, which may be a fraction (``epoch + batch / batches``).

        Raises:
            ConfigError: for a negative epoch.
        """
        if epoch is None:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            if epoch < 0:
                raise ConfigError("an epoch is not negative", got=epoch)
            self.last_epoch = math.floor(epoch)
            self._place(epoch)
        self._set(self.get_lr())

    def _place(self, epoch: float) -> None:
        """Find the period that `epoch` lies in, and how far."""
        self.T_cur, self.T_i = epoch, self.T_0
        if self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            while self.T_cur >= self.T_i:
                self.T_cur -= self.T_i
                self.T_i *= self.T_mult

    def _begin(self) -> None:
        if self.last_epoch < 0:
            self.step(0)
        else:
            self.step()
