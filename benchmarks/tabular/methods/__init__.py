"""Who is compared: each method takes the same rows and brings along how it wants its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METHODS", "Fold", "Method", "Model"]


@dataclass(frozen=True)
class Fold:
    """The rows of one fit.

    Attributes:
        X, y: all rows that the fit may see.
        valid: which of them choose the epoch, for a method that needs such rows; the others train on all.
        text: names of the columns that hold text.
        classes: whether classes are predicted, or a quantity.
        seed: for the method's own random numbers.
    """

    X: pd.DataFrame
    y: np.ndarray
    valid: np.ndarray
    text: list[str]
    classes: bool
    seed: int

    def parts(self) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]:
        """Training rows and targets, validation rows and targets."""
        chosen = np.zeros(len(self.y), dtype=bool)
        chosen[self.valid] = True
        return self.X[~chosen], self.y[~chosen], self.X[chosen], self.y[chosen]


class Model(Protocol):
    """Made from a fold without work worth timing."""

    def fit(self) -> None: ...

    def predict(self, X: pd.DataFrame) -> np.ndarray: ...

    def details(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Method:
    """A row of the list.

    Attributes:
        title: in the tables.
        needs: module that must be there, and the package it comes with.
        module: of this folder; its `make` takes a fold and the options.
        options: what tells it from the other methods of that module.
        ours: whether it is chainrule.
    """

    title: str
    needs: tuple[str, str]
    module: str
    options: dict[str, Any]
    ours: bool = False

    def missing(self) -> str | None:
        """Why it cannot run here, if so."""
        module, package = self.needs
        try:
            found = find_spec(module) is not None
            if found and self.ours:
                return import_module("methods.chainrule_estimators").missing()
        except ImportError:
            found = False
        return None if found else f"not installed ({package})"

    def make(self, fold: Fold) -> Model:
        make: Callable[..., Model] = import_module(f"methods.{self.module}").make
        return make(fold, **self.options)


_SKLEARN = ("sklearn", "scikit-learn")
_PYTABKIT = ("pytabkit", "pytabkit")
_OURS = ("chainrule", "chainrule")

METHODS: dict[str, Method] = {
    "mlp": Method("scikit-learn MLP", _SKLEARN, "sklearn_mlp", {}),
    "mlp-es": Method("scikit-learn MLP, early stopping", _SKLEARN, "sklearn_mlp", {"early_stopping": True}),
    "hgb": Method("HistGradientBoosting", _SKLEARN, "sklearn_hgb", {}),
    "td-s": Method("pytabkit RealMLP-TD-S", _PYTABKIT, "pytabkit_networks", {"network": "RealMLP-TD-S"}),
    "tabm": Method("pytabkit TabM-D", _PYTABKIT, "pytabkit_networks", {"network": "TabM-D"}),
    "auto": Method("chainrule auto", _OURS, "chainrule_estimators", {"preset": "auto"}, ours=True),
    "strong": Method("chainrule strong", _OURS, "chainrule_estimators", {"preset": "strong"}, ours=True),
    "auto-xy": Method(
        "chainrule auto, `fit(X, y)`", _OURS, "chainrule_estimators", {"preset": "auto", "given": False}, ours=True
    ),
    "strong-xy": Method(
        "chainrule strong, `fit(X, y)`", _OURS, "chainrule_estimators", {"preset": "strong", "given": False}, ours=True
    ),
}
