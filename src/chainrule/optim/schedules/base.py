"""What all learning-rate schedules share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from chainrule.errors import ConfigError, DTypeError
from chainrule.optim.optimizer import Optimizer

__all__ = ["LRScheduler", "checked_optimizer", "per_group"]


class LRScheduler:
    """Base of the schedules: sets the learning rate of each parameter group, now and at each `step`.

    The rates are computed from the groups' present ones where that is possible, as PyTorch does, so that several
    schedules can work on one optimiser.

    Args:
        optimizer: whose groups get their ``"lr"`` from here.
        last_epoch: the number of steps taken before; -1 to start afresh.

    Attributes:
        last_epoch: how many steps have been taken.
        base_lrs: each group's rate before any schedule.
        interval: when a training loop calls `step`: after each ``"epoch"`` or after each optimiser ``"step"``;
            may be set.
        needs_metric: whether `step` takes the number that is being watched.

    Raises:
        DTypeError: if `optimizer` is none.
        ConfigError: if `last_epoch` ≥ 0 and a group does not know its ``"initial_lr"``.
    """

    interval: Literal["epoch", "step"] = "epoch"
    needs_metric: ClassVar[bool] = False
    not_saved: ClassVar[tuple[str, ...]] = ("optimizer",)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = checked_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                fix = "Load the optimizer's state before resuming a schedule"
                raise ConfigError(f"param_groups[{i}] has no 'initial_lr'", where=f"last_epoch={last_epoch}", fix=fix)
        self.interval = type(self).interval
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def get_lr(self) -> list[float]:
        """Each group's rate at `last_epoch`, one step after its present one."""
        raise NotImplementedError(f"{type(self).__name__}.get_lr")

    def first_lr(self) -> list[float]:
        """Each group's rate when the schedule begins or resumes."""
        return self.get_lr()

    def current_lr(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def get_last_lr(self) -> list[float]:
        """Each group's rate as last set by this schedule."""
        return self._last_lr

    def step(self) -> None:
        """Set the rates of the next epoch (or optimiser step, see `interval`); call it after the optimiser."""
        self.last_epoch += 1
        self._set(self.get_lr())

    def restart(self, lrs: Sequence[float]) -> None:
        """Begin again, from these rates (`SequentialLR` does so when it is a schedule's turn)."""
        self._set(lrs)
        self.last_epoch = -1
        self._begin()

    def _begin(self) -> None:
        self.last_epoch += 1
        self._set(self.first_lr())

    def _set(self, lrs: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = self.current_lr()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimiser, JSON-able; the optimiser's own `state_dict` has the groups' rates."""
        return {key: _copied(value) for key, value in vars(self).items() if key not in self.not_saved}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue exactly where `state_dict` was taken.

        Raises:
            ConfigError: for the state of another schedule.
        """
        own = set(vars(self)) - set(self.not_saved)
        if set(state_dict) != own:
            differing = ", ".join(sorted(own ^ set(state_dict)))
            raise ConfigError("the state is another schedule's", where=f"{type(self).__name__}: {differing}")
        for key, value in state_dict.items():
            setattr(self, key, _copied(value))


def checked_optimizer(optimizer: Any) -> Optimizer:
    """`optimizer`, if it is one.

    Raises:
        DTypeError: if it is none.
    """
    if not isinstance(optimizer, Optimizer):
        raise DTypeError("a schedule works on an Optimizer", got=type(optimizer).__name__)
    return optimizer


def per_group(name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """One value for each parameter group: `value` for all, or the elements of a list.

    Raises:
        ConfigError: if the list's length is not the number of groups.
    """
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * groups
    if len(value) != groups:
        raise ConfigError(f"{name} needs one value for each parameter group", expected=groups, got=len(value))
    return list(value)


def _copied(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value
