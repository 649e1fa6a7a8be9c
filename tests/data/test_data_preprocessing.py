"""Preparing tables: against scikit-learn, without a look at the test rows, and back from hostile files."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Preprocessing, Table, from_arrays, load
from chainrule.errors import DataError, DTypeError, FormatError, ShapeError, UnknownNameError

COLUMNS = {
    "size": ["1", "2", "", "4", "7", "9"] * 4,
    "ok": ["yes", "no", "yes", "", "yes", "no"] * 4,
    "colour": ["red", "blue", "red", "NA", "green", "blue"] * 4,
    "day": ["2024-01-01", "2024-02-15", "", "2023-12-31", "2024-06-01", "2024-01-01"] * 4,
    "y": ["p", "q"] * 12,
}


def fitted(**options: Any) -> Preprocessing:
    return Table(COLUMNS, **options).prepare(test=0).train.preprocessing


@pytest.mark.parametrize(
    ("scaling", "scaler"), [("standard", "StandardScaler"), ("minmax", "MinMaxScaler"), ("robust", "RobustScaler")]
)
def test_numbers_as_scikit_learn(scaling: str, scaler: str) -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    impute = pytest.importorskip("sklearn.impute")
    rng = np.random.default_rng(0)
    values = rng.normal(5, 3, (60, 3)) * [1, 100, 1e-3]
    values[rng.random(values.shape) < 0.2] = np.nan
    splits = Table({**dict(zip("abc", values.T, strict=True)), "y": np.arange(60) % 2}).prepare(scaling=scaling)
    scaled = getattr(preprocessing, scaler)()
    filled = impute.SimpleImputer(strategy="median", add_indicator=True)
    rows = {part: _rows(splits, part, values) for part in ("train", "test")}
    expected = filled.fit_transform(scaled.fit_transform(values[rows["train"]]))
    np.testing.assert_allclose(splits.train.inputs[:, [0, 2, 4, 1, 3, 5]], expected, atol=1e-5)
    expected = filled.transform(scaled.transform(values[rows["test"]]))
    np.testing.assert_allclose(splits.test.inputs[:, [0, 2, 4, 1, 3, 5]], expected, atol=1e-5)


def _rows(splits: Any, part: str, values: np.ndarray) -> np.ndarray:
    from chainrule.data import split_indices

    train, _, test = split_indices(np.arange(60) % 2, 0.2)
    return {"train": train, "test": test}[part]


def test_text_as_scikit_learn() -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    words = np.random.default_rng(0).choice(["a", "b", "c"], 40)
    inputs = Table({"w": words, "y": np.arange(40) % 2}).prepare(test=0).train
    hot = preprocessing.OneHotEncoder(sparse_output=False).fit_transform(np.sort(words)[:, None])
    assert inputs.inputs[:, :3].sum() == hot.sum() == 40
    assert not inputs.inputs[:, 3].any()
    order = inputs.inputs[:, :3].argmax(axis=1)
    assert sorted(np.array(["a", "b", "c"])[order]) == sorted(words)


def test_worked_example() -> None:
    table = Table(COLUMNS)
    train = table.prepare(test=0, scaling=None).train
    assert train.feature_names == [
        "size", "size (missing)", "ok", "ok (missing)",
        "colour=blue", "colour=green", "colour=red", "colour (unseen or missing)",
        "day year", "day month", "day day", "day weekday", "day days", "day (missing)",
    ]  # fmt: skip
    row = train.preprocessing.transform({"size": "", "ok": "no", "colour": "violet", "day": "2024-02-15"})[0]
    # the median of 1 2 4 7 9 is 4; 15 February 2024 was a Thursday, 46 days after 31 December 2023
    assert row.tolist() == [4, 1, 0, 0, 0, 0, 0, 1, 2024, 2, 15, 3, 46, 0]
    row = train.preprocessing.transform({"size": 2, "ok": None, "colour": "red", "day": None})[0]
    assert row[:8].tolist() == [2, 0, 1, 1, 0, 0, 1, 0]
    assert row[-1] == 1
    assert train.preprocessing.decode([1, 0]).tolist() == ["q", "p"]


def test_nothing_is_learned_from_other_rows() -> None:
    table = load("penguins")
    splits = table.prepare(validation=0.2, seed=3)
    again = table.rows(np.arange(344))
    poisoned = {name: column.copy() for name, column in again.raw.items()}
    labels = {label: i for i, label in enumerate(table.classes)}
    from chainrule.data import split_indices

    _, held_out, tested = split_indices(np.array([labels[s] for s in table["species"]]), 0.2, 0.2, 3)
    poisoned["body_mass_g"][np.concatenate([held_out, tested])] = "1000000"
    poisoned["island"][tested] = "Atlantis"
    other = Table(poisoned).prepare(validation=0.2, seed=3)
    assert other.train.preprocessing == splits.train.preprocessing
    np.testing.assert_array_equal(other.train.inputs, splits.train.inputs)
    assert (other.test.inputs != splits.test.inputs).any()
    assert other.test.inputs[:, other.test.feature_names.index("island (unseen or missing)")].all()


def test_penguins() -> None:
    table = load("penguins")
    assert len(table) == 344
    assert table.schema["sex"].missing == 11
    assert table.schema["bill_length_mm"].missing == 2
    splits = table.prepare(validation=0.1)
    assert splits.classes == ["Adelie", "Chinstrap", "Gentoo"]
    assert splits.n_classes == 3
    counts = sum(np.bincount(part.targets) for part in splits)
    assert counts.tolist() == [152, 68, 124]
    assert all(np.isfinite(part.inputs).all() and part.inputs.dtype == np.float32 for part in splits)
    assert splits.train.inputs[:, splits.train.feature_names.index("year")].mean() == pytest.approx(0, abs=1e-5)


def test_regression_targets_are_standardised_and_come_back() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(1000, 50, 80)
    splits = Table({"x": rng.normal(size=80), "price": y}).prepare(test=0.25)
    train = splits.train
    assert train.task == "regression"
    assert train.targets.dtype == np.float32
    assert train.targets.mean() == pytest.approx(0, abs=1e-5)
    assert train.targets.std() == pytest.approx(1, abs=1e-5)
    both = np.concatenate([train.preprocessing.decode(part.targets) for part in splits])
    np.testing.assert_allclose(np.sort(both), np.sort(y), rtol=1e-5)


def test_columns_are_found_by_name() -> None:
    fit = fitted()
    table = Table(COLUMNS)
    expected = fit.transform(table)
    shuffled = {name: COLUMNS[name] for name in reversed(COLUMNS)} | {"more": [1] * 24}
    np.testing.assert_array_equal(fit.transform(shuffled), expected)
    lacking = {name: values for name, values in COLUMNS.items() if name != "colour"} | {"color": [""] * 24}
    with pytest.raises(DataError, match=r"lack the column 'colour'. Did you mean 'color'"):
        fit.transform(lacking)
    with pytest.raises(DataError, match="columns 'size', 'ok'"):
        fit.transform({"colour": ["red"], "day": [""]})
    with pytest.raises(DataError, match="'big' in row 1, which is not a number"):
        fit.transform({**COLUMNS, "size": ["1", "big"] * 12})
    with pytest.raises(DataError, match="'soon' in row 0"):
        fit.transform({**COLUMNS, "day": ["soon"] * 24})
    with pytest.raises(DataError, match="'perhaps'"):
        fit.transform({**COLUMNS, "ok": ["perhaps"] * 24})
    with pytest.raises(DataError, match="infinite"):
        fit.transform({**COLUMNS, "size": ["inf"] * 24})


def test_arrays_are_taken_by_position() -> None:
    iris = load("iris").prepare(test=0).train.preprocessing
    table = load("iris")
    array = np.stack([table[name] for name in iris.columns], axis=1)
    np.testing.assert_array_equal(iris.transform(array), iris.transform(table))
    with pytest.raises(ShapeError, match=r"\(N, 4\)"):
        iris.transform(array[:, :3])
    assert iris.transform_targets(table)[:3].tolist() == [0, 0, 0]
    with pytest.raises(DataError, match=r"'rose' in row 1.*Known"):
        iris.transform_targets(["setosa", "rose"])
    with pytest.raises(DataError, match="missing value"):
        iris.transform_targets(["setosa", None])


def test_the_same_number_is_the_same_category_from_any_source() -> None:
    fit = Table(
        {"zone": ["1", "2", "1", "NA"] * 3, "x": np.arange(12.0), "y": [0, 1] * 6}, kinds={"zone": "categorical"}
    )
    fit = fit.prepare(test=0).train.preprocessing
    expected = fit.transform({"zone": ["1", "2", None], "x": [0, 0, 0]})
    for zone in ([1, 2, None], [1.0, 2.0, np.nan], ["1.0", "2", ""], np.array([1, 2, np.nan], dtype=np.float32)):
        np.testing.assert_array_equal(fit.transform({"zone": zone, "x": [0, 0, 0]}), expected)


def test_extra_missing_texts_are_remembered() -> None:
    columns = {"a": ["1", "unknown", "3", "-999"] * 3, "y": ["p", "q"] * 6}
    fit = Table(columns, missing=["Unknown", "-999"]).prepare(test=0).train.preprocessing
    assert fit.transform({"a": ["unknown", "-999"]})[:, 1].tolist() == [1, 1]
    assert fit.transform({"a": [-999]})[:, 1].tolist() == [1]


@pytest.mark.parametrize(
    ("columns", "options", "error", "words"),
    [
        ({"x": [1, 2, 3], "y": [5, 5, 5]}, {}, DataError, "constant: every row says '5 … 5'|constant"),
        ({"x": [1], "y": [5]}, {}, DataError, "1 row"),
        ({"x": ["", "NA", "?"], "y": [0, 1, 0]}, {}, DataError, "no columns.*every value is missing"),
        ({"x": [1, 2, 3], "y": ["", "", ""]}, {"target": "y"}, DataError, "no values at all"),
        ({"y": [0, 1, 0]}, {}, DataError, "no columns"),
        ({"x": [1, 2], "y": [0, 1]}, {"target": "z"}, UnknownNameError, "unknown column 'z'"),
        ({"x": [1, 2, 3], "y": ["a", "b", "c"]}, {}, DataError, "different text in every row"),
        ({"x": [1, 2, 3], "y": ["2024-01-01", "2024-01-02", "2024-01-03"]}, {}, DataError, "date column"),
        ({"x": [1, np.inf, 3, 4], "y": [0, 1, 0, 1]}, {}, DataError, "inf in row 1"),
        ({"x": [1.5, 2, 3], "y": [0.5, np.inf, 2]}, {}, DataError, "inf in row 1"),
        ({"x": [1, 2, 10**400, 4], "y": [0, 1, 0, 1]}, {}, DataError, "inf in row 2"),
        ({"x": [1, 2, 3, -(10**400)], "y": [0, 1, 0, 1]}, {}, DataError, "-inf in row 3"),
        ({"x": [1, 2, 3, 4], "y": [0, 1, 0, 1]}, {"scaling": "log"}, UnknownNameError, "scaling"),
    ],
)
def test_nothing_can_be_learned(columns: dict, options: dict, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        Table(columns).prepare(**options)
    assert "\n" not in str(caught.value)


def test_rows_without_a_target_are_left_out() -> None:
    splits = Table({"x": np.arange(12.0), "y": ["a", "b", ""] * 4}).prepare(test=0)
    assert len(splits.train) == 8
    assert splits.notes == ("4 rows without a target left out",)
    assert splits.test is None
    assert list(splits) == [splits.train]


def test_another_target_and_table_splits() -> None:
    table = load("penguins")
    assert table.prepare("sex").train.classes == ["female", "male"]
    assert table.prepare("body_mass_g").train.task == "regression"
    parts = table.split(test=0.25, validation=0.25)
    assert [len(part) for part in parts] == [172, 86, 86]
    assert parts.train.schema is table.schema
    assert table[0]["species"] == "Adelie"
    assert len(table[:3]) == 3
    assert table.columns[0] == "species"
    assert table["sex"][3] is None
    assert np.isnan(table["body_mass_g"][3])


def test_extreme_numbers_stay_finite() -> None:
    values = np.array([1e308, -1e308, 1e300, 0.0] * 3)
    for scaling in ("standard", "minmax", "robust"):
        train = Table({"x": values, "z": np.array([1e-310, 2e-310] * 6), "y": [0, 1] * 6}).prepare(
            test=0, scaling=scaling
        )
        assert np.isfinite(train.train.inputs).all()


def test_rare_categories_share_the_last_bucket() -> None:
    words = [f"w{i}" for i in range(300)] + ["w5"] * 50
    train = Table({"w": words, "y": np.arange(350) % 2}, kinds={"w": "categorical"}).prepare(test=0).train
    assert train.n_features == 101
    assert train.inputs[:, -1].sum() == 200
    assert "w=w5" in train.feature_names


def test_images_and_arrays() -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 4, 4), dtype=np.uint8)
    fit = from_arrays(images, np.arange(10) % 2, classes=["a", "b"]).preprocessing
    scaled = fit.transform(images)
    np.testing.assert_allclose(scaled, images / 255, rtol=1e-6)
    np.testing.assert_array_equal(fit.transform(images.reshape(10, 16)), scaled)
    np.testing.assert_array_equal(fit.transform(images.astype(np.int64)), scaled)
    np.testing.assert_array_equal(fit.transform(scaled), scaled)
    with pytest.raises(ShapeError, match=r"x\[None\]"):
        fit.transform(images[0])
    for wrong, error in (
        (images[:, :2], ShapeError),
        (images.astype(str), DTypeError),
        (scaled * np.nan, DataError),
        ({"a": [1]}, DTypeError),
    ):
        with pytest.raises(error):
            fit.transform(wrong)
    with pytest.raises(DataError, match="expected 0 to 1, got 2"):
        fit.decode([0, 2])
    with pytest.raises(DTypeError, match="class indices"):
        fit.decode([0.5])


@pytest.fixture(scope="module")
def descriptions() -> list[dict[str, Any]]:
    arrays = from_arrays(np.zeros((4, 2)), [0, 1, 0, 1], feature_names=["a", "b"]).preprocessing
    prices = Table({"x": np.arange(12.0), "price": np.arange(12) * 1.5}).prepare(test=0).train.preprocessing
    return [json.loads(json.dumps(fit.to_dict())) for fit in (fitted(missing=["unknown"]), arrays, prices)]


def test_json_round_trip(descriptions: list[dict[str, Any]]) -> None:
    for data in descriptions:
        fit = Preprocessing.from_dict(data)
        assert json.loads(json.dumps(fit.to_dict())) == data
        assert Preprocessing.from_dict(fit.to_dict()) == fit
    original = fitted(missing=["unknown"])
    back = Preprocessing.from_dict(descriptions[0])
    assert back == original
    np.testing.assert_array_equal(back.transform(COLUMNS), original.transform(COLUMNS))


def _paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path] * bool(path) + [found for key, value in inner for found in _paths(value, (*path, key))]


WRONG = [
    None,
    True,
    -1,
    0,
    2**70,
    float("nan"),
    float("inf"),
    1e999,
    "x",
    "__import__",
    [],
    [[]],
    {},
    {"a": 1},
    [1] * 3,
]


def test_every_wrong_field_is_refused_or_understood(descriptions: list[dict[str, Any]]) -> None:
    refused = 0
    for data in descriptions:
        for path in _paths(data):
            for wrong in WRONG:
                changed = copy.deepcopy(data)
                place = changed
                for key in path[:-1]:
                    place = place[key]
                place[path[-1]] = wrong
                with contextlib.suppress(FormatError):
                    Preprocessing.from_dict(changed).to_dict()
                    refused -= 1
                refused += 1
            changed = copy.deepcopy(data)
            place = changed
            for key in path[:-1]:
                place = place[key]
            if isinstance(place, dict):
                del place[path[-1]]
                with pytest.raises(FormatError, match="lacks"):
                    Preprocessing.from_dict(changed)
                place["surplus"] = 1
                with pytest.raises(FormatError):
                    Preprocessing.from_dict(changed)
    assert refused > 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_any_json_is_refused(one: Any, two: Any, three: Any) -> None:
    framed = {"format": "chainrule.preprocessing", "version": 1, "inputs": two, "target": three}
    for data in (one, framed):
        with pytest.raises(FormatError):
            Preprocessing.from_dict(data)


def test_versions_and_inconsistent_descriptions(descriptions: list[dict[str, Any]]) -> None:
    table, arrays, _ = descriptions
    with pytest.raises(FormatError, match="another version"):
        Preprocessing.from_dict({**table, "version": 2})
    twice = {**table["inputs"], "columns": table["inputs"]["columns"][:1] * 2}
    with pytest.raises(FormatError, match="same name"):
        Preprocessing.from_dict({**table, "inputs": twice})
    for change in (
        {"shape": [2**31, 2**31]},
        {"shape": [3]},
        {"shape": [True, 2]},
        {"dtype": "object"},
        {"scale": 0},
        {"feature_names": ["a", "a"]},
    ):
        with pytest.raises(FormatError):
            Preprocessing.from_dict({**arrays, "inputs": {**arrays["inputs"], **change}})
    with pytest.raises(FormatError, match="classes"):
        Preprocessing.from_dict({**table, "target": {**table["target"], "task": "regression"}})


@pytest.mark.parametrize(
    ("y", "options"),
    [
        ([0, 1, 2] * 4, {}),
        ([0, 1, 2] * 4, {"classes": ["a", "b", "c"]}),
        (["a", "b", "c"] * 4, {}),
        ([True, False] * 6, {}),
        ([0.0, 1.0] * 6, {}),
        ([[0.0], [1.0]] * 6, {}),
        ([[0], [1]] * 6, {}),
        (np.eye(3)[[0, 1, 2] * 4], {}),
        (np.eye(3)[[0, 1, 2] * 4], {"classes": ["a", "b", "c"]}),
        (np.arange(12) * 0.5, {}),
        (np.arange(24).reshape(12, 2) * 0.5, {}),
        (np.arange(12), {"task": "regression"}),
    ],
)
def test_later_targets_are_read_as_the_first_ones(y: object, options: dict[str, Any]) -> None:
    dataset = from_arrays(np.zeros((12, 2)), y, **options)
    again = dataset.preprocessing.transform_targets(y)
    np.testing.assert_array_equal(again.ravel(), dataset.targets.ravel())
    assert again.dtype == dataset.targets.dtype


def test_later_targets_out_of_range() -> None:
    fit = from_arrays(np.zeros((4, 2)), [0, 1, 1, 0], classes=["a", "b"]).preprocessing
    with pytest.raises(DataError, match="expected 0 to 1, got 2 in row 1"):
        fit.transform_targets([0, 2])
    with pytest.raises(DataError, match="one-hot"):
        fit.transform_targets([[0.5, 0.5]])
    with pytest.raises(DataError, match="not finite"):
        fit.transform_targets([[np.nan, 0.5]])
