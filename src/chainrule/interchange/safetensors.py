"""The safetensors container, written and read without its package.

A file is the length of the header (8 bytes, little-endian), the header (JSON: name -> dtype, shape, place; text under
``__metadata__``; padded with spaces), then the numbers, without gaps.  The format is described at
https://github.com/huggingface/safetensors#format.  Nothing in it can be executed; the reader believes none of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import ConfigError, DTypeError, FormatError, MissingFileError
from chainrule.files import atomic_write, existing_file
from chainrule.interchange import signatures, strict_json

__all__ = ["MAX_HEADER", "Header", "TensorInfo", "read", "read_header", "write"]

# The format's own limit is 100 MB; a header of an MLP is some kilobytes.
MAX_HEADER = 16 * 2**20

METADATA = "__metadata__"
_LENGTH_BYTES = 8
_MOST_AXES = 64  # NumPy's own limit
_LIMIT = 2**63
_BRIEF = 60

# How the numbers stand in the file.  BF16 has no NumPy dtype: it is the upper half of a float32.
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
_CODES = {np.dtype(stored): code for code, stored in _DTYPES.items() if code != "BF16"}


@dataclass(frozen=True)
class TensorInfo:
    """What the header says of one tensor.

    Args:
        dtype: the format's name of the dtype, e.g. ``"F32"``.
        shape: its shape; ``()`` for a scalar.
        start: its first byte, counted from the end of the header.
        stop: the byte after its last.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Header:
    """A header that was checked against its file.

    Args:
        tensors: what the file holds, in the order of their bytes.
        metadata: the file's own notes.
        size: length of the header in bytes, padding included, the length itself not.
    """

    tensors: dict[str, TensorInfo]
    metadata: dict[str, str]
    size: int


def write(
    path: str | os.PathLike[str],
    tensors: Mapping[str, npt.NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
) -> str:
    """Write named arrays and notes to a file, atomically: a reader finds the old file or the new one.

    The same content gives the same bytes.  Wide dtypes come first, then names in order, so that every array begins at a
    multiple of its item size; the arrays are little-endian and in C order.

    Args:
        path: the file to create or replace.
        tensors: arrays of float16/32/64, signed or unsigned integers, or booleans.
        metadata: text by name.

    Returns:
        the SHA-256 of what was written, in hexadecimal digits; of what was meant, not of what the disk made of it.

    Raises:
        DTypeError: for anything but a NumPy array, for another dtype, or names or metadata that are not text.
        ConfigError: for the reserved name ``__metadata__``, text that is not valid Unicode, or a header above 16 MiB.
        MissingFileError: if the folder does not exist or cannot be written to.
        OSError: if the disk is full or fails; whatever stood at `path` is still there.
    """
    arrays = {_text(name, "a tensor's name"): _array(name, value) for name, value in tensors.items()}
    codes = {name: _code(name, array) for name, array in arrays.items()}
    order = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))

    header: dict[str, Any] = {}
    if metadata:
        header[METADATA] = {
            _text(key, "metadata"): _text(metadata[key], "metadata") for key in sorted(metadata, key=str)
        }
    stop = 0
    for name in order:
        start, stop = stop, stop + arrays[name].nbytes
        header[name] = {"dtype": codes[name], "shape": list(arrays[name].shape), "data_offsets": [start, stop]}
    encoded = _encode(header)

    digest = hashlib.sha256()
    with atomic_write(path) as file:
        for part in (len(encoded).to_bytes(_LENGTH_BYTES, "little"), encoded):
            file.write(part)
            digest.update(part)
        for name in order:
            numbers = _bytes_of(np.asarray(arrays[name], _DTYPES[codes[name]], order="C"))
            file.write(numbers)
            digest.update(numbers)
    return digest.hexdigest()


