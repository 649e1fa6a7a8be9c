"""`MLPRegressor`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from chainrule.errors import DataError
from chainrule.estimators.base import BaseMLP
from chainrule.estimators.hidden import HiddenLayer
from chainrule.estimators.presets import Settings
from chainrule.estimators.targets import Labels, Quantities, read_numbers

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, HiddenLayer, BaseMLP):  # type: ignore[misc]
    """A multilayer perceptron that predicts numbers, one for each row or several, in scikit-learn's habits.

    Parameters that are None follow from `preset` and the table.  Names and meanings are scikit-learn's where it has
    them; see `MLPClassifier` for those that are not listed here.

    Args:
        loss: "squared_error", "absolute_error", "huber", "quantile", "poisson" (counts), a name that `losses.get`
            knows, or a loss.  Where the preset standardises targets, a loss's own lengths (δ of Huber's) are in
            standard deviations.
        monitor: "loss" or a metric: "r2", "rmse", "mae".

    Attributes:
        n_outputs_: how many numbers are predicted for a row.
        n_iter_, loss_curve_, validation_curve_, history_, settings_, notes_, model_, explain_, plot: as those of
            `MLPClassifier`.
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

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on some rows, going on from where the last call ended.

        Args:
            X: rows; the first call decides what the columns are and how they, and targets, are scaled.
            y: their targets.
            sample_weight: ``(N,)``, how much each row counts.
        """
        return self._fit(X, y, sample_weight, again=hasattr(self, "_answers"), one_epoch=True)

    def _read_y(self, y: Any) -> NDArray[np.float64]:
        return read_numbers(y)

    def _look_at_targets(self, y: Any, classes: Any) -> Quantities:
        return Quantities.of(y, scale=True)

    def _finish_targets(self, targets: Labels | Quantities, y: Any, settings: Settings) -> Quantities:
        assert isinstance(targets, Quantities)
        return targets if settings.scale_target else Quantities.of(y, scale=False)

    def _adjusted(self, settings: Settings) -> Settings:
        counts = getattr(settings.loss, "name", settings.loss) == "poisson"  # which cannot be scaled
        return replace(settings, scale_target=False) if counts else settings

    def _describe_targets(self, y: Any) -> None:
        super()._describe_targets(y)
        self.out_activation_ = "exp" if self._loss.name == "poisson" else "identity"

    def _check_same(self, y: Any) -> None:
        if Quantities.of(y, scale=False).outputs != self.n_outputs_:
            raise DataError("warm_start needs as many outputs as before", expected=self.n_outputs_)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Numbers in y's own units: ``(N,)``, or ``(N, outputs)`` if y had two dimensions."""
        check_is_fitted(self, "_answers")
        outputs = self._outputs(X)
        assert isinstance(self._targets, Quantities)
        return self._targets.decode(np.asarray(self._loss.link(outputs.astype(np.float64))))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
