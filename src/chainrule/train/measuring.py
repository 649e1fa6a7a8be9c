"""How well a model does on data: numbers, a baseline to compare with, and which classes it takes for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import metrics
from chainrule.data import Dataset, Table
from chainrule.data.frames import select_columns
from chainrule.nn import Module
from chainrule.train.evaluation import evaluate, predict, predict_proba
from chainrule.train.inputs import like_training

__all__ = ["Measured", "measure"]


@dataclass(frozen=True)
class Measured:
    """What `measure` found.

    Attributes:
        rows: number of samples.
        scores: loss and metrics by name; for classes also the accuracy of always naming the commonest, "baseline".
        classes: class names, or None for regression.
        matrix: confusion matrix, or None for regression.
    """

    rows: int
    scores: dict[str, float]
    classes: list[str] | None = None
    matrix: np.ndarray | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        found: dict[str, Any] = {"rows": self.rows, "scores": self.scores}
        if self.matrix is not None:
            found["confusion"] = {"classes": self.classes, "matrix": self.matrix}
        return found


def measure(model: Module, data: Any) -> Measured:
    """Evaluate a trained model on a `Dataset`, `Table` or `Splits` (its test part) that has targets."""
    fitted = model.preprocessing
    if isinstance(data, Table) and fitted is not None and fitted.kind == "table":
        select_columns(data.raw, tuple(fitted.columns))  # a foreign table is told from its inputs, not from its target
    dataset = like_training(model, data, "evaluation")
    if dataset.task == "regression":
        wanted = ["mae", "rmse", *(["r2"] if len(dataset) > 1 else [])]
        return Measured(len(dataset), dict(evaluate(model, dataset, metrics=wanted)))
    scores = dict(evaluate(model, dataset, metrics=["accuracy"]))
    true = np.asarray(dataset.targets).reshape(-1).astype(np.int64)
    classes = dataset.classes or [str(i) for i in range(dataset.n_classes or int(true.max()) + 1)]
    if model.objective is not None and model.objective.probabilistic:
        shares = predict_proba(model, dataset)
        matrix = metrics.confusion_matrix(shares, true)
        if len(classes) == 2 and 0 < true.sum() < len(true):
            scores["roc_auc"] = metrics.roc_auc(shares, true)
    else:
        matrix = metrics.confusion_matrix(_indices(model, dataset, classes), true, len(classes))
    scores["baseline"] = float(np.bincount(true).max() / len(true))
    return Measured(len(dataset), scores, classes, matrix)


def _indices(model: Module, dataset: Dataset, classes: list[str]) -> np.ndarray:
    place = {name: index for index, name in enumerate(classes)}
    return np.array([place[str(label)] for label in predict(model, dataset)], dtype=np.int64)
