"""What a learning-rate schedule sets, handed to engines step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from chainrule.optim.lr_scheduler import LRScheduler

__all__ = ["Rates"]

_SCHEDULED = ("lr", "momentum", "betas")

Settings = list[dict[str, Any]]
"""For each parameter group the hyperparameters that schedules change."""


class Rates:
    """Moves a schedule on as a training loop does in PyTorch, though an engine runs many steps at once.

    Args:
        optimizer: whose groups the schedule sets.
        schedule: the schedule, or None.
        steps_per_epoch: optimiser steps in one epoch.
    """

    def __init__(self, optimizer: Optimizer, schedule: LRScheduler | None, steps_per_epoch: int) -> None:
        self.optimizer, self.schedule, self.steps_per_epoch = optimizer, schedule, steps_per_epoch
        self._upcoming: Settings | None = None

    @property
    def needs_metric(self) -> bool:
        """Whether the schedule wants to see each epoch's loss before it goes on."""
        return self.schedule is not None and self.schedule.needs_metric

    @property
    def lr(self) -> float:
        """The learning rate (of the first group) that the next step uses."""
        return float(self.optimizer.param_groups[0]["lr"])

    def for_steps(self, steps: int, epochs: int = 0) -> list[Settings] | None:
        """The settings of each of the next steps; None if nothing changes within them.

        The schedule is moved on past these steps, or, if it goes by epochs, up to the last of these whole epochs.

        Args:
            steps: how many steps.
            epochs: how many epochs these are, if they are whole ones.
        """
        schedule = self.schedule
        if schedule is None or schedule.needs_metric:
            return None
        settings: list[Settings]
        if schedule.interval == "step":
            settings = []
            for _ in range(steps):
                settings.append(self._current())
                schedule.step()
        elif epochs < 2:
            return None
        else:
            each = [self._current()]
            for _ in range(epochs - 1):
                schedule.step()
                each.append(self._current())
            settings = [one for one in each for _ in range(self.steps_per_epoch)]
        self._upcoming = self._current()
        return settings

    def settle(self) -> None:
        """After a block: give the groups what the schedule has set for the steps to come, not what was used last."""
        if self._upcoming is not None:
            for group, settings in zip(self.optimizer.param_groups, self._upcoming, strict=True):
                group.update(settings)
            self._upcoming = None

    def end_epoch(self, loss: float) -> None:
        """Go on to the next epoch, after one that ended with `loss` (of the validation data, if there are any)."""
        if self.schedule is None:
            return
        if self.schedule.needs_metric:
            self.schedule.step(loss)  # type: ignore[call-arg]  # those that need a metric take it
        elif self.schedule.interval == "epoch":
            self.schedule.step()

    def _current(self) -> Settings:
        return [{name: group[name] for name in _SCHEDULED if name in group} for group in self.optimizer.param_groups]
