"""IDX files, the format of MNIST: a magic number, the dimensions, then big-endian numbers.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.expansion import most_bytes
from chainrule.errors import FormatError
from chainrule.files import existing_file

__all__ = ["labels_beside", "read_idx"]

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 8
_SMALL = 512 * 2**20  # bytes that a compressed file may expand to in any case


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read the array in an IDX file, compressed with gzip or not.

    Returns:
        the array in the machine's byte order, writable.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: if it is no IDX file, is truncated or damaged, or holds more than it declares.
    """
    found = existing_file(path, "IDX file")
    with open(found, "rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stored = os.fstat(raw.fileno()).st_size
        limit = most_bytes(stored, _SMALL) if compressed else stored
        try:
            if not compressed:
                return _read(raw, limit, found)
            with gzip.GzipFile(fileobj=raw) as file:
                return _read(file, limit, found)
        except (OSError, EOFError, zlib.error) as error:
            raise FormatError(f"the gzip file is damaged or truncated: {error}", where=found) from error


def _read(file: IO[bytes] | gzip.GzipFile, limit: int, path: Path) -> NDArray[Any]:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _DTYPES or not 1 <= head[3] <= _MOST_DIMENSIONS:
        raise FormatError("the file is not in the IDX format", got=f"first bytes {head.hex(' ')}", where=path)
    declared = file.read(4 * head[3])
    if len(declared) < 4 * head[3]:
        raise FormatError("the IDX file is truncated within its dimensions", where=path)
    shape = struct.unpack(f">{head[3]}I", declared)
    dtype = np.dtype(_DTYPES[head[2]])
    size = math.prod(shape) * dtype.itemsize
    if size > limit:
        raise FormatError(
            "the IDX file is truncated", expected=f"{size} bytes for {shape}", got=f"at most {limit}", where=path
        )
    if math.prod(side or 1 for side in shape) * dtype.itemsize > np.iinfo(np.intp).max:  # though a side may be 0
        raise FormatError("the IDX file declares dimensions that no array has", got=str(shape), where=path)
    content = np.empty(size, dtype=np.uint8)
    filled, view = 0, content.data
    while filled < size and (count := file.readinto(view[filled:])):  # type: ignore[union-attr]
        filled += count
    if filled < size:
        raise FormatError(
            "the IDX file is truncated", expected=f"{size} bytes for {shape}", got=f"{filled}", where=path
        )
    if file.read(1):
        raise FormatError("the IDX file goes on after its last number", expected=f"{size} bytes", where=path)
    array = content.view(dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def labels_beside(path: Path) -> Path | None:
    """Return the labels file that belongs to an images file by its name (``train-images-idx3-ubyte.gz``), if any."""
    name = path.name
    if "images" not in name:
        return None
    plain = name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    beside = [path.with_name(plain), path.with_name(plain + ".gz")]
    return next((candidate for candidate in beside if candidate.is_file()), None)
