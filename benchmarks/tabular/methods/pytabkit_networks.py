"""Networks of pytabkit by their defaults, on the given split.

RealMLP-TD-S is the authors' own (Holzmüller, Grinsztajn, Steinwart 2024); TabM-D is the efficient ensemble of
Gorishniy, Kotelnikov and Babenko (arXiv 2410.24210), a BatchEnsemble of 32.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor, TabM_D_Classifier, TabM_D_Regressor
from sklearn.impute import SimpleImputer

from methods import Fold
from methods.columns import UNKNOWN

if TYPE_CHECKING:
    import pandas as pd


_KINDS = {
    "RealMLP-TD-S": (RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor),
    "TabM-D": (TabM_D_Classifier, TabM_D_Regressor),
}


class _Model:
    def __init__(self, fold: Fold, network: str) -> None:
        kind = _KINDS[network][0 if fold.classes else 1]
        self._fold = fold
        self._model = kind(device="cpu", n_threads=1, random_state=fold.seed, verbosity=0)

    def fit(self) -> None:
        X, y, X_valid, y_valid = self._fold.parts()
        self._numbers = [name for name in X.columns if name not in self._fold.text]
        # It takes no missing numbers: the same repair as for the others that do not.
        self._imputer = SimpleImputer(strategy="median", add_indicator=True).set_output(transform="pandas")
        if self._numbers:
            self._imputer.fit(X[self._numbers])
        for name in ("lightning", "pytorch_lightning", "lightning.pytorch"):
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._model.fit(self._ready(X), y, X_val=self._ready(X_valid), y_val=y_valid)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(self._model.predict(self._ready(X))).reshape(len(X))

    def details(self) -> dict[str, Any]:
        return {}

    def _ready(self, X: pd.DataFrame) -> pd.DataFrame:
        text = X[self._fold.text].fillna(UNKNOWN).astype("category")
        return text.join(self._imputer.transform(X[self._numbers])) if self._numbers else text


def make(fold: Fold, network: str) -> _Model:
    return _Model(fold, network)
