"""The application: every command under its name, with its examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from chainrule.cli import (
    compare,
    data,
    diagnose,
    doctor,
    equation,
    evaluate,
    explain,
    export,
    fit,
    gate,
    import_,
    info,
    perceptron,
    plot,
    predict,
    regions,
    report,
    runs,
)
from chainrule.cli.demo import command as demo
from chainrule.cli.group import Group

__all__ = ["app"]

_START, _WORK, _BOX, _MACHINE = "Start here", "Your data", "Open the box", "This machine"

app = typer.Typer(
    name="chainrule",
    cls=Group,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 success, 1 failed, 2 bad input. [bold]chainrule demo[/] shows what it can do in a minute.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from chainrule import __version__

        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks of errors, as CHAINRULE_DEBUG=1 does.")
    ] = False,
) -> None:
    """Train a multilayer perceptron in milliseconds, then open it and read every number."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _add(
    function: Callable[..., None], examples: Sequence[str], panel: str, cls: Any = None, name: str | None = None
) -> None:
    epilog = "[bold]Examples[/]\n\n" + "\n\n".join(f"[cyan]{example}[/]" for example in examples)
    extra = {} if cls is None else {"cls": cls}
    app.command(name, epilog=epilog, rich_help_panel=panel, **extra)(function)


_add(demo.demo, demo.EXAMPLES, _START)
_add(gate.gate, gate.EXAMPLES, _START)
_add(perceptron.perceptron, perceptron.EXAMPLES, _START)
_add(data.data, data.EXAMPLES, _WORK)
_add(fit.fit, fit.EXAMPLES, _WORK, fit.FitCommand)
_add(evaluate.evaluate, evaluate.EXAMPLES, _WORK)
_add(predict.predict, predict.EXAMPLES, _WORK)
_add(info.info, info.EXAMPLES, _WORK)
app.add_typer(
    runs.app,
    name="runs",
    rich_help_panel=_WORK,
    epilog="[bold]Examples[/]\n\n" + "\n\n".join(f"[cyan]{example}[/]" for example in runs.EXAMPLES),
)
_add(export.export, export.EXAMPLES, _WORK)
_add(import_.import_, import_.EXAMPLES, _WORK, name="import")
_add(report.report, report.EXAMPLES, _BOX)
_add(explain.explain, explain.EXAMPLES, _BOX)
_add(equation.equation, equation.EXAMPLES, _BOX)
_add(regions.regions, regions.EXAMPLES, _BOX)
_add(diagnose.diagnose, diagnose.EXAMPLES, _BOX)
_add(compare.compare, compare.EXAMPLES, _BOX)
_add(plot.plot, plot.EXAMPLES, _BOX)
_add(doctor.doctor, doctor.EXAMPLES, _MACHINE)
