"""`PerceptronClassifier`: Rosenblatt's perceptron."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule import losses
from chainrule.core.mode import no_grad, quiet
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError
from chainrule.estimators.classifying import Classifying
from chainrule.estimators.options import check_parameters
from chainrule.estimators.presets import Settings
from chainrule.train.callbacks import Callback, Logs
from chainrule.train.history import History
from chainrule.train.loop import Snapshot

__all__ = ["PerceptronClassifier"]

_UNUSED = {
    "preset": "classic", "hidden_layer_sizes": (), "activation": None, "dropout": None, "norm": None, "loss": None,
    "label_smoothing": None, "solver": "sgd", "solver_options": None, "alpha": 0.0, "learning_rate": None,
    "momentum": 0.0, "nesterovs_momentum": False, "beta_1": None, "beta_2": None, "epsilon": None, "batch_size": 1,
    "early_stopping": None, "validation_fraction": None, "monitor": None, "metrics": None, "clip_norm": None,
    "clip_value": None, "n_init": 1, "tol": None, "n_iter_no_change": None, "class_weight": None,
}  # fmt: skip
"""Parameters of the other estimators, as they are here."""


_CONVERGED = "no row is on the wrong side any more"


class _Pocket(Callback):
    """Ends training after an epoch that leaves every row on its right side; keeps the best epoch's weights else."""

    def on_train_begin(self) -> None:
        self.fewest: int | None = None
        self.best: Snapshot | None = None

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        mistakes, sure = self._mistakes()
        if self.fewest is None or mistakes <= self.fewest:
            self.fewest, self.best = mistakes, self.training.snapshot()
        if sure:
            self.training.stop(_CONVERGED)

    def on_train_end(self) -> None:
        if self.best is not None:
            self.training.restore(self.best)

    def _mistakes(self) -> tuple[int, bool]:
        """How many rows are classified wrongly, and whether every row is on the right side of every hyperplane."""
        data = self.training.data
        with no_grad(), quiet():
            scores = self.model(Tensor.of(data.inputs))._data
        targets = data.targets
        assert targets is not None
        sides = (scores > 0) == (targets > 0)
        if scores.shape[1] == 1:
            return int((~sides).sum()), bool(sides.all() and (scores != 0).all())
        wrong = scores.argmax(axis=1) != targets.argmax(axis=1)
        return int(wrong.sum()), bool(sides.all() and (scores != 0).all())


class PerceptronClassifier(Classifying):
    """Rosenblatt's perceptron: one neuron, corrected after each row on its wrong side until there is none.

    For a row x of class y = ±1 with y·(w·x + b) ≤ 0:  w ← w + η·y·x,  b ← b + η·y  (Rosenblatt 1958).  Where a
    hyperplane divides the classes, this ends, with no row misclassified (Novikoff 1962); otherwise it never does:
    `max_iter` ends it, and the epoch with the fewest mistakes is kept (the pocket algorithm, Gallant 1990).  Three
    classes and more have one perceptron each, against all others; the highest score wins.

    Args:
        eta0: η.
        max_iter: passes over the data, at most.
        shuffle: visit the rows in a new random order each epoch.
        random_state: seed of that order.
        scaling: of numeric columns: None for none, "standard", "robust" or "minmax".
        verbose: False or 0 silent, True a progress bar, 2 a line per epoch.
        warm_start: let `fit` go on from the weights of the last one.
        callbacks: see `chainrule.train.callbacks`.
        engine: "auto", "native" or "eager".
        dtype: "float32" or "float64".

    Attributes:
        classes_: the labels.
        coef_, intercept_: weights ``(neurons, features)`` and biases ``(neurons,)``.
        converged_: whether the last epoch left no row on its wrong side.
        n_iter_: epochs.
        model_, explain_, plot: the network, what can be said about it, and its pictures.
    """

    def __init__(
        self,
        *,
        eta0: float = 1.0,
        max_iter: int = 1000,
        shuffle: bool = True,
        random_state: Any = None,
        scaling: str | None = None,
        verbose: Any = False,
        warm_start: bool = False,
        callbacks: Any = None,
        engine: str = "auto",
        dtype: str = "float32",
    ) -> None:
        self._store(locals())

    def _parameters(self) -> dict[str, Any]:
        own = super()._parameters()
        callbacks = own["callbacks"] or ()
        listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
        return {**_UNUSED, **own, "learning_rate_init": own["eta0"], "callbacks": [*listed, _Pocket()]}

    def _describe_targets(self, y: Any) -> None:
        self.classes_ = self._targets.classes  # type: ignore[union-attr]
        if self._targets.task == "multilabel":
            raise ConfigError("a perceptron gives one class for each row", fix="Use MLPClassifier")
        self._loss = losses.get("perceptron")

    def _untrained(self) -> Any:
        network = super()._untrained()
        for parameter in network.parameters():
            parameter._data[...] = 0
        return network

    def _encode(self, y: Any) -> NDArray[Any]:
        indices: NDArray[Any] = super()._encode(y)
        if self._targets.task == "binary":
            return indices  # one neuron: the second class is its positive side
        one_hot: NDArray[Any] = np.eye(self._targets.outputs, dtype=np.float32)[indices]
        return one_hot

    def _remember(self, history: History) -> None:
        super()._remember(history)
        self.converged_ = history.stopped == _CONVERGED

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Pass once over some rows, going on from where the last call ended; see `MLPClassifier.partial_fit`."""
        check_parameters(self._parameters())
        again = hasattr(self, "_answers")
        return self._fit(X, y, sample_weight, again=again, one_epoch=True, classes=classes)

    @property
    def coef_(self) -> NDArray[Any]:
        """Weights ``(neurons, features)``."""
        return np.asarray(self._linear_layers()[0].weight._data)

    @property
    def intercept_(self) -> NDArray[Any]:
        """Biases ``(neurons,)``."""
        return np.asarray(self._linear_layers()[0].bias._data)

    def _adjusted(self, settings: Settings) -> Settings:
        return replace(settings, patience=None, notes=())
