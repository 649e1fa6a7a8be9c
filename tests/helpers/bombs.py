"""Small files that ask for a great deal of memory or time: by name, the door they are for, and how each is made."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from helpers.doors import DOORS, idx_file, npy_file, torch_program, zipped

__all__ = ["BOMBS"]

SIZE = 10**12


def _header(text: bytes, length: int | None = None) -> bytes:
    return (len(text) if length is None else length).to_bytes(8, "little") + text


def _part(place: int, value: Any) -> bytes:
    return bytes([place]) + (value if isinstance(value, bytes) else json.dumps(value).encode())


def _npy_header(shape: str, content: bytes = bytes(64)) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def _memoised() -> bytes:
    """One block of bytes that becomes many arrays."""
    numbers = bytes(200_000)
    array = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR(K\x01J" + (25_000).to_bytes(4, "little")
    array += b"\x85cnumpy\ndtype\n(S'f8'\ntR\x89h\x02tb"
    return b"]q\x01B" + len(numbers).to_bytes(4, "little") + numbers + b"q\x020" + array * 9000 + b"."


def _doubling(pair: bytes, start: bytes) -> bytes:
    """A value that holds the one before twice, again and again: short in memory, without end for who walks it."""
    return b"\x80\x02" + start + b"".join(b"q" + bytes([i]) + b"h" + bytes([i]) + pair for i in range(200)) + b"."


def _strides() -> bytes:
    """A tensor of 10^10 numbers, all of them the same six."""
    size = b"J" + (100_000).to_bytes(4, "little")
    return torch_program().replace(b"K\x02K\x03\x86K\x03K\x01\x86", size * 2 + b"\x86" + b"K\x00K\x00\x86")


def _overlapping(count: int = 400) -> bytes:
    """Entries of a zip file that each hold all that follow (D. Fifield, "A better zip bomb", 2019; without deflate)."""
    tensors = []
    for i in range(count):
        key = f"{i:04d}".encode()
        text = b"X\x04\0\0\0" + key
        storage = b"(X\x07\0\0\0storagectorch\nByteStorage\n" + text + b"X\x03\0\0\0cpuJ%stQ"
        tensors.append((key, storage))
    content, crcs = bytes(4 * 2**20), list[tuple[bytes, int, int]]()
    for key, _ in reversed(tensors):
        name = b"a/data/" + key
        crcs.append((name, zlib.crc32(content), len(content)))
        content = _local(name, zlib.crc32(content), len(content)) + content
    program = b"\x80\x02}(" + b"".join(
        b"X\x04\0\0\0" + key + b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage.replace(b"%s", crc[2].to_bytes(4, "little"))
        + b"K\x00K\x01\x85K\x01\x85\x89NtR"
        for (key, storage), crc in zip(reversed(tensors), crcs, strict=True)
    ) + b"u."  # fmt: skip
    start = _local(b"a/data.pkl", zlib.crc32(program), len(program)) + program
    at = len(start)
    central = _central(b"a/data.pkl", zlib.crc32(program), len(program), 0)
    for name, crc, size in reversed(crcs):
        central += _central(name, crc, size, at)
        at += 30 + len(name)
    files_at = len(start) + len(content)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count + 1, count + 1, len(central), files_at, 0)
    return start + content + central + end


def _crowded(count: int = 110_000) -> bytes:
    """A zip file with more entries than any of PyTorch's has."""
    central = b"".join(_central(f"{i}".encode(), 0, 0, 0) for i in range(count))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(central), 31, 0)
    return _local(b"0", 0, 0) + central + end


def _local(name: bytes, crc: int, size: int) -> bytes:
    return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, crc, size, size, len(name), 0) + name


def _central(name: bytes, crc: int, size: int, at: int) -> bytes:
    first = struct.pack("<4s6H3L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, crc, size, size)
    return first + struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, at) + name


def _deflated(name: str, size: int, begin: bytes = b"") -> bytes:
    made = io.BytesIO()
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w", force_zip64=True) as file,
    ):
        file.write(begin)
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return made.getvalue()


