"""scikit-learn's HistGradientBoosting by its defaults: categories and missing values as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from methods import Fold

if TYPE_CHECKING:
    import pandas as pd

_MOST = 255  # categories that it can take


class _Model:
    def __init__(self, fold: Fold) -> None:
        kind = HistGradientBoostingClassifier if fold.classes else HistGradientBoostingRegressor
        self._fold, self._model = fold, kind(random_state=fold.seed)

    def fit(self) -> None:
        # The most frequent ones, should there be more than it can take; the rest counts as missing.
        self._known = {name: self._fold.X[name].value_counts().index[:_MOST] for name in self._fold.text}
        self._model.fit(self._categories(self._fold.X), self._fold.y)

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return self._model.predict(self._categories(X))

    def details(self) -> dict[str, Any]:
        return {"trees": int(self._model.n_iter_)}

    def _categories(self, X: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        chosen = {name: X[name].where(X[name].isin(known)) for name, known in self._known.items()}
        return X.assign(**{name: pd.Categorical(chosen[name], categories=self._known[name]) for name in chosen})


def make(fold: Fold) -> _Model:
    return _Model(fold)
