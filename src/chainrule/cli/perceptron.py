"""``chainrule perceptron``: watch one perceptron learn, update by update."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.failures import FAILED
from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, Seed, TextFile

__all__ = ["EXAMPLES", "perceptron"]

EXAMPLES = (
    "chainrule perceptron and",
    "chainrule perceptron xor --epochs 5",
    "chainrule perceptron nand --mode batch --lang ko",
)


def perceptron(
    source: Annotated[str, typer.Argument(metavar="DATA", help="and, or, nand, nor, xor, a file, or a data set.")],
    target: Annotated[str | None, typer.Option("--target", "-t", help="Column with the two classes.")] = None,
    mode: Annotated[str, typer.Option("--mode", help="online: one sample at a time; batch: all at once.")] = "online",
    lr: Annotated[float, typer.Option("--lr", help="Learning rate.")] = 1.0,
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=100_000, help="Most passes over the rows.")] = 100,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="A new random order of the rows each epoch.")] = False,
    scaling: Annotated[str, typer.Option("--scaling", help="Of a file's numbers: standard or none.")] = "standard",
    seed: Seed = 0,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Let a single perceptron learn two classes by the delta rule, and show every update."""
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import naming_lines, open_data
    from chainrule.cli.training import Recipe, prepare
    from chainrule.data import Splits, Table
    from chainrule.errors import UnknownNameError
    from chainrule.explain import Perceptron
    from chainrule.messages import language, text

    chosen = language(lang)
    if scaling not in {"standard", "none"}:
        raise UnknownNameError("scaling", scaling, ("standard", "none"))
    text_file = TextFile(encoding, delimiter, decimal, no_header)
    opened = open_data(source, target, text=text_file)
    if isinstance(opened, Splits):
        opened = opened.train
    if isinstance(opened, Table):
        with naming_lines(source, opened, text_file):
            data = opened.prepare(test=0, scaling="standard" if scaling == "standard" else None).train
    else:
        data = prepare(opened, Recipe(test=0, validation=0), hold_out=False).train
    found = Perceptron.fit(data, mode=mode, lr=lr, epochs=epochs, shuffle=shuffle, seed=seed)  # type: ignore[arg-type]
    screen = Screen(as_json=as_json)
    if isinstance(opened, Table) and scaling == "standard":
        screen.say(text("perceptron.scaled", chosen))
    for line in found.explain(chosen).splitlines():
        screen.line(line)
    screen.document(found.to_dict())
    if not found.converged:
        raise typer.Exit(FAILED)
