"""Files that lie, broke, or are something else: always one clear line, never a large allocation, never a crash."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import pickle
import sqlite3
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ChainruleError, FormatError, MissingFileError
from chainrule.interchange import safetensors


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "model.safetensors"


@pytest.fixture(scope="module")
def good(path: Path) -> bytes:
    tensors = {"0.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "0.bias": np.ones(2), "on": np.array([True])}
    safetensors.write(path, tensors, {"format": "chainrule", "version": "1"})
    return path.read_bytes()


def build(header: object, numbers: bytes = b"") -> bytes:
    """Return a file with any header: text as it is, everything else as JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def entry(dtype: object = "F32", shape: object = (2,), place: object = (0, 8)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": place}


def refusal(path: Path, content: bytes, error: type[ChainruleError] = FormatError) -> str:
    """Return the message with which `content` is refused, by the reader and by the reader of headers."""
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        safetensors.read(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert len(message) < 600 + len(str(path))
    return message


# ------------------------------------------------------------------------------------------ broken


def test_truncated_at_every_byte(path: Path, good: bytes) -> None:
    for length in range(len(good)):
        refusal(path, good[:length])
    assert "cut off: expected 41 bytes of numbers, got 40 bytes" in refusal(path, good[:-1])
    assert "cut off in its header: expected a header of" in refusal(path, good[:40])


@given(st.data())
@settings(max_examples=300)
def test_flipped_bytes_give_a_result_or_a_clear_error(path: Path, good: bytes, data: st.DataObject) -> None:
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(broken)
    with contextlib.suppress(ChainruleError):
        tensors, metadata = safetensors.read(path)
        assert sum(array.nbytes for array in tensors.values()) == 41
        assert all(isinstance(note, str) for note in metadata.values())


@given(st.binary(max_size=80))
def test_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with contextlib.suppress(ChainruleError):
        safetensors.read(path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.just("F32"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["dtype", "shape", "x"]), inner),
    max_leaves=6,
)
ENTRIES = JSON_VALUES | st.builds(entry, JSON_VALUES | st.just("U8"), JSON_VALUES, JSON_VALUES)


@given(st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]), ENTRIES), st.binary(max_size=8))
@settings(max_examples=300)
def test_any_json(path: Path, header: dict[str, object], numbers: bytes) -> None:
    path.write_bytes(build(header, numbers))
    with contextlib.suppress(ChainruleError):
        safetensors.read(path)


def test_trailing_bytes(path: Path, good: bytes) -> None:
    assert "goes on after its last tensor" in refusal(path, good + b"\0")
    assert "goes on after its last tensor" in refusal(path, build({}, b"x"))


