"""What DATA on the command line stands for: the name of a data set, a file, or a folder of IDX files."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chainrule import data
from chainrule.cli.options import Columns, TextFile
from chainrule.data import Dataset, Splits, Table
from chainrule.data.csv import read_records
from chainrule.data.images import IMAGE_SETS, load_images
from chainrule.data.toy import GATES
from chainrule.errors import ConfigError, DataError, MissingFileError, did_you_mean
from chainrule.files import expanded

__all__ = ["Data", "is_gate", "named", "naming_lines", "open_data", "short_name"]

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


@contextlib.contextmanager
def naming_lines(source: str, data: Data, text: TextFile) -> Iterator[None]:
    """Let errors about a text file's rows name its lines, as a person counts them: from 1, the header included."""
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
        row = int(found[1]) + (not text.no_header)
        if row >= len(records.lines):
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
