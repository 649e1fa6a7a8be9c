"""chainrule's estimators: the table as it is, and a preset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from methods import Fold

if TYPE_CHECKING:
    import pandas as pd


def missing() -> str | None:
    """Why they cannot run here, if so."""
    try:
        from chainrule.estimators import MLPClassifier, MLPRegressor  # noqa: F401
    except ImportError as problem:
        return f"not available ({problem})"
    return None


class _Model:
    def __init__(self, fold: Fold, preset: str, given: bool) -> None:
        from chainrule.estimators import MLPClassifier, MLPRegressor

        kind = MLPClassifier if fold.classes else MLPRegressor
        self._fold, self._given = fold, given
        self._model = kind(preset=preset, random_state=fold.seed)

    def fit(self) -> None:
        if self._given:
            X, y, X_valid, y_valid = self._fold.parts()
            self._model.fit(X, y, X_val=X_valid, y_val=y_valid)
        else:
            self._model.fit(self._fold.X, self._fold.y)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return np.asarray(self._model.predict(X))

    def details(self) -> dict[str, Any]:
        epochs = getattr(self._model, "n_iter_", None)
        return {} if epochs is None else {"epochs": int(epochs)}


def make(fold: Fold, preset: str, given: bool = True) -> _Model:
    """Without `given` the estimator gets all rows and sees for itself which of them it holds out, and for how long."""
    return _Model(fold, preset, given)
