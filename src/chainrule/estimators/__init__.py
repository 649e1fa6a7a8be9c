"""scikit-learn estimators: tables as they are, in scikit-learn's habits.

>>> import chainrule as cr
>>> from sklearn.datasets import load_iris
>>> X, y = load_iris(return_X_y=True)
>>> model = cr.MLPClassifier(random_state=0).fit(X, y)
>>> bool(model.score(X, y) > 0.9)
True

Importing this imports scikit-learn.
"""

from __future__ import annotations

from chainrule.errors import MissingDependencyError

try:
    import sklearn
except ImportError as error:
    raise MissingDependencyError(
        "the estimators need scikit-learn", fix='Run: pip install "chainrule[estimators]"'
    ) from error

from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.perceptron import PerceptronClassifier
from chainrule.estimators.presets import PRESETS, Settings, TableFacts
from chainrule.estimators.regressor import MLPRegressor

__all__ = ["PRESETS", "MLPClassifier", "MLPRegressor", "PerceptronClassifier", "Settings", "TableFacts"]