# ------------------------------------------------------------------------------------------ lying


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"a": entry(), "b": entry(place=(4, 12))}, "tensors overlap: expected a start at 8, got 4 (in tensor 'b'"),
        ({"a": entry(), "b": entry()}, "tensors overlap"),
        ({"a": entry(), "b": entry("F32", (1,), (12, 16))}, "has a hole: expected a start at 8, got 12 (in tensor 'b'"),
        ({"a": entry(place=(4, 12))}, "has a hole: expected a start at 0, got 4"),
        ({"a": entry(shape=(3,))}, "shape and data_offsets disagree: expected 12 bytes for F32 [3], got 8 bytes"),
        ({"a": entry("F64")}, "expected 16 bytes for F64 [2], got 8 bytes"),
        ({"a": entry(shape=(-2,))}, "shape is malformed"),
        ({"a": entry(shape=(-2, -1))}, "shape is malformed"),
        ({"a": entry(shape=(True, 2))}, "shape is malformed"),
        ({"a": entry(shape=(2.0,))}, "shape is malformed"),
        ({"a": entry(shape=2)}, "shape is malformed"),
        ({"a": entry(shape=[1] * 65 + [2])}, "shape is malformed"),
        ({"a": entry(shape=[2**63])}, "shape is malformed"),
        ({"a": entry(shape=[10**4000] * 9)}, "shape is malformed"),
        ({"a": entry(shape=[2**62, 4])}, "shape is too large"),
        ({"a": entry(shape=[2**32] * 64)}, "shape is too large"),
        # 2**32 · 2**32 items wrap to 0 in 64-bit arithmetic.
        ({"a": entry("U8", [2**32, 2**32], (0, 0))}, "shape is too large"),
        ({"a": entry("U8", [0, 2**62, 2**62], (0, 0))}, "shape is too large"),
        ({"a": entry(place=(8, 0))}, "data_offsets are malformed"),
        ({"a": entry(place=(-8, 0))}, "data_offsets are malformed"),
        ({"a": entry(place=(0, 8, 8))}, "data_offsets are malformed"),
        ({"a": entry(place="08")}, "data_offsets are malformed"),
        ({"a": entry(place=(0, 2**64 + 8))}, "data_offsets are malformed"),
        ({"a": entry("F4")}, "unknown dtype: expected F64, F32, F16, BF16"),
        ({"a": entry("f32")}, "unknown dtype"),
        ({"a": entry(["F32"])}, "unknown dtype"),
        ({"a": 3}, "entry is malformed: expected dtype, shape, data_offsets, got 3"),
        ({"a": {"dtype": "F32", "shape": [2]}}, "entry is malformed"),
        ({"a": {**entry(), "code": "import os"}}, "entry is malformed"),
        ({"a": [[["x" * 5000]]]}, "…"),
        ({"a" * 5000: 3}, "…"),
        ({"__metadata__": {"k": 1}}, "metadata are not text"),
        ({"__metadata__": {"k": {"deep": "x"}}}, "metadata are not text"),
        ({"__metadata__": []}, "metadata are not text"),
        ({"__metadata__": None}, "metadata are not text"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1, "a": 1}', "the key 'a' comes twice"),
        (b'{"__metadata__": {"k": "1", "k": "2"}}', "the key 'k' comes twice"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b"{} {}", "not valid JSON"),
        (b'{"a": 1,}', "not valid JSON"),
        (b"{", "not valid JSON"),
        (b'{"a": "\xff"}', "not UTF-8 text"),
        (b"{\x00}\x00", "not valid JSON"),
    ],
)
def test_headers_that_lie(path: Path, header: object, words: str) -> None:
    assert words in refusal(path, build(header, bytes(16)))


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [200, 900, 960, 980, 990, 1000, 5000, 1_000_000])
def test_deep_nesting(path: Path, bracket: str, depth: int) -> None:
    closing = {"[": "]"}.get(bracket, "}")
    refusal(path, build(('{"a":' + bracket * depth).encode()))
    refusal(path, build(('{"a":' + bracket * depth + "1" + closing * depth + "}").encode()))


def test_a_header_in_another_encoding(path: Path) -> None:
    assert "safetensors" in refusal(path, build(json.dumps({}).encode("utf-16")))


def test_a_boolean_of_neither_value(path: Path) -> None:
    assert "neither 0 nor 1: got 2" in refusal(path, build({"a": entry("BOOL", (2,), (0, 2))}, b"\x01\x02"))


def test_an_empty_tensor_anywhere_is_no_overlap(path: Path) -> None:
    header = {"a": entry(), "b": entry(shape=(0, 3), place=(0, 0)), "c": entry(shape=(0,), place=(8, 8))}
    path.write_bytes(build(header, bytes(8)))
    assert {name: array.shape for name, array in safetensors.read(path)[0].items()} == {
        "a": (2,),
        "b": (0, 3),
        "c": (0,),
    }


def test_sizes_are_compared_before_memory_is_taken(path: Path) -> None:
    claims = [
        build({"a": entry(shape=(10**6, 10**5), place=(0, 4 * 10**11))}, bytes(8)),
        (10**8).to_bytes(8, "little") + b"{}",
        (2**64 - 1).to_bytes(8, "little") + b"{}",
        (safetensors.MAX_HEADER).to_bytes(8, "little") + b"{}",
    ]
    tracemalloc.start()
    try:
        messages = [refusal(path, claim) for claim in claims]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20
    assert "cut off: expected 400000000000 bytes of numbers, got 8 bytes" in messages[0]
    assert "header is too long: expected at most 16777216 bytes, got 100000000 bytes" in messages[1]
    assert "header is too long" in messages[2]
    assert "cut off in its header" in messages[3]


