"""How well a model does on data, as a table on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.cli.screen import Screen
from chainrule.cli.tables import confusion_table, grid
from chainrule.nn import Module
from chainrule.train import measuring

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
class Report(measuring.Measured):
    """What was measured, ready to be shown."""

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
    """Evaluate a trained model; see `chainrule.train.measuring`."""
    found = measuring.measure(model, data)
    return Report(found.rows, found.scores, found.classes, found.matrix)
