"""Parquet files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chainrule.data.expansion import check_expansion
from chainrule.data.table import Table
from chainrule.data.target import Task
from chainrule.errors import DataError, FormatError, MissingDependencyError
from chainrule.files import existing_file

__all__ = ["read_parquet"]

_SMALL = 512 * 2**20  # bytes that a file may expand to in any case
_PART = 2**14  # rows


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
            schema, texts = file.schema_arrow, _texts(file)
        with pq.ParquetFile(found, read_dictionary=texts) as file:
            content = _rows(file, found).cast(schema)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, FormatError):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(f"the file cannot be read as Parquet: {reason}", where=path) from error
    if not content.num_rows:
        raise DataError("the file has columns but no rows", where=path)
    return Table(content, target, kinds=kinds, task=task, missing=missing, name=found.stem)


def _texts(file: Any) -> list[str]:
    """The columns of text."""
    import pyarrow as pa

    kinds = (pa.types.is_string, pa.types.is_large_string)
    return [field.name for field in file.schema_arrow if any(kind(field.type) for kind in kinds)]


def _rows(file: Any, path: Path) -> Any:
    """All rows, read in parts, texts as dictionaries: what is written once and repeated may take any room."""
    import pyarrow as pa

    stored = path.stat().st_size
    check_expansion(file.metadata.num_rows * max(1, file.metadata.num_columns) // 8, stored, _SMALL, path)
    parts, size = [], 0
    for part in file.iter_batches(_PART):
        part.validate(full=True)  # text that is none, and indices that lead nowhere
        size += sum(map(_size, part.columns))
        check_expansion(size, stored, _SMALL, path)
        parts.append(part)
    return pa.Table.from_batches(parts, None if parts else file.schema_arrow)


def _size(column: Any) -> int:
    """Bytes of a column; of a dictionary, those of what it stands for."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    entries = column.dictionary
    if not pa.types.is_string(entries.type) and not pa.types.is_large_string(entries.type):
        return 8 * len(column)
    return 8 * len(column) + int(pc.sum(pc.binary_length(entries).take(column.indices)).as_py() or 0)
