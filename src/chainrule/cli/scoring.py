"""How well a model does on data, as a table on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.cli.screen import Screen
from chainrule.cli.tables import confusion_table, grid
from chainrule.messages import text
from chainrule.nn import Module
from chainrule.train import measuring

__all__ = ["Report", "measure"]

_MEANING = ("loss", "accuracy", "roc_auc", "mae", "rmse", "r2", "baseline")


@dataclass(frozen=True)
class Report(measuring.Measured):
    """What was measured, ready to be shown."""

    def show(self, screen: Screen, what: str, lang: str | None = "en") -> None:
        """Show the scores and the confusion matrix, in "en" or "ko"."""
        heads = (text(f"screen.{key}", lang) for key in ("score", "value", "what"))
        title = text("screen.scores_of", lang, what=what, rows=f"{self.rows:,}")
        table = grid(*heads, title=title, right=(1,), fold=2)
        for name, value in self.scores.items():
            style = "bold" if name in {"accuracy", "mae"} else "dim" if name == "baseline" else ""
            meaning = text(f"screen.score_{name}", lang) if name in _MEANING else ""
            table.add_row(name, f"{value:.4f}" if abs(value) < 1e4 else f"{value:.6g}", meaning, style=style)
        screen.show(table)
        if self.matrix is not None and self.classes is not None:
            screen.show(confusion_table(self.matrix, self.classes, screen.console.width, lang))


def measure(model: Module, data: Any) -> Report:
    """Evaluate a trained model; see `chainrule.train.measuring`."""
    found = measuring.measure(model, data)
    return Report(found.rows, found.scores, found.classes, found.matrix)
