"""Zip files that nobody vouches for: nothing is extracted, and no entry becomes larger than the file."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from chainrule.errors import FormatError
from chainrule.interchange.pickled_arrays import brief

__all__ = ["Zip", "opened"]

_MOST_ENTRIES = 100_000
_MOST_BYTES = 2**34  # of one entry
_DAMAGED = (
    zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, KeyError, ValueError, zlib.error,
)  # fmt: skip


class Zip:
    """An open zip file, whose entries are read by their names.

    Attributes:
        path: of the file.
        entries: name -> what the file says of the entry.
    """

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive, self.path, self._size = archive, path, path.stat().st_size
        self.entries = {info.filename: info for info in archive.infolist()}
        if len(self.entries) != len(archive.infolist()) or len(self.entries) > _MOST_ENTRIES:
            raise FormatError("the zip file has two entries of one name, or too many", where=path)
        # Entries may lie within each other, and a few of them come to many times the file.
        stored = sum(one.file_size for one in self.entries.values() if one.compress_type == zipfile.ZIP_STORED)
        if stored > self._size:
            raise FormatError("the entries of the zip file are larger than the file", where=path)

    def read(self, name: str) -> bytes:
        """The content of an entry.

        Raises:
            FormatError: if it is compressed (what is compressed could become anything), cut off, or not there.
        """
        info = self.entries[name]
        if info.compress_type != zipfile.ZIP_STORED or not 0 <= info.file_size <= min(self._size, _MOST_BYTES):
            raise FormatError("an entry of the zip file is compressed or lies about its size", where=self.path)
        with self._archive.open(info) as file:
            content = file.read(info.file_size + 1)
        if len(content) != info.file_size:
            raise FormatError("an entry of the zip file is cut off", where=self.path)
        return content


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Zip]:
    """Open an existing zip file; whatever is wrong with it ends in one `FormatError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield Zip(archive, path)
    except _DAMAGED as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"the zip file is damaged: {brief(str(error))}", where=path) from error
