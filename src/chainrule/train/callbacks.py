"""Callbacks: what else happens during training.  Keras's names and arguments."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from chainrule.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from chainrule.train.loop import Snapshot, Training

__all__ = [
    "Callback",
    "EarlyStopping",
    "LambdaCallback",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]

Logs = Mapping[str, float]
Mode = Literal["auto", "min", "max"]


class Callback:
    """Base class; override what you need.

    Attributes:
        training: the running training: ``model``, ``optimizer``, ``history``, ``stop(reason)``, ``snapshot()``.
        takes_part: whether it may look at the model, change it or change the optimiser's state in any way it likes;
            False for one that keeps to the logs, `snapshot`, `save`, `stop` and learning rates, which costs less.
    """

    training: Training
    takes_part: bool = True

    @property
    def model(self) -> Any:
        return self.training.model

    def on_train_begin(self) -> None:
        """Before the first epoch."""

    def on_epoch_begin(self, epoch: int) -> None:
        """Before an epoch (counted from 0)."""

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """After an epoch and its validation; `logs` are the epoch's values as in `History`."""

    def on_train_end(self) -> None:
        """After the last epoch, also if training was stopped or interrupted."""

    def epochs_ahead(self) -> int:
        """How many epochs may run before it is told of them, if it does not take part; they come one by one then."""
        return 1

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of this callback: numbers, text, arrays, snapshots, lists and dictionaries."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; called after `on_train_begin`."""


def takes_part(callback: Callback) -> bool:
    """Whether it may do anything: also where a subclass or an object does something of its own after epochs."""
    if callback.takes_part:
        return True
    kinds = type(callback).__mro__
    said = next(i for i, kind in enumerate(kinds) if "takes_part" in vars(kind))
    methods = ("on_epoch_begin", "on_epoch_end")
    return any(name in vars(one) for one in (callback, *kinds[:said]) for name in methods)


