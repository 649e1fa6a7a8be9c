"""A mixture of many points, made of few of them.

Carathéodory's theorem: a point that is mixed of any number of points in k − 1 dimensions can be mixed of k of them. His
proof is the method: a combination of the points that comes to nothing is taken off the shares until one of them is
zero. It is done to groups of points first, of which those without a share are dropped whole; so every round halves the
points, at the cost of O(k³).

Source: A. Maalouf, I. Jubran, D. Feldman, "Fast and accurate least-mean-squares solvers", NeurIPS 2019.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["fewest"]

Vector = NDArray[np.float64]


def fewest(rows: Vector, shares: Vector) -> Vector:
    """Return shares with the same sum Σ sharesᵢ·rowsᵢ to rounding, of which at most k are positive and none negative.

    Args:
        rows: ``(N, k)``, one column of which is constant, or the sum of others is.
        shares: ``(N,)``, not negative.
    """
    result = shares.copy()
    width = rows.shape[1]
    while True:
        used = np.flatnonzero(result > 0)
        if len(used) <= width:
            return result
        groups = np.array_split(used, min(len(used), 2 * width))
        starts = np.cumsum([0, *(len(group) for group in groups[:-1])])
        mass = np.add.reduceat(result[used], starts)
        means = np.add.reduceat(rows[used] * result[used][:, None], starts) / mass[:, None]
        kept = _eliminated(means, mass)
        if (kept > 0).all():
            return result
        result[used] *= np.repeat(kept / mass, [len(group) for group in groups])


def _eliminated(rows: Vector, shares: Vector) -> Vector:
    from scipy.linalg import qr
    from scipy.linalg.blas import dger

    q, r, _ = qr(rows, pivoting=True, check_finite=False)
    sizes = np.abs(np.diag(r))
    rank = int((sizes > 1e-12 * sizes[0]).sum())
    # The columns are combinations of the rows that come to nothing; a row that has lost its share leaves them all.
    nothing = np.asfortranarray(q[:, rank:])
    shares = shares.copy()
    for count in range(nothing.shape[1], 0, -1):
        change = nothing[:, count - 1]
        if change.max() <= 0:
            change = -change
        falling = np.flatnonzero(change > 0)
        lengths = shares[falling] / change[falling]
        at = int(falling[np.argmin(lengths)])
        shares = np.maximum(shares - lengths.min() * change, 0.0)
        shares[at] = 0.0
        pivot = int(np.argmax(np.abs(nothing[at, :count])))
        column = nothing[:, pivot].copy()
        nothing[:, pivot] = nothing[:, count - 1]
        left = nothing[:, : count - 1]
        if count > 1:
            dger(-1.0 / column[at], column, left[at].copy(), a=left, overwrite_a=1)
            left[at] = 0.0
    return shares
