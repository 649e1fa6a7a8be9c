"""Records turn into JSON without loss."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import chainrule as cr
from chainrule import explain
from chainrule.errors import DTypeError
from chainrule.explain.record import Record, plain


@dataclass(frozen=True)
class Inner(Record):
    name: str
    weights: np.ndarray


@dataclass(frozen=True)
class Outer(Record):
    inner: Inner
    parts: tuple[Inner, ...]
    table: dict[Any, Any]
    _cache: object = None


def test_records_print_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = explain.separability([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
    for lang in ("en", "ko"):
        monkeypatch.setenv("CHAINRULE_LANG", lang)
        assert str(proof) == proof.explain(lang)
    race = cr.train.compare.optimizers(epochs=1, names=["sgd"])
    assert str(race) == "\n".join(race.lines("ko"))
    inner = Inner("a", np.array([1]))
    assert str(inner) == repr(inner) == "Inner(name='a', weights=array([1]))"


def test_records_nest() -> None:
    inner = Inner("a", np.array([[1, 2]]))
    outer = Outer(inner, (inner,), {1: np.float32(0.5), "none": None, "path": Path("x")}, _cache=object())
    expected = {"name": "a", "weights": [[1, 2]]}
    assert outer.to_dict() == {
        "inner": expected,
        "parts": [expected],
        "table": {"1": 0.5, "none": None, "path": "x"},
    }
    assert json.loads(outer.to_json()) == outer.to_dict()


@given(hnp.arrays(st.sampled_from([np.float32, np.float64, np.int64]), hnp.array_shapes(min_dims=0, max_dims=3)))
def test_numbers_come_back_exactly(array: np.ndarray) -> None:
    content = json.loads(json.dumps(plain(array), allow_nan=False))
    back = np.asarray(content, dtype=array.dtype) if array.dtype.kind == "i" else _floats(content, array.dtype)
    np.testing.assert_array_equal(back.reshape(array.shape), array)


def _floats(content: Any, dtype: Any) -> np.ndarray:
    return np.vectorize(float, otypes=[dtype])(content)


def test_what_json_lacks_becomes_a_string() -> None:
    assert plain([math.nan, math.inf, -math.inf, 1.5]) == ["NaN", "Infinity", "-Infinity", 1.5]
    assert plain(np.array([1.0, np.inf])) == [1.0, "Infinity"]
    assert plain(np.float32("nan")) == "NaN"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.bool_(True), True),
        (np.int8(-3), -3),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1, None], dtype=object), [1, None]),
        ({3, 1}, [1, 3]),
        (cr.tensor([1.0, 2.0], requires_grad=True), [1.0, 2.0]),
    ],
)
def test_types(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("value", [object(), 1j, np.array([1j]), Inner])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(DTypeError, match="no form in JSON"):
        plain(value)


def test_the_face_is_lazy_and_complete() -> None:
    assert set(explain.__all__) == set(explain._HOMES)
    assert explain.Record is Record
    for name in explain.__all__:
        assert not isinstance(getattr(explain, name), ModuleType), name
    with pytest.raises(AttributeError, match="nothing_here"):
        explain.nothing_here


def test_importing_a_file_does_not_hide_the_function_of_its_name() -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from importlib import import_module
from types import ModuleType
from chainrule import explain
for home in set(explain._HOMES.values()):
    import_module(f"chainrule.explain.{home}")
assert not any(isinstance(getattr(explain, name), ModuleType) for name in explain.__all__)
"""
    source = str(Path(cr.__file__).parents[1])
    subprocess.run([sys.executable, "-c", code, source], check=True, timeout=60)
