"""scikit-learn's MLP as its documentation advises to use it: standardised columns, and targets; defaults otherwise."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from methods import Fold
from methods.columns import encoder

if TYPE_CHECKING:
    import pandas as pd


class _Model:
    def __init__(self, fold: Fold, options: dict[str, Any]) -> None:
        self._fold = fold
        network: Any
        if fold.classes:
            network = MLPClassifier(random_state=fold.seed, **options)
        else:
            network = TransformedTargetRegressor(
                MLPRegressor(random_state=fold.seed, **options), transformer=StandardScaler()
            )
        self._pipeline = make_pipeline(encoder(fold.text), network)

    def fit(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # 200 epochs are its default
            self._pipeline.fit(self._fold.X, self._fold.y)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Found unknown categories")
            return self._pipeline.predict(X)

    def details(self) -> dict[str, Any]:
        network = self._pipeline[-1]
        return {"epochs": int(getattr(network, "regressor_", network).n_iter_)}


def make(fold: Fold, **options: Any) -> _Model:
    return _Model(fold, options)
