"""Every metric against scikit-learn's, on random data with ties and missing classes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule import metrics
from chainrule.errors import ChainruleError

theirs = pytest.importorskip("sklearn.metrics")

SCORES = {
    "precision": (metrics.precision, theirs.precision_score),
    "recall": (metrics.recall, theirs.recall_score),
    "f1": (metrics.f1, theirs.f1_score),
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """scikit-learn warns where a class has no rows or few; the values are compared all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def assert_same(ours: object, oracle: object, rtol: float = 1e-12) -> None:
    assert np.isfinite(oracle).all()
    np.testing.assert_allclose(ours, oracle, rtol=rtol, atol=1e-13)


@pytest.mark.parametrize(
    ("ours", "oracle"), [(0.5, 0.5000001), (np.eye(2), np.ones((2, 2))), (np.nan, 0.5), (0.5, np.nan)]
)
def test_the_comparison_can_fail(ours: object, oracle: object) -> None:
    with pytest.raises(AssertionError):
        assert_same(ours, oracle)


# Few distinct values, so that ties are common; rows are normalised where a metric needs it.
classes_of = st.integers(2, 6)
rows_of = st.integers(1, 30)


@st.composite
def index_pairs(draw: Callable, most: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rows, classes = draw(rows_of), draw(st.integers(1, most))
    indices = hnp.arrays(np.int64, rows, elements=st.integers(0, classes - 1))
    return draw(indices), draw(indices)


@st.composite
def probabilities(draw: Callable, dtype: type = np.float64) -> tuple[np.ndarray, np.ndarray]:
    rows, classes = draw(rows_of), draw(classes_of)
    parts = draw(hnp.arrays(np.int64, (rows, classes), elements=st.integers(0, 4))).astype(np.float64)
    parts[parts.sum(axis=1) == 0] = 1
    outputs = (parts / parts.sum(axis=1, keepdims=True)).astype(dtype)
    return outputs, draw(hnp.arrays(np.int64, rows, elements=st.integers(0, classes - 1)))


@st.composite
def single_probabilities(draw: Callable) -> tuple[np.ndarray, np.ndarray]:
    rows = draw(rows_of)
    tenths = draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 10)))
    return tenths / 10, draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 1)))


@given(index_pairs())
def test_accuracy(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    assert_same(metrics.accuracy(outputs, targets), theirs.accuracy_score(targets, outputs))


@given(probabilities())
def test_accuracy_of_rows(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    assert_same(metrics.accuracy(outputs, targets), theirs.accuracy_score(targets, outputs.argmax(axis=1)))


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@given(index_pairs())
@settings(max_examples=40)
def test_averages(score: str, average: str, pair: tuple[np.ndarray, np.ndarray]) -> None:
    (function, oracle), (outputs, targets) = SCORES[score], pair
    assert_same(function(outputs, targets, average=average), oracle(targets, outputs, average=average, zero_division=0))


@pytest.mark.parametrize("score", SCORES)
@given(single_probabilities())
def test_binary(score: str, pair: tuple[np.ndarray, np.ndarray]) -> None:
    (function, oracle), (outputs, targets) = SCORES[score], pair
    assert_same(function(outputs, targets), oracle(targets, outputs > 0.5, zero_division=0))


@given(index_pairs())
def test_confusion_matrix(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    ours = metrics.confusion_matrix(outputs, targets)
    np.testing.assert_array_equal(ours, theirs.confusion_matrix(targets, outputs, labels=range(len(ours))))


@given(probabilities(), st.integers(1, 7))
def test_top_k(pair: tuple[np.ndarray, np.ndarray], k: int) -> None:
    outputs, targets = pair
    if outputs.shape[1] == 2:
        # scikit-learn reads two columns as an error and wants the scores of class 1.
        outputs = np.column_stack([outputs, np.zeros(len(outputs))])
    oracle = theirs.top_k_accuracy_score(targets, outputs, k=k, labels=range(outputs.shape[1]))
    assert_same(metrics.top_k_accuracy(outputs, targets, k=k), oracle)


@given(single_probabilities(), st.integers(1, 3))
def test_top_k_of_single_probabilities(pair: tuple[np.ndarray, np.ndarray], k: int) -> None:
    outputs, targets = pair
    oracle = theirs.top_k_accuracy_score(targets, outputs, k=k, labels=[0, 1])
    assert_same(metrics.top_k_accuracy(outputs, targets, k=k), oracle)


@given(single_probabilities())
def test_roc_auc_of_two_classes(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    assume(len(set(targets)) == 2)
    oracle = theirs.roc_auc_score(targets, outputs)
    assert_same(metrics.roc_auc(outputs, targets), oracle)
    assert_same(metrics.roc_auc(outputs * 50 - 7, targets), oracle)
    assert_same(metrics.roc_auc(np.column_stack([1 - outputs, outputs]), targets[:, None]), oracle)


@given(probabilities())
def test_roc_auc_of_more_classes(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    classes = outputs.shape[1]
    assume(classes > 2)
    if len(set(targets)) < classes:
        with pytest.raises(ChainruleError):
            metrics.roc_auc(outputs, targets)
        return
    assert_same(metrics.roc_auc(outputs, targets), theirs.roc_auc_score(targets, outputs, multi_class="ovr"))


@pytest.mark.parametrize("classes", [3, 10])
def test_roc_auc_of_many_rows(classes: int) -> None:
    rng = np.random.default_rng(classes)
    outputs = rng.dirichlet(np.ones(classes), 500).round(2)
    outputs /= outputs.sum(axis=1, keepdims=True)
    targets = rng.integers(0, classes, 500)
    assert_same(metrics.roc_auc(outputs, targets), theirs.roc_auc_score(targets, outputs, multi_class="ovr"))


@given(probabilities())
def test_log_loss(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    oracle = theirs.log_loss(targets, outputs, labels=range(outputs.shape[1]))
    assert_same(metrics.log_loss(outputs, targets), oracle)


@given(probabilities(np.float32))
def test_log_loss_in_float32(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    oracle = theirs.log_loss(targets, outputs, labels=range(outputs.shape[1]))
    np.testing.assert_allclose(metrics.log_loss(outputs, targets), oracle, rtol=1e-5, atol=1e-6)


@given(single_probabilities())
def test_log_loss_of_single_probabilities(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    assert_same(metrics.log_loss(outputs, targets), theirs.log_loss(targets, outputs, labels=[0, 1]))


@given(
    hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=9).flatmap(
        lambda shape: st.tuples(
            *[hnp.arrays(np.float64, shape, elements=st.integers(-20, 20).map(lambda n: n / 4))] * 2,
        )
    )
)
def test_regression(pair: tuple[np.ndarray, np.ndarray]) -> None:
    outputs, targets = pair
    assert_same(metrics.mae(outputs, targets), theirs.mean_absolute_error(targets, outputs))
    assert_same(metrics.rmse(outputs, targets), theirs.root_mean_squared_error(targets, outputs))
    if len(targets) > 1:
        assert_same(metrics.r2(outputs, targets), theirs.r2_score(targets, outputs), rtol=1e-9)
