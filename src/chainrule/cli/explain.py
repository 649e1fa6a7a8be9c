"""``chainrule explain``: every number of one forward and backward pass of a saved model."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, TextFile

__all__ = ["EXAMPLES", "explain"]

EXAMPLES = (
    "chainrule explain xor.safetensors xor --row 2",
    "chainrule explain penguins.safetensors penguins.csv --row 0 --html trace.html",
    'chainrule explain xor.safetensors xor --check "0.weight[1,0].grad=0.0123"',
)


def explain(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="A file or data set with the target (its test rows, if any)."),
    ] = None,
    row: Annotated[int, typer.Option("--row", min=0, help="Which row of DATA, from 0.")] = 0,
    values: Annotated[
        str | None, typer.Option("--input", help="In place of DATA: the numbers that the model sees, as 0,1.")
    ] = None,
    target: Annotated[float | None, typer.Option("--target", help="The target that belongs to --input.")] = None,
    optimizer: Annotated[str | None, typer.Option("--optimizer", help="Show its first update, too.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", help="Learning rate of that update.")] = None,
    given: Annotated[
        str | None, typer.Option("--check", metavar="PATH=NUMBER", help="Check a number worked out by hand.")
    ] = None,
    exercise: Annotated[
        int | None, typer.Option("--exercise", min=0, metavar="SEED", help="Leave blanks to fill in; solutions last.")
    ] = None,
    number: Annotated[
        str | None, typer.Option("--expand", metavar="PATH", help='One number with all its terms, as "0.output[0,1]".')
    ] = None,
    html: Annotated[str | None, typer.Option("--html", help="Write one page to read and print.")] = None,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Show every number of one forward and backward pass, with the formulas that they come from."""
    from chainrule.cli.explaining import checked, one_sample, update_wanted
    from chainrule.cli.paths import check_is_no_input, check_may_become_page, check_writable
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import named
    from chainrule.explain.tracer import trace
    from chainrule.files import atomic_write
    from chainrule.interchange.bundle import load
    from chainrule.messages import language
    from chainrule.messages import text as text_of

    screen, chosen = Screen(as_json=as_json), language(lang)
    path = None if html is None else check_writable(html)
    if path is not None:
        check_is_no_input(path, model, *([] if source is None or named(source) else [source]), option="--html")
        check_may_become_page(path, option="--html")
    network = load(model)
    text = TextFile(encoding, delimiter, decimal, no_header)
    x, y, loss = one_sample(network, source, row, values, target, text, chosen)
    found = trace(network, x, y, loss, optimizer=update_wanted(optimizer, lr), training=False)
    content: dict[str, Any] = {"model": model, "data": source, "row": None if source is None else row}
    if path is not None:
        with atomic_write(path) as file:
            file.write(found.page(chosen).encode())
        typer.echo(text_of("screen.wrote", chosen, path=path), err=True)
    if given is not None:
        verdict = checked(found, given)
        screen.say(verdict.message(chosen), "bold green" if verdict.right else "bold yellow")
        content["check"] = {**verdict.to_dict(), "message": verdict.message(chosen)}
    elif number is not None:
        content["expanded"] = found.expand(number, chosen)
        for line in content["expanded"]:
            screen.line(line)
    elif exercise is not None:
        sheet = found.exercise(exercise)
        for line in [*sheet.lines(chosen), "", *sheet.solutions(chosen)]:
            screen.line(line)
        content["exercise"] = sheet.to_dict()
    elif path is None:
        for line in found.lines(chosen):
            screen.line(line, _style(line))
    screen.document({**content, "html": path, "trace": found.to_dict()} if as_json else {})


def _style(line: str) -> str:
    if line.startswith("== "):
        return "bold cyan"
    return "" if line.startswith(" ") else "bold"
