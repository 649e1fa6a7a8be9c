"""`fit(record="runs")`: the record that a training leaves while it runs and when it ends."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chainrule.errors import ChainruleError, ConfigError, DTypeError, FormatError
from chainrule.explain.record import plain
from chainrule.files import atomic_write, existing_file, expanded
from chainrule.interchange import strict_json
from chainrule.interchange.curves import described_curves
from chainrule.train.checkpoint import Checkpointing
from chainrule.train.loop import Training
from chainrule.train.runs.environment import describe_environment
from chainrule.train.runs.folder import created, held, made, sweep
from chainrule.train.runs.index import Index
from chainrule.train.runs.names import is_id, timestamp
from chainrule.train.runs.parts import read_part, write_part
from chainrule.train.runs.run import MODEL, MOST_EPOCHS, checked, content_of
from chainrule.train.runs.settings import describe_configuration

__all__ = ["Recorder", "Recording", "as_recording"]

_SHARE = 20  # training takes at least this many times as long as writing its curves
_FIRST = 1.0  # seconds before the curves are first written
_LINK, _LINK_FORMAT = "record.json", "chainrule.run-of-checkpoints"
_LONGEST_LINK, _LONGEST_NAME, _LONGEST_TEXT = 1000, 200, 2000
_FAULTS = (ChainruleError, OSError)


@dataclass(frozen=True)
class Recording:
    """Where and under which name `fit` records a run: ``fit(…, record=Recording("runs", name="wider"))``.

    Args:
        folder: the folder of all records; it is made if need be.
        name: what to call the run, besides its ID.
        program: more to write down of what was run, JSON-able, such as a command line.
        required: False lets a run go on without a record where none can be begun, with a warning.

    Raises:
        ConfigError: if a name is empty, or could be taken for an ID.
        DTypeError: if `folder` is no path, or `name` no text.
    """

    folder: str | os.PathLike[str] = "runs"
    name: str | None = None
    program: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    required: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.folder, (str, os.PathLike)):
            raise DTypeError("not a folder for records", expected="a path", got=type(self.folder).__name__)
        if not os.fspath(self.folder):
            raise ConfigError("the folder for records has no name", fix='Name one, e.g. "runs"')
        if self.name is None:
            return
        if not isinstance(self.name, str):
            raise DTypeError("not a name for a run", expected="a text", got=type(self.name).__name__)
        if not self.name.strip() or len(self.name) > _LONGEST_NAME or not self.name.isprintable() or is_id(self.name):
            raise ConfigError(
                "bad name for a run", expected=f"up to {_LONGEST_NAME} characters in one line", got=repr(self.name)[:80]
            )


def as_recording(wanted: Any) -> Recording | None:
    """What `fit` was given, as `Recording`.

    Raises:
        DTypeError: if `wanted` is no path.
    """
    return wanted if wanted is None or isinstance(wanted, Recording) else Recording(wanted)


class Recorder:
    """The record of one training, used by `fit` and its loop.

    Args:
        settings: where, and under which name.
        training: what is about to run.
        checkpoints: its checkpoints; a run that goes on from them goes on in its own record, too.
    """

    def __init__(self, settings: Recording, training: Training, checkpoints: Checkpointing | None) -> None:
        self.settings, self.training, self.checkpoints = settings, training, checkpoints
        self.root = expanded(settings.folder)
        self.path: Path | None = None
        self._run: dict[str, Any] = {}
        self._due = 0.0

    @contextlib.contextmanager
    def attached(self) -> Iterator[None]:
        """Begin the record, and end it as the block ends.

        Raises:
            MissingFileError, OSError: if it cannot be begun, unless it need not be.
        """
        with contextlib.ExitStack() as stack:
            try:
                self._begin(stack)
            except _FAULTS as error:
                if self.settings.required:
                    raise
                warnings.warn(f"this run leaves no record: {_line(error)}", UserWarning, stacklevel=4)
                yield
                return
            self._due = time.perf_counter() + _FIRST
            self.training.record, self.training.history.run = self, self.path
            try:
                yield
            except BaseException as error:
                self._end(error)
                raise
            else:
                self._end(None)
            finally:
                self.training.record = None

    def after_epoch(self, training: Training) -> None:
        """Write the curves so far, if it is time to; a disk that is full now may not be so in the end."""
        began = time.perf_counter()
        if began < self._due:
            return
        with contextlib.suppress(*_FAULTS):
            self._write_curves()
        now = time.perf_counter()
        self._due = now + max(_SHARE * (now - began), _FIRST)

    # Beginning

    def _begin(self, stack: contextlib.ExitStack) -> None:
        made(self.root)
        sweep(self.root)
        now = datetime.now(UTC)
        parts = {
            "configuration": {**describe_configuration(self.training), "program": plain(self.settings.program)},
            "environment": describe_environment(self.training.engine),
        }
        self.path = self._joined(parts, stack)
        if self.path is None:
            state = {
                "name": self.settings.name, "status": "running", "problem": None, "started": timestamp(now),
                "ended": None, "seconds": 0.0, "epochs": 0, "best_epoch": None, "stopped": None, "parts": 1,
            }  # fmt: skip
            self.path = created(self.root, now, {**parts, "run": state}, stack)
            self._run = {"id": self.path.name, **state}
        if self.checkpoints is not None:
            self._link(self.checkpoints.folder.path / _LINK)
        Index(self.root).note(self.path)

    def _joined(self, parts: dict[str, Any], stack: contextlib.ExitStack) -> Path | None:
        """The record that the run to be gone on with has left here, or None if there is none."""
        if self.checkpoints is None or not self.checkpoints.goes_on:
            return None
        known = _linked(self.checkpoints.folder.path / _LINK)
        folder = None if known is None else self.root / known
        if folder is None or folder.is_symlink() or not folder.is_dir():
            return None
        try:
            checked(content_of(folder), folder)
            with contextlib.ExitStack() as lock:
                lock.enter_context(held(folder))
                run = read_part(folder, "run")
                self._run = {**run, "status": "running", "problem": None, "ended": None, "parts": run["parts"] + 1}
                if self.settings.name is not None:
                    self._run["name"] = self.settings.name
                for part, content in {**parts, "run": self._run}.items():
                    write_part(folder, part, content)
                stack.push(lock.pop_all())
        except ChainruleError as error:
            warnings.warn(f"the record of this run begins anew: {_line(error)}", UserWarning, stacklevel=5)
            return None
        return folder

    def _link(self, path: Path) -> None:
        """Let the checkpoints know which record is theirs."""
        with contextlib.suppress(*_FAULTS), atomic_write(path) as file:
            assert self.path is not None
            file.write(f'{{"format": "{_LINK_FORMAT}", "version": 1, "id": "{self.path.name}"}}\n'.encode())

    # Ending

    def _end(self, error: BaseException | None) -> None:
        try:
            self._write_all(error)
        except _FAULTS as fault:
            warnings.warn(f"the record of this run is incomplete: {_line(fault)}", UserWarning, stacklevel=5)

    def _write_all(self, error: BaseException | None) -> None:
        """The curves, the model and the scores, and last of all that the run is over."""
        assert self.path is not None
        history = self.training.history
        problem = None if error is None or isinstance(error, KeyboardInterrupt) else _line(error)
        stopped_by_hand = isinstance(error, KeyboardInterrupt) or history.stopped == "interrupted"
        if history.epochs:
            self._write_curves()
            if error is None:
                write_part(self.path, "metrics", self._metrics())
        if error is None and history.epochs:
            try:
                self.training.save(self.path / MODEL)
            except FormatError as fault:  # a loss of the user's own, which no file can describe
                problem = f"the model is not in the record: {_line(fault)}"
        self._run |= {
            "status": "interrupted" if stopped_by_hand else "finished" if error is None else "failed",
            "problem": problem, "ended": timestamp(datetime.now(UTC)), "seconds": self.training.seconds,
            "epochs": history.epochs, "best_epoch": history.best_epoch,
            "stopped": None if history.stopped is None else history.stopped[:_LONGEST_TEXT],
        }  # fmt: skip
        write_part(self.path, "run", self._run)
        Index(self.root).note(self.path)

    def _write_curves(self) -> None:
        assert self.path is not None
        curves = described_curves(dict(self.training.history), MOST_EPOCHS)
        if curves is not None:
            write_part(self.path, "history", {"curves": curves})

    def _metrics(self) -> dict[str, Any]:
        """The values of the epoch whose parameters the model has."""
        history = self.training.history
        place = (history.best_epoch or history.epochs) - 1
        grows = {metric.name: metric.higher_is_better for metric in self.training.metrics}
        values = {name: float(curve[place]) for name, curve in history.items() if name != "lr"}
        return {
            "values": values, "higher_is_better": {name: grows.get(name.removeprefix("val_"), False) for name in values}
        }  # fmt: skip


def _linked(path: Path) -> str | None:
    """The ID that checkpoints name; None for anything else."""
    try:
        with open(existing_file(path), "rb") as file:
            found = strict_json.loads(file.read(_LONGEST_LINK).decode(), "the link", path)
    except (ChainruleError, OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.get("format") != _LINK_FORMAT or found.get("version") != 1:
        return None
    name = found.get("id")
    return name if isinstance(name, str) and is_id(name) else None


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:_LONGEST_TEXT]
