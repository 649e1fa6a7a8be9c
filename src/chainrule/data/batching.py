"""The order in which rows are visited: index arrays, never copies of the data."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.checks import check_whole
from chainrule.errors import DataError

__all__ = ["batch_index", "batches", "epochs_index"]

Indices = NDArray[np.intp]


def batch_index(
    n: int | Sized, batch_size: int, rng: np.random.Generator | int | None = None, shuffle: bool = True
) -> tuple[Indices, Indices]:
    """Return the whole epoch's batches at once.

    Args:
        n: number of rows, or what has so many: a data set, a table, an array.
        batch_size: rows per batch, B.
        rng: generator that shuffles (advanced by one permutation), or a seed.
        shuffle: visit the rows in random order; else 0, 1, 2, …

    Returns:
        the full batches ``(K, B)`` with ``K = n // B``, and the last partial one ``(n % B,)``, possibly empty.

    Raises:
        ConfigError: if `batch_size` is not a whole number from 1 on.
        DataError: if there are no rows.
    """
    check_whole("batch_size", batch_size, 1)
    n = len(n) if isinstance(n, Sized) else n
    check_whole("n", n, 0)
    if n < 1:
        raise DataError("there are no rows to make batches of")
    order = np.random.default_rng(rng).permutation(n) if shuffle else np.arange(n)
    full = n // batch_size
    order = order.astype(np.intp, copy=False)
    return order[: full * batch_size].reshape(full, batch_size), order[full * batch_size :]


def epochs_index(n: int, batch_size: int, epochs: int, rng: np.random.Generator | None = None) -> Indices:
    """Return the batches of several epochs at once; a last batch that is smaller ends in -1.

    Args:
        n: number of rows.
        batch_size: rows per batch, B.
        epochs: how many.
        rng: generator that shuffles each epoch, advanced as by `batch_index`; None for 0, 1, 2, …

    Returns:
        ``(epochs · K, B)`` with ``K = ⌈n / B⌉``.
    """
    steps = -(-n // batch_size)
    orders = np.full((epochs, steps * batch_size), -1, np.intp)
    if rng is None:
        orders[:, :n] = np.arange(n)
    else:
        for order in orders:
            order[:n] = rng.permutation(n)
    return orders.reshape(epochs * steps, batch_size)


def batches(
    n: int | Sized, batch_size: int, rng: np.random.Generator | int | None = None, shuffle: bool = True
) -> Iterator[Indices]:
    """Yield one epoch's batches as index arrays; the last one may be smaller.  See `batch_index`.

    ``dataset.batch(rows)`` gives inputs and targets of each.

    >>> [batch.tolist() for batch in batches(5, 2, shuffle=False)]
    [[0, 1], [2, 3], [4]]
    """
    full, rest = batch_index(n, batch_size, rng, shuffle)
    return _each(full, rest)


def _each(full: NDArray[Any], rest: NDArray[Any]) -> Iterator[Indices]:
    yield from full
    if len(rest):
        yield rest
