"""How well a model does on data: numbers, a baseline to compare with, and which classes it takes for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import metrics
from chainrule.cli.screen import Screen
from chainrule.cli.tables import confusion_table, grid
from chainrule.data import Dataset, Table
from chainrule.data.inputs import select_columns
from chainrule.nn import Module
from chainrule.train import evaluate, predict, predict_proba
from chainrule.train.inputs import like_training

__all__ = ["Report", "measure"]

_MEANING = {
    "loss": "what training makes smaller",
    "accuracy": "share of rows that are right",
    "roc_auc": "chance to rank a pair rightly (1 is best, 0.5 a coin)",
    "mae": "mean absolute error, in the target's units",
    "rmse": "root mean squared error, in the target's units",
    "r2": "share of the variance explained (1 is best, 0 the mean)",
    "baseline": "accuracy of always naming the commonest class",
}


@dataclass(frozen=True)
class Report:
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

    def show(self, screen: Screen, what: str) -> None:
        """Show the scores and the confusion matrix."""
        table = grid("score", "value", "what it is", title=f"{what} ({self.rows:,} rows)", right=(1,), fold=2)
        for name, value in self.scores.items():
            style = "bold" if name in {"accuracy", "mae"} else "dim" if name == "baseline" else ""
            table.add_row(
                name, f"{value:.4f}" if abs(value) < 1e4 else f"{value:.6g}", _MEANING.get(name, ""), style=style
            )
        screen.show(table)
        if self.matrix is not None and self.classes is not None:
            screen.show(confusion_table(self.matrix, self.classes, screen.console.width))


def measure(model: Module, data: Any) -> Report:
    """Evaluate a trained model on a `Dataset`, `Table` or `Splits` (its test part) that has targets."""
    fitted = model.preprocessing
    if isinstance(data, Table) and fitted is not None and fitted.kind == "table":
        select_columns(data.raw, tuple(fitted.columns))  # a foreign table is told from its inputs, not from its target
    dataset = like_training(model, data, "evaluation")
    if dataset.task == "regression":
        wanted = ["mae", "rmse", *(["r2"] if len(dataset) > 1 else [])]
        return Report(len(dataset), dict(evaluate(model, dataset, metrics=wanted)))
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
    return Report(len(dataset), scores, classes, matrix)


def _indices(model: Module, dataset: Dataset, classes: list[str]) -> np.ndarray:
    place = {name: index for index, name in enumerate(classes)}
    return np.array([place[str(label)] for label in predict(model, dataset)], dtype=np.int64)
