"""CSV and other delimited text files."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cells import number
from chainrule.data.expansion import check_expansion, most_bytes
from chainrule.data.table import Table
from chainrule.data.target import Task
from chainrule.errors import ConfigError, DataError, FormatError
from chainrule.files import existing_file

__all__ = ["Records", "Separated", "parse_csv", "parse_separated", "read_csv", "read_records"]

DELIMITERS = ",;\t|"
SNIFFED_ROWS = 100

#: From this many characters on, a file of nothing but numbers is read by NumPy's parser, in a tenth of the memory.
LARGE = 16 * 2**20

#: A compressed file may expand to this many bytes in any case.
_SMALL = 64 * 2**20
_PIECE = 2**20


def read_csv(
    path: str | os.PathLike[str],
    target: str | None = None,
    *,
    kinds: Mapping[str, str] | None = None,
    task: Task | None = None,
    missing: Sequence[str] = (),
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool = True,
    decimal: str | None = None,
) -> Table:
    """Read a table from a delimited text file (or one compressed with gzip).

    Args:
        path: the file.
        target, kinds, task, missing: see `Schema.infer`.
        delimiter: what stands between fields; by default found out among comma, semicolon, tab and ``|``.
        encoding: by default UTF-8, with or without a byte order mark; ``"cp949"``, ``"utf-16"``, … on request.
        header: whether the first line names the columns; else they are called ``column 1``, ``column 2``, …
        decimal: ``","`` for files that write 3,14, ``"."`` for those that write 1,234.5; by default each column of
            text shows how it writes numbers.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: if it is not text in that encoding.
        DataError: if it is empty, has a header only, uneven rows or a column name twice.
        ConfigError: for a delimiter, encoding or decimal mark that makes no sense.
    """
    found = existing_file(path, "CSV file")
    content = _unzipped(found.read_bytes(), found)
    separated = parse_separated(
        content, str(path), delimiter=delimiter, encoding=encoding, header=header, decimal=decimal
    )
    name = found.name.removesuffix(".gz").rsplit(".", 1)[0]
    # Where semicolons stand between fields, a comma is as likely to be a decimal mark.
    commas = "thousands" if decimal == "." else "unclear" if separated.delimiter == ";" else "either"
    return Table(separated.columns, target, kinds=kinds, task=task, missing=missing, name=name, commas=commas)


class Separated(NamedTuple):
    """The columns of a text file, and what stands between its fields."""

    columns: dict[str, NDArray[Any]]
    delimiter: str


def parse_csv(content: bytes, where: str, **options: Any) -> dict[str, NDArray[Any]]:
    """Return the columns in `content`, all as text; see `parse_separated`."""
    return parse_separated(content, where, **options).columns


def parse_separated(
    content: bytes,
    where: str,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool = True,
    decimal: str | None = None,
) -> Separated:
    """Return the columns in `content`, all as text; `where` names the file in error messages.  See `read_csv`."""
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise ConfigError("delimiter is not usable", expected="one character", got=repr(delimiter))
    if decimal not in {None, ".", ","}:
        raise ConfigError("decimal is not usable", expected="'.' or ','", got=repr(decimal))
    text = _decoded(content, where, encoding)
    del content
    if not text.strip():
        raise DataError("the file is empty", where=where)
    chosen = delimiter or _sniff(text)
    rows = _rows(text, chosen, where)
    names, first = _names(rows, header, where)
    columns = _large_numeric(text, chosen, names, header) if decimal != "," else None
    if columns is None:
        columns = _collect(first, rows, names, where, header)
    return Separated({k: _pointed(v) if decimal == "," else v for k, v in columns.items()}, chosen)


class Records(NamedTuple):
    """A text file's own text.

    Attributes:
        delimiter: what stands between fields.
        encoding: how it is encoded; ``"utf-8-sig"`` for UTF-8 with a byte order mark.
        records: each record that is not blank exactly as it stands, line end included; the header is the first.
        lines: number of the line that each begins in, from 1.
    """

    delimiter: str
    encoding: str
    records: list[str]
    lines: list[int]


def read_records(path: str | os.PathLike[str], *, delimiter: str | None = None, encoding: str | None = None) -> Records:
    """Return a text file's records as they stand; arguments and errors are those of `read_csv`."""
    found = existing_file(path, "CSV file")
    content = _unzipped(found.read_bytes(), found)
    text = _decoded(content, str(path), encoding)
    chosen = delimiter or _sniff(text)
    seen: list[str] = []

    def noted() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            seen.append(line)
            yield line

    records, lines, start = [], [], 1
    reader = csv.reader(noted(), delimiter=chosen)
    for fields in reader:
        if fields:
            records.append("".join(seen))
            lines.append(start)
        start = reader.line_num + 1
        seen.clear()
    marked = codecs.lookup(encoding or "utf-8").name in {"utf-8", "utf-8-sig"} and content.startswith(codecs.BOM_UTF8)
    return Records(chosen, "utf-8-sig" if marked else encoding or "utf-8", records, lines)


def _unzipped(content: bytes, path: Path) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        limit = most_bytes(len(content), _SMALL)
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            pieces, size = [], 0
            while size <= limit and (piece := file.read(_PIECE)):  # read(limit) would take room for all at once
                pieces.append(piece)
                size += len(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"the gzip file is damaged: {error}", where=path) from error
    check_expansion(size, len(content), _SMALL, path)
    return b"".join(pieces)


