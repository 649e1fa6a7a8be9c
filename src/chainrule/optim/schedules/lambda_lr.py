"""A schedule given as a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.errors import DTypeError
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.base import LRScheduler, checked_optimizer, per_group

__all__ = ["LambdaLR"]


class LambdaLR(LRScheduler):
    """Multiply the first learning rate by a function of the epoch: ηₜ = η₀ · f(t).

    Args:
        optimizer: whose rate to set.
        lr_lambda: f, or a list with one function for each group; functions are not part of `state_dict`.
        last_epoch: see `LRScheduler`.
    """

    not_saved = ("optimizer", "lr_lambdas")

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambdas: list[Any] = per_group("lr_lambda", lr_lambda, checked_optimizer(optimizer))
        for function in self.lr_lambdas:
            if not callable(function):
                raise DTypeError("lr_lambda must be a function of the epoch", got=repr(function))
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [
            base * float(factor(self.last_epoch)) for base, factor in zip(self.base_lrs, self.lr_lambdas, strict=True)
        ]
