"""How good predictions are: scikit-learn's metrics, on NumPy alone.

Every function takes ``(outputs, targets)`` in this order, `outputs` being what `predict` returns, that is after the
link: probabilities ``(N, C)``, the probability of class 1 ``(N,)`` or ``(N, 1)``, class indices ``(N,)``, or
values for regression.  Whatever `numpy.asarray` accepts will do; sums are taken in float64.

    >>> from chainrule import metrics
    >>> metrics.accuracy([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], [0, 1, 1])
    0.6666666666666666
    >>> metrics.get("roc_auc").higher_is_better
    True
"""

from __future__ import annotations

from chainrule.metrics.classification import accuracy, confusion_matrix, f1, precision, recall
from chainrule.metrics.probability import log_loss, roc_auc, top_k_accuracy
from chainrule.metrics.registry import Metric, defaults, get, names
from chainrule.metrics.regression import mae, r2, rmse

__all__ = [
    "Metric",
    "accuracy",
    "confusion_matrix",
    "defaults",
    "f1",
    "get",
    "log_loss",
    "mae",
    "names",
    "precision",
    "r2",
    "recall",
    "rmse",
    "roc_auc",
    "top_k_accuracy",
]
