"""Which rows each step of an epoch sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.data.batching import batch_index, epochs_index

__all__ = ["EpochBatches"]


class EpochBatches:
    """How an epoch goes through the rows.

    Args:
        rows: how many there are.
        batch_size: rows per step.
        shuffle: visit them in a new random order each epoch.
        drop_last: leave a last, smaller batch out.
        joins_single: put a single row that is left over into the last full batch, for layers that need two.

    Attributes:
        rows: as given.
        batch_size: at most `rows`.
        shuffle, drop_last: False where they would change nothing.
        rows_per_step: ``(steps,)``, how many rows each step of an epoch sees.
    """

    def __init__(
        self, rows: int, batch_size: int, shuffle: bool = True, drop_last: bool = False, joins_single: bool = False
    ) -> None:
        self.rows, self.batch_size = rows, min(batch_size, rows)
        # Within one batch of everything the order does not matter.
        self.shuffle = shuffle and self.batch_size < rows
        self.drop_last = drop_last and rows % self.batch_size > 0
        self._joins_single = joins_single
        full, rest = self.of_epoch(np.random.default_rng(0))
        self.rows_per_step = np.array([full.shape[1]] * len(full) + [len(rest)] * bool(len(rest)), np.float64)

    @property
    def are_alike(self) -> bool:
        """Whether all have the same size, so that several epochs can be one array."""
        return bool((self.rows_per_step == self.batch_size).all())

    def of_epoch(self, order: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The next epoch's full batches ``(K, B)``, and the last one if it has another size, else an empty one.

        Args:
            order: generator that shuffles.
        """
        full, rest = batch_index(self.rows, self.batch_size, order, self.shuffle)
        if self.drop_last:
            return full, rest[:0]
        if len(rest) == 1 and self._joins_single:
            return full[:-1], np.concatenate([full[-1], rest])
        return full, rest

    def of_epochs(self, count: int, order: np.random.Generator) -> NDArray[np.intp]:
        """The batches of the next epochs, ``(count · K, B)``; a last batch that is smaller ends in -1.

        Args:
            count: how many epochs.
            order: generator that shuffles.
        """
        index = epochs_index(self.rows, self.batch_size, count, order if self.shuffle else None)
        if not self.drop_last:
            return index
        each = index.reshape(count, -1, self.batch_size)
        return np.ascontiguousarray(each[:, :-1]).reshape(-1, self.batch_size)
