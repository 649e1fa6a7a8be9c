"""``chainrule runs``: list, show, compare, plot and remove the runs that ``fit`` has recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from chainrule.cli.options import Json, Lang

__all__ = ["EXAMPLES", "RunsGroup", "app"]

EXAMPLES = (
    "chainrule runs",
    "chainrule runs show latest",
    "chainrule runs compare d7q3f slower",
    "chainrule runs plot d7q3f slower --out runs.png",
)

_Folder = Annotated[
    str | None,
    typer.Option("--runs", metavar="DIR", envvar="CHAINRULE_RUNS", help="Folder of records; default: runs."),
]
_IDS = "IDs, their beginnings or last five letters, names, or latest."


class RunsGroup(TyperGroup):
    """Lets ``chainrule runs --json`` list, and ``chainrule runs shwo`` be an unknown command."""


app = typer.Typer(cls=RunsGroup, rich_markup_mode="rich")


@app.callback(invoke_without_command=True)
def runs(
    ctx: typer.Context,
    folder: _Folder = None,
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="How many to list; default: 20, --json: all.")
    ] = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """List the runs that fit has recorded, the newest first; show, compare, plot or remove them."""
    ctx.obj = {"folder": folder, "lang": lang}
    if ctx.invoked_subcommand is not None:
        return
    from chainrule.cli.runs_tables import MOST, say_problems, show_list
    from chainrule.cli.screen import Screen

    screen = Screen(as_json=as_json)
    kept = _opened(ctx, folder, missing_is_empty=True)
    found = [] if kept is None else list(kept)
    shown = found if most is None and as_json else found[: most or MOST]
    show_list(screen, Path(_folder(ctx, folder)), shown, len(found), _lang(ctx, lang))
    problems = {} if kept is None else kept.problems
    say_problems(problems, _lang(ctx, lang))
    screen.document({"folder": _folder(ctx, folder), "runs": [run.to_dict() for run in shown], "damaged": problems})


@app.command(epilog="[bold]Examples[/]\n\n[cyan]chainrule runs show latest[/]")
def show(
    ctx: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="ID", help=_IDS)],
    folder: _Folder = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Show all that is recorded of a run, and how to repeat it."""
    from chainrule.cli.runs_tables import show_run
    from chainrule.cli.screen import Screen

    run = _found(ctx, folder)[wanted]
    screen = Screen(as_json=as_json)
    parts = {"environment": run.environment, "configuration": run.configuration}
    show_run(screen, run, parts["environment"], parts["configuration"], _lang(ctx, lang))
    if as_json:
        curves = dict(run.history) if (run.path / "history.json").exists() else {}
        screen.document({**run.to_dict(), **parts, "history": curves, "has_model": run.has_model})


@app.command(epilog="[bold]Examples[/]\n\n[cyan]chainrule runs compare d7q3f slower[/]")
def compare(
    ctx: typer.Context,
    wanted: Annotated[list[str], typer.Argument(metavar="ID ID…", help=_IDS)],
    folder: _Folder = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Show what runs differ in, and their metrics side by side, the best ones marked."""
    from chainrule.cli.runs_tables import show_comparison
    from chainrule.cli.screen import Screen

    kept = _found(ctx, folder)
    chosen = [kept[one] for one in wanted]
    found = kept.compare(*(run.id for run in chosen))
    screen = Screen(as_json=as_json)
    show_comparison(screen, chosen, found, _lang(ctx, lang))
    screen.document(found.to_dict())


@app.command(epilog="[bold]Examples[/]\n\n[cyan]chainrule runs plot d7q3f slower --out runs.png[/]")
def plot(
    ctx: typer.Context,
    wanted: Annotated[list[str], typer.Argument(metavar="ID…", help=_IDS)],
    out: Annotated[str, typer.Option("--out", "-o", help="Picture to write: .png, .svg, .pdf, …")],
    curve: Annotated[
        list[str] | None, typer.Option("--curve", metavar="NAME", help="As loss or accuracy; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Heading.")] = None,
    theme: Annotated[
        str | None, typer.Option("--theme", help="light or dark; default: CHAINRULE_THEME, or light.")
    ] = None,
    folder: _Folder = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Draw the curves of runs over each other."""
    import contextlib

    from chainrule import plot as pictures
    from chainrule.cli.paths import check_may_become_picture, check_writable
    from chainrule.cli.recording import saying_warnings
    from chainrule.cli.screen import Screen
    from chainrule.messages import text
    from chainrule.plot.themes import theme as in_theme

    path = check_may_become_picture(check_writable(out))
    kept, chosen_lang = _found(ctx, folder), _lang(ctx, lang)
    chosen = [kept[one] for one in dict.fromkeys(wanted)]
    labels = kept.compare(*(run.id for run in chosen)).labels() if len(chosen) > 1 else [chosen[0].id]
    named = [_label(run, label) for run, label in zip(chosen, labels, strict=True)]
    heading = title or text("runs.picture", chosen_lang, count=len(chosen))
    with saying_warnings(chosen_lang), contextlib.nullcontext() if theme is None else in_theme(theme):
        curves = {label: run.history for label, run in zip(named, chosen, strict=True)}
        pictures.runs(curves, path, curves=curve or None, title=heading, lang=chosen_lang)
    typer.echo(text("screen.wrote", chosen_lang, path=path), err=True)
    Screen(as_json=as_json).document({"runs": [run.id for run in chosen], "file": path})


@app.command()
def rm(
    ctx: typer.Context,
    wanted: Annotated[list[str], typer.Argument(metavar="ID…", help=_IDS)],
    yes: Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do it.")] = False,
    folder: _Folder = None,
    lang: Lang = None,
    as_json: Json = False,
) -> None:
    """Remove runs, with everything in their folders."""
    from chainrule.cli.screen import Screen
    from chainrule.errors import ConfigError
    from chainrule.messages import text

    kept, chosen = _found(ctx, folder), _lang(ctx, lang)
    ids = list(dict.fromkeys(kept[one].id for one in wanted))
    if not yes:
        raise ConfigError(text("runs.really", chosen, count=len(ids)), got=", ".join(ids))
    screen = Screen(as_json=as_json)
    for name in ids:
        kept.remove(name)
        screen.line(text("runs.removed", chosen, id=name))
    screen.document({"removed": ids})


def _label(run: Any, label: str) -> str:
    """The run's name, where it has one, in the place of its letters."""
    return label if run.name is None else label.replace(run.id[-5:], run.name[:24], 1)


def _folder(ctx: Any, own: str | None) -> str:
    """The folder that the command names, or the group before it, or the usual one."""
    from chainrule.cli.recording import FOLDER

    return own or (ctx.obj or {}).get("folder") or FOLDER


def _lang(ctx: Any, own: str | None) -> str:
    from chainrule.messages import language

    return language(own or (ctx.obj or {}).get("lang"))


def _found(ctx: Any, own: str | None) -> Any:
    return _opened(ctx, own, missing_is_empty=False)


def _opened(ctx: Any, own: str | None, *, missing_is_empty: bool) -> Any:
    """The runs; None if the usual folder is not there yet and that is no fault."""
    from chainrule.cli.recording import FOLDER
    from chainrule.train import Runs

    folder = _folder(ctx, own)
    if missing_is_empty and folder == FOLDER and not Path(folder).exists():
        return None
    return Runs(folder)