def test_a_real_header_of_100_mb(path: Path) -> None:
    length = 100_000_000
    with open(path, "wb") as file:
        file.write(length.to_bytes(8, "little") + b'{"a": "')
        file.truncate(8 + length)
    try:
        with pytest.raises(FormatError, match="header is too long"):
            safetensors.read(path)
    finally:
        path.unlink()


def test_the_cap_is_the_callers(path: Path, good: bytes) -> None:
    path.write_bytes(good)
    with pytest.raises(FormatError, match="at most 16 bytes"):
        safetensors.read(path, max_header=16)
    with pytest.raises(FormatError, match="at most 16 bytes"):
        safetensors.read_header(path, max_header=16)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
def test_a_file_larger_than_memory(path: Path) -> None:
    import resource

    size = 2**42
    with open(path, "wb") as file:
        file.write(build({"a": entry("U8", (size,), (0, size))}))
        try:
            file.seek(size - 1, io.SEEK_CUR)
            file.write(b"\0")
        except OSError:
            pytest.skip("the file system has no files of 4 TiB with holes")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**41, hard))
    try:
        with pytest.raises(FormatError, match="does not fit in memory"):
            safetensors.read(path)
        assert safetensors.read_header(path).tensors["a"].shape == (size,)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        path.unlink()


# ------------------------------------------------------------------------------------------ foreign


def foreign_files() -> dict[str, bytes]:
    zipped, npz, npy, gz = io.BytesIO(), io.BytesIO(), io.BytesIO(), gzip.compress(b"x" * 99)
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
    np.savez(npz, a=np.ones(3))
    np.save(npy, np.ones(3))
    database = sqlite3.connect(":memory:")
    database.execute("create table t (x)")
    return {
        "empty file": b"",
        "zip file (perhaps a PyTorch .pt, a Keras .keras": zipped.getvalue(),
        "a NumPy .npz": npz.getvalue(),
        "NumPy .npy": npy.getvalue(),
        "gzip": gz,
        "pickle": pickle.dumps({"W1": np.ones(3)}),
        "a Python pickle": pickle.dumps({"W1": 1}, protocol=2),
        "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(20),
        "JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        "PDF": b"%PDF-1.7\n",
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(40),
        "HTML page": b"\n<!DOCTYPE html>\n<html><head><title>404</title>",
        "XML": b'<?xml version="1.0"?><svg/>',
        "JSON": b'{"layers": [64, 64], "activation": "relu"}',
        "text file": "키,몸무게\n170,60\n".encode(),
        "UTF-16": "a,b\n1,2\n".encode("utf-16"),
        "Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
        "SQLite": database.serialize(),
        "ONNX": b"\x08\x08\x12\x07pytorch\x1a\x052.1.0",
        "Parquet": b"PAR1\x15\x04",
        "program": b"\x7fELF\x02\x01\x01" + bytes(9),
    }


@pytest.mark.parametrize("name", foreign_files())
def test_foreign_files_are_named(path: Path, name: str) -> None:
    message = refusal(path, foreign_files()[name])
    assert "not a safetensors file: this is" in message
    assert name in message


def test_text_with_a_brace_at_the_ninth_byte(path: Path) -> None:
    assert "text file" in refusal(path, b"config: {layers: 3}")


def test_text_that_is_cut_inside_a_character(path: Path) -> None:
    assert "text file" in refusal(path, ("x" + "가" * 400).encode())


def test_binary_that_nobody_knows(path: Path) -> None:
    for content in (bytes(range(60)), bytes(range(128, 256))):
        assert "expected a JSON header from byte 8 on" in refusal(path, content)


def test_an_executable_pickle_executes_nothing(path: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (canary,))

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refusal(path, pickle.dumps(Evil(), protocol))
    assert not canary.exists()


def test_missing_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "iris.safetensors").write_bytes(b"")
    with pytest.raises(MissingFileError, match=r"Did you mean '.*iris.safetensors'"):
        safetensors.read(tmp_path / "irys.safetensors")
    with pytest.raises(MissingFileError, match="got a folder"):
        safetensors.read(tmp_path)


def test_a_read_error_is_one_of_ours(path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(good)

    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("os.fstat", fail)
        with pytest.raises(MissingFileError, match=r"cannot be read: Input/output error"):
            safetensors.read(path)
