"""The container as it should be: what is written comes back, in bytes that the format's own package agrees with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.errors import ConfigError, DTypeError, MissingFileError
from chainrule.interchange import safetensors

DTYPES = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?"]

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda name: name != "__metadata__")
arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
contents = st.dictionaries(names, arrays, max_size=5)


def assert_same_tensors(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        assert (ours[name].dtype, ours[name].shape) == (array.dtype, array.shape), name
        assert ours[name].tobytes() == array.tobytes(), name


@pytest.mark.parametrize(
    "other",
    [
        {"a": np.float32([1, 2])},
        {"w": np.float32([1, 3])},
        {"w": np.float64([1, 2])},
        {"w": np.float32([[1, 2]])},
        {"w": np.float32([1, 2]), "b": np.float32([1])},
    ],
)
def test_the_comparison_can_fail(other: dict[str, np.ndarray]) -> None:
    with pytest.raises(AssertionError):
        assert_same_tensors(other, {"w": np.float32([1, 2])})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("format") / "model.safetensors"


def test_the_bytes_of_a_small_file(path: Path) -> None:
    safetensors.write(path, {"w": np.array([[1.0], [2.0]], np.float32), "b": np.array(True)}, {"version": "1"})
    header = (
        b'{"__metadata__":{"version":"1"},"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},'
        b'"b":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}'
    )
    header += b" " * (-len(header) % 8)
    assert path.read_bytes() == len(header).to_bytes(8, "little") + header + b"\0\0\x80\x3f\0\0\0\x40\x01"


@given(contents, st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=3))
def test_what_is_written_comes_back(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    safetensors.write(path, tensors, metadata)
    found, notes = safetensors.read(path)
    assert_same_tensors(found, tensors)
    assert notes == metadata


@given(contents)
def test_the_same_content_gives_the_same_bytes(path: Path, tensors: dict[str, np.ndarray]) -> None:
    safetensors.write(path, tensors, {"a": "1", "b": "2"})
    first = path.read_bytes()
    safetensors.write(path, dict(reversed(tensors.items())), {"b": "2", "a": "1"})
    assert path.read_bytes() == first


@given(contents)
def test_every_array_begins_at_a_multiple_of_its_item_size(path: Path, tensors: dict[str, np.ndarray]) -> None:
    safetensors.write(path, tensors)
    header = safetensors.read_header(path)
    assert header.size % 8 == 0
    for name, info in header.tensors.items():
        assert info.start % tensors[name].itemsize == 0


def test_arrays_of_any_layout(path: Path) -> None:
    plain = np.arange(24, dtype=np.float64).reshape(2, 3, 4)
    tensors = {
        "fortran": np.asfortranarray(plain),
        "strided": plain[:, ::-1, ::2],
        "broadcast": np.broadcast_to(np.float32(7), (3, 2)),
        "big-endian": plain.astype(">f8"),
        "big-endian int": np.arange(5).astype(">i4"),
        "c longlong": np.arange(3).astype(np.longlong),
        "scalar": np.float32(3),
        "empty": np.zeros((0, 5), np.int16),
    }
    safetensors.write(path, tensors)
    found, _ = safetensors.read(path)
    for name, array in tensors.items():
        np.testing.assert_array_equal(found[name], array, strict=name not in ("big-endian", "big-endian int", "scalar"))
        assert found[name].dtype.isnative
        assert found[name].flags.c_contiguous


def test_arrays_are_the_readers_own(path: Path) -> None:
    safetensors.write(path, {name: np.ones(3, dtype) for name, dtype in zip("abcdefghijkl", DTYPES, strict=True)})
    found, _ = safetensors.read(path)
    before = {name: array.copy() for name, array in found.items()}
    found["a"][:] = 5
    assert_same_tensors({**found, "a": before["a"]}, before)
    for array in found.values():
        assert array.flags.writeable
        assert array.flags.aligned
        array[:] = 0
    assert_same_tensors(safetensors.read(path)[0], before)


def test_nan_infinity_and_signed_zero_keep_their_bits(path: Path) -> None:
    odd = np.array([0x7FC00001, 0xFF800000, 0x80000000, 0x7F800001], np.uint32).view(np.float32)
    safetensors.write(path, {"odd": odd})
    assert safetensors.read(path)[0]["odd"].tobytes() == odd.tobytes()


def test_bfloat16_comes_as_float32(path: Path) -> None:
    header = json.dumps({"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    numbers = np.array([0x3F80, 0xC000, 0x7F80], "<u2").tobytes()
    path.write_bytes(len(header).to_bytes(8, "little") + header + numbers)
    array = safetensors.read(path)[0]["w"]
    np.testing.assert_array_equal(array, np.array([1.0, -2.0, np.inf], np.float32), strict=True)


def test_the_header_alone(path: Path) -> None:
    safetensors.write(path, {"0.weight": np.zeros((2, 3), np.float32), "0.bias": np.zeros(2, np.float32)}, {"k": "v"})
    header = safetensors.read_header(path)
    assert header.metadata == {"k": "v"}
    assert header.tensors == {
        "0.bias": safetensors.TensorInfo("F32", (2,), 0, 8),
        "0.weight": safetensors.TensorInfo("F32", (2, 3), 8, 32),
    }


def test_an_empty_model(path: Path) -> None:
    safetensors.write(path, {})
    assert safetensors.read(path) == ({}, {})


def test_names_are_only_names(path: Path) -> None:
    tensors = {name: np.zeros(1) for name in ("../../evil", "/etc/passwd", "a\nb", "", "가중치", "\0")}
    before = sorted(path.parent.iterdir())
    safetensors.write(path, tensors)
    assert_same_tensors(safetensors.read(path)[0], tensors)
    assert sorted(path.parent.iterdir()) == sorted({*before, path})


# ---------------------------------------------------------------------------------------- what cannot be written


@pytest.mark.parametrize(
    ("tensors", "metadata", "error", "words"),
    [
        ({"w": np.array([1j])}, {}, DTypeError, "tensor 'w' cannot be saved.*complex128"),
        ({"w": np.array(["x"])}, {}, DTypeError, "<U1"),
        ({"w": np.array([None])}, {}, DTypeError, "object"),
        ({"w": np.array(["2026-01-01"], "M8[D]")}, {}, DTypeError, "datetime64"),
        ({"w": np.zeros(2, "f4,f4")}, {}, DTypeError, "cannot be saved"),
        ({"w": [1.0, 2.0]}, {}, DTypeError, "a NumPy array, got list"),
        ({3: np.zeros(2)}, {}, DTypeError, "name is not text.*int"),
        ({"__metadata__": np.zeros(2)}, {}, ConfigError, "__metadata__"),
        ({"\ud800": np.zeros(2)}, {}, ConfigError, "Unicode"),
        ({}, {"k": 3}, DTypeError, "metadata is not text.*int"),
        ({}, {1: "v", "k": "v"}, DTypeError, "metadata is not text.*int"),
        ({}, {"k": "\udfff"}, ConfigError, "Unicode"),
        ({}, {"k": "v" * (safetensors.MAX_HEADER + 1)}, ConfigError, "too long to save"),
    ],
)
def test_refusals_leave_the_old_file(path: Path, tensors, metadata, error, words) -> None:
    safetensors.write(path, {"old": np.ones(3)})
    before = path.read_bytes()
    with pytest.raises(error, match=words) as caught:
        safetensors.write(path, tensors, metadata)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_no_folder_to_write_to(path: Path) -> None:
    with pytest.raises(MissingFileError, match="Name a folder"):
        safetensors.write(path.parent / "missing" / "m.safetensors", {})


# ------------------------------------------------------------------------- the format's own package, both ways


@given(contents.filter(bool))
def test_the_package_reads_ours(path: Path, tensors: dict[str, np.ndarray]) -> None:
    package = pytest.importorskip("safetensors.numpy")
    safetensors.write(path, tensors, {"k": "값"})
    assert_same_tensors(package.load_file(path), tensors)
    with pytest.importorskip("safetensors").safe_open(path, "numpy") as file:
        assert file.metadata() == {"k": "값"}


@given(contents)
def test_we_read_the_packages(path: Path, tensors: dict[str, np.ndarray]) -> None:
    package = pytest.importorskip("safetensors.numpy")
    package.save_file(tensors, path, {"k": "값"})
    found, metadata = safetensors.read(path)
    assert_same_tensors(found, tensors)
    assert metadata == {"k": "값"}


def test_the_same_bytes_as_the_packages(path: Path) -> None:
    package = pytest.importorskip("safetensors.numpy")
    tensors = {name: np.arange(n, dtype=np.float32) for n, name in enumerate(["2.weight", "0.bias", "0.weight", "값"])}
    safetensors.write(path, tensors)
    assert path.read_bytes() == package.save(tensors)
