"""Why a single layer cannot be right on every row, where that can be proved."""

from __future__ import annotations

import contextlib

from chainrule.cli.screen import Screen
from chainrule.data import Dataset
from chainrule.errors import DataError, MissingDependencyError
from chainrule.explain import Separability, separability
from chainrule.messages import text

__all__ = ["note_single_layer", "prove"]

_MOST_ROWS, _MOST_FEATURES = 10_000, 50  # an answer within a second


def prove(data: Dataset) -> Separability | None:
    """Return the proof of the classes' separability, or None without SciPy or where it cannot be told."""
    with contextlib.suppress(MissingDependencyError, DataError):
        return separability(data)
    return None


def note_single_layer(screen: Screen, data: Dataset, lang: str) -> Separability | None:
    """Say so if no single linear layer can be right on all rows of two classes; large sets are not looked at."""
    if data.task != "binary" or len(data) > _MOST_ROWS or data.n_features > _MOST_FEATURES:
        return None
    proof = prove(data)
    if proof is not None and proof.certificate is not None:
        low, high = proof.classes
        found = proof.certificate
        note = text(
            "separability.single_layer",
            lang,
            negative=low,
            positive=high,
            negative_count=len(found.negative_rows),
            positive_count=len(found.positive_rows),
        )
        screen.say(note, "yellow")
    return proof
