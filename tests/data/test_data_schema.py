"""Schemas: what a column is, which one is predicted, what task that makes."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from chainrule.data import Schema, Table
from chainrule.data.dates import find_order, parse_dates
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError, UnknownNameError

Y = ["p", "q"] * 12


def column(values: object, **kinds: str) -> object:
    return Schema.infer({"c": np.array(values, dtype=object), "y": np.array(Y)[: len(values)]}, kinds=kinds)["c"]


@pytest.mark.parametrize(
    ("values", "kind", "missing"),
    [
        (["1", "2.5", "-3e4", "NA"], "numeric", 1),
        (["1", "?", "", "N/A", "nan", "NULL", "None", "-", " "], "numeric", 8),
        (["yes", "No", "yes"], "boolean", 0),
        (["true", "FALSE", None], "boolean", 1),
        ([True, False, None], "boolean", 1),
        (["0", "1", "1"], "numeric", 0),
        (["a", "b", "a"], "categorical", 0),
        (["1_000", "2_000", "1_000"], "categorical", 0),
        (["2024-01-31", "2023-12-01", ""], "date", 1),
        (["31/01/2024", "01/12/2023"], "date", 0),
        (["2024. 1. 5.", "2023. 12. 31."], "date", 0),
        ([datetime.date(2024, 1, 1), None], "date", 1),
        ([1, 2, None], "numeric", 1),
        ([1, "x", 2.0], "categorical", 0),
        ([None, "", "?"], "empty", 3),
        (["9" * 60, "1"], "numeric", 0),
    ],
)
def test_kinds(values: list[object], kind: str, missing: int) -> None:
    found = column(values)
    assert (found.kind, found.missing) == (kind, missing)


def test_columns_that_are_left_out_with_a_note() -> None:
    n = 24
    schema = Schema.infer(
        {
            "name": np.array([f"Person {i}" for i in range(n)]),
            "id": np.arange(1, n + 1),
            "time": np.arange(1, n + 1),
            "none": np.array([""] * n),
            "same": np.ones(n),
            "words": np.array(["a", "b", "c"] * 8),
            "y": np.array(Y),
        }
    )
    assert [c.name for c in schema.inputs] == ["time", "words"]
    assert [note.split("'")[1] for note in schema.notes] == ["name", "id", "none", "same"]
    assert [c.name for c in Schema.infer({"id": np.arange(24), "y": Y}, kinds={"id": "numeric"}).inputs] == ["id"]


def test_mostly_numbers_are_pointed_out() -> None:
    odd = [str(i) for i in range(23)] + ["unknown"]
    assert "mostly numbers, but also 'unknown'" in column(odd).note


@pytest.mark.parametrize(
    ("names", "target"),
    [
        (["a", "b"], "b"),
        (["y", "b"], "y"),
        (["Species", "b", "y"], "Species"),
        (["class", "label"], "label"),
    ],
)
def test_default_target(names: list[str], target: str) -> None:
    assert Schema.infer({name: np.array([1.5, 2.5, 3.5]) for name in names}).target == target


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([0, 1] * 5, "binary", ("0", "1")),
        ([0.0, 1.0] * 5, "binary", ("0", "1")),
        ([1, 2, 3] * 5, "multiclass", ("1", "2", "3")),
        ([10, 9, 2] * 5, "multiclass", ("2", "9", "10")),
        (["no", "yes"] * 5, "binary", ("no", "yes")),
        (["0", "1.0", "0.0", "1"] * 5, "binary", ("0", "1")),
        (["b", "a", "c"] * 5, "multiclass", ("a", "b", "c")),
        (list(range(15)), "regression", None),
        ([0.5, 1.5, 2.5] * 5, "regression", None),
        ([1] * 10, None, None),
        (["2024-01-01", "2024-01-02"] * 4, None, None),
    ],
)
def test_task(values: list[object], task: str | None, classes: tuple[str, ...] | None) -> None:
    schema = Schema.infer({"x": np.arange(len(values)), "y": np.array(values)})
    assert (schema.task, schema.classes) == (task, classes)


def test_overrides() -> None:
    columns = {"year": [2007, 2008, 2009] * 4, "y": [1, 2, 3] * 4}
    schema = Schema.infer(columns, kinds={"year": "categorical"}, task="regression")
    assert schema["year"].kind == "categorical"
    assert schema.task == "regression"
    assert Schema.infer(columns, kinds={"year": "ignore"}).inputs == ()
    for wrong in (
        {"target": "yy"},
        {"kinds": {"yer": "numeric"}},
        {"kinds": {"year": "number"}},
        {"kinds": {"year": "date:dym"}},
        {"task": "classification"},
    ):
        with pytest.raises(UnknownNameError):
            Schema.infer(columns, **wrong)
    with pytest.raises(ConfigError, match="dates"):
        Schema.infer({"c": ["a", "b"], "y": [1, 2]}, kinds={"c": "date"})
    with pytest.raises(ConfigError, match="binary"):
        Schema.infer(columns, task="binary")
    with pytest.raises(DataError):
        Schema.infer({})


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2024-02-29", "ymd", "2024-02-29T00:00:00"),
        ("2024/2/9 7:05", "ymd", "2024-02-09T07:05:00"),
        ("2024-01-31T09:30:15.25Z", "ymd", "2024-01-31T09:30:15.250000"),
        ("2024-01-01T01:00+09:00", "ymd", "2023-12-31T16:00:00"),
        ("2024년 3월 1일", "ymd", "2024-03-01T00:00:00"),
        ("3/1/2024", "mdy", "2024-03-01T00:00:00"),
        ("13/1/2024", "dmy", "2024-01-13T00:00:00"),
        ("1.12.2024", "dmy", "2024-12-01T00:00:00"),
        ("5 Jan 2024", "named", "2024-01-05T00:00:00"),
        ("January 5, 2024", "named", "2024-01-05T00:00:00"),
    ],
)
def test_dates(text: str, order: str, expected: str) -> None:
    assert find_order([text]) == order
    assert parse_dates([text], order)[text].isoformat() == expected


@pytest.mark.parametrize("text", ["2023-02-29", "2024-13-01", "1/2", "now", "2024", "12.5", "0000-01-01", "5 Foo 2024"])
def test_no_dates(text: str) -> None:
    assert find_order([text]) is None


def test_one_day_beyond_twelve_decides_the_order() -> None:
    assert find_order(["01/02/2024", "13/02/2024"]) == "dmy"
    assert find_order(["01/02/2024", "02/13/2024"]) == "mdy"
    assert column(["01/02/2024", "03/04/2024"], c="date:dmy").example == "2024-02-01 … 2024-04-03"


def test_cells_that_cannot_be_used() -> None:
    with pytest.raises(DTypeError, match="column 'c' holds a list"):
        column([[1], [2, 3]])
    with pytest.raises(DTypeError, match="complex"):
        Schema.infer({"c": np.zeros(3, dtype=complex)})
    with pytest.raises(ShapeError, match="one-dimensional"):
        Schema.infer({"c": np.zeros((3, 2))})


def test_printed_tables_are_aligned() -> None:
    text = str(Schema.infer({"나이": [1, 2, 3], "long name": [4, 5, 6], "y": ["a", "b", "a"]}))
    header, rule, *rows = text.splitlines()[:5]
    assert header.index("kind") == rows[1].index("numeric") == rule.index("  ─") + 2
    assert rows[0].index("numeric") == rows[1].index("numeric") - 2  # two Hangul take four columns
    assert "task binary" in text
    assert "classes a, b" in text
    assert "column" in repr(Table({"a": [1, 2], "y": [0, 1]}))


def test_dates_that_can_be_read_in_two_ways_are_pointed_out() -> None:
    both = ["03/04/2024", "05/06/2024"] * 12
    assert "'03/04/2024' is read as month/day/year" in column(both).note
    assert column([*both[:23], "01/31/2024"]).note == ""
    assert column(both, c="date:dmy").note == ""
    assert column(["03/03/2024", "04/04/2024"] * 12).note == ""


def test_categories_that_differ_in_case_or_spaces_are_pointed_out() -> None:
    assert "differ in case or spaces alone" in column(["Seoul", "seoul", "Busan", "New  York"] * 6).note
    assert "differ in case or spaces alone" in column(["New  York", "New York"] * 12).note
    assert column(["Seoul", "Busan"] * 12).note == ""


@pytest.mark.parametrize(
    ("values", "example"),
    [
        ([20_240_101, 20_240_802], "20240101 … 20240802"),
        ([1.5, 1.5], "1.5"),
        ([-0.0, 0.25], "0 … 0.25"),
        ([1_000_000.25, 1_000_000.5], "1000000.25 … 1000000.5"),
        ([1e-9, 1e20], "1e-09 … 1e+20"),
        ([0.123456789, 5], "0.123457 … 5"),
        ([np.nan, np.inf], ""),
    ],
)
def test_ranges_have_as_many_digits_as_they_need(values: list[float], example: str) -> None:
    assert column(values).example == example
