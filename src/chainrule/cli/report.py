"""``chainrule report``: one page with all that can be said about a saved model on data."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, Lang, NoHeader, TextFile

__all__ = ["EXAMPLES", "report"]

EXAMPLES = (
    "chainrule report iris.safetensors iris -o report.html",
    "chainrule report penguins.safetensors penguins.csv -o report.html --lang ko --row 12",
    "chainrule report xor.safetensors xor -o report.html --sections verdict,equation,trace",
)


def report(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    source: Annotated[
        str, typer.Argument(metavar="DATA", help="A file with the target, or a data set (its test rows, if any).")
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="Page to write.")] = "report.html",
    rows: Annotated[
        list[int] | None,
        typer.Option("--row", min=0, metavar="N", help="Row of DATA to trace, from 0; may be repeated."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Heading.")] = None,
    sections: Annotated[
        str | None, typer.Option("--sections", metavar="A,B", help="Only these sections; default: all.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", metavar="", help="Print how long sections take.")] = False,
    lang: Lang = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """Write one page about a model: scores, diagnosis, equation, boundary, proof, pictures, and one row's numbers."""
    from chainrule.cli.paths import check_is_no_input, check_may_become_page, check_writable
    from chainrule.cli.screen import Screen
    from chainrule.cli.sources import named, naming_lines, open_data, short_name, with_targets
    from chainrule.interchange.bundle import load
    from chainrule.messages import text as text_of
    from chainrule.reports import report as written

    screen = Screen(as_json=as_json)
    path = check_writable(out)
    check_is_no_input(path, model, *([] if named(source) else [source]))
    check_may_become_page(path)
    wanted = None if sections is None else [name.strip() for name in sections.split(",") if name.strip()]
    network = load(model)
    text = TextFile(encoding, delimiter, decimal, no_header)
    data, kept = with_targets(network, open_data(source, text=text))
    traced = [kept.place(row) for row in rows or ()]
    with naming_lines(source, data, text, kept):
        found = written(
            network, data, lang=lang, title=title, sections=wanted, rows=traced or None, name=short_name(source),
            numbers=kept.rows, file=model, progress=_say if verbose else None,
        )  # fmt: skip
    found.save(path)
    kept.say(lang)
    for section in found.sections:
        if section.state == "failed":
            typer.echo(text_of("screen.note", lang, note=f"{section.title}: {section.note}"), err=True)
    size, seconds = f"{path.stat().st_size / 2**20:.1f}", f"{found.seconds:.1f}"
    typer.echo(text_of("screen.wrote_page", lang, path=path, size=size, seconds=seconds), err=True)
    if as_json:
        screen.document({"model": model, "data": source, "file": path, "seconds": found.seconds, **found.to_dict()})


def _say(name: str, seconds: float) -> None:
    typer.echo(f"{seconds:7.2f} s  {name}", err=True)
