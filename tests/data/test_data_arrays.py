"""Arrays: what they become, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data import Dataset, from_arrays
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError, UnknownNameError

X = np.arange(12, dtype=np.float64).reshape(6, 2)


def test_inputs_become_float32_and_uint8_stays() -> None:
    assert from_arrays(X, [0, 1, 2] * 2).inputs.dtype == np.float32
    assert from_arrays(X, [0, 1] * 3, dtype="float64").inputs.dtype == np.float64
    assert from_arrays([[1, 2], [3, 4]], [0, 1]).inputs.dtype == np.float32
    images = np.full((4, 3, 3), 255, dtype=np.uint8)
    dataset = from_arrays(images, [0, 1, 0, 1])
    assert dataset.inputs is images
    x, y = dataset.batch(np.array([2, 1]))
    assert x.dtype == np.float32
    assert (x == 1).all()
    assert y.tolist() == [0, 1]
    assert from_arrays(images // 255, [0, 1, 0, 1]).scale == 1.0
    np.testing.assert_allclose(from_arrays(images // 2, [0, 1, 0, 1], scale=1 / 127).batch(np.array([0]))[0], 1.0)


@pytest.mark.parametrize(
    ("y", "targets", "task", "classes"),
    [
        ([0, 1, 2, 0, 1, 2], [0, 1, 2, 0, 1, 2], "multiclass", None),
        ([0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 1, 1], "binary", None),
        ([[0], [1], [1], [0], [1], [1]], [0, 1, 1, 0, 1, 1], "binary", None),
        ([True, False] * 3, [1, 0] * 3, "binary", ["False", "True"]),
        (["b", "a", "c"] * 2, [1, 0, 2] * 2, "multiclass", ["a", "b", "c"]),
        (np.array(["b", "a"] * 3, dtype=object), [1, 0] * 3, "binary", ["a", "b"]),
        (np.eye(3)[[2, 0, 1, 1, 0, 2]], [2, 0, 1, 1, 0, 2], "multiclass", ["0", "1", "2"]),
        ([0.0, 1.0] * 3, [0.0, 1.0] * 3, "binary", None),
        ([0.5, 1.5, 2.5] * 2, [0.5, 1.5, 2.5] * 2, "regression", None),
        (np.full((6, 2), 0.5), [[0.5, 0.5]] * 6, "regression", None),
    ],
)
def test_targets(y: object, targets: list[object], task: str, classes: list[str] | None) -> None:
    dataset = from_arrays(X, y)
    assert (dataset.targets.tolist(), dataset.task, dataset.classes) == (targets, task, classes)
    whole = task != "regression" and np.asarray(targets).dtype.kind == "i"
    assert dataset.targets.dtype == (np.int64 if whole else np.float32)


def test_asking_for_a_task() -> None:
    assert from_arrays(X, [3, 1, 4, 1, 5, 9], task="regression").targets.dtype == np.float32
    assert from_arrays(X, [0.0, 1.0, 2.0] * 2, task="multiclass").targets.dtype == np.int64
    assert from_arrays(X, [-1.0, 1.0] * 3, task="binary").targets.tolist() == [-1.0, 1.0] * 3
    with pytest.raises(UnknownNameError, match="Did you mean 'regression'"):
        from_arrays(X, [0, 1] * 3, task="regresion")


@pytest.mark.parametrize(
    ("x", "y", "error", "words"),
    [
        (X, [0, 1], ShapeError, "6 inputs, 2 targets"),
        (X[0], [0, 1], ShapeError, "reshape"),
        (5.0, [1], ShapeError, "row per sample"),
        (None, [1], ShapeError, "row per sample"),
        (X, [1e300, 2, 3, 4, 5, 6.5], DataError, "targets hold numbers too large"),
        (X[:0], [], DataError, "empty"),
        (X[:1], [0], DataError, "1 row"),
        (X, [1] * 6, DataError, "single class"),
        (X, ["a"] * 6, DataError, "single class"),
        (X, [1.0] * 6, DataError, "single class"),
        (X, [0, 1, -1, 0, 1, -2], DataError, "negative class index: -1 in row 2"),
        (X, [0, 1, 2, 0, 1, 5000], DataError, "5001 classes"),
        (X, [0, 1, np.nan, 0, 1, np.inf], DataError, "targets hold 2 values.*nan in row 2"),
        (X, ["a", "b", None, "a", "b", "a"], DataError, "1 missing label.*row 2"),
        (X, np.zeros((6, 2, 2)), ShapeError, "targets have an unusable shape"),
        (X.astype(object), None, None, ""),
        (np.array([["a", 1], [2, 3]], dtype=object), [0, 1], DTypeError, "'a' in row 0"),
        (np.array([[None, 1], [2, 3]], dtype=object), [0, 1], DTypeError, "None in row 0"),
        ([["a", "b"], ["c", "d"]], [0, 1], DTypeError, "not numbers"),
        ([[1, 2], [3]], [0, 1], ShapeError, "rectangular"),
        (X.astype(complex), [0, 1] * 3, DTypeError, "not numbers"),
        (X * 1e300, [0, 1] * 3, DataError, "too large for float32"),
        ({"a": ["x", "y"]}, [0, 1], DTypeError, "'a' does not hold numbers"),
        ({"a": [1, 2], "b": [1]}, [0, 1], ShapeError, "differ in length"),
    ],
)
def test_one_clear_line(x: object, y: object, error: type[Exception] | None, words: str) -> None:
    if error is None:
        assert from_arrays(x, y).inputs.dtype == np.float32
        return
    with pytest.raises(error, match=words) as caught:
        from_arrays(x, y)
    assert "\n" not in str(caught.value)


def test_inputs_that_are_not_finite_are_placed() -> None:
    bad = X.copy()
    bad[3, 1] = np.nan
    bad[5, 0] = np.inf
    with pytest.raises(DataError, match="2 values that are not finite: got nan in row 3, column 'b'"):
        from_arrays(bad, [0, 1] * 3, feature_names=["a", "b"])
    from_arrays(np.full((4, 2), 3e38), [0, 1] * 2)  # finite numbers whose sum is not, in float32


def test_classes() -> None:
    assert from_arrays(X, [0, 1] * 3, classes=["no", "yes"]).classes == ["no", "yes"]
    assert from_arrays(X, ["yes", "no"] * 3, classes=["yes", "no"]).targets.tolist() == [0, 1] * 3
    with pytest.raises(DataError, match="expected 0 to 1, got 2 in row 2"):
        from_arrays(X, [0, 1, 2] * 2, classes=["no", "yes"])
    with pytest.raises(DataError, match="'maybe' in row 1"):
        from_arrays(X, ["yes", "maybe"] * 3, classes=["yes", "no"])
    for wrong in (["a", "a"], [], "ab"):
        with pytest.raises(ConfigError):
            from_arrays(X, [0, 1] * 3, classes=wrong)


def test_evaluation_sets_may_be_small() -> None:
    assert len(from_arrays(X[:1], [1], classes=["a", "b"], training=False)) == 1


def test_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": [True, False, True]})
    dataset = from_arrays(frame, pandas.Series(["x", "y", "x"], name="kind"))
    assert (dataset.feature_names, dataset.target_name) == (["a", "b", "c"], "kind")
    np.testing.assert_array_equal(dataset.inputs, frame.to_numpy(dtype=np.float32))


def test_rows_samples_and_splits() -> None:
    dataset = from_arrays(X, [0, 1, 2] * 2, name="n")
    x, y = dataset[-1]
    assert (x.tolist(), y) == ([10.0, 11.0], 2)
    assert isinstance(dataset[:2], Dataset)
    assert dataset[:2].inputs.base is not None
    assert len(dataset[np.array([True, False] * 3)]) == 3
    assert len(dataset[[0, 5]]) == 2
    with pytest.raises(IndexError):
        dataset[6]
    assert len(list(dataset)) == 6
    splits = dataset.split(test=0.5)
    assert splits.test.preprocessing is dataset.preprocessing
    assert splits.validation is None
    train, test = splits
    assert sorted(train.inputs[:, 0].tolist() + test.inputs[:, 0].tolist()) == X[:, 0].tolist()
    assert (splits.n_features, splits.n_classes) == (2, 3)
    assert "n" in repr(dataset)
    assert "train=" in repr(splits)


def test_a_batch_copies_only_its_rows() -> None:
    dataset = from_arrays(np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8), np.arange(100) % 10)
    rows = np.array([5, 3, 99])
    x, y = dataset.batch(rows)
    np.testing.assert_allclose(x, dataset.inputs[rows] / 255, rtol=1e-6)
    assert x.nbytes == 3 * 784 * 4
    assert y.tolist() == [5, 3, 9]
    assert dataset.inputs.dtype == np.uint8
    np.testing.assert_array_equal(dataset.preprocessing.transform(dataset.inputs[rows]), x)
