"""``chainrule predict``: what a saved model says about each row."""

from __future__ import annotations

import gzip
from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, NoHeader, TextFile

__all__ = ["EXAMPLES", "predict"]

EXAMPLES = (
    "chainrule predict penguins.safetensors new.csv --out answers.csv",
    "chainrule predict penguins.safetensors new.csv | head",
)


def predict(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str,
        typer.Argument(metavar="DATA", help="A file with the input columns, or a data set (its test rows, if any)."),
    ],
    out: Annotated[str | None, typer.Option("--out", "-o", help="CSV file to write; default: standard output.")] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Add what a saved model says to every row: a column [bold]prediction[/], and for classes their probabilities.

    The columns that the file has are kept exactly as they stand in it.
    """
    from chainrule.cli.answers import answer, as_csv, unseen
    from chainrule.cli.paths import check_is_no_input, check_is_text, check_writable
    from chainrule.cli.screen import print_json
    from chainrule.cli.sources import named, naming_lines, open_data
    from chainrule.files import atomic_write
    from chainrule.interchange.bundle import load

    path = None if out is None else check_writable(out)
    if path is not None:
        check_is_text(path)
        check_is_no_input(path, model, *([] if named(source) else [source]))
    text = TextFile(encoding, delimiter, decimal, no_header)
    network = load(model)
    data = open_data(source, text=text)
    with naming_lines(source, data, text):
        answers = answer(network, data)
    for note in unseen(network, data):
        typer.echo(f"Note: {note}", err=True)
    if path is not None:
        content = _encoded(*as_csv(answers, source, data, text, path.name))
        with atomic_write(path) as file:
            file.write(gzip.compress(content, mtime=0) if path.suffix.lower() == ".gz" else content)
        typer.echo(f"Wrote {len(answers):,} rows to {path}", err=True)
    elif not as_json:
        _to_stdout(as_csv(answers, source, data, text)[0].encode())
    if as_json:
        print_json({"model": model, "data": source, "file": path, "rows": len(answers), **answers.to_dict()})


def _encoded(content: str, encoding: str) -> bytes:
    """Return the text in the encoding of the file that it was made from, or, where that is too small, in UTF-8."""
    try:
        return content.encode(encoding)
    except UnicodeEncodeError:
        typer.echo(f"Note: {encoding} cannot hold the class names, so that the file is UTF-8", err=True)
        return content.encode("utf-8-sig")


def _to_stdout(content: bytes) -> None:
    from chainrule.cli.screen import standard_output

    stream = standard_output()
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(content.decode())
    else:
        # Piped CSV is the same bytes on every system, whatever the terminal's encoding and line ends.
        stream.flush()
        binary.write(content)
        binary.flush()