def read(
    path: str | os.PathLike[str], *, max_header: int = MAX_HEADER
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """Read a file whole.

    Args:
        path: the file.
        max_header: the longest header to accept, in bytes.

    Returns:
        The arrays by name, in native byte order, each owning its memory and writable (BF16 as float32), and the
        metadata.

    Raises:
        MissingFileError: if there is no such file or it cannot be read.
        FormatError: if the file is anything but a whole and consistent safetensors file.  Sizes are compared with the
            file's own before memory is taken.
    """
    with _opened(path) as (file, found):
        header = _checked_header(file, found, max_header)
        file.seek(_LENGTH_BYTES + header.size)
        try:
            tensors = {name: _load(file, found, name, info) for name, info in header.tensors.items()}
        except MemoryError as error:
            raise FormatError("the file does not fit in memory", got=_bytes(_size(file)), where=found) from error
    return tensors, header.metadata


def read_header(path: str | os.PathLike[str], *, max_header: int = MAX_HEADER) -> Header:
    """Read and check what a file says of itself, without its numbers; arguments and errors are those of `read`."""
    with _opened(path) as (file, found):
        return _checked_header(file, found, max_header)


# --------------------------------------------------------------------------------------------- writing


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise DTypeError(f"{what} is not text", expected="str", got=type(value).__name__)
    return value


def _array(name: str, value: object) -> npt.NDArray[Any]:
    if not isinstance(value, np.ndarray | np.generic):
        raise DTypeError(f"tensor {_brief(name)} cannot be saved", expected="a NumPy array", got=type(value).__name__)
    return np.asarray(value)


def _code(name: str, array: npt.NDArray[Any]) -> str:
    if name == METADATA:
        raise ConfigError(f"a tensor cannot be called {METADATA!r}", fix="The format keeps that name for itself")
    code = _CODES.get(array.dtype.newbyteorder("<"))
    if code is None:
        raise DTypeError(
            f"tensor {_brief(name)} cannot be saved",
            expected="float16, float32, float64, integers or booleans",
            got=array.dtype,
        )
    return code


def _encode(header: dict[str, Any]) -> bytes:
    """Return the header as UTF-8, padded so that the numbers begin at a multiple of 8 bytes."""
    try:
        encoded = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ConfigError(f"names and metadata must be valid Unicode text: {error.reason}") from error
    encoded += b" " * (-len(encoded) % 8)
    if len(encoded) > MAX_HEADER:
        raise ConfigError(
            "names and metadata are too long to save",
            expected=f"at most {_bytes(MAX_HEADER)}",
            got=_bytes(len(encoded)),
        )
    return encoded


# --------------------------------------------------------------------------------------------- reading


@contextlib.contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[tuple[BufferedReader, Path]]:
    found = existing_file(path, "safetensors file")
    try:
        with open(found, "rb") as file:
            yield file, found
    except OSError as error:
        if isinstance(error, MissingFileError):
            raise
        raise MissingFileError(f"the file cannot be read: {error.strerror or error}", where=found) from error


def _checked_header(file: BufferedReader, path: Path, max_header: int) -> Header:
    raw, size = _raw_header(file, path, max_header)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(
            "the header is not UTF-8 text", got=f"{error.reason} at byte {error.start}", where=path
        ) from error
    entries = strict_json.loads(text, "the header", path)
    metadata = _metadata(entries.pop(METADATA, {}), path)
    tensors = {name: _info(name, entry, path) for name, entry in entries.items()}
    ordered = dict(sorted(tensors.items(), key=lambda item: (item[1].start, item[1].stop)))
    _check_layout(ordered, size - _LENGTH_BYTES - len(raw), path)
    return Header(ordered, metadata, len(raw))


def _raw_header(file: BufferedReader, path: Path, max_header: int) -> tuple[bytes, int]:
    """Return the bytes of the header and the size of the file."""
    size = _size(file)
    first = file.read(signatures.ENOUGH)
    length = int.from_bytes(first[:_LENGTH_BYTES], "little")
    opens = first[_LENGTH_BYTES : _LENGTH_BYTES + 1]
    if opens != b"{" or length > max_header:
        known = signatures.describe(first)
        if known is not None:
            raise FormatError(f"not a safetensors file: this is {known}", where=path)
    if not opens:
        raise FormatError(
            "the file is cut off in its header", expected="at least 10 bytes", got=_bytes(size), where=path
        )
    if opens != b"{":
        raise FormatError(
            "not a safetensors file", expected="a JSON header from byte 8 on", got=repr(opens), where=path
        )
    if length > max_header:
        raise FormatError(
            "the header is too long", expected=f"at most {_bytes(max_header)}", got=_bytes(length), where=path
        )
    if length > size - _LENGTH_BYTES:
        raise FormatError(
            "the file is cut off in its header",
            expected=f"a header of {_bytes(length)}",
            got=_bytes(size - _LENGTH_BYTES),
            where=path,
        )
    file.seek(_LENGTH_BYTES)
    return file.read(length), size


def _metadata(found: object, path: Path) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise FormatError("metadata are not text", expected="an object of strings", got=_brief(found), where=path)
    return found


def _info(name: str, entry: object, path: Path) -> TensorInfo:
    """Check one tensor's entry by itself."""
    where = f"tensor {_brief(name)} of {path}"
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FormatError(
            "the entry is malformed", expected="dtype, shape, data_offsets", got=_brief(entry), where=where
        )
    code, shape, place = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in _DTYPES:
        raise FormatError("unknown dtype", expected=", ".join(_DTYPES), got=_brief(code), where=where)
    if not _are_sizes(shape) or len(shape) > _MOST_AXES:
        raise FormatError("the shape is malformed", expected="sizes from 0", got=_brief(shape), where=where)
    if not _are_sizes(place) or len(place) != 2 or place[0] > place[1]:
        raise FormatError("data_offsets are malformed", expected="[start, stop]", got=_brief(place), where=where)
    itemsize = np.dtype(_DTYPES[code]).itemsize
    # An empty array may still have axes that NumPy cannot count along.
    if math.prod(max(length, 1) for length in shape) * itemsize >= _LIMIT:
        raise FormatError("the shape is too large", expected="fewer than 2**63 bytes", got=_brief(shape), where=where)
    needed = math.prod(shape) * itemsize
    if place[1] - place[0] != needed:
        raise FormatError(
            "shape and data_offsets disagree",
            expected=f"{_bytes(needed)} for {code} {_brief(shape)}",
            got=_bytes(place[1] - place[0]),
            where=where,
        )
    return TensorInfo(code, tuple(shape), place[0], place[1])


def _are_sizes(values: object) -> bool:
    """Whether `values` is a list of counts; true and 1.0 are none, and neither is what 63 bits cannot hold."""
    return isinstance(values, list) and all(type(value) is int and 0 <= value < _LIMIT for value in values)


def _check_layout(tensors: dict[str, TensorInfo], available: int, path: Path) -> None:
    """Check that tensors, sorted by their place, cover the `available` bytes once and wholly."""
    end = max((info.stop for info in tensors.values()), default=0)
    if end > available:
        raise FormatError(
            "the file is cut off", expected=f"{_bytes(end)} of numbers", got=_bytes(available), where=path
        )
    reached = 0
    for name, info in tensors.items():
        if info.start != reached:
            problem = "tensors overlap" if info.start < reached else "the file has a hole"
            where = f"tensor {_brief(name)} of {path}"
            raise FormatError(problem, expected=f"a start at {reached}", got=info.start, where=where)
        reached = info.stop
    if reached < available:
        raise FormatError(
            "the file goes on after its last tensor",
            expected=f"{_bytes(reached)} of numbers",
            got=_bytes(available),
            where=path,
        )


def _load(file: BufferedReader, path: Path, name: str, info: TensorInfo) -> npt.NDArray[Any]:
    """Read the array that begins at the file's position."""
    stored = np.empty(info.shape, "|u1" if info.dtype == "BOOL" else _DTYPES[info.dtype])
    if file.readinto(_bytes_of(stored)) != stored.nbytes:
        raise FormatError("the file became shorter while it was read", where=path)
    if info.dtype == "BF16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    if info.dtype == "BOOL":
        if stored.size and stored.max() > 1:
            raise FormatError(
                "a boolean is neither 0 nor 1", got=stored.max(), where=f"tensor {_brief(name)} of {path}"
            )
        return stored.view(np.bool_)
    return stored.astype(stored.dtype.newbyteorder("="), copy=False)


# --------------------------------------------------------------------------------------------- both


def _bytes_of(array: npt.NDArray[Any]) -> memoryview:
    """Return the memory of a C-contiguous array as a vector of bytes."""
    return array.reshape(-1).view(np.uint8).data


def _size(file: BufferedReader) -> int:
    return os.fstat(file.fileno()).st_size


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"


def _brief(value: object) -> str:
    """Return the start of what `value` looks like: a name in a file may be megabytes long."""
    try:
        shown = repr(value)
    except RecursionError:
        shown = f"a deeply nested {type(value).__name__}"
    return shown if len(shown) <= _BRIEF else f"{shown[:_BRIEF]}…"
