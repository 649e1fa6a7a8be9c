"""Equal rows with different labels, the plainest proof that no function of the features is always right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["row_hashes", "twins"]

_AT_ONCE = 4096


def row_hashes(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Numbers ``(N,)`` that are equal for equal rows, and almost surely different for others."""
    rng = np.random.default_rng(0)
    factors = rng.integers(0, 2**63, values.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    result = np.empty(len(values), dtype=np.uint64)
    for start in range(0, len(values), _AT_ONCE):
        bits = np.ascontiguousarray(values[start : start + _AT_ONCE] + 0.0).view(np.uint64)  # zeros without a sign
        bits ^= bits >> np.uint64(29)  # whole numbers differ in the highest bits only, which products lose
        result[start : start + _AT_ONCE] = bits @ factors
    return result


def twins(
    values: NDArray[np.float64], hashes: NDArray[np.uint64], positive: NDArray[np.bool_]
) -> NDArray[np.intp] | None:
    """Return a negative and a positive row with the same features, or None."""
    order = np.lexsort((positive, hashes))
    before, after = order[:-1], order[1:]
    pairs = np.flatnonzero((hashes[before] == hashes[after]) & (positive[before] != positive[after]))
    for pair in pairs:
        if (values[before[pair]] == values[after[pair]]).all():
            return order[pair : pair + 2]
    return None
