"""Checkpoints: a training that is killed at any moment goes on later, and ends as if nothing had happened."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainrule.errors import ChainruleError, ConfigError, DTypeError, FormatError
from chainrule.train.checkpoint_folder import Entry, Folder, Manifest
from chainrule.train.checkpoint_run import describe_run, differences
from chainrule.train.checkpoint_state import checked_snapshot, put_back, taken
from chainrule.train.checkpoint_values import pack, unpack
from chainrule.train.evaluation import check_count
from chainrule.train.loop import Training

__all__ = ["Checkpointing", "Checkpoints", "as_checkpoints"]

_SHARE = 20  # training takes at least this many times as long as saving
# What a file with a sound checksum can still do to code that reads it.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Checkpoints:
    """Where and how often `fit` saves all that it needs to go on: ``fit(…, checkpoint=Checkpoints("runs/iris"))``.

    A checkpoint holds parameters, buffers, the state of optimiser, schedule, callbacks and random numbers, the epoch,
    the step and the curves.  It is taken between two epochs and committed by one rename (see
    `chainrule.train.checkpoint_folder`), so a run that is killed, or whose disk is full, leaves the last one or the
    one before, whole.

    Args:
        folder: the folder of one run; it is made if need be.
        every: epochs between two checkpoints; None: as often as possible while training takes twenty times as long
            as saving, so that next to no work is lost, and next to no time.
        max_to_keep: how many checkpoints stay.  An older one is gone back to if the newest is damaged.

    Raises:
        ConfigError: if `every` or `max_to_keep` is no whole number from 1 on.
        DTypeError: if `folder` is no path.
    """

    folder: str | os.PathLike[str]
    every: int | None = None
    max_to_keep: int = 3

    def __post_init__(self) -> None:
        if not isinstance(self.folder, (str, os.PathLike)):
            raise DTypeError("not a folder for checkpoints", expected="a path", got=type(self.folder).__name__)
        if not os.fspath(self.folder):
            raise ConfigError("the folder for checkpoints has no name", fix='Name one, e.g. "runs/iris"')
        if self.every is not None:
            check_count("every", self.every)
        check_count("max_to_keep", self.max_to_keep)

    @property
    def epochs(self) -> int | None:
        """How many epochs the newest checkpoint in the folder has behind it; None if there is none.

        Raises:
            FormatError: if the manifest is corrupt.
        """
        manifest = Folder(self.folder).manifest()
        return None if manifest is None or not manifest.entries else manifest.entries[-1].epoch


def as_checkpoints(wanted: Any, resume: bool) -> Checkpoints | None:
    """What `fit` was given, as `Checkpoints`.

    Raises:
        ConfigError: for `resume` without a folder.
        DTypeError: if `wanted` is no path.
    """
    if wanted is None:
        if resume:
            raise ConfigError("resume needs to know where the checkpoints are", fix='Pass checkpoint="runs/iris"')
        return None
    return wanted if isinstance(wanted, Checkpoints) else Checkpoints(wanted)


class Checkpointing:
    """The checkpoints of one training, used by the loop.

    Args:
        settings: where, and how often.
        resume: go on from the newest checkpoint, if there is one; else it is an error if there is one.
    """

    def __init__(self, settings: Checkpoints, resume: bool) -> None:
        self.folder, self.settings, self.resume = Folder(settings.folder), settings, resume
        self._run: dict[str, Any] = {}
        self._entries: tuple[Entry, ...] = ()
        self._due = 0.0

    def seed(self) -> int | None:
        """The seed of the run to be resumed, for those that did not name one."""
        manifest = self.folder.manifest() if self.resume else None
        seed = None if manifest is None else manifest.run.get("seed")
        return seed if type(seed) is int and seed >= 0 else None

    @contextlib.contextmanager
    def attached(self, training: Training) -> Iterator[None]:
        """Hold the folder for a training that is about to run.

        Raises:
            ConfigError: if another run has the folder, or is saved in it; the message names what differs.
            MissingFileError: if the folder cannot be written to.
            FormatError: if the manifest is corrupt.
        """
        self._run = describe_run(training)
        with self.folder.held():
            manifest = self.folder.manifest()
            if manifest is not None:
                self._check(manifest)
                self._entries = manifest.entries
            self.folder.sweep(self._entries)
            training.checkpoints = self
            try:
                yield
            finally:
                training.checkpoints = None

    def _check(self, manifest: Manifest) -> None:
        if not self.resume:
            raise ConfigError(
                "the folder holds checkpoints already", where=self.folder.path,
                fix="Pass resume=True to go on from them, or name another folder",
            )  # fmt: skip
        found = differences(manifest.run, self._run)
        if found:
            raise ConfigError(
                f"the checkpoints are of another run: {found}", where=self.folder.path,
                fix="Train with what that run had, or name another folder",
            )  # fmt: skip

    @property
    def goes_on(self) -> bool:
        """Whether there is a checkpoint from which the training that is attached goes on."""
        return bool(self._entries)

    @property
    def is_exact(self) -> bool:
        """Whether certain epochs have to be saved, so that each has to end."""
        return self.settings.every is not None

    def begin(self, training: Training) -> None:
        """Put the newest checkpoint back; if there is none, save how everything begins.

        What cannot be saved, or a disk that is full, is thus found before the first step.
        """
        if self._entries:
            self._restore(training)
        else:
            self._save(training)

    def after_epoch(self, training: Training) -> None:
        """Save, if it is time to or training is over."""
        over = training.epoch >= training.epochs or training.history.stopped is not None or training.interrupted
        every = self.settings.every
        is_time = time.perf_counter() >= self._due if every is None else training.epoch % every == 0
        if over or is_time:
            self._save(training)

    def _save(self, training: Training) -> None:
        began = time.perf_counter()
        state, arrays = pack(taken(training))
        kept = tuple(entry for entry in self._entries if entry.epoch < training.epoch)
        most = self.settings.max_to_keep - 1
        self._entries = self.folder.save(
            self._run, kept[-most:] if most else (), training.epoch, training.step, state, arrays
        )
        now = time.perf_counter()
        self._due = now + _SHARE * (now - began)

    def _restore(self, training: Training) -> None:
        entry, packed, arrays = self.folder.newest(Manifest(self._run, self._entries))
        where = self.folder.path / entry.file
        try:
            state = unpack(packed, arrays, lambda *parts: checked_snapshot(training, *parts))
            if not isinstance(state, dict) or (state.get("epoch"), state.get("step")) != (entry.epoch, entry.step):
                raise FormatError("the checkpoint is not the one that the manifest names")
            put_back(training, state)
        except ConfigError as error:
            raise ConfigError(str(error), where=where) from error
        except ChainruleError as error:
            raise FormatError(str(error), where=where) from error
        except _MALFORMED as error:
            problem = f"the checkpoint's state is malformed: {type(error).__name__}: {error}"
            raise FormatError(" ".join(problem.split())[:200], where=where) from error
        self._entries = tuple(one for one in self._entries if one.epoch <= entry.epoch)
