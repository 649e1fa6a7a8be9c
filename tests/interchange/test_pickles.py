"""Pickles read without pickle: plain values come out, everything else is refused by name, nothing is ever run."""

from __future__ import annotations

import collections
import contextlib
import datetime
import os
import pickle
import pickletools
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import FormatError, MissingFileError
from chainrule.interchange import pickles

VALUES: dict[str, Any] = {
    "plain": [1, -70_000, 2.5, "né", b"\x00y", None, True, False, (), (1, (2, "x")), 10**20, -5, {"k": [{}]}, 3 << 40],
    "f4": np.arange(6, dtype=np.float32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big-endian": np.arange(3, dtype=">i4"),
    "scalars": np.array(2.5),
    "empty": np.zeros((0, 3)),
    "bool": np.array([True, False]),
    "text": np.array(["a", "bé"]),
    "objects": np.array(["q", 7], object),
    "number": np.float32(1.5),
}


def same(one: Any, other: Any) -> None:
    """The same values of the same types, arrays in dicts and lists too."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.shape == other.shape
        assert one.dtype == other.dtype.newbyteorder("=")
        assert one.tolist() == other.tolist()
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    else:
        assert one == other


def test_same_can_fail() -> None:
    for one, other in ((np.arange(3), np.arange(3.0)), ({"a": 1}, {"a": 2}), (1, True), (np.ones(2), np.ones((1, 2)))):
        with pytest.raises(AssertionError):
            same(one, other)


@pytest.mark.parametrize("protocol", range(6))
def test_values_come_back(protocol: int) -> None:
    same(pickles.loads(pickle.dumps(VALUES, protocol)), VALUES)
    shared = np.ones(3)
    found = pickles.loads(pickle.dumps([shared, shared], protocol))
    assert found[0] is found[1]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**500), 2**500) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(PLAIN, st.integers(2, 5))
def test_any_plain_value_comes_back(value: Any, protocol: int) -> None:
    assert pickles.loads(pickle.dumps(value, protocol)) == value


# ------------------------------------------------------------------------------------------ refused


class Call:
    """Unpickling calls a function."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> Any:
        return self.function, self.args


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Call(os.system, "true"), "system"),
        (Call(eval, "1"), "builtins.eval"),
        (Call(getattr, {}, "keys"), "builtins.getattr"),
        (Call(np.load, "x"), "numpy.load"),
        (collections.OrderedDict(), "collections.OrderedDict"),
        (datetime.date(2020, 1, 1), "datetime.date"),
        (1j, "builtins.complex"),
        (np.dtype, "numpy.dtype"),
        (np.memmap, "memmap"),
    ],
)
def test_a_name_is_refused_by_name(value: Any, name: str, protocol: int) -> None:
    if value is np.dtype:  # may be named, and is then nothing but a name
        assert not callable(pickles.loads(pickle.dumps(value, protocol)))
        return
    with pytest.raises(FormatError, match=name) as caught:
        pickles.loads(pickle.dumps({"W1": value}, protocol), where="file.pkl")
    assert "\n" not in str(caught.value)
    assert "file.pkl" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cut off"),
        (b".", "takes more"),
        (b"NN.", "left over"),
        (b"\x80\x09N.", "unknown protocol"),
        (b"(ios\nsystem\n.", "INST"),
        (b"(cos\nsystem\nS'true'\no.", "os.system"),
        (b"\x82\x01.", "EXT1"),
        (b"Pstorage\n.", "PERSID"),
        (b"NQ.", "outside"),
        (b"\x97.", "NEXT_BUFFER"),
        (b"\x8f.", "EMPTY_SET"),
        (b"\xff.", "operation ff"),
        (b"h\x05.", "recalls"),
        (b"(q\x00.", "remembers nothing"),
        (b"]N\x85R.", "calls what cannot"),
        (b"N}b.", "attributes of a NoneType"),
        (b"}(K\x01u.", "without a value"),
        (b"})Ns.", "keys are not texts"),
        (b"}NNs.", "keys are not texts"),
        (b"\x8b\xff\xff\xff\x7f.", "too long a number"),
        (b"L" + b"9" * 5000 + b"\n.", "cut off"),
        (b"X\xff\xff\xff\x7f.", "cut off"),
        (b"T\xff\xff\xff\xff.", "negative length"),
        (b"X\x01\x00\x00\x00\xff.", "damaged"),
        (b"cnumpy\ndtype\n(S'V8'\ntR.", "not understood"),
        (b"cnumpy\ndtype\n(S'c16'\ntR.", "not understood"),
        (b"cnumpy\ndtype\n(S'f4,O'\ntR.", "not understood"),
        (b"cnumpy\nndarray\n(tR.", "only be named"),
        (b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR.", "without numbers"),
        (b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\ndtype\ntR.", "class that is not"),
        (b"c__builtin__\nobject\n(tR.", "cannot be called"),
        (b"ccopy_reg\n_reconstructor\n(c__builtin__\nobject\nc__builtin__\nobject\nNtR.", "no class"),
    ],
)
def test_a_strange_program_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        pickles.loads(content)


