"""``chainrule equation``: a saved model as a formula."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, TextFile

__all__ = ["EXAMPLES", "equation"]

EXAMPLES = (
    "chainrule equation xor.safetensors --digits 4",
    "chainrule equation penguins.safetensors penguins.csv --digits 3 --layered",
    "chainrule equation xor.safetensors --format latex",
)
_FORMATS = ("text", "latex", "mathml")


def equation(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="A file or data set over which to state the worst error.")
    ] = None,
    digits: Annotated[
        int | None, typer.Option("--digits", min=1, max=17, help="Significant digits; default: all.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, latex or mathml.")] = "text",
    layered: Annotated[bool, typer.Option("--layered", help="One formula per neuron, z1 = …, h1 = ….")] = False,
    link: Annotated[bool, typer.Option("--link", help="Go on to probabilities, with a sigmoid or softmax.")] = False,
    seen: Annotated[
        bool, typer.Option("--model-units", help="Of the scaled inputs that the model sees, not the data's units.")
    ] = False,
    max_terms: Annotated[
        int, typer.Option("--max-terms", min=1, help="Above this the formula is given layer by layer.")
    ] = 2000,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Write a saved model out as a formula in the units of its data."""
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import naming_lines, open_data
    from chainrule.errors import UnknownNameError
    from chainrule.explain.equation import equation as written
    from chainrule.interchange.bundle import load
    from chainrule.messages import language
    from chainrule.train.inputs import inputs_only

    chosen = language(lang)
    if form not in _FORMATS:
        raise UnknownNameError("format", form, _FORMATS)
    network = load(model)
    text = TextFile(encoding, delimiter, decimal, no_header)
    data = None
    if source is not None:
        opened = open_data(source, text=text)
        with naming_lines(source, opened, text):
            data = inputs_only(network, opened)
    found = written(network, None, digits, data, not seen, max_terms, link=link, layered=layered)
    screen = Screen(as_json=as_json)
    shown = {"text": found.text, "latex": found.latex, "mathml": found.mathml}[form]
    if not as_json:
        for line in shown().splitlines():
            screen.line(line)
        for note in found.notes(chosen):
            typer.echo(note, err=form != "text")
    else:
        screen.document({"model": model, "data": source, **found.to_dict(), "notes": found.notes(chosen)})
