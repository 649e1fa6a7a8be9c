"""What the stories of the demonstration share: the screen, the folder, the seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from chainrule.cli.scoring import Report, measure
from chainrule.cli.screen import Screen
from chainrule.cli.tables import confusion_table
from chainrule.data import Dataset
from chainrule.errors import MissingDependencyError
from chainrule.nn import Module

__all__ = ["Stage"]


class Stage:
    """Where the demonstration plays.

    Attributes:
        files: names of the files that were written.
        pictures: whether pictures can be drawn, as far as is known.
    """

    def __init__(self, screen: Screen, folder: Path, seed: int) -> None:
        self.screen, self.folder, self.seed = screen, folder, seed
        self.files: list[str] = []
        self.pictures = True

    @property
    def verbosity(self) -> Literal[0, 1]:
        """A progress bar where somebody watches; elsewhere its many lines would bury the story."""
        return 1 if self.screen.is_terminal and not self.screen.silent else 0

    def test(self, model: Module, unseen: Dataset) -> Report:
        """Measure a classifier on rows that it has not seen, and show what it mistook for what."""
        report = measure(model, unseen)
        assert report.matrix is not None
        assert report.classes is not None
        self.screen.show(confusion_table(report.matrix, report.classes))
        return report

    def save(self, model: Module, name: str) -> None:
        """Save a model into the folder."""
        model.save(self.folder / name)
        self.files.append(name)

    def write(self, name: str, content: bytes) -> None:
        """Write a file into the folder."""
        from chainrule.files import atomic_write

        with atomic_write(self.folder / name) as file:
            file.write(content)
        self.files.append(name)

    def draw(self, name: str, picture: Callable[..., Any], *args: Any, **options: Any) -> None:
        """Draw a picture into the folder; without matplotlib say so once, and go on."""
        if not self.pictures:
            return
        try:
            picture(*args, path=self.folder / name, **options)
        except MissingDependencyError as error:
            self.pictures = False
            self.screen.say(f"No pictures: {error}", "yellow")
            return
        self.files.append(name)
