"""Nested dicts and lists of tensors come back as they were, and damaged files are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import errors, tensor
from chainrule.core.tensor import Tensor
from chainrule.interchange import nested, safetensors
from helpers.compare import assert_close

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.integers(0, 3).map(lambda n: tensor(np.arange(float(n))))
    | st.integers(0, 3).map(lambda n: np.arange(n))
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.integers(0, 9)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


def assert_same(actual: Any, expected: Any) -> None:
    assert type(actual) is type(expected)
    if isinstance(expected, (Tensor, np.ndarray)):
        assert_close(actual, expected)
    elif isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key in expected:
            assert_same(actual[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            assert_same(a, e)
    else:
        assert repr(actual) == repr(expected)  # NaN, and -0.0


@given(value=VALUES)
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    path = tmp_path_factory.mktemp("nested") / "value"
    nested.save(value, path)
    if isinstance(value, dict) and value and all(isinstance(x, Tensor) for x in value.values()):
        assert {k: v.tolist() for k, v in nested.load(path).items()} == {k: v.tolist() for k, v in value.items()}
    else:
        assert_same(nested.load(path), value)


def test_names_that_collide_and_reserved_names(tmp_path: Path) -> None:
    value = {"a": {"b": tensor([1.0])}, "a.b": tensor([2.0]), "__metadata__": tensor([3.0]), 0: 1}
    nested.save(value, tmp_path / "x")
    assert_same(nested.load(tmp_path / "x"), value)


def test_assert_same_can_fail() -> None:
    for wrong in ([1], (1, 2), [1, 2.0], [2, 1], [1, tensor([2.0])]):
        with pytest.raises(AssertionError):
            assert_same(wrong, [1, 2])
    with pytest.raises(AssertionError):
        assert_same({"a": tensor([1.0])}, {"a": tensor([2.0])})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": [object()]}, r"object.*a\.0"),
        ({("a",): 1}, "keys"),
        ({True: 1}, "keys"),
        ({1, 2}, "set"),
        (b"x", "bytes"),
    ],
)
def test_what_no_file_can_hold(tmp_path: Path, value: Any, words: str) -> None:
    with pytest.raises(errors.DTypeError, match=words):
        nested.save(value, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_holds_itself(tmp_path: Path) -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(errors.DTypeError, match="nested too deeply"):
        nested.save(loop, tmp_path / "x")


@pytest.mark.parametrize(
    "structure",
    [
        {"tensor": "nothing"},
        {"tensor": []},
        {"tensor": {}},
        {"dict": [["a"]]},
        {"dict": [[[], {"value": 1}]]},
        {"dict": 3},
        {"list": "ab"},
        {"list": {}},
        {"value": []},
        {"float": 1},
        {"float": "many"},
        {"import": "os"},
        {"value": 1, "list": []},
        [],
        "x",
        None,
    ],
)
def test_damaged_structures(tmp_path: Path, structure: Any) -> None:
    metadata = {"format": nested.FORMAT, "version": "1", "structure": json.dumps(structure)}
    safetensors.write(tmp_path / "x", {"a": np.ones(1)}, metadata)
    with pytest.raises(errors.FormatError, match="damaged"):
        nested.load(tmp_path / "x")


@pytest.mark.parametrize("change", [{"version": "2"}, {"structure": "{"}, {"structure": '{"list":[' * 5000}])
def test_other_damage(tmp_path: Path, change: dict[str, str]) -> None:
    metadata = {"format": nested.FORMAT, "version": "1", "structure": '{"value":1}', **change}
    safetensors.write(tmp_path / "x", {}, metadata)
    with pytest.raises(errors.FormatError):
        nested.load(tmp_path / "x")
