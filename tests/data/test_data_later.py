"""Later data, brought in another form than the training data, are read as these were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Preprocessing, Table, from_arrays, read, read_csv
from chainrule.data.labels import finder
from chainrule.errors import DataError

PAIRS = [
    *(("no", "yes"), ("false", "true"), ("False", "True"), ("TRUE", "FALSE"), ("f", "t"), ("N", "Y")),
    *(("0", "1"), ("1", "2"), ("01", "02"), ("1.0", "2.0"), ("1e3", "5"), ("$1", "$2"), (" a", "b "), ("예", "아니오")),
]


def file(path: Path, column: list[str], head: str = "x,c") -> Path:
    path.write_text("\n".join([head, *(f"{i * 37 % 11},{text}" for i, text in enumerate(column))]) + "\n")
    return path


def forms(path: Path) -> dict[str, Any]:
    """The same file as every program hands it over."""
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frame = pandas.read_csv(path)
    return {
        "table": read(path),
        "rows": read_csv(path)[:8],
        "pandas": frame,
        "a table of pandas": read(frame),
        "pandas' text": pandas.read_csv(path, dtype={"c": str}),
        "pandas' categories": frame.astype({"c": "category"}),
        "pandas' own types": frame.convert_dtypes(),
        "polars": polars.read_csv(path),
        "arrow": polars.read_csv(path).to_arrow(),
        "columns": frame.to_dict("list"),
        "records": frame.to_dict("records"),
        "a column": frame["c"],
    }


@pytest.mark.parametrize("pair", PAIRS)
def test_targets_in_every_form(tmp_path: Path, pair: tuple[str, str]) -> None:
    path = file(tmp_path / "t.csv", [pair[i % 2] for i in range(40)])
    table = read(path)
    fitted = table.prepare(test=0).train.preprocessing
    assert fitted is not None
    assert fitted.classes is not None
    labels = [text.strip().removesuffix(".0") for text in pair]
    expected = [fitted.classes.index(labels[i % 2]) for i in range(40)]
    for form, data in forms(path).items():
        found = fitted.transform_targets(data)
        np.testing.assert_array_equal(found, expected[: len(found)], err_msg=form)
    one = file(tmp_path / "one.csv", [pair[1]] * 5)  # a column that alone would say nothing, or something else
    assert fitted.transform_targets(read(one)).tolist() == [expected[1]] * 5


@pytest.mark.parametrize("pair", PAIRS)
def test_inputs_in_every_form(tmp_path: Path, pair: tuple[str, str]) -> None:
    path = file(tmp_path / "t.csv", [pair[i % 2] for i in range(40)])
    for kinds in ({}, {"c": "categorical"}):
        fitted = Table(read(path), "x", kinds=kinds).prepare(test=0).train.preprocessing
        expected = fitted.transform({"c": [pair[i % 2] for i in range(40)]})
        assert len(np.unique(expected, axis=0)) == 2
        for form, data in forms(path).items():
            if form != "a column":
                found = fitted.transform(data)
                np.testing.assert_array_equal(found, expected[: len(found)], err_msg=form)


def test_later_tables_alone_look_like_something_else(tmp_path: Path) -> None:
    codes = file(tmp_path / "t.csv", ["01", "02", "x"] * 12)
    fitted = Table(read(codes), "x").prepare(test=0).train.preprocessing
    assert fitted.feature_names[0] == "c=01"
    later = read_csv(file(tmp_path / "later.csv", ["02", "01"] * 12), "x")
    assert later.schema["c"].kind == "numeric"
    np.testing.assert_array_equal(fitted.transform(later)[:2, :2], [[0, 1], [1, 0]])
    assert fitted.inputs.unseen(later) == {}  # type: ignore[union-attr]


def test_numbers_and_dates_are_read_in_the_form_of_training_first() -> None:
    table = Table({"n": ["1,5", "2,25", "1,234"] * 8, "d": ["13/1/2024", "2/1/2024"] * 12, "y": [0, 1] * 12}, "y")
    fitted = table.prepare(test=0).train.preprocessing
    expected = fitted.transform({"n": [1.234], "d": ["2024-01-02"]})
    np.testing.assert_array_equal(fitted.transform(Table({"n": ["1,234"], "d": ["2/1/2024"]})), expected)
    other = Table({"n": ["1.234", "2.5"], "d": ["2024-01-02", "2024-05-06"]})
    np.testing.assert_array_equal(fitted.transform(other)[:1], expected)
    american = Table({"n": ["$1.234"], "d": ["1/2/2024"]}, kinds={"d": "date:mdy"})
    np.testing.assert_array_equal(fitted.transform(american), expected)
    np.testing.assert_array_equal(fitted.transform(american[[0]]), expected)
    with pytest.raises(DataError, match=r"column 'n' holds '\?\?' in row 0, which is not a number"):
        fitted.transform(Table({"n": ["??"], "d": ["2/1/2024"]}))


def test_regression_targets_in_another_form() -> None:
    fitted = Table({"x": range(24), "y": [f"{i}.5" for i in range(24)]}).prepare(test=0).train.preprocessing
    assert fitted.task == "regression"
    plain = fitted.transform_targets({"y": [10.25, 1234.5]})
    np.testing.assert_array_equal(fitted.transform_targets(Table({"x": [0, 1], "y": ["10,25", "1234,5"]})), plain)


def test_a_tables_own_missing_texts_count() -> None:
    fitted = Table({"x": [1, 2, None, 4] * 6, "y": ["a", "b"] * 12}).prepare(test=0).train.preprocessing
    later = Table({"x": [-99, 2], "y": ["-", "b"]}, missing=["-99"])
    np.testing.assert_array_equal(fitted.transform(later), fitted.transform({"x": [None, 2]}))
    with pytest.raises(DataError, match=r"1 missing value \(in row 0\)"):
        fitted.transform_targets(later)


def test_blank_booleans() -> None:
    table = Table({"x": ["yes", "", "no", "yes"] * 6, "y": [0, 1] * 12})
    fitted = table.prepare(test=0).train.preprocessing
    expected = fitted.transform(table)
    pandas = pytest.importorskip("pandas")
    for values in ([True, None, False, True], pandas.array([True, None, False, True], dtype="boolean")):
        np.testing.assert_array_equal(fitted.transform({"x": values}), expected[:4])


def test_arrays_with_names_take_tables() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.5, 2.0], "b": [3.0, 4.0]})
    fitted = from_arrays(frame, [0, 1]).preprocessing
    table = Table({"b": ["3", "4,000"], "a": ["1.5", "2"]})
    np.testing.assert_array_equal(fitted.transform(table), [[1.5, 3], [2, 4000]])


def test_labels_mean_the_same_only_where_that_is_plain() -> None:
    find = finder(["1", "01", "2"])
    assert [find(text) for text in ("1", "01", "2", "001", None)] == [0, 1, 2, None, None]
    find = finder(["1", "2"])
    assert [find(text) for text in ("01", "2.0", "True", "yes", "3")] == [0, 1, None, None, None]
    find = finder(["no", "yes"])
    assert [find(text) for text in ("False", "TRUE", "y", "1", "2", "maybe")] == [0, 1, 1, 1, None, None]
    find = finder(["no", "yes", "maybe"])
    assert [find(text) for text in ("no", "maybe", "False", "NO")] == [0, 2, None, None]
    assert finder([])("1") is None


@given(st.lists(st.text(), unique=True), st.text())
def test_labels_find_themselves(labels: list[str], other: str) -> None:
    find = finder(labels)
    assert [find(label) for label in labels] == list(range(len(labels)))
    found = find(other)
    assert found is None or 0 <= found < len(labels)


def test_models_of_earlier_files_read_so_too() -> None:
    fitted = Table({"x": range(24), "c": ["no", "yes"] * 12}).prepare(test=0).train.preprocessing
    again = Preprocessing.from_dict(fitted.to_dict())
    assert again.transform_targets({"c": np.array([True, False])}).tolist() == [1, 0]