def _decoded(content: bytes, where: str, encoding: str | None) -> str:
    """Return the text, or say what the file seems to be instead."""
    try:
        codec = codecs.lookup(encoding or "utf-8").name
    except LookupError:
        raise ConfigError("unknown encoding", got=repr(encoding), fix='Use "utf-8", "cp949", "latin-1", …') from None
    if encoding is None:
        _check_foreign(content, where)
    try:
        text = content.decode("utf-8-sig" if codec == "utf-8" else codec)
    except (UnicodeError, LookupError) as error:
        at = content.count(b"\n", 0, getattr(error, "start", 0)) + 1
        guess = _guess(content) if encoding is None else "the encoding that the file was written in"
        raise FormatError(
            f"the file is not {codec.upper()} text (line {at})",
            where=where,
            fix=f"Pass encoding={guess}, or save the file as CSV UTF-8",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise FormatError(
            f"the file has a NUL byte in line {line}, so it is not plain text", where=where, fix="Save it as CSV UTF-8"
        )
    return text


def _check_foreign(content: bytes, where: str) -> None:
    head = content[:4000]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _is_bare_utf16(head):
        raise FormatError(
            "the file is UTF-16 text, expected UTF-8",
            where=where,
            fix='Pass encoding="utf-16", or save the file as CSV UTF-8',
        )
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FormatError("the file is a workbook or archive, not text", where=where, fix="Export it as CSV UTF-8")
    if head.startswith(b"PAR1"):
        raise FormatError("the file is Parquet, not text", where=where, fix="Rename it to .parquet")


def _is_bare_utf16(head: bytes) -> bool:
    half = len(head) // 2
    return half >= 4 and max(head[::2].count(0), head[1::2].count(0)) > 0.6 * half


def _guess(content: bytes) -> str:
    try:
        content.decode("cp949")
    except UnicodeError:
        return '"latin-1" (Western) or the one it was written in'
    return '"cp949" (Korean Windows) or "latin-1" (Western)'


def _sniff(text: str) -> str:
    """Return the delimiter under which the most of the first rows have the header's number of fields."""
    sample = text[: 2**18]
    if len(sample) < len(text):
        sample = sample[: sample.rfind("\n") + 1] or sample

    def score(delimiter: str) -> tuple[float, int]:
        counts = []
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if row:
                    counts.append(len(row))
                if len(counts) > SNIFFED_ROWS:
                    break
        except csv.Error:
            pass
        if not counts or counts[0] < 2:
            return 0.0, 0
        return counts.count(counts[0]) / len(counts), counts[0]

    best = max(DELIMITERS, key=score)  # the first one wins a tie
    return best if score(best)[1] else ","


def _rows(text: str, delimiter: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of each row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            if row:
                yield start, row
            start = reader.line_num + 1
    except csv.Error as error:
        problem = str(error)
        if "field larger than" in problem or "unexpected end" in problem:
            problem = f"a quote that is opened is never closed, or a field exceeds {csv.field_size_limit()} characters"
        raise DataError(f"line {start} cannot be read: {problem}", where=where, fix="Correct the quotes") from None


def _names(
    rows: Iterator[tuple[int, list[str]]], header: bool, where: str
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the columns' names, and the rows that had to be read for that."""
    line, fields = next(rows)
    if not header:
        return [f"column {i + 1}" for i in range(len(fields))], [(line, fields)]
    names = [field.strip() or f"column {i + 1}" for i, field in enumerate(fields)]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            numeric = all(number(field) is not None for field in fields)
            raise DataError(
                f"two columns are called {name!r}",
                where=where,
                fix="The first line seems to hold data: pass header=False" if numeric else "Rename one of them",
            )
        seen.add(name)
    return names, []


def _collect(
    first: list[tuple[int, list[str]]],
    rows: Iterator[tuple[int, list[str]]],
    names: list[str],
    where: str,
    header: bool,
) -> dict[str, NDArray[Any]]:
    width = len(names)
    collected = [row for _, row in first]
    for line, row in rows:
        if len(row) != width:
            raise DataError(
                f"line {line} has {len(row)} field{'s' * (len(row) > 1)}, "
                f"but the {'header' if header else 'first line'} has {width}",
                where=where,
                fix="Correct that line, or pass delimiter= if another one is used",
            )
        collected.append(row)
    if not collected:
        raise DataError("the file has a header but no rows", where=where)
    columns: dict[str, NDArray[Any]] = {}
    for name, values in zip(names, zip(*collected, strict=True), strict=True):
        column = np.empty(len(values), dtype=object)
        column[:] = values
        columns[name] = column
    return columns


def _large_numeric(text: str, delimiter: str, names: list[str], header: bool) -> dict[str, NDArray[Any]] | None:
    """Read a large file of plain numbers; None if it is small, or holds anything else."""
    if len(text) < LARGE or '"' in text[: 2**20]:
        return None
    try:
        stream = io.StringIO(text.lstrip("\r\n"), newline=None)
        values = np.loadtxt(stream, delimiter=delimiter, skiprows=int(header), comments=None, ndmin=2)
    except ValueError:
        return None
    if values.shape[1] != len(names) or np.isnan(values).any():
        return None
    return {name: values[:, i] for i, name in enumerate(names)}


def _pointed(column: NDArray[Any]) -> NDArray[Any]:
    """Write 3.14 for 3,14 wherever that makes a number."""
    pointed = column.copy()
    for row, text in enumerate(column):
        if text.count(",") == 1 and number(other := text.replace(".", "").replace(",", ".")) is not None:
            pointed[row] = other
    return pointed
