"""``chainrule diagnose``: what keeps a saved model from learning."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, TextFile

__all__ = ["EXAMPLES", "diagnose"]

EXAMPLES = (
    "chainrule diagnose penguins.safetensors penguins.csv",
    "chainrule diagnose iris.safetensors iris --lang ko",
)


def diagnose(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str, typer.Argument(metavar="DATA", help="What it was trained on: a file with the target, or a data set.")
    ],
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Look for what keeps a model from learning: evidence, cause, and what to do."""
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import naming_lines, open_data, with_targets
    from chainrule.explain.diagnose import diagnose as examine
    from chainrule.interchange.bundle import load
    from chainrule.messages import language
    from chainrule.train.inputs import like_training

    screen, chosen = Screen(as_json=as_json), language(lang)
    network = load(model)
    text = TextFile(encoding, delimiter, decimal, no_header)
    opened, kept = with_targets(network, open_data(source, text=text))
    with naming_lines(source, opened, text, kept):
        found = examine(network, like_training(network, opened, "training"), network.history)
    kept.say()
    for line in found.lines(chosen):
        screen.line(line, "" if line.startswith(" ") else "bold")
    findings = [{**finding.to_dict(), "texts": finding.texts(chosen)} for finding in found.findings]
    screen.document({"model": model, "data": source, **found.to_dict(), "findings": findings})
