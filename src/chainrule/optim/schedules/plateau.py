"""Reduce the rate when a metric stops getting better."""

from __future__ import annotations

import math
from typing import Any, Literal

from chainrule.errors import ConfigError, UnknownNameError
from chainrule.optim.checks import not_negative, real
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler, checked_optimizer, per_group

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiply the learning rate by a factor once a metric has not got better for more than `patience` epochs.

    Args:
        optimizer: whose rate to set.
        mode: ``"min"`` if smaller is better, ``"max"`` if larger is.
        factor: by which to multiply, below 1; default 0.1.
        patience: how many epochs without improvement are let pass; default 10.
        threshold: the least change that counts as better; default 1e-4.
        threshold_mode: ``"rel"``: that share of the best value; ``"abs"``: the change itself.
        cooldown: epochs after a reduction in which nothing counts as bad; default 0.
        min_lr: the lowest rate, or a list with one for each group; default 0.
        eps: a reduction by less than this is not made; default 1e-8.

    Raises:
        ConfigError: for a value out of range.
        UnknownNameError: for another `mode` or `threshold_mode`.
    """

    needs_metric = True

    def __init__(
        self,
        optimizer: Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max"):
            raise UnknownNameError("mode", mode, ("min", "max"))
        if threshold_mode not in ("rel", "abs"):
            raise UnknownNameError("threshold_mode", threshold_mode, ("rel", "abs"))
        if not_negative("factor", factor) >= 1:
            raise ConfigError("factor must be below 1", got=factor)
        self.optimizer = checked_optimizer(optimizer)
        self.interval = type(self).interval
        self.mode, self.factor = mode, float(factor)
        self.patience, self.cooldown = int(not_negative("patience", patience)), int(not_negative("cooldown", cooldown))
        self.threshold, self.threshold_mode = float(real("threshold", threshold)), threshold_mode
        self.min_lrs = per_group("min_lr", min_lr, optimizer)
        self.eps = float(not_negative("eps", eps))
        self.base_lrs = self.current_lr()
        self.best: float | None = None
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._last_lr = self.current_lr()

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Look at the metric of the epoch that is over, a number, and reduce the rates if it is time to."""
        current = float(metrics)
        self.last_epoch += 1
        if self._better(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self.current_lr()

    @property
    def in_cooldown(self) -> bool:
        return self.cooldown_counter > 0

    def _better(self, current: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        best = -sign * math.inf if self.best is None else self.best
        bound = best * (1 + sign * self.threshold) if self.threshold_mode == "rel" else best + sign * self.threshold
        return current > bound if sign > 0 else current < bound

    def _reduce(self) -> None:
        for group, lowest in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = max(group["lr"] * self.factor, lowest)
            if group["lr"] - lr > self.eps:
                group["lr"] = lr
