"""``chainrule data``: which data sets there are, and what is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.options import Decimal, Delimiter, Encoding, Json, NoHeader, TextFile

if TYPE_CHECKING:
    from chainrule.cli.screen import Screen
    from chainrule.data import Dataset, Splits

__all__ = ["EXAMPLES", "data"]

EXAMPLES = ("chainrule data", "chainrule data penguins", "chainrule data fashion-mnist", "chainrule data table.csv")

_KINDS = {
    "and": "logic gate",
    "or": "logic gate",
    "nand": "logic gate",
    "nor": "logic gate",
    "xor": "logic gate that one neuron cannot learn",
    "xnor": "logic gate that one neuron cannot learn",
    "gates": "xor, or any other gate from Python",
    "spirals": "two interleaved spirals in the plane",
    "moons": "two interleaved half circles in the plane",
    "circles": "a circle around another in the plane",
    "blobs": "three clouds of points in the plane",
    "iris": "150 flowers of 3 species, 4 measurements (Fisher, 1936)",
    "penguins": "344 penguins of 3 species, with missing values and text (Palmer Station, CC0)",
    "mnist": "70,000 handwritten digits of 28 × 28 pixels (downloaded when first used)",
    "fashion-mnist": "70,000 pieces of clothing of 28 × 28 pixels (downloaded when first used)",
}


def data(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A data set or a file; default: list all.")
    ] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="Column to predict, for tables.")] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    no_header: NoHeader = False,
    as_json: Json = False,
) -> None:
    """List the data sets, or show one: columns or shape, classes, where it is; downloads it if need be."""
    from chainrule.cli.screen import Screen

    screen = Screen(as_json=as_json)
    if name is None:
        _list(screen)
    else:
        _show(screen, name, target, TextFile(encoding, delimiter, decimal, no_header))


def _list(screen: Screen) -> None:
    from chainrule import data as sets
    from chainrule.cli.tables import grid

    table = grid("name", "what it is", title="Data sets", fold=1)
    for name in sets.names():
        table.add_row(name, _KINDS.get(name, ""))
    screen.show(table)
    screen.say("Look at one: chainrule data penguins. Train on one: chainrule fit penguins", "dim")
    screen.document({"datasets": [{"name": name, "description": _KINDS.get(name, "")} for name in sets.names()]})


def _show(screen: Screen, source: str, target: str | None, text: TextFile) -> None:
    from dataclasses import asdict

    from chainrule.cli import sources
    from chainrule.cli.tables import schema_table
    from chainrule.data import Splits, Table
    from chainrule.data.images import IMAGE_SETS, find

    opened = sources.open_data(source, target, text=text)
    name = sources.named(source)
    place = find(name) if name in IMAGE_SETS else None
    document: dict[str, Any] = {"name": source, "folder": place}
    if isinstance(opened, Table):
        with sources.naming_lines(source, opened, text):
            schema = opened.schema
        screen.show(schema_table(schema, f"{opened.name}: {len(opened):,} rows", screen.is_narrow))
        screen.say(f"Target {schema.target} · task {schema.task or 'none'}")
        for note in schema.notes:
            screen.say(f"Note: {note}", "yellow")
        document |= {"kind": "table", "schema": asdict(schema)}
    else:
        parts: Splits[Dataset] = opened if isinstance(opened, Splits) else Splits(opened)
        document |= {"kind": "arrays", "parts": _show_arrays(screen, source, parts), "classes": parts.classes}
    if place is not None:
        screen.line(f"Found in {place}", "dim")
    screen.document(document)


def _show_arrays(screen: Screen, title: str, parts: Splits[Dataset]) -> dict[str, Any]:
    """Show shapes, and how many samples each class has; returns the same for JSON."""
    import numpy as np

    from chainrule.cli.tables import grid

    named = {"training": parts.train, "validation": parts.validation, "test": parts.test}
    found: dict[str, Any] = {}
    table = grid("part", "samples", "shape", "dtype", "task", title=title, right=(1,))
    for name, part in named.items():
        if part is None:
            continue
        shape = part.inputs.shape[1:]
        table.add_row(name, f"{len(part):,}", " × ".join(map(str, shape)), str(part.inputs.dtype), part.task or "–")
        counts = None
        if part.task != "regression" and part.targets is not None:
            counts = np.bincount(part.targets.astype(np.int64), minlength=part.n_classes or 0).tolist()
        found[name] = {"samples": len(part), "shape": shape, "dtype": str(part.inputs.dtype), "class_counts": counts}
    screen.show(table)
    counts = found["training"]["class_counts"]
    if counts:
        names = parts.classes or [str(i) for i in range(len(counts))]
        screen.say("Classes: " + ", ".join(f"{name} ({count:,})" for name, count in zip(names, counts, strict=True)))
    return found