def array_program(dtype: bytes, shape: bytes, content: bytes) -> bytes:
    start = b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\ntR(K\x01" + shape
    return start + b"cnumpy\ndtype\n(S'" + dtype + b"'\ntR\x89" + content + b"tb."


@pytest.mark.parametrize(
    ("dtype", "shape", "content", "message"),
    [
        (b"f8", b"J\xff\xff\xff\x7f\x85", b"C\x00", "disagree"),
        (b"U0", b"J\xff\xff\xff\x7f\x85", b"C\x00", "of nothing"),
        (b"f8", b"J\xff\xff\xff\xff\x85", b"C\x00", "unusable shape"),
        (b"f8", b"\x88\x85", b"C\x00", "unusable shape"),
        (b"f8", b"N", b"C\x00", "unusable shape"),
        (b"f8", b"K\x01\x85", b"C\x04abcd", "disagree"),
        (b"b1", b"K\x01\x85", b"C\x01\x07", "neither 0 nor 1"),
        (b"U1", b"K\x01\x85", b"C\x04\xff\xff\xff\xff", "Unicode does not"),
        (b"O8", b"K\x01\x85", b"](}e", "array of objects"),
        (b"O8", b"K\x02\x85", b"]", "without them"),
        (b"f8", b"K\x01\x85", b"N", "without numbers"),
    ],
)
def test_an_array_that_lies(dtype: bytes, shape: bytes, content: bytes, message: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=message):
            pickles.loads(array_program(dtype, shape, content))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_program_that_grows_is_stopped() -> None:
    began = time.perf_counter()
    with pytest.raises(FormatError, match="too long a program"):
        pickles.loads(b"]" * (pickles.MOST_OPERATIONS + 10))
    numbers = b"\x00" * 80_000
    many = b"]q\x01B" + len(numbers).to_bytes(4, "little") + numbers + b"q\x020"
    one = array_program(b"f8", b"J" + (10_000).to_bytes(4, "little") + b"\x85", b"h\x02")[:-1]
    with pytest.raises(FormatError, match="larger than the file"):
        pickles.loads(many + one * 20 + b".")
    assert time.perf_counter() - began < 20


def test_deep_nesting_is_no_crash() -> None:
    assert pickles.loads(b"N" + b"\x85" * 100_000 + b".") is not None
    with pytest.raises(FormatError):
        pickles.loads(b"(" * 100_000)


# -------------------------------------------------------------------------------------------- files


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.pkl"
    with pytest.raises(MissingFileError):
        pickles.load(path)
    path.write_bytes(pickle.dumps(VALUES))
    same(pickles.load(path), VALUES)
    monkeypatch.setattr(pickles, "MOST_BYTES", 100)
    with pytest.raises(FormatError, match="too large"):
        pickles.load(path)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_cut_off_at_every_byte(protocol: int) -> None:
    content = pickle.dumps(VALUES, protocol)
    for end in range(len(content)):
        with pytest.raises(FormatError):
            pickles.loads(content[:end])


GOOD = [pickle.dumps(VALUES, protocol) for protocol in range(6)]


@settings(max_examples=200)
@given(st.sampled_from(GOOD), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes(content: bytes, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(content)
    for place, value in changes:
        changed[place % len(changed)] = value
    with contextlib.suppress(FormatError):
        pickles.loads(bytes(changed))


CODES = st.sampled_from([op.code.encode("latin-1") for op in pickletools.opcodes])


@settings(max_examples=200)
@given(st.lists(CODES | st.binary(max_size=3), max_size=30))
def test_any_program_ends_in_a_value_or_one_line(parts: list[bytes]) -> None:
    message = ""
    try:
        pickles.loads(b"".join(parts) + b".")
    except FormatError as error:
        message = str(error)
    assert "\n" not in message
    assert len(message) < 500
