"""Input that no metric can use ends in one clear line of our own."""

from __future__ import annotations

import contextlib
import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import metrics
from chainrule.errors import ChainruleError, ConfigError, DataError, DTypeError, ShapeError, UnknownNameError

CLASSIFICATION = [
    metrics.accuracy,
    metrics.top_k_accuracy,
    metrics.precision,
    metrics.recall,
    metrics.f1,
    metrics.confusion_matrix,
    metrics.roc_auc,
    metrics.log_loss,
]
REGRESSION = [metrics.mae, metrics.rmse, metrics.r2]
GOOD = [[0.9, 0.1], [0.2, 0.8]]


@pytest.mark.parametrize("metric", CLASSIFICATION)
@pytest.mark.parametrize(
    ("outputs", "targets", "error", "words"),
    [
        (GOOD, [0, 1, 1], ShapeError, "2 and 3 rows"),
        ([GOOD], [0, 1], ShapeError, r"\(1, 2, 2\)"),
        (GOOD, [[1, 0], [0, 1]], ShapeError, "argmax"),
        (0.5, [1], ShapeError, "single value"),
        ([0.5], 1, ShapeError, "single value"),
        ([[0.1, 0.9], [1.0]], [0, 1], ShapeError, "outputs are not a regular array"),
        ([], [], DataError, "outputs are empty"),
        (np.zeros((2, 0)), [0, 1], DataError, "outputs are empty"),
        (GOOD, np.zeros((0, 1)), DataError, "targets are empty"),
        ([[0.9, 0.1], [np.nan, 0.8]], [0, 1], DataError, "outputs are not all finite.*nan.*row 1"),
        ([0.9, np.inf], [0, 1], DataError, "inf.*row 1"),
        (GOOD, [0.0, np.nan], DataError, "targets are not all finite.*row 1"),
        (GOOD, [0, 2], DataError, "out of range.*0 to 1.*got 2.*row 1"),
        ([0.1, 0.9], [0, 2], DataError, "out of range"),
        (GOOD, [0, -1], DataError, "negative class index in targets.*got -1.*row 1"),
        (GOOD, [0.0, 0.5], DataError, "whole numbers.*0.5"),
        (GOOD, np.array([0, 2**64 - 1], np.uint64), DataError, "out of range"),
        (GOOD, [0.0, 1e300], DataError, "out of range"),
        (GOOD, ["cat", "dog"], DTypeError, "targets are not numbers"),
        (GOOD, None, DTypeError, "targets are not numbers"),
        (np.array(GOOD, complex), [0, 1], DTypeError, "complex"),
        ((row for row in GOOD), [0, 1], DTypeError, "outputs are not numbers"),
    ],
)
def test_classification(metric, outputs, targets, error, words) -> None:
    with pytest.raises(error, match=words) as caught:
        metric(outputs, targets)
    assert isinstance(caught.value, ChainruleError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metric", [metrics.accuracy, metrics.f1, metrics.confusion_matrix, metrics.log_loss])
def test_single_logits_are_pointed_out(metric) -> None:
    with pytest.raises(DataError, match=r"0 to 1, got 3\.5 \(in row 1\).*sigmoid"):
        metric([0.5, 3.5, -2.0], [0, 1, 0])


@pytest.mark.parametrize("metric", [metrics.log_loss, metrics.roc_auc])
def test_rows_of_logits_are_pointed_out(metric) -> None:
    with pytest.raises(DataError, match="softmax"):
        metric([[2.0, -1.0, 0.0]] * 3, [0, 1, 2])
    with pytest.raises(DataError, match=r"sum to 1, got 1\.5 \(in row 2\)"):
        metric([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5], [0.5, 0.5, 0.5]], [0, 1, 2])


@pytest.mark.parametrize("metric", [metrics.top_k_accuracy, metrics.roc_auc, metrics.log_loss])
def test_class_indices_are_no_probabilities(metric) -> None:
    with pytest.raises(DTypeError, match=f"{metric.__name__} needs probabilities"):
        metric([0, 1], [0, 1])


def test_negative_predicted_class() -> None:
    with pytest.raises(DataError, match="negative class index in outputs"):
        metrics.accuracy([0, -1], [0, 1])


@pytest.mark.parametrize("metric", [metrics.precision, metrics.recall, metrics.f1])
def test_binary_average_of_more_classes(metric) -> None:
    for outputs in ([[0.2, 0.3, 0.5]], [2]):
        with pytest.raises(DataError, match=r"3 classes.*average='macro'"):
            metric(outputs, [1])
    with pytest.raises(UnknownNameError, match="Did you mean 'macro'"):
        metric([0], [0], average="makro")


def test_roc_auc_without_both_classes() -> None:
    with pytest.raises(DataError, match="none of class 0"):
        metrics.roc_auc([0.4, 0.6], [1, 1])
    with pytest.raises(DataError, match="none of class 1, 2"):
        metrics.roc_auc([[0.4, 0.3, 0.3]], [0])


@pytest.mark.parametrize(("k", "error"), [(0, ConfigError), (-3, ConfigError), (True, ConfigError), (1.5, DTypeError)])
def test_counts_must_be_counts(k, error) -> None:
    with pytest.raises(error, match=r"^k is"):
        metrics.top_k_accuracy(GOOD, [0, 1], k=k)
    with pytest.raises(error, match=r"^classes is"):
        metrics.confusion_matrix(GOOD, [0, 1], classes=k)


def test_confusion_matrix_too_small_and_too_large() -> None:
    with pytest.raises(ConfigError, match="at least 4, got 2"):
        metrics.confusion_matrix([3], [0], classes=2)
    with pytest.raises(DataError, match="at most 10000"):
        metrics.confusion_matrix([10**12], [0])


@pytest.mark.parametrize("metric", REGRESSION)
@pytest.mark.parametrize(
    ("outputs", "targets", "error", "words"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], ShapeError, r"outputs \(2,\) and targets \(3,\)|fit"),
        ([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0], ShapeError, "one shape"),
        (np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), ShapeError, "one shape"),
        (1.0, [1.0], ShapeError, "single value"),
        ([], [], DataError, "empty"),
        ([np.nan, 1.0], [1.0, 1.0], DataError, "nan.*row 0"),
        ([1.0, 1.0], [1.0, -np.inf], DataError, "-inf.*row 1"),
        ([1.0], ["1"], DTypeError, "not numbers"),
        ([1.0], np.array(["2026-01-01"], "datetime64[D]"), DTypeError, "datetime64"),
    ],
)
def test_regression(metric, outputs, targets, error, words) -> None:
    with pytest.raises(error, match=words) as caught:
        metric(outputs, targets)
    assert isinstance(caught.value, ChainruleError)
    assert "\n" not in str(caught.value)


def test_r2_of_one_row() -> None:
    with pytest.raises(DataError, match="at least 2 rows"):
        metrics.r2([1.0], [1.0])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats() | st.text(max_size=2) | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=1), inner, max_size=2),
    max_leaves=8,
)


@pytest.mark.parametrize("metric", CLASSIFICATION + REGRESSION)
@given(outputs=ANYTHING, targets=ANYTHING)
@settings(max_examples=40)
def test_rubbish_never_escapes_as_another_error(metric, outputs, targets) -> None:
    with np.errstate(all="ignore"), contextlib.suppress(ChainruleError):
        assert isinstance(metric(outputs, targets), float | np.ndarray)


@pytest.mark.parametrize("metric", CLASSIFICATION + REGRESSION)
def test_arguments_come_in_one_order(metric) -> None:
    assert list(inspect.signature(metric).parameters)[:2] == ["outputs", "targets"]
