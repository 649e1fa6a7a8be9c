"""``chainrule export``: a saved model as code in another language."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.options import Json
from chainrule.errors import ConfigError

__all__ = ["EXAMPLES", "export"]

EXAMPLES = (
    "chainrule export iris.safetensors --to c -o iris.c",
    "chainrule export iris.safetensors --to c --int8 --calibrate iris -o iris.c",
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
    int8: Annotated[
        bool, typer.Option("--int8", help="For c: whole numbers of 8 bits, a quarter of the memory.")
    ] = False,
    calibrate: Annotated[
        str | None,
        typer.Option("--calibrate", metavar="DATA", help="For --int8: rows like those that the network will see."),
    ] = None,
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
    from chainrule.interchange.int8 import export_int8
    from chainrule.interchange.keras_out import save_keras
    from chainrule.interchange.onnx_out import save_onnx

    if int8 and to != "c":
        raise ConfigError("whole numbers of 8 bits are written in C alone", fix="Pass --to c")
    path = None if out is None else check_writable(out)
    if path is not None:
        check_is_no_input(path, model)
    network, source, report = load(model), None, None
    options: dict[str, Any] = {"name": name, "preprocessing": not features, "link": not logits}
    if to == "onnx":
        save_onnx(network, _named(path), **options)
    elif path is not None and to == "keras" and path.suffix.lower() == ".keras":
        save_keras(network, path, link=not logits)
    elif int8:
        source, report = export_int8(network, None if calibrate is None else _rows(network, calibrate), **options)
        for line in report.lines():
            typer.echo(line, err=True)
    else:
        source = written(network, to, table=table, calibrate=calibrate, **options)
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
            **({} if report is None else {"int8": report.to_dict()}),
        }
    )


def _named(path: Path | None) -> Path:
    """A binary file has to be named: no screen can show it."""
    if path is None:
        raise ConfigError("ONNX is a binary file", fix="Name it with --out FILE.onnx")
    return path


def _rows(model: Any, source: str) -> Any:
    """The rows of DATA (its training rows if it is divided) as the network sees them."""
    from chainrule.cli.sources import open_data
    from chainrule.data import Splits
    from chainrule.train.inputs import inputs_only

    data = open_data(source)
    return inputs_only(model, data.train if isinstance(data, Splits) else data)