class Monitor:
    """Whether a value of the logs got better.

    Args:
        training: the running training, which knows what is recorded.
        name: key in the logs.
        mode: "min", "max", or "auto": accuracy and the like grow, losses and errors shrink.
        min_delta: smaller changes do not count.

    Raises:
        ConfigError: if nothing of that name will be recorded.
        UnknownNameError: for another mode.
    """

    def __init__(self, training: Training, name: str, mode: Mode, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise UnknownNameError("mode", mode, ("auto", "min", "max"))
        if name not in training.recorded:
            hint = ". Give validation data to fit" if str(name).startswith("val_") else ""
            known = ", ".join(training.recorded)
            raise ConfigError(f"nothing called {name!r} is recorded{hint}", fix=f"Recorded: {known}")
        grows = {metric.name: metric.higher_is_better for metric in training.metrics}
        upwards = mode == "max" or (mode == "auto" and grows.get(name.removeprefix("val_"), False))
        self.name, self.sign, self.min_delta = name, 1.0 if upwards else -1.0, abs(min_delta)
        self.best = -math.inf

    def improved(self, logs: Logs) -> bool:
        value = self.sign * logs[self.name]
        if math.isnan(value) or not value - self.min_delta > self.best:
            return False
        self.best = value
        return True

    def equalled(self, logs: Logs) -> bool:
        return self.sign * logs[self.name] == self.best


class EarlyStopping(Callback):
    """Stop when a value has not improved for a while.

    Args:
        monitor: what to watch, a key of `History`.
        patience: epochs without improvement that are put up with.
        min_delta: smallest change that counts as an improvement.
        mode: "min", "max" or "auto" (from the name).
        restore_best_weights: end with the parameters of the best epoch (Keras's default is False; here it is True,
            because ending with worse parameters than one has seen is rarely wanted).
        start_from_epoch: epochs to wait before watching.
        prefer_later: of epochs that are equally good, end with the last one's parameters instead of the first one's;
            for values that come in steps, as the accuracy on few rows does.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 0,
        min_delta: float = 0.0,
        mode: Mode = "auto",
        restore_best_weights: bool = True,
        start_from_epoch: int = 0,
        prefer_later: bool = False,
    ) -> None:
        self.prefer_later = prefer_later
        self.monitor, self.patience, self.min_delta, self.mode = monitor, patience, min_delta, mode
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch

    takes_part = False

    def on_train_begin(self) -> None:
        self.watched = Monitor(self.training, self.monitor, self.mode, self.min_delta)
        self.waited = 0
        self.best: Snapshot | None = None

    def epochs_ahead(self) -> int:
        # It cannot stop before it has waited, whatever happens.
        return 1 if self.restore_best_weights else max(1, self.patience - self.waited)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if epoch < self.start_from_epoch:
            return
        if self.watched.improved(logs):
            self.waited = 0
            if self.restore_best_weights:
                self.best = self.training.snapshot()
            return
        if self.prefer_later and self.restore_best_weights and self.watched.equalled(logs):
            self.best = self.training.snapshot()
        self.waited += 1
        if self.waited >= self.patience and epoch > 0:
            plural = "s" * (self.waited > 1)
            self.training.stop(f"{self.monitor} has not improved for {self.waited} epoch{plural}")

    def on_train_end(self) -> None:
        if self.best is not None:
            self.training.restore(self.best)

    def state_dict(self) -> dict[str, Any]:
        return {"watched": self.watched.best, "waited": self.waited, "best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.watched.best, self.waited, self.best = state["watched"], state["waited"], state["best"]


class ReduceLROnPlateau(Callback):
    """Lower the learning rate when a value has stopped improving.

    Args:
        monitor: what to watch.
        factor: new rate = factor · old rate.
        patience: epochs without improvement that are put up with.
        min_delta: smallest change that counts.
        cooldown: epochs to wait after a reduction.
        min_lr: never go below.
        mode: "min", "max" or "auto" (from the name).
    """

    takes_part = False

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        mode: Mode = "auto",
    ) -> None:
        if not 0 < factor < 1:
            raise ConfigError("bad factor", expected="a number between 0 and 1", got=factor)
        self.monitor, self.factor, self.patience, self.mode = monitor, factor, patience, mode
        self.min_delta, self.cooldown, self.min_lr = min_delta, cooldown, min_lr

    def on_train_begin(self) -> None:
        self.watched = Monitor(self.training, self.monitor, self.mode, self.min_delta)
        self.waited = self.cooling = 0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        improved = self.watched.improved(logs)
        if self.cooling:
            self.cooling -= 1
            self.waited = 0
        if improved:
            self.waited = 0
            return
        if self.cooling:
            return
        self.waited += 1
        if self.waited >= self.patience:
            for group in self.training.optimizer.param_groups:
                group["lr"] = max(group["lr"] * self.factor, self.min_lr)
            self.waited, self.cooling = 0, self.cooldown

    def state_dict(self) -> dict[str, Any]:
        return {"watched": self.watched.best, "waited": self.waited, "cooling": self.cooling}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.watched.best, self.waited, self.cooling = state["watched"], state["waited"], state["cooling"]


class TerminateOnNaN(Callback):
    """Raise when a loss is not finite.

    Training stops there in any case, keeps the parameters from before that step, and names the layer and the step in
    ``History.stopped``.  With this callback `fit` raises a `TrainingError` that says the same.

    Args:
        raise_error: False for what happens without this callback.
    """

    takes_part = False

    def __init__(self, raise_error: bool = True) -> None:
        self.raise_error = raise_error


class LambdaCallback(Callback):
    """Call plain functions.

    Args:
        on_train_begin, on_train_end: called without arguments.
        on_epoch_begin: called with the epoch.
        on_epoch_end: called with the epoch and the logs.
    """

    def __init__(
        self,
        on_epoch_end: Callable[[int, Logs], object] | None = None,
        on_epoch_begin: Callable[[int], object] | None = None,
        on_train_begin: Callable[[], object] | None = None,
        on_train_end: Callable[[], object] | None = None,
    ) -> None:
        for name, function in (
            ("on_epoch_end", on_epoch_end),
            ("on_epoch_begin", on_epoch_begin),
            ("on_train_begin", on_train_begin),
            ("on_train_end", on_train_end),
        ):
            if function is None:
                continue
            if not callable(function):
                raise ConfigError(f"{name} is not a function", got=repr(function)[:80])
            setattr(self, name, function)
