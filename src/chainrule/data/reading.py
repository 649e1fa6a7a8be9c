"""Reading a file by its suffix."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chainrule.data.dataset import Dataset, Splits
from chainrule.data.table import Table
from chainrule.errors import ConfigError, DataError, FormatError, UnknownNameError
from chainrule.files import existing_file

__all__ = ["read"]

_TEXT = (".csv", ".tsv", ".txt")
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")
_SUFFIXES = (*_TEXT, ".parquet", ".npz", ".idx", ".gz")


def read(path: str | os.PathLike[str], target: str | None = None, **options: Any) -> Table | Dataset | Splits[Dataset]:
    """Read a data file: what it is, its suffix says.

    Args:
        path: ``.csv``, ``.tsv``, ``.txt`` (also with ``.gz``) or ``.parquet`` for a table; ``.npz`` or an IDX file
            (``…-idx3-ubyte``, also with ``.gz``; labels are taken from the file beside it) for arrays.
        target: column to predict, for tables.
        options: what `read_csv`, `read_parquet` or `read_npz` take.

    Raises:
        MissingFileError, FormatError, DataError: see those functions.
        UnknownNameError: for a suffix that is not known, or an unknown target.
        ConfigError: for options that the format does not have.
    """
    found = existing_file(path, "data file")
    name = found.name.lower().removesuffix(".gz")
    try:
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
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        unknown = str(error).rsplit("'", 2)[1]
        raise ConfigError(f"files like {found.name} are read without an option {unknown!r}") from None
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
