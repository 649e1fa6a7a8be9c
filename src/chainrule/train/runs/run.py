"""One run, as its record tells it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from chainrule.errors import FormatError
from chainrule.explain.record import Record
from chainrule.files import is_locked
from chainrule.interchange.curves import read_curves
from chainrule.nn.module import Module
from chainrule.train.history import History
from chainrule.train.runs.names import is_id
from chainrule.train.runs.parts import is_plain_file, read_part
from chainrule.train.runs.settings import Value

__all__ = ["LOCK", "MODEL", "MOST_EPOCHS", "Run", "Status", "checked", "content_of"]

MODEL, LOCK = "model.safetensors", "lock"
MOST_EPOCHS = 20_000
"""Curves that are longer are thinned evenly."""

Status = Literal["running", "finished", "interrupted", "failed", "killed"]
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_MOST = 1000
_LONGEST = 10_000


@dataclass(frozen=True)
class Run(Record):
    """What `Runs` lists; the rest of the record is read when it is asked for.

    Attributes:
        id: the folder's name.
        name: what the user called it, or None.
        status: "running", "finished", "interrupted" (Ctrl-C), "failed" (see `problem`), or "killed": its process is
            gone and could not say why.
        problem: why it failed, or None.
        started, ended: UTC, as ``"2026-11-22T03:15:12.417293Z"``; `ended` is None if it never did.
        seconds: how long it trained, all its parts together.
        epochs: how many were finished.
        best_epoch: the epoch (from 1) whose parameters the model has, if they are not the last one's.
        stopped: why training ended before the last epoch, or None.
        parts: how often it was begun or gone on with.
        settings: what was trained and how, by name.
        metrics: losses and scores of the model that came of it, by name.
        higher_is_better: for each of these, whether it is.
        path: the folder.
    """

    id: str
    name: str | None
    status: Status
    problem: str | None
    started: str
    ended: str | None
    seconds: float
    epochs: int
    best_epoch: int | None
    stopped: str | None
    parts: int
    settings: Mapping[str, Value]
    metrics: Mapping[str, float]
    higher_is_better: Mapping[str, bool]
    path: Path

    @property
    def configuration(self) -> dict[str, Any]:
        """Everything that decides the numbers: ``"settings"``, ``"training"`` in full, and the ``"program"``."""
        return read_part(self.path, "configuration")

    @property
    def environment(self) -> dict[str, Any]:
        """Versions, machine, engine and commit."""
        return read_part(self.path, "environment")

    @property
    def history(self) -> History:
        """The curves, as `fit` returned them (of more than 20,000 epochs, that many).

        Raises:
            MissingFileError: if there are none: the run ended before they were first written.
            FormatError: if they are damaged.
        """
        found = read_part(self.path, "history")
        history = History(read_curves(found.get("curves"), MOST_EPOCHS))
        history.engine = str(self.settings.get("engine", ""))
        seed = self.settings.get("seed")
        history.seed = seed if isinstance(seed, int) else 0
        history.seconds, history.stopped, history.best_epoch = self.seconds, self.stopped, self.best_epoch
        history.run = self.path
        return history

    @property
    def has_model(self) -> bool:
        """Whether the record holds the trained model."""
        return is_plain_file(self.path / MODEL)

    def load(self, into: Module | None = None) -> Module:
        """Return the trained model; see `chainrule.load`.

        Raises:
            FormatError: if there is none, or it is damaged.
        """
        from chainrule.interchange import bundle

        if not self.has_model:
            raise FormatError(f"the record of run {self.id} holds no model", where=self.path, fix="It did not finish")
        return bundle.load(self.path / MODEL, into)


def content_of(folder: Path) -> dict[str, Any]:
    """Read the parts that a listing shows, as `checked` takes them.

    Raises:
        MissingFileError, FormatError: if that is impossible.
    """
    configuration = read_part(folder, "configuration")
    metrics = read_part(folder, "metrics") if (folder / "metrics.json").exists() else {}
    return {
        "run": read_part(folder, "run"),
        "settings": configuration.get("settings"),
        "metrics": metrics.get("values", {}),
        "higher_is_better": metrics.get("higher_is_better", {}),
    }


def checked(content: Any, folder: Path) -> Run:
    """Make a `Run` of what its files hold, trusting nothing in it; finds out whether it is still running.

    Raises:
        FormatError: if it is malformed.
    """
    try:
        run = content["run"]
        sound = isinstance(run, dict) and set(run) == set(_FIELDS) and all(_FIELDS[key](run[key]) for key in run)
        if not sound or run["id"] != folder.name:
            raise FormatError("run.json is malformed, or of another run", where=folder)
        found = Run(
            **run,
            settings=_map(content["settings"], _is_value),
            metrics={name: _number(value) for name, value in _map(content["metrics"], _is_metric).items()},
            higher_is_better=_map(content["higher_is_better"], lambda value: isinstance(value, bool)),
            path=folder,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"the record is malformed: {type(error).__name__}", where=folder) from error
    if found.status != "running" or is_locked(folder / LOCK) is not False:
        return found
    now = read_part(folder, "run")  # it may have ended just now, and says so before it lets go of its lock
    if now != run:
        return checked(content_of(folder), folder)
    return Run(**{**vars(found), "status": "killed"})


def _map(value: Any, fits: Any) -> dict[str, Any]:
    sound = isinstance(value, dict) and len(value) <= _MOST
    if not sound or not all(0 < len(name) <= _MOST and fits(item) for name, item in value.items()):
        raise ValueError
    return dict(value)


def _is_value(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST
    return value is None or isinstance(value, bool) or _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**1000


def _is_metric(value: Any) -> bool:
    return _is_number(value) or (isinstance(value, str) and value in _NOT_FINITE)


def _number(value: float | str) -> float:
    return _NOT_FINITE[value] if isinstance(value, str) else float(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _or_none(fits: Any) -> Any:
    return lambda value: value is None or fits(value)


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


_FIELDS: dict[str, Any] = {
    "id": lambda value: isinstance(value, str) and is_id(value),
    "name": _or_none(_is_text),
    "status": lambda value: value in get_args(Status) and value != "killed",
    "problem": _or_none(_is_text),
    "started": _is_time,
    "ended": _or_none(_is_time),
    "seconds": lambda value: _is_number(value) and value >= 0,
    "epochs": _is_count,
    "best_epoch": _or_none(_is_count),
    "stopped": _or_none(_is_text),
    "parts": _is_count,
}
"""What run.json holds, and what each of it has to be."""
