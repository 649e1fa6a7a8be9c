"""Why a single layer cannot be right on every row, where that can be proved."""

from __future__ import annotations

import contextlib

from chainrule.cli.screen import Screen
from chainrule.data import Dataset
from chainrule.errors import DataError, MissingDependencyError
from chainrule.explain import Separability, separability
from chainrule.messages import text

__all__ = ["note_single_layer", "prove"]

_MOST_NUMBERS = 10_000_000  # what is copied without being noticed
_SECONDS = 2.0


def prove(data: Dataset, limit: float | None = None) -> Separability | None:
    """Return the proof of the classes' separability, or None without SciPy or where it cannot be told.

    Args:
        data: samples with classes.
        limit: seconds after which to leave it undecided.
    """
    with contextlib.suppress(MissingDependencyError, DataError):
        return separability(data, limit=limit)
    return None


def note_single_layer(screen: Screen, data: Dataset, lang: str) -> Separability | None:
    """Say so if no single linear layer can be right on all rows of two classes.

    That is looked into for two seconds at most, and not at all for huge sets.
    """
    if data.task != "binary" or len(data) * data.n_features > _MOST_NUMBERS:
        return None
    proof = prove(data, _SECONDS)
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
