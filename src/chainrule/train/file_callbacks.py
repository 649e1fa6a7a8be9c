"""Callbacks that write files, which most trainings need not wait for."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, FormatError
from chainrule.files import atomic_write, expanded
from chainrule.nn import registry
from chainrule.train.callbacks import Callback, Logs, Mode, Monitor

__all__ = ["CSVLogger", "ModelCheckpoint"]


class ModelCheckpoint(Callback):
    """Save the model after epochs.

    Args:
        path: file to write; may contain ``{epoch}`` and names of logged values, e.g. ``"net-{epoch:03d}.safetensors"``.
        monitor: what "best" is measured by.
        save_best_only: save only when it improved.
        mode: "min", "max" or "auto" (from the name).
    """

    takes_part = False

    def __init__(
        self, path: str | os.PathLike[str], monitor: str = "val_loss", save_best_only: bool = False, mode: Mode = "auto"
    ) -> None:
        self.path, self.monitor, self.save_best_only, self.mode = os.fspath(path), monitor, save_best_only, mode

    def on_train_begin(self) -> None:
        self.watched = Monitor(self.training, self.monitor, self.mode) if self.save_best_only else None
        # What would fail after an epoch can fail before it.
        registry.describe(self.model)
        expanded(self._filled(0, dict.fromkeys(self.training.recorded, 0.0)))

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        if self.watched is None or self.watched.improved(logs):
            self.training.save(self._filled(epoch, logs))

    def state_dict(self) -> dict[str, Any]:
        return {} if self.watched is None else {"watched": self.watched.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        if self.watched is not None:
            self.watched.best = state["watched"]

    def _filled(self, epoch: int, logs: Logs) -> str:
        try:
            return self.path.format(epoch=epoch + 1, **logs)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"checkpoint path {self.path!r} cannot be filled in: {error}", fix=f"Known: epoch, {', '.join(logs)}"
            ) from error


class CSVLogger(Callback):
    """Write one line per epoch to a CSV file.

    Args:
        path: the file.  It is replaced as a whole, so that it is never half written: after each epoch, or, where
            epochs are so short that this would hold them up, every few epochs, and at the end in any case.
        separator: between the fields.
        append: go on after what the file holds already.

    Raises:
        FormatError: with `append`, if the file holds other columns.
        MissingFileError: if the folder does not exist or cannot be written to.
    """

    takes_part = False
    _SHARE = 20  # training takes at least this many times as long as writing

    def __init__(self, path: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.path, self.separator, self.append = expanded(path), separator, append

    def on_train_begin(self) -> None:
        title = self.separator.join(["epoch", *self.training.recorded])
        self.lines = self._kept() or [title]
        if self.lines[0] != title:
            raise FormatError("the log to append to has other columns", expected=title, got=self.lines[0][:80])
        self.due = 0.0
        self._write()

    def _kept(self) -> list[str]:
        if not self.append or not self.path.is_file():
            return []
        return self.path.read_text("utf-8", errors="replace").splitlines()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        values = (repr(float(logs[name])) for name in self.training.recorded)
        self.lines.append(self.separator.join([str(epoch + 1), *values]))
        self.unwritten = True
        if time.perf_counter() >= self.due:
            self._write()

    def on_train_end(self) -> None:
        if self.unwritten:
            self._write()

    def state_dict(self) -> dict[str, Any]:
        return {"lines": np.frombuffer("\n".join(self.lines).encode(), np.uint8)}  # there may be very many

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.lines = state["lines"].tobytes().decode().split("\n")
        self._write()

    def _write(self) -> None:
        began = time.perf_counter()
        with atomic_write(self.path) as file:
            file.write(("\n".join(self.lines) + "\n").encode())
        now = time.perf_counter()
        self.due = now + self._SHARE * (now - began)
        self.unwritten = False
