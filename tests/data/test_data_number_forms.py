"""Numbers as people write them: thousands, decimal commas, currencies, units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Preprocessing, Schema, Table, read
from chainrule.data.number_forms import find_form, needs_decimal
from chainrule.errors import DataError, FormatError

NOTHING = ["x", "y"] * 12


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["77,683", "1,234,567", "5", "-1,000.5"], [77683, 1234567, 5, -1000.5]),
        (["10,25", "0,5", "1.234,5", "7"], [10.25, 0.5, 1234.5, 7]),
        (["$64.51", "-$1,000", "$-2", "$ 3"], [64.51, -1000, -2, 3]),
        (["12.3%", "5 %", "-0.5%"], [12.3, 5, -0.5]),
        (["10,980원", "900원"], [10980, 900]),
        (["₩1,000", "₩500"], [1000, 500]),
        (["€ 5", "€10,50"], [5, 10.5]),
        (["USD 5", "USD 1,000.25"], [5, 1000.25]),
        (["3 kg", "12.5kg"], [3, 12.5]),
        (["−5", "5.5"], [-5, 5.5]),
    ],
)
def test_forms_that_are_read(texts: list[str], numbers: list[float]) -> None:
    form = find_form(texts)
    assert form is not None
    assert [form.read(text) for text in texts] == numbers
    table = Table({"c": texts * 12, "y": (NOTHING * 2)[: 12 * len(texts)]}, "y")
    assert table.schema["c"].kind == "numeric"
    assert table["c"].tolist() == numbers * 12
    assert any("'c'" in note and "is read as" in note for note in table.schema.notes)


@pytest.mark.parametrize(
    "texts",
    [
        ["$5", "5"], ["$5", "€6"], ["1,23,456", "2"], ["12,34,5", "2"], ["5 kg", "6 lb"], ["A1", "A2"], ["1_0", "5,0"],
        ["1,000.5", "10,25"], ["--5", "5"], ["-$-5", "$5"], ["abc", "5"], ["1.2.3", "1.2.4"], ["", "5"], ["5", "$-"],
    ],
)  # fmt: skip
def test_forms_that_are_not(texts: list[str]) -> None:
    assert find_form(texts) is None


def test_what_commas_show() -> None:
    assert needs_decimal(["1,234", "5"]) == "unclear"
    assert needs_decimal(["1,234", "1,234,567"]) == "thousands"
    assert needs_decimal(["1,234", "0,5"]) == "decimal"
    assert needs_decimal(["1.5", "2"]) is None
    assert needs_decimal(["a,b"]) is None


def test_other_columns_tell_what_commas_mean() -> None:
    columns = {"a": ["1,234", "2,345"] * 12, "b": ["0,5", "0,75"] * 12, "y": NOTHING}
    assert Table(columns, "y")["a"].tolist()[:2] == [1.234, 2.345]
    assert Table(columns, "y", commas="thousands")["a"].tolist()[:2] == [1234, 2345]
    del columns["b"]
    assert Table(columns, "y")["a"].tolist()[:2] == [1234, 2345]
    with pytest.raises(DataError, match=r"'1,234'.*decimal="):
        Schema.infer(columns, "y", commas="unclear")


def test_files_with_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a;b;y\n" + "".join(f"{i},5;{i + 1},234;{i % 2}\n" for i in range(24)))
    table = read(path)
    assert table["a"].tolist()[:2] == [0.5, 1.5]
    assert table["b"].tolist()[:2] == [1.234, 2.234]
    path.write_text("b;y\n" + "".join(f"{i + 1},234;{i % 2}\n" for i in range(24)))
    with pytest.raises(DataError, match="decimal"):
        _ = read(path).schema
    assert read(path, decimal=",")["b"].tolist()[0] == 1.234
    assert read(path, decimal=".")["b"].tolist()[0] == 1234


def test_later_data_are_read_the_same_way() -> None:
    prices = [f"{1000 + 37 * i:,}원" for i in range(60)]
    shares = [f"{i % 9}.5%" for i in range(60)]
    table = Table({"share": shares, "price": prices}, "price")
    splits = table.prepare(test=0)
    fitted = splits.train.preprocessing
    assert fitted.task == "regression"
    assert any("'price'" in note for note in splits.notes)
    assert splits.train.targets is not None
    read_back = np.sort(fitted.decode(splits.train.targets))
    np.testing.assert_allclose(read_back, [1000 + 37 * i for i in range(60)], rtol=1e-5)
    again = Preprocessing.from_dict(json.loads(json.dumps(fitted.to_dict())))
    assert again == fitted
    rows = {"share": ["1.5%", "2.5"], "price": ["1,000원", "2000"]}
    plain = {"share": [1.5, 2.5], "price": [1000.0, 2000.0]}
    np.testing.assert_array_equal(again.transform(rows), again.transform(plain))
    np.testing.assert_array_equal(again.transform_targets(rows), again.transform_targets(plain))
    with pytest.raises(DataError, match="not a number"):
        again.transform({"share": ["1.5$"], "price": ["1"]})


@pytest.mark.parametrize(
    "form",
    [
        None, "$", {}, {"decimal": "."}, {"decimal": ";", "prefix": "", "suffix": ""},
        {"decimal": ".", "prefix": "x", "suffix": ""}, {"decimal": ".", "prefix": "", "suffix": "a" * 50},
        {"decimal": ".", "prefix": "", "suffix": "", "more": 1}, {"decimal": 1, "prefix": "", "suffix": ""},
    ],
)  # fmt: skip
def test_hostile_forms_are_refused(form: object) -> None:
    table = Table({"a": ["$1", "$2"] * 12, "y": NOTHING}, "y")
    described = table.prepare(test=0).train.preprocessing.to_dict()
    described["inputs"]["columns"][0]["form"] = form
    with pytest.raises(FormatError):
        Preprocessing.from_dict(described)


def test_plain_numbers_are_described_as_ever() -> None:
    fitted = Table({"a": ["1", "2"] * 12, "b": np.arange(24.0) % 7 + 0.5}, "b").prepare(test=0).train.preprocessing
    assert '"form"' not in json.dumps(fitted.to_dict())


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1), st.sampled_from(["", "$", "₩"]), st.sampled_from(["", "%"]))
def test_what_python_groups_is_read_back(numbers: list[int], prefix: str, suffix: str) -> None:
    texts = [f"{prefix}{number:,}{suffix}" for number in numbers]
    form = find_form(texts)
    assert form is not None
    assert [form.read(text) for text in texts] == numbers


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_any_text_has_a_form_that_reads_it_or_none(texts: list[str]) -> None:
    form = find_form(texts)
    if form is not None:
        assert all(isinstance(form.read(text), float) for text in texts)


def test_text_that_is_no_class_is_refused() -> None:
    mixed = [f"{i}'{i:03}" for i in range(100)] * 2
    with pytest.raises(DataError, match=r"100 different texts in 200 rows.*numbers written in different ways.*task="):
        Table({"a": np.arange(200), "y": mixed}, "y").prepare()
    words = ["".join(chr(97 + int(d)) for d in str(i)) for i in range(40)] + ["again"] * 20
    with pytest.raises(DataError, match="free text or identifiers"):
        Table({"a": np.arange(60), "y": words}, "y").prepare()
    asked = Table({"a": np.arange(60), "y": words}, "y", task="multiclass")
    assert asked.prepare().n_classes == 41
    assert asked[:50].prepare().train.task == "multiclass"
    assert Table({"a": np.arange(60), "y": ["p", "q", "r", "s", "t", "u"] * 10}, "y").prepare().n_classes == 6
