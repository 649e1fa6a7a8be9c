"""The folder of all runs: list them, find one, compare some."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from chainrule.errors import ChainruleError, MissingFileError
from chainrule.explain.record import plain
from chainrule.files import expanded
from chainrule.train.runs.comparison import RunComparison, compared
from chainrule.train.runs.folder import held, remove
from chainrule.train.runs.index import Index
from chainrule.train.runs.names import is_id, matching
from chainrule.train.runs.parts import read_part, write_part
from chainrule.train.runs.run import Run, checked, content_of

__all__ = ["Runs"]


class Runs:
    """The runs that `fit(record=folder)` and ``chainrule fit`` have recorded in a folder, the newest first.

    >>> from chainrule.train import Runs
    >>> for run in Runs("runs"):  # doctest: +SKIP
    ...     print(run.id, run.settings["lr"], run.metrics["val_loss"])

    A record that is damaged is left out, and said why in `problems`.

    Args:
        folder: the folder.

    Raises:
        MissingFileError: if there is no such folder, or it cannot be read.
    """

    def __init__(self, folder: str | os.PathLike[str] = "runs") -> None:
        self.folder = expanded(folder)
        self.problems: dict[str, str] = {}
        """Folders of the last listing that are no sound records, and what is wrong with them."""
        self._folders()

    def __iter__(self) -> Iterator[Run]:
        """List them all."""
        self.problems = {}
        found: list[Run] = []
        folders = self._folders()
        for name, content in Index(self.folder).contents(folders).items():
            try:
                if isinstance(content, ChainruleError):
                    raise content
                found.append(checked(content, folders[name]))
            except ChainruleError as error:
                if folders[name].is_dir():  # else it was removed meanwhile
                    self.problems[name] = str(error)
        return iter(sorted(found, key=lambda run: (run.started, run.id), reverse=True))

    def __repr__(self) -> str:
        return f"<Runs: {len(self)} in {self.folder}>"

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, wanted: str) -> Run:
        """Return a run by its ID, the beginning of it or of its last five letters, its name, or "latest".

        Raises:
            UnknownNameError: if there is none; the message offers the nearest.
            ConfigError: if there are several.
            FormatError: if its record is damaged.
        """
        if is_id(str(wanted)) and (self.folder / wanted).is_dir() and not (self.folder / wanted).is_symlink():
            return checked(content_of(self.folder / wanted), self.folder / wanted)
        known = list(self)
        name = matching(str(wanted), [(run.id, run.name) for run in known], self.folder)
        return next(run for run in known if run.id == name)

    def compare(self, *wanted: str) -> RunComparison:
        """Return what some runs differ in, and their metrics side by side.

        Args:
            wanted: two or more runs, as in ``runs[…]``.

        Raises:
            ConfigError: for fewer than two different ones.
        """
        return compared([self[one] for one in wanted])

    def add_metrics(
        self, wanted: str, metrics: Mapping[str, float], higher_is_better: Mapping[str, bool] | None = None
    ) -> Run:
        """Add scores to a run that is over, as of rows held out: ``runs.add_metrics(run.id, {"test_loss": 0.3})``.

        Args:
            wanted: the run.
            metrics: numbers by name; they replace those of the same name.
            higher_is_better: for those of which it is true; default: what the library knows of the name.

        Raises:
            ConfigError: if it is still running.
        """
        run = self[wanted]
        known = _growing() if higher_is_better is None else higher_is_better
        values = {str(name): float(value) for name, value in metrics.items()}
        grows = {name: bool(known.get(name, known.get(name.partition("_")[2], False))) for name in values}
        with held(run.path):
            merged = {
                "values": {**run.metrics, **values},
                "higher_is_better": {**run.higher_is_better, **grows},
            }
            write_part(run.path, "metrics", merged)
        return self._noted(run)

    def mark_failed(self, wanted: str, problem: str) -> Run:
        """Say of a run that is over that nothing came of it, and why."""
        run = self[wanted]
        with held(run.path):
            write_part(run.path, "run", {**read_part(run.path, "run"), "status": "failed", "problem": problem[:2000]})
        return self._noted(run)

    def remove(self, wanted: str) -> None:
        """Remove a run's folder with everything in it.

        Raises:
            ConfigError: if it is still running.
        """
        remove(self[wanted].path)

    def _noted(self, run: Run) -> Run:
        Index(self.folder).note(run.path)
        return checked(plain(content_of(run.path)), run.path)

    def _folders(self) -> dict[str, Path]:
        try:
            with os.scandir(self.folder) as entries:
                names = [entry.name for entry in entries if is_id(entry.name) and entry.is_dir(follow_symlinks=False)]
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise MissingFileError(
                f"no folder of runs: {reason}", where=self.folder, fix='Record one: fit(…, record="runs")'
            ) from error
        return {name: self.folder / name for name in sorted(names)}


def _growing() -> dict[str, bool]:
    """Whether more is better, of the metrics that the library knows."""
    from chainrule.metrics import registry

    return {name: registry.get(name).higher_is_better for name in registry.names()}
