"""Schedules by name, with defaults that follow from the length of the training."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.optim.checks import count
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler, checked_optimizer
from chainrule.optim.schedules.constant import ConstantLR
from chainrule.optim.schedules.cos_log import CosLogLR
from chainrule.optim.schedules.cosine import CosineAnnealingLR
from chainrule.optim.schedules.exponential import ExponentialLR
from chainrule.optim.schedules.linear import LinearLR
from chainrule.optim.schedules.multi_step import MultiStepLR
from chainrule.optim.schedules.one_cycle import OneCycleLR
from chainrule.optim.schedules.plateau import ReduceLROnPlateau
from chainrule.optim.schedules.sequential import SequentialLR
from chainrule.optim.schedules.step_lr import StepLR
from chainrule.optim.schedules.warm_restarts import CosineAnnealingWarmRestarts

__all__ = ["NAMES", "get"]

_WARMUP_SHARE = 0.05
_WARMUP_START = 0.01


def get(
    schedule: str | LRScheduler | Callable[..., LRScheduler],
    optimizer: Optimizer,
    total_epochs: int,
    steps_per_epoch: int,
    **options: Any,
) -> LRScheduler:
    """Return the schedule of a name, fitted to the length of the training; a schedule is returned as it is.

    ================  ==================================================================================
    ``constant``      the optimiser's rate throughout
    ``step``          a tenth after each third of the epochs
    ``multi_step``    a tenth after half and after three quarters of the epochs
    ``exponential``   every epoch by the factor that ends at a hundredth
    ``linear``        linearly to zero
    ``cosine``        half a cosine to zero
    ``restarts``      cosines of 1, 2 and 4 sevenths of the epochs, each from the full rate
    ``one_cycle``     one cycle (every step) with the optimiser's rate at the top; momentum too, if it is in use
    ``cos_log``       four cosine cycles (every step), each twice as long as the one before, from and to zero
    ``warmup``        linearly up in the first twentieth of the steps
    ``warmup_cosine`` the same, then half a cosine to zero (every step)
    ``plateau``       a tenth when the watched metric has not got better for a tenth of the epochs
    ================  ==================================================================================

    Args:
        schedule: a name, a schedule, a class, or any function of the optimiser that returns a schedule.
        optimizer: whose rate to set.
        total_epochs: how many epochs will be trained.
        steps_per_epoch: how many optimiser steps each has.
        **options: arguments of the schedule that replace those defaults.

    Raises:
        UnknownNameError: for a name that does not exist, or an option that the schedule does not have.
        ConfigError: for a schedule of another optimiser, or options for a schedule that exists already.
        DTypeError: for anything else.
    """
    checked_optimizer(optimizer)
    epochs, steps = count("total_epochs", total_epochs), count("steps_per_epoch", steps_per_epoch)
    if isinstance(schedule, str):
        if schedule not in _SCHEDULES:
            raise UnknownNameError("schedule", schedule, NAMES)
        return _SCHEDULES[schedule](optimizer, epochs, epochs * steps, options)
    made = schedule
    if not isinstance(schedule, LRScheduler):
        if not callable(schedule):
            raise DTypeError("not a schedule", expected="a name or an LRScheduler", got=type(schedule).__name__)
        made = schedule(optimizer, **options)
    elif options:
        raise ConfigError("a schedule that exists takes no options", got=", ".join(options))
    if not isinstance(made, LRScheduler):
        raise DTypeError("not a schedule", expected="an LRScheduler", got=type(made).__name__)
    if made.optimizer is not optimizer:
        raise ConfigError("the schedule belongs to another optimizer", fix="Make it for the optimizer in use")
    return made


def _make(
    kind: Callable[..., LRScheduler], optimizer: Optimizer, options: dict[str, Any], **defaults: Any
) -> LRScheduler:
    known = [name for name in inspect.signature(kind).parameters if name != "optimizer"]
    for name in options:
        if name not in known:
            raise UnknownNameError(f"option of {getattr(kind, '__name__', 'the schedule')}", name, known)
    return kind(optimizer, **{**defaults, **options})


def _constant(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(ConstantLR, optimizer, options, factor=1.0, total_iters=epochs)


def _step(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(StepLR, optimizer, options, step_size=math.ceil(epochs / 3))


def _multi_step(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(MultiStepLR, optimizer, options, milestones=[math.ceil(epochs / 2), math.ceil(epochs * 3 / 4)])


def _exponential(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(ExponentialLR, optimizer, options, gamma=0.01 ** (1 / epochs))


def _linear(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(LinearLR, optimizer, options, start_factor=1.0, end_factor=0.0, total_iters=epochs)


def _cosine(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(CosineAnnealingLR, optimizer, options, T_max=epochs)


def _restarts(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(CosineAnnealingWarmRestarts, optimizer, options, T_0=math.ceil(epochs / 7), T_mult=2)


def _one_cycle(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    top = [group["lr"] for group in optimizer.param_groups]
    # Cycling would switch momentum on in an optimiser that was asked to do without.
    cycle = bool(optimizer.defaults.get("betas") or optimizer.defaults.get("momentum"))
    length = {} if "epochs" in options else {"total_steps": steps}
    return _make(OneCycleLR, optimizer, options, max_lr=top, cycle_momentum=cycle, **length)


def _cos_log(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(CosLogLR, optimizer, options, total_steps=steps)


def _warmup(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _by_step(_make(LinearLR, optimizer, options, start_factor=_WARMUP_START, total_iters=_warmup_steps(steps)))


def _warmup_cosine(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    def warmup_cosine(
        optimizer: Optimizer, warmup_steps: int, start_factor: float = _WARMUP_START, eta_min: float = 0.0
    ) -> LRScheduler:
        warmup = LinearLR(optimizer, start_factor, total_iters=warmup_steps)
        decay = CosineAnnealingLR(optimizer, max(1, steps - warmup.total_iters), eta_min)
        return SequentialLR(optimizer, [warmup, decay], [warmup.total_iters])

    return _by_step(_make(warmup_cosine, optimizer, options, warmup_steps=_warmup_steps(steps)))


def _plateau(optimizer: Optimizer, epochs: int, steps: int, options: dict[str, Any]) -> LRScheduler:
    return _make(ReduceLROnPlateau, optimizer, options, patience=min(10, math.ceil(epochs / 10)))


def _warmup_steps(steps: int) -> int:
    return math.ceil(steps * _WARMUP_SHARE)


def _by_step(schedule: LRScheduler) -> LRScheduler:
    schedule.interval = "step"
    return schedule


_SCHEDULES: dict[str, Callable[[Optimizer, int, int, dict[str, Any]], LRScheduler]] = {
    "constant": _constant,
    "step": _step,
    "multi_step": _multi_step,
    "exponential": _exponential,
    "linear": _linear,
    "cosine": _cosine,
    "restarts": _restarts,
    "one_cycle": _one_cycle,
    "cos_log": _cos_log,
    "warmup": _warmup,
    "warmup_cosine": _warmup_cosine,
    "plateau": _plateau,
}

NAMES = tuple(_SCHEDULES)
"""The names that `get` knows."""
