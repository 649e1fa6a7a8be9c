"""scikit-learn's own checks of estimators, whole."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import parametrize_with_checks

from chainrule.estimators import MLPClassifier, MLPRegressor, PerceptronClassifier

#: Check -> why it does not hold.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "weights equal repeated rows only where every step sees all rows: batches are drawn at random"
    ),
    "check_sample_weight_equivalence_on_sparse_data": (
        "weights equal repeated rows only where every step sees all rows: batches are drawn at random"
    ),
}


@parametrize_with_checks(
    [MLPClassifier((16,)), MLPRegressor((16,)), PerceptronClassifier(max_iter=50)],
    expected_failed_checks=lambda _: EXPECTED,
)
def test_estimator(estimator, check):
    check(estimator)
