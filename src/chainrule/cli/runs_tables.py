"""What ``chainrule runs`` shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.text import Text

from chainrule.cli.screen import Screen
from chainrule.cli.tables import grid
from chainrule.messages import text
from chainrule.train.runs import Run, RunComparison
from chainrule.train.runs.comparison import shown

__all__ = ["MOST", "say_problems", "show_comparison", "show_list", "show_run"]

MOST = 20
_WIDE = 120  # columns of the screen on which all can be shown
_STYLES = {"running": "cyan", "failed": "red", "killed": "red", "interrupted": "yellow"}
# The one score of a listing: the first of these that a run has.
_SCORES = ("accuracy", "mae", "loss")
_WHERE = ("test_", "val_", "", "train_")
_ACROSS = 4  # runs whose values stand side by side on a screen of usual width
_LONGEST = 400


def show_list(screen: Screen, folder: Path, runs: Sequence[Run], total: int, lang: str) -> None:
    """Show a line for each run."""
    if not total:
        screen.say(text("runs.none", lang, folder=folder))
        return
    narrow = screen.console.width < _WIDE
    keys = ("run", "started", "status", "data", "network", "epochs", "score", *(() if narrow else ("seconds",)))
    heads = [text(f"runs.{key}", lang) for key in keys]
    table = grid(*heads, title=text("runs.title", lang, folder=folder), right=(5, 6, 7))
    if narrow:
        table.box, table.show_edge, table.padding = box.SIMPLE_HEAD, False, (0, 1, 0, 0)
    for run in runs:
        name = "" if run.name is None else f"\n{_cut(run.name, 12 if narrow else 24)}"
        cells: list[str | Text] = [
            Text((run.id[-5:] if narrow else run.id) + name),
            _local(run.started)[5 if narrow else 0 :],
            Text(text(f"runs.{run.status}", lang), style=_STYLES.get(run.status, "")),
            _cut(run.settings.get("data"), 10 if narrow else 24),
            _cut(run.settings.get("widths") or run.settings.get("network"), 12 if narrow else 24),
            f"{run.epochs:,}",
            _score(run),
            *([] if narrow else [f"{run.seconds:.1f}"]),
        ]
        table.add_row(*cells)
    screen.show(table)
    if total > len(runs):
        screen.say(text("runs.more", lang, count=total - len(runs), all=total), "dim")


def say_problems(problems: Mapping[str, str], lang: str) -> None:
    """Name the folders that are no sound records."""
    for name, problem in problems.items():
        typer.echo(text("runs.damaged", lang, name=name, problem=problem), err=True)


def show_run(
    screen: Screen, run: Run, environment: Mapping[str, Any], configuration: Mapping[str, Any], lang: str
) -> None:
    """Show everything about a run."""
    screen.say(run.id if run.name is None else text("runs.named", lang, id=run.id, name=run.name), "bold")
    told = {"status": text(f"runs.{run.status}", lang), "started": _local(run.started), "epochs": f"{run.epochs:,}"}
    screen.say(text("runs.when", lang, **told, seconds=f"{run.seconds:.1f}"), _STYLES.get(run.status, ""))
    notes: dict[str, tuple[bool, dict[str, object]]] = {
        "parts": (run.parts > 1, {"count": run.parts - 1}),
        "best_epoch": (run.best_epoch is not None, {"epoch": run.best_epoch}),
        "stopped": (run.stopped is not None, {"reason": run.stopped}),
        "problem": (run.problem is not None, {"problem": run.problem}),
    }
    for key, (holds, values) in notes.items():
        if holds:
            screen.say(text(f"runs.{key}", lang, **values))
    if run.metrics:
        table = grid(text("runs.metric", lang), text("runs.value", lang), title=text("runs.metrics", lang), right=(1,))
        for name, value in run.metrics.items():
            table.add_row(name, _number(value))
        screen.show(table)
    screen.show(_pairs(text("runs.settings", lang), run.settings, lang))
    flat = {name: value for name, value in environment.items() if not isinstance(value, (dict, list))}
    screen.show(_pairs(text("runs.environment", lang), flat, lang))
    git = environment.get("git")
    if isinstance(git, dict):
        screen.line(text("runs.commit", lang, commit=" ".join(str(one)[:80] for one in git.values())))
    if run.has_model:
        screen.line(text("runs.model", lang, path=run.path / "model.safetensors"))
    program = configuration.get("program")
    command = program.get("command") if isinstance(program, dict) else None
    if isinstance(command, list) and command:
        screen.line(text("runs.command", lang, command=shlex.join(map(str, command))))


def show_comparison(screen: Screen, runs: Sequence[Run], found: RunComparison, lang: str) -> None:
    """Show differences and metrics, a column for each run, as many side by side as there is room for."""
    for start in range(0, len(runs), _ACROSS):
        part = slice(start, start + _ACROSS)
        heads = [run.id[-5:] if run.name is None else run.name[:14] for run in runs[part]]
        if found.settings:
            table = grid(text("runs.setting", lang), *heads, title=text("runs.compared", lang))
            for column in table.columns[1:]:
                column.no_wrap, column.overflow = False, "fold"
            for one in found.settings:
                table.add_row(one.name, *(_cut(shown(value), _LONGEST) for value in one.values[part]))
            screen.show(table)
        table = grid(
            text("runs.metric", lang), *heads, title=text("runs.metrics", lang), right=range(1, len(heads) + 1)
        )
        for row in found.metrics:
            cells = (_marked(row.values[i], i in row.best) for i in range(len(runs))[part])
            table.add_row(row.name, *cells)
        screen.show(table)
    if any(row.best for row in found.metrics):
        screen.say(text("runs.best", lang), "dim")
    screen.say(text("runs.same" if found.settings else "runs.nothing", lang, count=found.same), "dim")
    if found.environment:
        screen.say(text("runs.environments", lang, names=", ".join(one.name for one in found.environment)), "yellow")


def _pairs(title: str, values: Mapping[str, Any], lang: str) -> Any:
    table = grid(text("runs.setting", lang), text("runs.value", lang), title=title, fold=1)
    for name, value in values.items():
        if value is not None:
            table.add_row(name, _cut(shown(value), _LONGEST))
    return table


def _score(run: Run) -> str:
    """The run's most telling score, on the rows that tell most, with its name."""
    for name in _SCORES:
        for where in _WHERE:
            if where + name in run.metrics:
                return f"{name} {_number(run.metrics[where + name])}"
    return "–"


def _number(value: float) -> str:
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 or value == 0 else f"{value:.4g}"


def _marked(value: float | None, best: bool) -> Text:
    if value is None:
        return Text("–", style="dim")
    return Text(f"* {_number(value)}" if best else _number(value), style="bold green" if best else "")


def _cut(value: Any, most: int) -> Text:
    told = "–" if value is None else str(value)
    return Text(told if len(told) <= most else f"{told[: most - 1]}…")


def _local(moment: str) -> str:
    """A record's time on this machine's clock."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
