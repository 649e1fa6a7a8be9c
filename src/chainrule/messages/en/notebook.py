"""Headings of tables in notebooks."""

from __future__ import annotations

MESSAGES = {
    "step": "update",
    "epoch": "epoch",
    "misclassified": "misclassified",
    "before": "{name} before",
    "after": "{name} after",
    "truth_table": "Truth table",
}
