"""The one-cycle policy."""

from __future__ import annotations

import itertools
import math
from typing import Any, Literal

from chainrule.errors import ConfigError, UnknownNameError
from chainrule.optim.checks import count, share
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler, checked_optimizer, per_group

__all__ = ["OneCycleLR"]

_LOWER = ("max_momentum", "base_momentum")
_RAISE = ("base_momentum", "max_momentum")


class OneCycleLR(LRScheduler):
    """Raise the learning rate from a low one to `max_lr`, then let it fall far below; momentum goes the other way.

    Call `step` after every optimiser step (`interval` is ``"step"``).  Smith & Topin, *Super-Convergence: Very Fast
    Training of Neural Networks Using Large Learning Rates*, arXiv:1708.07120, 2017.

    Args:
        optimizer: whose rate (and momentum, or β₁) to set.
        max_lr: the highest rate, or a list with one for each group.
        total_steps: steps in the cycle; or give
        epochs: and
        steps_per_epoch: whose product it is.
        pct_start: share of the cycle in which the rate rises, from 0 to 1; default 0.3.
        anneal_strategy: ``"cos"`` or ``"linear"``.
        cycle_momentum: let momentum fall while the rate rises, and the other way round; default True.
        base_momentum: the lowest momentum, or a list; default 0.85.
        max_momentum: the highest momentum, or a list; default 0.95.
        div_factor: the first rate is ``max_lr / div_factor``; default 25.
        final_div_factor: the last rate is the first one divided by this; default 1e4.
        three_phase: come down to the first rate as fast as up, and only then to the last one; default False.
        last_epoch: see `LRScheduler`.

    Raises:
        ConfigError: for a value out of range, no number of steps, an optimiser without momentum, or more steps than
            the cycle has.
        UnknownNameError: for another `anneal_strategy`.
    """

    interval = "step"

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        checked_optimizer(optimizer)
        if anneal_strategy not in ("cos", "linear"):
            raise UnknownNameError("anneal_strategy", anneal_strategy, ("cos", "linear"))
        self.anneal_strategy = anneal_strategy
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        self.pct_start = float(share("pct_start", pct_start))
        self.three_phase = bool(three_phase)
        self.cycle_momentum = bool(cycle_momentum)
        if self.cycle_momentum and not {"momentum", "betas"} & set(optimizer.defaults):
            fix = "Pass cycle_momentum=False"
            raise ConfigError(f"{type(optimizer).__name__} has no momentum or beta1 to cycle", fix=fix)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, per_group("max_lr", max_lr, optimizer), strict=True):
                group["initial_lr"] = lr / div_factor
                group["max_lr"] = lr
                group["min_lr"] = group["initial_lr"] / final_div_factor
            if self.cycle_momentum:
                highest = per_group("max_momentum", max_momentum, optimizer)
                lowest = per_group("base_momentum", base_momentum, optimizer)
                for group, high, low in zip(optimizer.param_groups, highest, lowest, strict=True):
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ConfigError(
                "the cycle is over",
                expected=f"at most {self.total_steps} steps",
                got=self.last_epoch,
                where="OneCycleLR",
            )
        (lr_from, lr_to), (momentum_from, momentum_to), share = self._now()
        lrs = []
        for group in self.optimizer.param_groups:
            lrs.append(self._between(group[lr_from], group[lr_to], share))
            if self.cycle_momentum:
                _set_momentum(group, self._between(group[momentum_from], group[momentum_to], share))
        return lrs

    def _phases(self) -> list[tuple[float, tuple[str, str], tuple[str, str]]]:
        """The last step of each phase, and from what to what learning rate and momentum go in it."""
        top = self.pct_start * self.total_steps - 1
        rise = (top, ("initial_lr", "max_lr"), _LOWER)
        last = float(self.total_steps - 1)
        if not self.three_phase:
            return [rise, (last, ("max_lr", "min_lr"), _RAISE)]
        fall = (2 * self.pct_start * self.total_steps - 2, ("max_lr", "initial_lr"), _RAISE)
        return [rise, fall, (last, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))]

    def _now(self) -> tuple[tuple[str, str], tuple[str, str], float]:
        """What changes in the present phase, and the share of the phase that is over."""
        phases = self._phases()
        starts = [0.0, *(end for end, _, _ in phases)]
        for start, (end, lr, momentum) in itertools.islice(zip(starts, phases, strict=False), len(phases) - 1):
            if self.last_epoch <= end:
                # A phase without length is over at once.
                return lr, momentum, (self.last_epoch - start) / (end - start) if end != start else 1.0
        end, lr, momentum = phases[-1]
        start = starts[-2]
        return lr, momentum, (self.last_epoch - start) / (end - start) if end != start else 1.0

    def _between(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is not None:
        return count("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise ConfigError("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
    return count("epochs", epochs) * count("steps_per_epoch", steps_per_epoch)


def _set_momentum(group: dict[str, Any], momentum: float) -> None:
    if "betas" in group:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum
