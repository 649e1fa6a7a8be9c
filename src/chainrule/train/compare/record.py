"""One training, as all comparisons record it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.errors import UnknownNameError
from chainrule.explain.record import Record
from chainrule.messages import keys, text

__all__ = ["Run", "measured", "metric_title", "place"]


@dataclass(frozen=True)
class Run(Record):
    """One training.

    Attributes:
        name: what is special about it, e.g. "dropout" or "adam".
        seed: of its initial weights, batch order and dropout.
        start: the training loss before the first step.
        losses: the training loss after each epoch, of all training rows and in evaluation mode, so that networks with
            and without dropout or batch normalisation are measured alike.
        val_losses, scores: the same for the validation rows; loss and metric.  Empty without such rows.
        seconds: how long training had taken by the end of each epoch, measuring not counted.
        stopped: why it ended before the last epoch, or None.
    """

    name: str
    seed: int
    start: float
    losses: tuple[float, ...]
    val_losses: tuple[float, ...]
    scores: tuple[float, ...]
    seconds: tuple[float, ...]
    stopped: str | None

    @property
    def epochs(self) -> int:
        """Number of epochs that were finished."""
        return len(self.losses)

    @property
    def best_epoch(self) -> int | None:
        """The epoch (from 1) with the lowest validation loss, or training loss if there are no validation rows."""
        curve = [value if math.isfinite(value) else math.inf for value in self.val_losses or self.losses]
        return curve.index(min(curve)) + 1 if curve else None

    def first_below(self, goal: float) -> int | None:
        """The first epoch (from 1) after which the training loss is at most `goal`, or None."""
        return next((epoch for epoch, loss in enumerate(self.losses, start=1) if loss <= goal), None)


def place(kind: str, name: str, names: Sequence[str]) -> int:
    """Where that name stands.

    Raises:
        UnknownNameError: if it is none of them; `kind` says what they are names of.
    """
    if name not in names:
        raise UnknownNameError(kind, name, names)
    return names.index(name)


def metric_title(metric: str, lang: str | None = None) -> str:
    """A metric's name in words, where there is one; else the name that it has in code."""
    key = f"compare.metric.{metric}"
    return text(key, lang) if key in keys() else metric


def measured(metric: str, value: float) -> str:
    """A metric as people write it: accuracy in percent."""
    return f"{value:.1%}" if metric == "accuracy" else f"{value:.4g}"
