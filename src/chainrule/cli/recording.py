"""The record of a run that ``fit`` leaves."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping

import typer

from chainrule.cli.recipe import Recipe
from chainrule.cli.screen import Screen
from chainrule.errors import ChainruleError
from chainrule.messages import text
from chainrule.train import History, Recording, Run, Runs

__all__ = ["FOLDER", "add_scores", "mark_failed", "recording_of", "saying_warnings", "show_record"]

FOLDER = "runs"
_NO_SCORE = "baseline"  # it is the data's


def recording_of(recipe: Recipe) -> Recording | None:
    """Where `fit` is to record; a folder that nobody asked for need not be writable."""
    if not recipe.record:
        return None
    program = {"command": ["chainrule", *recipe.command]}
    return Recording(recipe.runs or FOLDER, recipe.name, program, required=recipe.runs is not None)


@contextlib.contextmanager
def saying_warnings(lang: str | None) -> Iterator[None]:
    """Make one-line notes of the warnings for users."""
    shown: set[str] = set()
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: object, **options: object) -> None:
        if not issubclass(category, UserWarning):
            before(message, category, *rest, **options)  # type: ignore[arg-type]
        elif str(message) not in shown:
            shown.add(str(message))
            typer.echo(text("screen.note", lang, note=message), err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def add_scores(history: History, scores: Mapping[str, float], on: str, lang: str | None) -> Run | None:
    """Put the final scores into the record, if there is one.

    Args:
        history: of the run.
        scores: what was measured.
        on: which rows: "test" or "train".
        lang: "en" or "ko".
    """
    if history.run is None:
        return None
    try:
        found = {f"{on}_{name}": value for name, value in scores.items() if name != _NO_SCORE}
        return Runs(history.run.parent).add_metrics(history.run.name, found)
    except (ChainruleError, OSError) as error:  # the model is what counts
        typer.echo(text("screen.note", lang, note=error), err=True)
        return None


def mark_failed(history: History, problem: str) -> None:
    """Let the record say that nothing came of the run."""
    if history.run is not None:
        with contextlib.suppress(ChainruleError, OSError):
            Runs(history.run.parent).mark_failed(history.run.name, problem)


def show_record(screen: Screen, run: Run | None, lang: str | None) -> None:
    """Say in one line where the record is."""
    if run is not None:
        screen.line(text("runs.recorded", lang, id=run.id, folder=run.path.parent), "dim")
