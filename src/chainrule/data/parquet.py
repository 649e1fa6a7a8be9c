"""Parquet files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from chainrule.data.table import Table
from chainrule.data.target import Task
from chainrule.errors import DataError, FormatError, MissingDependencyError
from chainrule.files import existing_file

__all__ = ["read_parquet"]


def read_parquet(
    path: str | os.PathLike[str],
    target: str | None = None,
    *,
    kinds: Mapping[str, str] | None = None,
    task: Task | None = None,
    missing: Sequence[str] = (),
) -> Table:
    """Read a table from a Parquet file; for the arguments see `Schema.infer`.

    Raises:
        MissingDependencyError: if pyarrow is not installed.
        MissingFileError, FormatError: if there is no such file, or it is no Parquet.
        DataError: if it has no rows.
    """
    found = existing_file(path, "Parquet file")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingDependencyError(
            "reading Parquet needs pyarrow", fix='Run: pip install "chainrule[tables]"'
        ) from None
    try:
        with pq.ParquetFile(found) as file:  # read_table would take folder names for columns
            content = file.read()
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(f"the file cannot be read as Parquet: {reason}", where=path) from error
    if not content.num_rows:
        raise DataError("the file has columns but no rows", where=path)
    return Table(content, target, kinds=kinds, task=task, missing=missing, name=found.stem)
