"""Which rows train, choose the epoch and test: made from the set's name and the seed alone, the same for everybody."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

__all__ = ["CAP", "Split", "split"]

CAP = 5000  # rows that a fit sees at most, validation included

_TEST = 0.2  # of all rows
_VALID = 0.2  # of the rows that a fit sees


@dataclass(frozen=True)
class Split:
    """Row numbers.

    Attributes:
        train, valid: what a fit sees. Methods that need no validation part train on both.
        test: what the error is measured on.
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


def split(name: str, targets: np.ndarray, classes: bool, seed: int, cap: int = CAP) -> Split:
    """Cut a set.

    Args:
        name: of the set, so that sets of equal size are not cut alike.
        targets: of all rows.
        classes: whether the parts should have the classes in equal shares.
        seed: another one, another cut.
        cap: the first so many rows beside the test rows are used, the rest by nobody.
    """
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    order = rng.permutation(len(targets))
    if classes:
        order = order[_spread(targets[order], rng)]
    n_test = round(_TEST * len(order))
    test, rest = order[:n_test], order[n_test : n_test + cap]
    n_valid = round(_VALID * len(rest))
    return Split(train=rest[n_valid:], valid=rest[:n_valid], test=test)


def _spread(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An order in which each class is spread evenly, so that any cut of it has the shares of the whole."""
    place = np.empty(len(labels))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        place[rows] = (np.arange(len(rows)) + rng.random()) / len(rows)
    return np.argsort(place, kind="stable")
