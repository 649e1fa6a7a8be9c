"""``chainrule evaluate``: score a saved model on data that has the answers."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, NoHeader, TextFile

__all__ = ["EXAMPLES", "evaluate"]

EXAMPLES = ("chainrule evaluate penguins.safetensors more-penguins.csv",)


def evaluate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A file with the target column, or a data set (its test rows, if any)."),
    ],
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Score a saved model on data that has the answers."""
    from chainrule.cli.scoring import measure
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import named, naming_lines, open_data, with_targets
    from chainrule.data import Splits
    from chainrule.interchange.bundle import load

    screen = Screen(as_json=as_json)
    network = load(model)
    text = TextFile(encoding, delimiter, decimal, no_header)
    data, kept = with_targets(network, open_data(source, text=text))
    with naming_lines(source, data, text, kept):
        report = measure(network, data)
    kept.say()
    report.show(screen, f"{model} on {source}")
    if named(source) is not None and not isinstance(data, Splits):
        screen.say(
            "Note: if the model was trained on this data set, it has seen most of these rows; the test scores that fit "
            "showed are the honest ones.",
            "yellow",
        )
    screen.document({"model": model, "data": source, **report.to_dict()})
