"""Hand-worked values of every metric; they need no other package."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import metrics
from chainrule.core.tensor import Tensor

# Four rows of three classes; the argmax is 0, 1, 2, 1.
PROBABILITIES = [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5], [0.3, 0.4, 0.3]]
CLASSES = [0, 1, 1, 2]

# Six rows of two classes: TP 2, FP 1, FN 1, TN 2.
GUESSES = [1, 1, 1, 0, 0, 0]
TRUTH = [1, 1, 0, 1, 0, 0]


def test_accuracy_of_probabilities() -> None:
    assert metrics.accuracy(PROBABILITIES, CLASSES) == 0.5


def test_accuracy_takes_the_first_class_on_a_tie() -> None:
    assert metrics.accuracy([[0.4, 0.4, 0.2]], [0]) == 1.0
    assert metrics.accuracy([[0.5, 0.5]], [0]) == metrics.accuracy([0.5], [0]) == 1.0


def test_accuracy_of_single_probabilities_is_cut_above_one_half() -> None:
    outputs = [0.2, 0.5, 0.51, 1.0]
    assert metrics.accuracy(outputs, [0, 0, 1, 1]) == 1.0
    assert metrics.accuracy(np.reshape(outputs, (4, 1)), np.array([[0.0], [1.0], [1.0], [0.0]])) == 0.5


def test_accuracy_of_class_indices() -> None:
    assert metrics.accuracy([3, 1, 2, 7], [3, 1, 0, 7]) == 0.75


def test_accuracy_of_logits_in_rows() -> None:
    assert metrics.accuracy([[-3.0, 12.0], [4.0, 1.0]], [1, 1]) == 0.5


def test_precision_recall_f1_of_two_classes() -> None:
    # One more wrong guess of class 1: TP 2, FP 2, FN 1.
    guesses, truth = [*GUESSES, 1], [*TRUTH, 0]
    assert metrics.precision(guesses, truth) == 2 / 4
    assert metrics.recall(guesses, truth) == pytest.approx(2 / 3)
    assert metrics.f1(guesses, truth) == pytest.approx(4 / 7)


def test_averages_of_three_classes() -> None:
    # Predicted 0 1 2 1, true 0 1 1 2: precision 1, ½, 0; recall 1, ½, 0; f1 1, ½, 0; rows 1, 2, 1.
    for function in (metrics.precision, metrics.recall, metrics.f1):
        assert function(PROBABILITIES, CLASSES, average="macro") == pytest.approx(0.5)
        assert function(PROBABILITIES, CLASSES, average="micro") == pytest.approx(0.5)
        assert function(PROBABILITIES, CLASSES, average="weighted") == pytest.approx(0.5)
    # Predicted 0 0 0 0 1, true 0 0 0 1 1: precision ¾ and 1, recall 1 and ½.
    guesses, truth = [0, 0, 0, 0, 1], [0, 0, 0, 1, 1]
    assert metrics.precision(guesses, truth, average="macro") == pytest.approx(0.875)
    assert metrics.precision(guesses, truth, average="weighted") == pytest.approx(0.85)
    assert metrics.recall(guesses, truth, average="macro") == pytest.approx(0.75)
    assert metrics.recall(guesses, truth, average="weighted") == pytest.approx(0.8)
    assert metrics.f1(guesses, truth, average="macro") == pytest.approx((6 / 7 + 2 / 3) / 2)


def test_nothing_predicted_and_nothing_present_count_as_zero() -> None:
    assert metrics.precision([0, 0], [0, 1]) == 0.0
    assert metrics.recall([0, 1], [0, 0]) == 0.0
    assert metrics.f1([0, 0], [0, 0]) == 0.0


def test_macro_leaves_out_classes_that_do_not_occur() -> None:
    assert metrics.f1([0, 10**12], [0, 10**12], average="macro") == 1.0


def test_confusion_matrix_has_true_classes_in_rows() -> None:
    np.testing.assert_array_equal(metrics.confusion_matrix(PROBABILITIES, CLASSES), [[1, 0, 0], [0, 1, 1], [0, 1, 0]])
    np.testing.assert_array_equal(metrics.confusion_matrix(GUESSES, TRUTH), [[2, 1], [1, 2]])


def test_confusion_matrix_keeps_classes_that_do_not_occur() -> None:
    np.testing.assert_array_equal(metrics.confusion_matrix([2], [0]), [[0, 0, 1], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(metrics.confusion_matrix([0.1], [0]), [[1, 0], [0, 0]])
    assert metrics.confusion_matrix([0], [0], classes=4).shape == (4, 4)


def test_top_k() -> None:
    # The true class is first, first, second, and (tied with class 0, the higher index first) second.
    assert metrics.top_k_accuracy(PROBABILITIES, CLASSES, k=1) == 0.5
    assert metrics.top_k_accuracy(PROBABILITIES, CLASSES, k=2) == 1.0
    assert metrics.top_k_accuracy(PROBABILITIES, [2, 2, 0, 0], k=2) == 0.25
    assert metrics.top_k_accuracy(PROBABILITIES, [2, 2, 0, 0]) == 1.0


def test_top_k_of_single_probabilities() -> None:
    assert metrics.top_k_accuracy([0.2, 0.6, 0.5], [0, 0, 0], k=1) == pytest.approx(2 / 3)
    assert metrics.top_k_accuracy([0.2, 0.6], [1, 0], k=2) == 1.0


def test_roc_auc_counts_ordered_pairs() -> None:
    # Pairs (1 against 0): 0.35 > 0.1, 0.35 < 0.4, 0.8 > both: 3 of 4.
    assert metrics.roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == 0.75
    assert metrics.roc_auc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]) == 1.0
    assert metrics.roc_auc([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0]) == 0.0


def test_roc_auc_counts_a_tie_as_half() -> None:
    assert metrics.roc_auc([0.5, 0.5, 0.5], [0, 1, 1]) == 0.5
    assert metrics.roc_auc([0.2, 0.5, 0.5, 0.7], [0, 0, 1, 1]) == 0.875


def test_roc_auc_takes_any_scores_of_two_classes() -> None:
    assert metrics.roc_auc([-10.0, 3.0, 2.0, 80.0], [0, 0, 1, 1]) == 0.75
    assert metrics.roc_auc([[10.0, -10.0], [0.0, 3.0], [0.0, 2.0], [0.0, 80.0]], [0, 0, 1, 1]) == 0.75


def test_roc_auc_of_three_classes_is_the_mean_against_the_rest() -> None:
    outputs = [[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.1, 0.3, 0.6]]
    # Class 0: 1; class 1: 0.2 against 0.3 and 0.3: 0; class 2: 0.6 against 0.1 (1) and 0.6 (½): ¾.
    assert metrics.roc_auc(outputs, [0, 1, 2]) == pytest.approx((1 + 0 + 0.75) / 3)


def test_log_loss() -> None:
    assert metrics.log_loss([0.5, 0.5], [0, 1]) == pytest.approx(math.log(2))
    assert metrics.log_loss(PROBABILITIES, CLASSES) == pytest.approx(
        -(math.log(0.7) + math.log(0.8) + math.log(0.3) + math.log(0.3)) / 4
    )
    assert metrics.log_loss([[0.25, 0.75]], [1]) == metrics.log_loss([0.75], [1]) == pytest.approx(-math.log(0.75))


def test_log_loss_of_a_certain_mistake_is_finite() -> None:
    assert metrics.log_loss([1.0], [0]) == pytest.approx(36.04, abs=0.01)
    assert metrics.log_loss(np.array([1.0], np.float32), [0]) == pytest.approx(15.94, abs=0.01)
    assert metrics.log_loss(np.array([1.0], np.float16), [0]) == pytest.approx(36.04, abs=0.01)


def test_regression() -> None:
    outputs, targets = [2.5, 0.0, 2.0, 8.0], [3.0, -0.5, 2.0, 7.0]
    assert metrics.mae(outputs, targets) == 0.5
    assert metrics.rmse(outputs, targets) == pytest.approx(math.sqrt(0.375))
    assert metrics.r2(outputs, targets) == pytest.approx(1 - 1.5 / 29.1875)


def test_regression_of_several_columns() -> None:
    outputs, targets = [[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]], [[0.5, 1.0], [-1.0, 1.0], [7.0, -6.0]]
    assert metrics.mae(outputs, targets) == 0.75
    assert metrics.rmse(outputs, targets) == pytest.approx((math.sqrt(1.25 / 3) + 1) / 2)


def test_r2_of_the_mean_is_zero_and_of_worse_is_negative() -> None:
    assert metrics.r2([2.0, 2.0, 2.0], [1, 2, 3]) == 0.0
    assert metrics.r2([3.0, 2.0, 1.0], [1, 2, 3]) == -3.0


def test_r2_of_a_constant_target() -> None:
    # The mean of three times 0.1 is not 0.1 in floating point.
    assert metrics.r2([0.1] * 3, [0.1] * 3) == 1.0
    assert metrics.r2([0.1, 0.1, 0.2], [0.1] * 3) == 0.0


def test_a_column_and_a_vector_never_broadcast() -> None:
    column = np.array([[1.0], [2.0], [4.0]])
    assert metrics.mae(column, [1.0, 2.0, 3.0]) == metrics.mae([1.0, 2.0, 4.0], column - [[0], [0], [1]])
    assert metrics.mae(column, [1.0, 2.0, 3.0]) == pytest.approx(1 / 3)


def test_sums_are_taken_in_float64() -> None:
    targets = np.full(200_001, 0.1, np.float32)
    outputs = np.zeros_like(targets)
    assert metrics.mae(outputs, targets) == pytest.approx(float(np.float32(0.1)), rel=1e-12)
    small = np.array([2.0, 2.0], np.float16), np.array([60000.0, -60000.0], np.float16)
    assert metrics.rmse(*small) == pytest.approx(math.sqrt(((2 - 60000) ** 2 + (2 + 60000) ** 2) / 2), rel=1e-3)


def test_unsigned_bytes_do_not_wrap() -> None:
    assert metrics.mae(np.array([1], np.uint8), np.array([3], np.uint8)) == 2.0
    assert metrics.accuracy(np.array([200, 3], np.uint8), np.array([200, 4], np.int16)) == 0.5


class FakeTensor:
    """Refuses to become an array while it is part of a graph, as tensors do."""

    def __init__(self, values: object, attached: bool = True) -> None:
        self.values, self.attached = values, attached

    def detach(self) -> FakeTensor:
        return FakeTensor(self.values, attached=False)

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        if self.attached:
            raise RuntimeError("call detach() first")
        return np.asarray(self.values)


def test_tensors_are_detached() -> None:
    assert metrics.accuracy(FakeTensor(PROBABILITIES), FakeTensor(CLASSES)) == 0.5
    assert metrics.mae(FakeTensor([1.0]), FakeTensor([3.0])) == 2.0


def test_the_packages_own_tensors() -> None:
    outputs = Tensor(np.array(PROBABILITIES), requires_grad=True)
    assert metrics.accuracy(outputs, Tensor(np.array(CLASSES))) == 0.5
    assert metrics.mae(outputs, outputs) == 0.0


def test_booleans_are_classes() -> None:
    assert metrics.accuracy(np.array([True, False]), np.array([True, True])) == 0.5
