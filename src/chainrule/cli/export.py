"""``chainrule export``: a saved model as code in another language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.options import Json
from chainrule.errors import ConfigError

__all__ = ["EXAMPLES", "export"]

EXAMPLES = (
    "chainrule export iris.safetensors --to c -o iris.c",
    "chainrule export iris.safetensors --to js --name classify -o iris.mjs",
    "chainrule export iris.safetensors --to sql --table flowers",
    "chainrule export iris.safetensors --to keras -o iris.keras",
    "chainrule export iris.safetensors --to onnx -o iris.onnx",
)


def export(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model file.")],
    to: Annotated[
        str,
        typer.Option("--to", metavar="TARGET", help="python, numpy, c, js, sql, excel, latex, torch, keras or onnx."),
    ],
    out: Annotated[str | None, typer.Option("--out", "-o", help="File to write; default: standard output.")] = None,
    name: Annotated[str, typer.Option("--name", help="Name of the function.")] = "predict",
    table: Annotated[str, typer.Option("--table", help="For sql: the table whose rows are read.")] = "data",
    features: Annotated[
        bool, typer.Option("--features", help="Take what the network sees instead of the columns of the data.")
    ] = False,
    logits: Annotated[
        bool, typer.Option("--logits", help="Give the raw output instead of probabilities or the target's units.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a saved model as code that needs nothing but its language, preprocessing included.

    Spreadsheets (excel) are a CSV file of formulas, for small networks.  torch and keras are code that builds the
    network, without preprocessing; with keras and a FILE.keras, Keras itself writes the network there.

    onnx is a binary file (-o), which takes one input for each column and gives a class and its probabilities.
    """
    from chainrule.cli.paths import check_is_no_input, check_writable
    from chainrule.cli.screen import Screen, standard_output
    from chainrule.files import atomic_write
    from chainrule.interchange.bundle import load
    from chainrule.interchange.exporting import export as written
    from chainrule.interchange.keras_out import save_keras
    from chainrule.interchange.onnx_out import save_onnx

    path = None if out is None else check_writable(out)
    if path is not None:
        check_is_no_input(path, model)
    network, source = load(model), None
    if to == "onnx":
        save_onnx(network, _named(path), preprocessing=not features, link=not logits, name=name)
    elif path is not None and to == "keras" and path.suffix.lower() == ".keras":
        save_keras(network, path, link=not logits)
    else:
        source = written(network, to, name=name, table=table, preprocessing=not features, link=not logits)
    if path is not None and source is not None:
        with atomic_write(path) as file:
            file.write(source.encode())
    if path is not None:
        typer.echo(f"Wrote {path}", err=True)
    elif source is not None and not as_json:
        standard_output().write(source)
    screen = Screen(as_json=as_json)
    screen.document(
        {
            "model": model,
            "to": to,
            "file": None if path is None else str(path),
            "source": source if path is None else None,
        }
    )


def _named(path: Path | None) -> Path:
    """A binary file has to be named: no screen can show it."""
    if path is None:
        raise ConfigError("ONNX is a binary file", fix="Name it with --out FILE.onnx")
    return path
