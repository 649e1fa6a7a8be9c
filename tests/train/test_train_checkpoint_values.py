"""What a checkpoint holds comes back as it was; files spoilt anywhere are refused, or gone round, in one line."""

from __future__ import annotations

import json
import math
import warnings
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from chainrule.errors import ConfigError, FormatError, MissingFileError
from chainrule.train.checkpoint_folder import Entry, Folder
from chainrule.train.checkpoint_run import differences
from chainrule.train.checkpoint_values import pack, unpack
from chainrule.train.loop import Snapshot

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
ARRAYS = arrays_of.arrays(
    st.sampled_from(["f4", "f8", "i8", "u1", "?"]), arrays_of.array_shapes(min_dims=0, max_dims=3, max_side=3)
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**130), 2**130) | st.floats() | TEXT | ARRAYS
KEYS = TEXT | st.sampled_from(["$array", "$dict", "$float", "$tuple", "$snapshot"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or one.hex() == other.hex()
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def no_snapshot(*_: object) -> NoReturn:
    raise AssertionError


@given(VALUES)
def test_values_come_back(value: Any) -> None:
    text, arrays = pack(value)
    assert same(unpack(json.loads(text), arrays, no_snapshot), value)


def test_the_comparison_can_fail() -> None:
    assert not same([1.0], [1])
    assert not same((1,), [1])
    assert not same(0.0, -0.0)
    assert not same({"a": np.zeros(2)}, {"a": np.zeros(2, np.float32)})


def test_snapshots_come_back() -> None:
    text, arrays = pack([Snapshot(3, 21, {"0.weight": np.arange(4.0)})])
    (found,) = unpack(json.loads(text), arrays, Snapshot)
    assert (found.epoch, found.step) == (3, 21)
    np.testing.assert_array_equal(found.state["0.weight"], np.arange(4.0))


def test_numbers_of_numpy_become_numbers() -> None:
    text, arrays = pack([np.float32(0.1), np.int64(3), np.bool_(True)])
    assert json.loads(text) == [float(np.float32(0.1)), 3, True]
    assert not arrays


@pytest.mark.parametrize("value", [object(), {1: 2}, {3}, b"x", 1j, lambda: 0])
def test_anything_else_is_refused_by_its_place(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"got \w+ \(in state/a/0\)"):
        pack({"a": [value]})


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ConfigError, match="nested too deeply"):
        pack(endless)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Two checkpoints."""
    made = Folder(tmp_path_factory.mktemp("run"))
    entries: tuple[Entry, ...] = ()
    for epoch in (1, 2):
        text, arrays = pack({"epoch": epoch, "w": np.full(20, epoch)})
        entries = made.save({"seed": 1}, entries, epoch, epoch, text, arrays)
    return made


def read(folder: Folder) -> str | None:
    """Why nothing could be read; None if one of the two states was."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = folder.manifest()
            assert found is not None
            _, packed, arrays = folder.newest(found)
    except (FormatError, MissingFileError) as error:
        return str(error)
    state = unpack(packed, arrays, no_snapshot)
    assert state["epoch"] in (1, 2)
    assert same(state["w"], np.full(20, state["epoch"]))
    return None


@given(st.binary(max_size=40), st.integers(0, 10**6), st.integers(0, 7), st.booleans())
def test_spoilt_files(folder: Folder, new: bytes, at: int, bit: int, manifest: bool) -> None:
    """A bit flipped, the file cut off there, or other bytes put there: nothing but a state of ours ever comes back."""
    spoilt = folder.path / ("manifest.json" if manifest else "checkpoint-00000002.safetensors")
    content = spoilt.read_bytes()
    at %= len(content)
    flipped = content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]
    try:
        for changed in (flipped, content[:at], content[:at] + new + content[at:], new):
            spoilt.write_bytes(changed)
            refused = read(folder)
            assert refused is None or manifest, "the older checkpoint was there"
            assert "\n" not in (refused or "")
    finally:
        spoilt.write_bytes(content)


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ({"a": 1}, {"a": 1}, ""),
        ({"a": 1}, {"a": 2}, "a was 1 and is 2"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b.1 was 2 and is 3"),
        ({"a": [1]}, {"a": [1, 2]}, "a was [1] and is [1, 2]"),
        ({"a": {"name": "x", "p": 1}}, {"a": {"name": "y", "q": 1}}, "a.name was 'x' and is 'y'"),
        ({"x": {"array": "f (2,)", "values": "ab"}}, {"x": {"array": "f (2,)", "values": "cd"}}, "x has other values"),
        ({"x": {"array": "f (2,)", "values": "a"}}, {"x": {"array": "f (3,)", "values": "c"}}, "x.array was 'f (2,)'"),
        ({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, {}, "c was 1 and is None; and 2 more"),
        ({}, {"new": "x" * 500}, "new was None and is 'xxxx"),
    ],
)
def test_differences_are_named(then: Any, now: Any, words: str) -> None:
    found = differences(then, now)
    assert words in found
    assert bool(words) == bool(found)
    assert len(found) < 250