def _gzipped(begin: bytes, piece: bytes, size: int) -> bytes:
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb") as file:
        file.write(begin)
        for _ in range(size // len(piece)):
            file.write(piece)
    return made.getvalue()


def _repeated() -> bytes:
    """A table whose one long text stands in every row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = io.BytesIO()
    column = pa.DictionaryArray.from_arrays(np.zeros(300_000, np.int32), ["x" * 100_000])
    pq.write_table(pa.table({"a": column, "b": np.zeros(300_000)}), made, compression="zstd")
    return made.getvalue()


def _repeated_plain() -> bytes:
    """The same without a word about dictionaries in its schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = io.BytesIO()
    column = pa.chunked_array([pa.array(["x" * 100_000] * 1000)] * 20)
    pq.write_table(pa.table({"a": column}), made, compression="zstd", store_schema=False)
    return made.getvalue()


def _sequential(entries: str) -> bytes:
    return f'{{"type":"Sequential","layers":[{entries}]}}'.encode()


_LINEAR = {"type": "Linear", "config": {"in_features": SIZE, "out_features": SIZE}}
_MANY = ",".join(f'["{i}",{{"type":"ReLU","config":{{}}}}]' for i in range(60_000))
_SHAPE = {"a": {"dtype": "F32", "shape": [10**6, 10**6], "data_offsets": [0, 4 * SIZE]}}

BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a header of 100 MB that is not there": ("model", lambda: _header(b"{}", 10**8)),
    "a header of 100 MB": ("model", lambda: _header(b'{"a":"' + b" " * (10**8 - 8) + b'"}')),
    "a header of empty lists": ("model", lambda: _header(b'{"a":[' + b"[]," * 5_000_000 + b"1]}")),
    "a header of empty entries": ("model", lambda: _header(b"{" + b'"":{},' * 2_500_000 + b'"b":1}')),
    "a header of escapes": ("model", lambda: _header(b'{"a":"' + b'\\"' * 8_000_000 + b"[" * 500)),
    "a header that is nested": ("model", lambda: _header(b'{"a":' * 3_000_000)),
    "a header with a long number": ("model", lambda: _header(b'{"a":' + b"9" * 15_000_000 + b"}")),
    "a tensor of 4 TB": ("safetensors", lambda: _header(json.dumps(_SHAPE).encode())),
    "layers of 10^24 numbers": ("model-part", lambda: _part(0, _LINEAR)),
    "very many layers": ("model-part", lambda: _part(0, _sequential(_MANY))),
    "layers in layers": ("model-part", lambda: _part(0, b'{"type":"Sequential","layers":[["0",' * 40_000)),
    "inputs of 2^31 columns": (
        "model-part",
        lambda: _part(
            1,
            {
                "format": "chainrule.preprocessing",
                "version": 1,
                "inputs": {"kind": "array", "shape": [2**31], "dtype": "float32", "scale": 1.0, "feature_names": None},
            },
        ),
    ),
    "a manifest of 30 MB": ("manifest", lambda: b'{"format":"' + b" " * 30_000_000 + b'"}'),
    "a manifest of very many entries": ("manifest", lambda: b'{"checkpoints":[' + b"{}," * 5_000_000 + b"{}]}"),
    "a state that is nested": ("checkpoint-state", lambda: b'{"a":' * 2_000_000),
    "a long program": ("pickle", lambda: b"]" * 20_000_000),
    "a deep value": ("import", lambda: b"\x80\x02N" + b"\x85" * 1_000_000 + b"."),
    "a dictionary of a deep value": ("import", lambda: b"\x80\x02}U\x02W1N" + b"\x85" * 900_000 + b"s."),
    "pairs of pairs": ("import", lambda: b"\x80\x02}U\x02W1" + _doubling(b"\x86", b"N")[2:-1] + b"s."),
    "lists of lists": ("import", lambda: b"\x80\x02}U\x02W1" + _doubling(b"\x86", b"]")[2:-1] + b"s."),
    "bytes that become many arrays": ("pickle", _memoised),
    "an array of 2^60 numbers": (
        "pickle",
        lambda: (
            b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR(K\x01\x8a\x08"
            + (2**60).to_bytes(8, "little")
            + b"\x85cnumpy\ndtype\n(S'f8'\ntR\x89C\x00tb."
        ),
    ),
    "text of a terabyte": ("pickle", lambda: b"\x8d" + SIZE.to_bytes(8, "little") + b"x."),
    "a tensor of 10^10 numbers in six": ("import-torch", _strides),
    "a zip file whose entries overlap": ("import", _overlapping),
    "a zip file of very many entries": ("import", _crowded),
    "an archive of 600 MB": ("npz", lambda: _deflated("x.npy", 600 << 20, _npy_header("(75000000,)", b""))),
    "an archive of very many arrays": (
        "npz",
        lambda: zipped({f"{i}.npy": npy_file(np.zeros(2**20, "u1")) for i in range(700)}, zipfile.ZIP_DEFLATED),
    ),
    "an array's header of 10^24 numbers": ("npz-array", lambda: _npy_header(f"({SIZE}, {SIZE})")),
    "an array's header with a product of 2^64": ("npz-array", lambda: _npy_header("(4294967296, 4294967296)")),
    "an array's header that is nested": ("npz-array", lambda: _npy_header("(" * 60_000)),
    "images of 2^96 bytes": ("idx", lambda: bytes([0, 0, 8, 3]) + b"\xff" * 12 + bytes(100)),
    "images of 600 MB": (
        "idx-gz",
        lambda: _gzipped(idx_file((0,))[:3] + b"\3" + struct.pack(">3I", 600, 2**10, 2**10), bytes(1 << 20), 600 << 20),
    ),
    "a text of 100 MB": ("csv-gz", lambda: _gzipped(b"a,b\n", b"0,0\n" * 2**18, 100 << 20)),
    "a text of very many columns": ("csv", lambda: b"a," * 4_000_000 + b"b\n"),
    "a text of one long cell": ("csv", lambda: b'a,b\n1,"' + b"x" * 20_000_000),
    "a text of nothing but line ends": ("csv", lambda: b"a,b\n" + b"\n" * 20_000_000),
    "one text in 300,000 rows": ("parquet", _repeated),
    "one text in 20,000 rows": ("parquet", _repeated_plain),
}

assert {door for door, _ in BOMBS.values()} <= set(DOORS)
