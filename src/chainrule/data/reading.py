"""Reading a file by its suffix."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from chainrule.data.dataset import Dataset, Splits
from chainrule.data.frames import is_frame
from chainrule.data.table import Table
from chainrule.errors import ConfigError, DataError, DTypeError, FormatError, UnknownNameError
from chainrule.files import existing_file

__all__ = ["read"]

Found = TypeVar("Found")

_TEXT = (".csv", ".tsv", ".txt")
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_SUFFIXES = (*_TEXT, ".parquet", ".npz", ".idx", ".gz")


def read(path: Any, target: str | None = None, **options: Any) -> Table | Dataset | Splits[Dataset]:
    """Read a data file: what it is, its suffix says.  Frames and mappings of columns become tables as well.

    Args:
        path: a frame (pandas, polars, Arrow), a mapping of columns or records; or the name of a file:
            ``.csv``, ``.tsv``, ``.txt`` (also with ``.gz``) or ``.parquet`` for a table; ``.npz`` or an IDX file
            (``…-idx3-ubyte``, also with ``.gz``; labels are taken from the file beside it) for arrays.
        target: column to predict, for tables.
        options: for tables,

            * ``kinds={"zip": "categorical", "note": "ignore"}``: kinds of columns where the guess is wrong ("numeric",
              "boolean", "categorical", "date", "date:dmy"); "ignore" leaves a column out;
            * ``task="regression"`` ("binary", "multiclass") where the guess from the target's values is wrong;
            * ``missing=["-99", "unknown"]``: further texts that mean "no value";

            for text files also ``delimiter=";"``, ``encoding="cp949"``, ``header=False``, ``decimal=","``, see
            `read_csv`; for arrays what `read_npz` takes.

    Raises:
        MissingFileError, FormatError, DataError: see those functions.
        UnknownNameError: for a suffix that is not known, or an unknown target.
        ConfigError: for options that the format does not have.
    """
    if is_frame(path):
        return _named(lambda: Table(path, target, **options), type(path).__name__)
    if not isinstance(path, str | os.PathLike):
        raise DTypeError("not a file or a table", expected="a path, a frame or a mapping", got=type(path).__name__)
    found = existing_file(path, "data file")
    return _named(lambda: _read(path, found, target, options), found.name)


def _named(reader: Callable[[], Found], what: str) -> Found:
    """Run `reader`; an option that it does not have is reported by name."""
    try:
        return reader()
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        unknown = str(error).rsplit("'", 2)[1]
        raise ConfigError(f"data like {what} are read without an option {unknown!r}") from None


def _read(
    path: str | os.PathLike[str], found: Path, target: str | None, options: dict[str, Any]
) -> Table | Dataset | Splits[Dataset]:
    name = found.name.lower().removesuffix(".gz")
    if name.endswith((".parquet", ".pq")):
        from chainrule.data.parquet import read_parquet

        return read_parquet(path, target, **options)
    if name.endswith(_TEXT):
        return _read_text(path, name, target, options)
    if target is not None:
        raise ConfigError("target names a column of a table; this file holds arrays", got=repr(target), where=path)
    if name.endswith(".npz"):
        from chainrule.data.npz import read_npz

        return read_npz(path, **options)
    if name.endswith((".idx", "-ubyte")) or ".idx" in name or found.suffix == ".gz":
        return _read_images(found, **options)
    if found.suffix.lower() in _WORKBOOKS:
        raise FormatError("the file is a workbook, which cannot be read", where=path, fix="Export it as CSV UTF-8")
    raise UnknownNameError("kind of file", found.suffix or found.name, _SUFFIXES, where=path)


def _read_text(path: str | os.PathLike[str], name: str, target: str | None, options: dict[str, Any]) -> Table:
    from chainrule.data.csv import read_csv

    if name.endswith(".tsv"):
        options = {"delimiter": "\t", **options}
    return read_csv(path, target, **options)


def _read_images(path: Path) -> Dataset:
    from chainrule.data.arrays import from_arrays
    from chainrule.data.idx import labels_beside, read_idx

    images = read_idx(path)
    if images.ndim < 2:
        raise DataError(
            "the file holds labels alone", where=path, fix="Name the images file; labels are found beside it"
        )
    labels = labels_beside(path)
    return from_arrays(images, None if labels is None else read_idx(labels), name=path.name)
