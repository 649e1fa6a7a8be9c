"""The doors to data take what people bring, and say what they do not take."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data import Dataset, Splits, Table, batches, load, read
from chainrule.errors import DTypeError, UnknownNameError


def test_read_takes_frames_and_mappings() -> None:
    columns = {"a": [1, 2, 3], "y": [0.5, 1.5, 2.5]}
    table = read(columns, "a", kinds={"y": "ignore"})
    assert isinstance(table, Table)
    assert (table.target, table.columns, table.n_features) == ("a", ["a", "y"], 0)
    pandas = pytest.importorskip("pandas")
    assert read(pandas.DataFrame(columns)).schema == read(columns).schema
    with pytest.raises(Exception, match="'delimiter'"):
        read(columns, delimiter=";")
    with pytest.raises(DTypeError, match="not a file or a table"):
        read(3)


@pytest.mark.parametrize(
    ("name", "option", "near"),
    [
        ("iris", "return_X_y", "target"), ("moons", "n", "n_samples"), ("xor", "input", "'inputs'"),
        ("mnist", "root", "folder"),
    ],
)  # fmt: skip
def test_unknown_options_name_those_that_there_are(name: str, option: str, near: str) -> None:
    with pytest.raises(UnknownNameError, match=near) as caught:
        load(name, **{option: 1})
    assert option in str(caught.value)
    assert "()" not in str(caught.value)


def test_batches_of_a_data_set() -> None:
    assert [len(rows) for rows in batches(load("xor"), 3)] == [3, 1]
    assert sorted(np.concatenate(list(batches(np.zeros((5, 2)), 2))).tolist()) == [0, 1, 2, 3, 4]
    with pytest.raises(Exception, match="n is not usable"):
        batches("3.5".count, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["iris", "xor", "moons", "penguins"])
def test_every_data_set_can_be_prepared(name: str) -> None:
    parts = load(name).prepare(test=0.25, validation=0.25, seed=1)
    assert isinstance(parts.train, Dataset)
    assert sum(map(len, parts)) == len(load(name))
    again = parts.prepare(test=0.5, validation=0.5)
    assert [len(part) for part in again] == [len(part) for part in parts]


def test_splits_get_the_parts_that_they_lack() -> None:
    data = load("moons")
    parts = Splits(data[:150], test=data[150:]).prepare(validation=0.2)
    assert [len(part) for part in parts] == [120, 30, 50]
    with pytest.raises(UnknownNameError, match="target"):
        data.prepare("species")


def test_splits_of_tables_are_encoded_by_the_training_rows() -> None:
    raw = load("iris").split(test=0.2, validation=0.2)
    parts = raw.prepare()
    assert [len(part) for part in parts] == [len(part) for part in raw]
    np.testing.assert_allclose(parts.train.inputs.mean(axis=0), 0, atol=1e-6)
    assert np.abs(parts.test.inputs.mean(axis=0)).max() > 1e-3
    assert parts.test.preprocessing is parts.train.preprocessing
