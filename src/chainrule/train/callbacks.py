"""Callbacks: what else happens during training.  Keras's names and arguments."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from chainrule.errors import ConfigError, UnknownNameError
from chainrule.files import atomic_write

if TYPE_CHECKING:
    from chainrule.train.loop import Training

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "LambdaCallback",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
]

Logs = Mapping[str, float]
Mode = Literal["auto", "min", "max"]


class Callback:
    """Base class; override what you need.

    Attributes:
        training: the running training: ``model``, ``optimizer``, ``history``, ``stop(reason)``.
    """

    training: Training

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


class _Monitor:
    """Whether a value of the logs got better.

    Args:
        name: key in the logs.
        mode: "min", "max", or "auto": accuracy and the like grow, losses and errors shrink.
        min_delta: smaller changes do not count.
    """

    def __init__(self, name: str, mode: Mode, min_delta: float) -> None:
        if mode not in ("auto", "min", "max"):
            raise UnknownNameError("mode", mode, ("auto", "min", "max"))
        self.name = name
        self.sign = 1.0 if mode == "max" or (mode == "auto" and _grows(name)) else -1.0
        self.min_delta = abs(min_delta)
        self.best = -math.inf

    def value(self, logs: Logs) -> float:
        if self.name not in logs:
            hint = ". Give validation data to fit" if self.name.startswith("val_") else ""
            raise ConfigError(f"nothing called {self.name!r} is recorded{hint}", fix=f"Recorded: {', '.join(logs)}")
        return self.sign * logs[self.name]

    def improved(self, logs: Logs) -> bool:
        value = self.value(logs)
        if math.isnan(value) or not value - self.min_delta > self.best:
            return False
        self.best = value
        return True


def _grows(name: str) -> bool:
    from chainrule import metrics

    bare = name.removeprefix("val_")
    return bare in metrics.names() and metrics.get(bare).higher_is_better


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
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        patience: int = 0,
        min_delta: float = 0.0,
        mode: Mode = "auto",
        restore_best_weights: bool = True,
        start_from_epoch: int = 0,
    ) -> None:
        self.monitor, self.patience, self.min_delta, self.mode = monitor, patience, min_delta, mode
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch

    def on_train_begin(self) -> None:
        self.watched = _Monitor(self.monitor, self.mode, self.min_delta)
        self.waited = 0
        self.best: dict[str, np.ndarray] | None = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.watched.improved(logs):
            self.waited, self.best_epoch = 0, epoch
            if self.restore_best_weights:
                self.best = self.training.snapshot()
            return
        if epoch < self.start_from_epoch:
            return
        self.waited += 1
        if self.waited >= self.patience:
            self.training.stop(f"{self.monitor} has not improved for {self.waited} epochs")

    def on_train_end(self) -> None:
        if self.best is not None and self.best_epoch + 1 < self.training.history.epochs:
            self.training.restore(self.best, self.best_epoch)


class ModelCheckpoint(Callback):
    """Save the model after epochs.

    Args:
        path: file to write; may contain ``{epoch}`` and names of logged values, e.g. ``"net-{epoch:03d}.safetensors"``.
        monitor: what "best" is measured by.
        save_best_only: save only when it improved.
        mode: "min", "max" or "auto" (from the name).
    """

    def __init__(
        self, path: str | os.PathLike[str], monitor: str = "val_loss", save_best_only: bool = False, mode: Mode = "auto"
    ) -> None:
        self.path, self.monitor, self.save_best_only, self.mode = os.fspath(path), monitor, save_best_only, mode

    def on_train_begin(self) -> None:
        self.watched = _Monitor(self.monitor, self.mode, 0.0)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if not self.save_best_only or self.watched.improved(logs):
            try:
                path = self.path.format(epoch=epoch + 1, **logs)
            except (KeyError, IndexError, ValueError) as error:
                raise ConfigError(
                    f"checkpoint path {self.path!r} cannot be filled in: {error}",
                    fix=f"Known: epoch, {', '.join(logs)}",
                ) from error
            self.training.save(path)


class CSVLogger(Callback):
    """Write one line per epoch to a CSV file.

    Args:
        path: the file; it is complete after every epoch.
        separator: between the fields.
        append: go on after what the file holds already.
    """

    def __init__(self, path: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.path, self.separator, self.append = Path(path), separator, append

    def on_train_begin(self) -> None:
        kept = self.path.read_text("utf-8").splitlines() if self.append and self.path.is_file() else []
        self.lines = kept
        self.titled = bool(kept)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if not self.titled:
            self.lines.append(self.separator.join(["epoch", *logs]))
            self.titled = True
        self.lines.append(self.separator.join([str(epoch + 1), *(repr(float(value)) for value in logs.values())]))
        with atomic_write(self.path) as file:
            file.write(("\n".join(self.lines) + "\n").encode())


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
        self.watched = _Monitor(self.monitor, self.mode, self.min_delta)
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
            if function is not None:
                setattr(self, name, function)
