"""Linear warm-up, or linear decay."""

from __future__ import annotations

from chainrule.errors import ConfigError
from chainrule.optim.checks import count, share
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["LinearLR"]


class LinearLR(LRScheduler):
    """Change the learning rate linearly: ηₜ = η₀ · (s + (e − s) · min(t, T) / T).

    Warm-up with s < e: Goyal et al., *Accurate, Large Minibatch SGD*, arXiv:1706.02677, 2017.

    Args:
        optimizer: whose rate to set.
        start_factor: s, in (0, 1]; default 1/3.
        end_factor: e, in [0, 1]; default 1.
        total_iters: T, epochs until e is reached; default 5.
        last_epoch: see `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = float(share("start_factor", start_factor))
        if self.start_factor == 0:
            raise ConfigError("start_factor must be greater than 0", fix="Take a small one, e.g. 0.001")
        self.end_factor = float(share("end_factor", end_factor))
        self.total_iters = count("total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_iters:
            return self.current_lr()
        rise = self.end_factor - self.start_factor
        growth = 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)
        return [lr * growth for lr in self.current_lr()]

    def first_lr(self) -> list[float]:
        return [lr * self.start_factor for lr in self.current_lr()] if self.last_epoch == 0 else self.current_lr()
