"""IDX files: exact, and strict against damage."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.data.idx import read_idx
from chainrule.data.reading import read
from chainrule.errors import DataError, FormatError

CODES = {"uint8": 0x08, "int8": 0x09, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def encode(array: np.ndarray) -> bytes:
    head = bytes([0, 0, CODES[array.dtype.name], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def load(folder: Path, content: bytes) -> np.ndarray:
    path = folder / "a.idx"
    path.write_bytes(content)
    return read_idx(path)


@given(
    st.sampled_from(sorted(CODES)).flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(max_dims=4, min_side=0))),
    st.booleans(),
)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, compress: bool) -> None:
    content = encode(array)
    read_back = load(tmp_path_factory.mktemp("idx"), gzip.compress(content) if compress else content)
    np.testing.assert_array_equal(read_back, array)
    assert read_back.dtype == array.dtype
    assert read_back.dtype.isnative
    assert read_back.flags.writeable


@pytest.mark.parametrize("compress", [False, True])
def test_truncated_anywhere(tmp_path: Path, compress: bool) -> None:
    content = encode(np.arange(12, dtype=np.int16).reshape(3, 4))
    whole = gzip.compress(content) if compress else content
    for cut in range(len(whole)):
        with pytest.raises(FormatError) as caught:
            load(tmp_path, whole[:cut])
        assert "\n" not in str(caught.value)
    assert load(tmp_path, whole).shape == (3, 4)


def test_every_flipped_byte_of_gzip_is_noticed_or_harmless(tmp_path: Path) -> None:
    array = np.arange(200, dtype=np.uint8)
    whole = gzip.compress(encode(array), mtime=0)
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        try:
            np.testing.assert_array_equal(load(tmp_path, bytes(damaged)), array)
        except FormatError:
            continue


def test_declared_sizes_are_checked_before_memory_is_taken(tmp_path: Path) -> None:
    huge = bytes([0, 0, 8, 3]) + struct.pack(">3I", *[2**32 - 1] * 3) + b"xx"
    for content in (huge, gzip.compress(huge)):
        with pytest.raises(FormatError, match="truncated"):
            load(tmp_path, content)


def test_foreign_and_longer_files(tmp_path: Path) -> None:
    content = encode(np.zeros((2, 2), dtype=np.uint8))
    for foreign in (b"\x89PNG....", bytes([0, 0, 7, 1]), bytes([0, 0, 8, 0]), bytes([0, 0, 8, 9]), b"\1" + content[1:]):
        with pytest.raises(FormatError, match="IDX format"):
            load(tmp_path, foreign)
    with pytest.raises(FormatError, match="goes on"):
        load(tmp_path, content + b"x")


def test_labels_are_found_beside_images(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 5, 5), dtype=np.uint8)
    labels = np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8)
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(encode(images)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(encode(labels))
    dataset = read(tmp_path / "train-images-idx3-ubyte.gz")
    np.testing.assert_array_equal(dataset.inputs, images)
    assert dataset.targets.tolist() == labels.tolist()
    with pytest.raises(DataError, match="labels alone"):
        read(tmp_path / "train-labels-idx1-ubyte")
