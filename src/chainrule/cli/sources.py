"""What DATA on the command line stands for: the name of a data set, a file, or a folder of IDX files."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer

from chainrule import data
from chainrule.cli.options import Columns, TextFile
from chainrule.data import Dataset, Splits, Table
from chainrule.data.cells import as_cells, is_missing
from chainrule.data.csv import read_records
from chainrule.data.images import IMAGE_SETS, load_images
from chainrule.data.toy import GATES
from chainrule.errors import ConfigError, DataError, MissingFileError, did_you_mean
from chainrule.files import expanded
from chainrule.messages import text as text_of
from chainrule.nn.module import Module

__all__ = ["Data", "Kept", "is_gate", "named", "naming_lines", "open_data", "short_name", "with_targets"]

Data = Table | Dataset | Splits[Dataset]

_TRAIN, _TEST = "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"
_TABLES = ("iris", "penguins")


def open_data(
    source: str,
    target: str | None = None,
    task: Any = None,
    text: TextFile | None = None,
    columns: Columns | None = None,
) -> Data:
    """Open a data set by name, a file, or a folder of IDX files.

    Raises:
        MissingFileError: if there is nothing of that name; offers the nearest data set.
        ConfigError: for options that do not go with what was found.
        ChainruleError: see `data.load` and `data.read`.
    """
    asked = {} if text is None else text.asked
    if columns is not None:
        asked |= columns.asked
    if task is not None:
        asked["task"] = task
    name = named(source)
    if name in _TABLES and not asked.keys() - {"task", "kinds", "missing"}:
        wanted = asked if target is None else {**asked, "target": target}
        return data.load(str(name), **wanted)
    path = expanded(source)
    if name is None and path.is_dir():
        return _folder(path)
    if name is None:
        if not path.exists() and not path.suffix and os.sep not in source:
            raise MissingFileError(
                f"no file and no data set is called {source!r}", fix=did_you_mean(source, data.names())
            )
        return data.read(source, target, **asked)
    if target is not None or asked:
        option = "--target" if target is not None else f"--{next(iter(asked))}".replace("--kinds", "--drop or --kind")
        raise ConfigError(f"data set {name!r} takes no {option}")
    return data.load(name)


@dataclass(frozen=True)
class Kept:
    """Which rows of DATA are looked at.

    Attributes:
        rows: their numbers in DATA, from 0; None if all are.
        missing: how many are left out, for they have no target.
    """

    rows: np.ndarray | None = None
    missing: int = 0

    def place(self, row: int) -> int:
        """Where a row of DATA stands among them.

        Raises:
            ConfigError: if it is one of those that have no target.
        """
        if self.rows is None or row > self.rows[-1]:
            return row
        place = int(np.searchsorted(self.rows, row))
        if self.rows[place] != row:
            raise ConfigError(f"row {row} has no target", fix="Name another row")
        return place

    def number(self, place: int) -> int | None:
        """The row of DATA at a place, if there is one."""
        if self.rows is None:
            return place
        return int(self.rows[place]) if place < len(self.rows) else None

    def say(self, lang: str | None = "en") -> None:
        """Tell the user, on standard error and in "en" or "ko", if rows are left out."""
        if self.missing:
            key = "screen.row_without_target" if self.missing == 1 else "screen.rows_without_target"
            typer.echo(text_of(key, lang, count=f"{self.missing:,}"), err=True)


_ALL = Kept()


def with_targets(model: Module, opened: Data) -> tuple[Data, Kept]:
    """Leave out a table's rows that have no target, as `fit` does; a table without any target stays as it is."""
    name = None if model.preprocessing is None else model.preprocessing.target_name
    if not isinstance(opened, Table) or name not in opened.columns:
        return opened, _ALL
    rows = np.flatnonzero(~is_missing(as_cells(opened.raw[name], name, opened.missing)))
    missing = len(opened) - len(rows)
    if not missing or not len(rows):
        return opened, _ALL
    # Not `Table.rows`, which infers the schema, which the model brings, and stops at what is wrong in any column.
    columns = {column: cells[rows] for column, cells in opened.raw.items()}
    return Table(columns, missing=opened.missing, name=opened.name), Kept(rows, missing)


@contextlib.contextmanager
def naming_lines(source: str, data: Data, text: TextFile, kept: Kept = _ALL) -> Iterator[None]:
    """Let errors about a text file's rows name its lines, as a person counts them: from 1, the header included.

    Args:
        source: the file.
        data: what it holds.
        text: how it was read.
        kept: the rows that are looked at.
    """
    try:
        yield
    except DataError as error:
        found = re.search(r"\brow (\d+)\b", str(error))
        path = expanded(source)
        if (
            found is None
            or not isinstance(data, Table)
            or named(source) is not None
            or path.suffix in {".parquet", ".pq"}
        ):
            raise
        asked = text.asked
        records = read_records(path, delimiter=asked.get("delimiter"), encoding=asked.get("encoding"))
        number = kept.number(int(found[1]))
        row = None if number is None else number + (not text.no_header)
        if row is None or row >= len(records.lines):
            raise
        message = str(error).replace(found[0], f"line {records.lines[row]}", 1)
        raise DataError(message) from error


def named(source: str) -> str | None:
    """Return the name of the data set that `source` is, or None if it is none."""
    key = source.lower().replace("_", "-")
    key = {"fashionmnist": "fashion-mnist"}.get(key, key)
    return key if key in data.names() else None


def is_gate(source: str) -> bool:
    """Whether `source` names a truth table, which is all there is: no rows of it can be held out."""
    return named(source) in (*GATES, "gates")


def short_name(source: str) -> str:
    """Return what a model made from `source` is called by default: the file's name without its suffixes."""
    name = named(source)
    if name is not None:
        return name
    path = expanded(source)
    return path.resolve().name if path.is_dir() else path.name.removesuffix(".gz").rsplit(".", 1)[0] or "model"


def _folder(path: Path) -> Splits[Dataset]:
    name = path.resolve().name
    if name in IMAGE_SETS:  # whose classes have names
        return load_images(name, folder=path)
    files = {
        stem: next((path / f for f in (stem, f"{stem}.gz") if (path / f).is_file()), None) for stem in (_TRAIN, _TEST)
    }
    first = files[_TRAIN]
    if first is None:
        raise MissingFileError(
            "expected a data file, got a folder without images in IDX files",
            where=path,
            fix=f"Name a file in it, or add {_TRAIN}",
        )
    parts = [None if file is None else data.read(file) for file in (first, files[_TEST])]
    train, test = (part if isinstance(part, Dataset) else None for part in parts)
    assert train is not None  # an IDX file holds a single set
    return Splits(train, test=test)
