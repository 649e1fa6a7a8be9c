"""Dividing rows into training, validation and test sets."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ConfigError, DataError

__all__ = ["split_indices"]

Indices = NDArray[np.intp]


def split_indices(
    targets: NDArray[Any] | int,
    test: float = 0.2,
    validation: float = 0.0,
    seed: int = 0,
    stratify: bool = True,
) -> tuple[Indices, Indices, Indices]:
    """Divide the rows at random into three sets that do not overlap and leave nothing out.

    Args:
        targets: class indices ``(N,)`` (needed to stratify), any other targets, or just N.
        test: fraction in [0, 1) of all rows, rounded up as scikit-learn does, or a number of rows from 1 on.
        validation: the same for the validation rows; also a fraction of ALL rows.
        seed: seed of the shuffle.
        stratify: keep each class's share in every set, to within one row, and at least one row of each class in
            the training set.  Applies to whole-number targets; where so many classes are so small that this is
            impossible, rows are drawn without regard to class.

    Returns:
        row numbers of ``(train, validation, test)``, each in random order.

    Raises:
        ConfigError: for sizes that make no sense or leave no training rows.
        DataError: if there are no rows.
    """
    n = targets if isinstance(targets, int) else len(targets)
    if n < 1:
        raise DataError("there are no rows to split")
    n_test, n_validation = _size(test, n, "test"), _size(validation, n, "validation")
    if n_test + n_validation >= n:
        raise ConfigError(
            f"splitting {n} row{'s' * (n > 1)} leaves none for training",
            got=f"test={test!r}, validation={validation!r}",
            fix="Make test and validation smaller, or bring more rows",
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(n).astype(np.intp, copy=False)
    if stratify and not isinstance(targets, int) and targets.ndim == 1 and targets.dtype.kind in "iub":
        part = _stratified(targets[order], n_test, n_validation)
        if part is not None:
            return order[part == 0], order[part == 1], order[part == 2]
    return order[n_test + n_validation :], order[n_test : n_test + n_validation], order[:n_test]


def _size(share: object, n: int, name: str) -> int:
    """Rows that `share` of `n` stands for."""
    if isinstance(share, int | np.integer) and not isinstance(share, bool) and share >= 0:
        return int(share)
    if isinstance(share, float) and 0 <= share < 1:
        return math.ceil(round(share * n, 9))
    raise ConfigError(f"{name} is not usable", expected="a fraction in [0, 1) or a number of rows", got=repr(share))


def _stratified(labels: NDArray[Any], n_test: int, n_validation: int) -> NDArray[np.int8] | None:
    """Return 0 (train), 1 (validation) or 2 (test) for each row, or None where the classes are too small."""
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    spare = counts - 1  # one row of each class stays in the training set
    if spare.sum() < n_test + n_validation:
        return None
    tests = _proportional(counts, n_test, spare)
    validations = _proportional(counts, n_validation, spare - tests)
    grouped = np.argsort(inverse, kind="stable")
    rank = np.empty(len(labels), dtype=np.intp)  # position of each row within its class
    rank[grouped] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    part = np.zeros(len(labels), dtype=np.int8)
    part[rank < (tests + validations)[inverse]] = 1
    part[rank < tests[inverse]] = 2
    return part


def _proportional(counts: NDArray[Any], total: int, limit: NDArray[Any]) -> NDArray[Any]:
    """Divide `total` in proportion to `counts` by largest remainders, at most `limit` each."""
    exact = counts * (total / counts.sum())
    share = np.minimum(np.floor(exact + 1e-9).astype(np.intp), limit)
    while (left := total - int(share.sum())) > 0:
        open_ = np.flatnonzero(share < limit)
        neediest = open_[np.argsort(share[open_] - exact[open_], kind="stable")][:left]
        share[neediest] += 1
    return np.asarray(share)
