"""One schedule after another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from chainrule.errors import ConfigError, DTypeError
from chainrule.optim.checks import count
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler, checked_optimizer

__all__ = ["SequentialLR"]


class SequentialLR(LRScheduler):
    """Run schedules one after another, e.g. a warm-up and then a decay; each counts from 0 when its turn comes.

        >>> from chainrule import optim, tensor
        >>> optimizer = optim.SGD([tensor([1.0], requires_grad=True)], lr=1.0)
        >>> warmup = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> decay = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> schedule = optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
        >>> for epoch in range(5):
        ...     print(schedule.get_last_lr())
        ...     schedule.step()
        [0.5]
        [0.75]
        [1.0]
        [0.5]
        [0.25]

    Args:
        optimizer: that of all the schedules.
        schedulers: the schedules in their order.
        milestones: increasing epochs at which the next schedule takes over; one fewer than schedules.
        last_epoch: see `LRScheduler`.

    Raises:
        ConfigError: for no schedule, another number of milestones, schedules of another optimiser, or one that needs
            a metric or is a sequence itself.
    """

    not_saved = ("optimizer", "schedulers")

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        self.optimizer = checked_optimizer(optimizer)
        self.schedulers = list(schedulers)
        self.milestones = [count("a milestone", milestone) for milestone in milestones]
        self._check()
        self.interval = self.schedulers[0].interval
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch + 1
        self.schedulers[0].restart(self.base_lrs)
        self._last_lr = self.schedulers[0].get_last_lr()

    def _check(self) -> None:
        if len(self.milestones) != len(self.schedulers) - 1:
            raise ConfigError(
                "SequentialLR needs one milestone fewer than schedules",
                expected=len(self.schedulers) - 1 if self.schedulers else "at least one schedule",
                got=len(self.milestones),
            )
        if any(a >= b for a, b in zip(self.milestones, self.milestones[1:], strict=False)):
            raise ConfigError("milestones must increase", got=self.milestones)
        for i, schedule in enumerate(self.schedulers):
            if not isinstance(schedule, LRScheduler):
                raise DTypeError("not a schedule", got=type(schedule).__name__, where=f"schedulers[{i}]")
            if schedule.optimizer is not self.optimizer:
                raise ConfigError("a schedule belongs to another optimizer", where=f"schedulers[{i}]")
            if schedule.needs_metric or isinstance(schedule, SequentialLR):
                raise ConfigError(f"SequentialLR cannot run a {type(schedule).__name__}", where=f"schedulers[{i}]")

    def step(self) -> None:
        self.last_epoch += 1
        turn = bisect_right(self.milestones, self.last_epoch)
        schedule = self.schedulers[turn]
        if turn > 0 and self.milestones[turn - 1] == self.last_epoch:
            schedule.restart(schedule.base_lrs)
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "schedulers": [schedule.state_dict() for schedule in self.schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        states = state_dict.get("schedulers", ())
        if len(states) != len(self.schedulers):
            raise ConfigError("the state has other schedules", expected=len(self.schedulers), got=len(states))
        super().load_state_dict({key: value for key, value in state_dict.items() if key != "schedulers"})
        for schedule, state in zip(self.schedulers, states, strict=True):
            schedule.load_state_dict(state)
