"""What all classifiers share: labels in, scores, labels and probabilities out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import DataError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.targets import Labels, read_labels

__all__ = ["Classifying"]


def _gives_probabilities(estimator: Any) -> bool:
    if hasattr(estimator, "_loss"):
        return bool(estimator._loss.probabilistic)
    loss = getattr(estimator, "loss", "perceptron")
    return getattr(loss, "name", loss) not in ("hinge", "perceptron", "multi_margin")


class Classifying(ClassifierMixin, BaseMLP):  # type: ignore[misc]
    """Tells classes apart."""

    classes_: NDArray[Any]

    def _read_y(self, y: Any) -> NDArray[Any]:
        return read_labels(y)

    def _look_at_targets(self, y: Any, classes: Any) -> Labels:
        return Labels.of(y, classes)

    def _check_same(self, y: Any) -> None:
        fresh = Labels.of(y)
        labels = self._targets
        assert isinstance(labels, Labels)
        if fresh.several != labels.several or len(np.setdiff1d(fresh.classes, labels.classes)):
            raise DataError(
                "warm_start can only be used where y has the same classes as in the previous call to fit",
                expected=self.classes_.tolist()[:12], got=fresh.classes.tolist()[:12],
            )  # fmt: skip

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Scores before the softmax or sigmoid: ``(N,)`` for two classes, else ``(N, classes)``."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._targets.task == "binary" else outputs

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each row; for several labels per row, zeros and ones."""
        labels = self._labels()
        outputs = self._outputs(X)
        if labels.several:
            return (outputs > 0).astype(np.int64)
        if labels.task == "multiclass":
            return labels.decode(outputs.argmax(axis=1))
        second = (outputs[:, 0] > 0) & (len(labels.classes) > 1)
        return labels.decode(second.astype(np.int64))

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities ``(N, classes)``."""
        labels = self._labels()
        outputs = self._outputs(X).astype(np.float64)
        found = np.asarray(self._loss.link(outputs), np.float64)
        if labels.task != "binary":
            return found
        if len(labels.classes) == 1:
            return np.ones((len(found), 1))
        return np.concatenate([1 - found, found], axis=1)

    @available_if(_gives_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Logarithms of the probabilities."""
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def _labels(self) -> Labels:
        check_is_fitted(self, "_answers")
        assert isinstance(self._targets, Labels)
        return self._targets
