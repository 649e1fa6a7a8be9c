"""``chainrule compare``: one network, trained in several ways."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, Seed, TextFile

__all__ = ["EXAMPLES", "compare"]

EXAMPLES = (
    "chainrule compare overfitting --out overfitting.png",
    "chainrule compare batch-norm penguins --out batch-norm.svg",
    "chainrule compare initialisations --epochs 10 --out start.png",
    "chainrule compare optimizers flats.csv --target rent --lang ko",
)


def compare(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="overfitting, batch-norm, initialisations, optimizers, paths (of optimizers on x²/20 + y²) or "
            "learning-rates.",
        ),
    ],
    source: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="A file or data set; default: a small one that shows it.")
    ] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="Column to predict.")] = None,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", min=1, help="Passes over the rows; of paths and learning-rates: steps."),
    ] = None,
    out: Annotated[str | None, typer.Option("--out", "-o", help="Picture to write: .png, .svg, .pdf, …")] = None,
    theme: Annotated[
        str | None, typer.Option("--theme", help="light or dark; default: CHAINRULE_THEME, or light.")
    ] = None,
    seed: Seed = 0,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Train the same network in several ways, and see in words and in one picture what difference it makes."""
    from chainrule.cli.comparing import Wanted, check_kind, experiment, picture
    from chainrule.cli.paths import check_is_no_input, check_writable
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import named
    from chainrule.messages import language
    from chainrule.messages import text as text_of

    chosen = language(lang)
    check_kind(kind)
    path = None if out is None else check_writable(out)
    if path is not None:
        check_is_no_input(path, *([] if source is None or named(source) else [source]))
    text = TextFile(encoding, delimiter, decimal, no_header)
    found = experiment(Wanted(kind, source, target, epochs, seed, text))
    screen = Screen(as_json=as_json)
    for line in found.lines(chosen):
        screen.line(line)
    if path is not None:
        for note in picture(kind, found.record, path, theme, chosen):
            typer.echo(text_of("screen.note", chosen, note=note), err=True)
        typer.echo(text_of("screen.wrote", chosen, path=path), err=True)
    told = {"kind": kind, "data": source, "file": None if path is None else str(path)}
    screen.document({**told, **found.record.to_dict(), "lines": found.lines(chosen)})
