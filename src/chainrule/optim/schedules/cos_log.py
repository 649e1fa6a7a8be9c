"""Cosines that grow longer and longer."""

from __future__ import annotations

import math

from chainrule.errors import ConfigError
from chainrule.optim.checks import count
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler

__all__ = ["CosLogLR"]

_MOST_CYCLES = 50  # the last ones of more would be shorter than a rounding error


class CosLogLR(LRScheduler):
    """Let the learning rate rise and fall in cycles, each twice as long as the one before.

    ηₜ = η₀ · (1 − cos(2π · log₂(1 + (2ᶜ − 1)·t/T))) / 2 with c cycles: every cycle goes from 0 up to η₀ and down to 0,
    so that training has several ends of which the best can be kept.  Call `step` after every optimiser step
    (`interval` is ``"step"``).  Holzmüller, Grinsztajn & Steinwart, *Better by Default: Strong Pre-Tuned MLPs and
    Boosted Trees on Tabular Data*, NeurIPS 2024, arXiv:2407.04491, with c = 4 ("coslog4").

    Args:
        optimizer: whose rate to set.
        total_steps: T, steps from the first to the last; beyond them the cycles go on growing.
        cycles: c; default 4.
        last_epoch: see `LRScheduler`.

    Raises:
        ConfigError: for numbers that are not whole and positive.
    """

    interval = "step"

    def __init__(self, optimizer: Optimizer, total_steps: int, cycles: int = 4, last_epoch: int = -1) -> None:
        self.total_steps = count("total_steps", total_steps)
        self.cycles = count("cycles", cycles)
        if self.cycles > _MOST_CYCLES:
            raise ConfigError("too many cycles", expected=f"at most {_MOST_CYCLES}", got=self.cycles)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        share = self.last_epoch / self.total_steps
        turns = math.log2(1 + (2.0**self.cycles - 1) * share)
        height = (1 - math.cos(2 * math.pi * turns)) / 2
        return [base * height for base in self.base_lrs]
