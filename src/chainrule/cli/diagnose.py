"""``chainrule diagnose``: what keeps a saved model from learning."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, TextFile

__all__ = ["EXAMPLES", "diagnose"]

EXAMPLES = (
    "chainrule diagnose penguins.safetensors penguins.csv",
    "chainrule diagnose iris.safetensors iris --lang ko",
    "chainrule diagnose flats.safetensors flats.csv --held-out more-flats.csv",
)


def diagnose(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str, typer.Argument(metavar="DATA", help="What it was trained on: a file with the target, or a data set.")
    ],
    held_out: Annotated[
        str | None, typer.Option("--held-out", help="Rows that it was not trained on: a file with the target.")
    ] = None,
    test: Annotated[
        str | None, typer.Option("--test", help="Which rows of DATA fit held out: its --test, where it was not 0.2.")
    ] = None,
    validation: Annotated[str | None, typer.Option("--validation", help="The --validation of fit.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="The --seed of fit.")] = None,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Look for what keeps a model from learning: evidence, cause, and what to do.

    Overfitting is told from rows that were held out: those of --held-out, those that a data set brings, or those that
    fit held out of a table, which are recognised if fit divided the rows as it does by default.
    """
    from chainrule.cli.division import divided, recognised
    from chainrule.cli.recipe import share
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import naming_lines, open_data, with_targets
    from chainrule.data import Splits
    from chainrule.errors import ConfigError
    from chainrule.explain.diagnose import diagnose as examine
    from chainrule.interchange.bundle import load
    from chainrule.messages import language
    from chainrule.train.inputs import like_training

    screen, chosen = Screen(as_json=as_json), language(lang)
    network = load(model)
    text = TextFile(encoding, delimiter, decimal, no_header)
    opened, kept = with_targets(network, open_data(source, text=text))
    named_rows = held_out is not None
    asked = share(test, "--test"), share(validation, "--validation"), seed
    if named_rows and asked != (None, None, None):
        raise ConfigError("--held-out goes without --test, --validation and --seed", fix="Leave one or the other out")
    unseen, unseen_kept = with_targets(network, open_data(held_out, text=text)) if held_out else (None, kept)
    tested = None
    if unseen is not None:
        with naming_lines(str(held_out), unseen, text, unseen_kept):
            tested = like_training(network, unseen, "evaluation")
    with naming_lines(source, opened, text, kept):
        rows = opened
        if asked != (None, None, None):
            rows = divided(network, opened, asked[0], asked[1], seed or 0)
        elif not named_rows:
            rows = recognised(network, opened)
        if tested is None and isinstance(rows, Splits):
            tested = rows.validation if rows.test is None else rows.test
        found = examine(network, like_training(network, rows, "training"), network.history, held_out=tested)
    kept.say(chosen)
    for line in found.lines(chosen):
        screen.line(line, "" if line.startswith(" ") else "bold")
    findings = [{**finding.to_dict(), "texts": finding.texts(chosen)} for finding in found.findings]
    notes = [{**note.to_dict(), "text": note.message(chosen)} for note in found.notes]
    screen.document({"model": model, "data": source, **found.to_dict(), "findings": findings, "notes": notes})
