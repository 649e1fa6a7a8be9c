"""`MLPClassifier`."""

from __future__ import annotations

import numbers
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from chainrule.errors import ConfigError, DataError
from chainrule.estimators.classifying import Classifying
from chainrule.estimators.hidden import HiddenLayer
from chainrule.estimators.targets import Labels
from chainrule.estimators.training import make_loss

__all__ = ["MLPClassifier"]


class MLPClassifier(HiddenLayer, Classifying):
    """A multilayer perceptron that tells classes apart, in scikit-learn's habits.

    Parameters that are None follow from `preset` and the table.  Names and meanings are scikit-learn's where it has
    them.

    Args:
        hidden_layer_sizes: neurons of each hidden layer.
        activation: one name for all hidden layers, or one for each: "relu", "tanh", "logistic", "identity", "gelu", …
        preset: "auto", "classic" (scikit-learn's defaults) or "strong".
        loss: "log_loss", "focal", "hinge", a name that `losses.get` knows, or a loss.
        solver: "adam", "sgd", "adamw", "rmsprop", …
        solver_options: further arguments of the optimiser.
        alpha: strength of the penalty ½·α·Σw² on weights.
        batch_size: rows per step.
        learning_rate: schedule: "constant", "invscaling", "adaptive", "cosine", "one_cycle", …
        learning_rate_init: the rate at the start.
        max_iter: passes over the data, at most.
        shuffle: visit the rows in a new random order each epoch.
        random_state: seed of everything random.
        tol: smallest change that counts as improvement.
        verbose: False or 0 silent, True a progress bar, 2 a line per epoch.
        warm_start: let `fit` go on from the weights of the last one.
        momentum, nesterovs_momentum: of "sgd".
        beta_1, beta_2, epsilon: of "adam".
        early_stopping: hold out `validation_fraction` of the rows, stop when `monitor` has not improved there for
            `n_iter_no_change` epochs, and keep the best epoch's weights.
        monitor: "loss" or a metric: "accuracy", "roc_auc", "f1_macro", …
        metrics: further metrics to record after each epoch, in ``history_``.
        dropout: probability for all hidden layers, or one for each.
        norm: "batch", "layer" or None.
        label_smoothing: of the cross-entropy: labels move by this share towards equal ones.
        class_weight: "balanced", or class -> weight.
        scaling: of numeric columns: "standard", "robust", "minmax", None for none, "auto" for the preset's.
        clip_norm, clip_value: bounds of the gradient.
        callbacks: see `chainrule.train.callbacks`.
        n_init: networks trained from different weights, of which the best is kept.
        ensemble: networks that are averaged, each trained without a part of its own of the rows (without `norm` and
            `warm_start`); `n_init` does not count then.
        engine: "auto", "native" or "eager".
        dtype: "float32" or "float64".

    Attributes:
        classes_: the labels.
        n_features_in_, feature_names_in_: of X.
        n_iter_: epochs.
        loss_curve_, validation_curve_: loss after each epoch; of the held-out rows, or None.
        history_: all curves.
        settings_, notes_: what was decided, and why.
        model_, explain_, plot: the network, what can be said about it, and its pictures.
    """

    def __init__(
        self,
        hidden_layer_sizes: Any = None,
        activation: Any = None,
        *,
        preset: str = "auto",
        loss: Any = None,
        solver: str | None = None,
        solver_options: dict[str, Any] | None = None,
        alpha: float | None = None,
        batch_size: int | str | None = None,
        learning_rate: Any = None,
        learning_rate_init: float | None = None,
        max_iter: int | None = None,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float | None = None,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float | None = None,
        nesterovs_momentum: bool = True,
        beta_1: float | None = None,
        beta_2: float | None = None,
        epsilon: float | None = None,
        early_stopping: bool | None = None,
        validation_fraction: float | None = None,
        n_iter_no_change: int | None = None,
        monitor: str | None = None,
        metrics: Any = None,
        dropout: Any = None,
        norm: str | None = None,
        label_smoothing: float | None = None,
        class_weight: Any = None,
        scaling: str | None = "auto",
        clip_norm: float | None = None,
        clip_value: float | None = None,
        callbacks: Any = None,
        n_init: int = 1,
        ensemble: int | None = None,
        engine: str = "auto",
        dtype: str = "float32",
    ) -> None:
        self._store(locals())

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one epoch on some rows, going on from where the last call ended.

        Args:
            X: rows; the first call decides what the columns are and how they are scaled.
            y: their classes.
            sample_weight: ``(N,)``, how much each row counts.
            classes: all classes that there will ever be; needed in the first call unless `y` has them all.
        """
        again = hasattr(self, "_answers")
        if again and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise DataError("classes differ from those of the first call", expected=self.classes_.tolist()[:12])
        return self._fit(X, y, sample_weight, again=again, one_epoch=True, classes=classes)

    def _describe_targets(self, y: Any) -> None:
        labels = self._targets
        assert isinstance(labels, Labels)
        self.classes_ = labels.classes
        self._class_weight = self._weights_of_classes(labels, y)
        fits = self.loss is None or self.loss in ("log_loss", "cross_entropy", "bce_with_logits")
        self._loss = make_loss(self.settings_, labels.task, self._class_weight if fits else None)
        self._folded = self._class_weight is not None and not fits
        self.out_activation_ = "softmax" if labels.task == "multiclass" else "logistic"

    def _weights_of_classes(self, labels: Labels, y: Any) -> NDArray[np.float64] | None:
        wanted = self.class_weight
        if wanted is None:
            return None
        if labels.several:
            raise ConfigError("class_weight is for one class per row", fix="Use sample_weight")
        indices = labels.encode(y)
        if isinstance(wanted, dict):
            unknown = [one for one in wanted if one not in labels.classes]
            if unknown:
                raise ConfigError(f"class_weight names {unknown[0]!r}, which is none of the classes")
            if not all(isinstance(one, numbers.Real) for one in wanted.values()):
                raise ConfigError("bad class_weight", expected="a number for each class", got=repr(wanted)[:60])
        present = np.unique(indices)
        found = np.ones(len(labels.classes))
        if isinstance(wanted, (dict, str)):
            column = labels.classes[indices]
            found[present] = compute_class_weight(wanted, classes=labels.classes[present], y=column)
        else:
            raise ConfigError("bad class_weight", expected='"balanced", or class -> weight', got=repr(wanted)[:60])
        if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
            raise ConfigError("bad class_weight", expected="numbers of at least 0", got=found.tolist())
        mean = float(found[indices].mean())
        return np.maximum(found / mean, 1e-12) if mean > 0 else found

    def _with_class_weights(
        self, weights: NDArray[np.float64] | None, targets: NDArray[Any]
    ) -> NDArray[np.float64] | None:
        """Weights of rows, where the loss does not know those of classes."""
        if self._class_weight is None or not (self._folded or weights is not None):
            return weights
        if weights is not None and not self._folded:
            self._loss, self._folded = make_loss(self.settings_, self._targets.task), True
        own: NDArray[np.float64] = self._class_weight[targets]
        return own if weights is None else own * weights

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
