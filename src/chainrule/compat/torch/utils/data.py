"""``torch.utils.data``: data sets of tensors, and the loader that hands them out in batches.

`DataLoader` visits the rows in the order of `chainrule.data.batches`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from chainrule.core import rng
from chainrule.core.create import as_tensor, tensor
from chainrule.core.functions import stack
from chainrule.core.tensor import Tensor
from chainrule.data.batching import batches
from chainrule.data.checks import check_whole
from chainrule.errors import ConfigError, DTypeError, ShapeError

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "random_split"]

Sample = TypeVar("Sample", covariant=True)


class Dataset(Generic[Sample]):
    """Samples by number.  A subclass defines ``__getitem__(index)`` and ``__len__()``."""

    def __getitem__(self, index: Any) -> Sample:
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(index)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} needs a method __len__()")

    def __iter__(self) -> Iterator[Sample]:
        return (self[i] for i in range(len(self)))

    def _rows(self, indices: Any) -> list[Any] | None:
        """The collated samples of these numbers, where that needs no loop over them; else None."""
        return None


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Sample i is ``(tensors[0][i], tensors[1][i], …)``.

    Args:
        tensors: of the same first dimension.

    Raises:
        ShapeError: if their first dimensions differ.
        DTypeError: for anything but tensors.
    """

    def __init__(self, *tensors: Tensor) -> None:
        for value in tensors:
            if not isinstance(value, Tensor):
                raise DTypeError("TensorDataset takes tensors", got=type(value).__name__, fix="Use torch.from_numpy")
        lengths = {value.shape[0] if value.ndim else -1 for value in tensors}
        if len(lengths) != 1 or -1 in lengths:
            shapes = ", ".join(str(tuple(value.shape)) for value in tensors)
            raise ShapeError("tensors of a data set have one row for each sample", got=f"shapes {shapes or 'none'}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(value[index] for value in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def _rows(self, indices: Any) -> list[Any]:
        return list(self[indices])


class Subset(Dataset[Sample]):
    """Some samples of another data set.

    Args:
        dataset: the other one.
        indices: the samples' numbers there.
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Sample:
        found: Sample = self.dataset[self.indices[index]]
        return found

    def __len__(self) -> int:
        return len(self.indices)

    def _rows(self, indices: Any) -> list[Any] | None:
        return self.dataset._rows(np.asarray(self.indices)[indices]) if isinstance(self.dataset, Dataset) else None


def random_split(
    dataset: Any, lengths: Sequence[float], generator: np.random.Generator | None = None
) -> list[Subset[Any]]:
    """Divide a data set at random.

    Args:
        dataset: to divide.
        lengths: numbers of samples that add up to all of them, or fractions that add up to 1; what fractions leave
            over goes to the first parts, one each.
        generator: to draw from; left out, it is `manual_seed`'s.

    Raises:
        ConfigError: if the lengths do not add up.
    """
    n = len(dataset)
    sizes = _whole(lengths, n)
    order = (rng.generator() if generator is None else generator).permutation(n).tolist()
    ends = np.cumsum(sizes).tolist()
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]


def _whole(lengths: Sequence[float], n: int) -> list[int]:
    if lengths and min(lengths) >= 0 and max(lengths) <= 1 and math.isclose(sum(lengths), 1):
        sizes = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(sizes)):
            sizes[i % len(sizes)] += 1
        return sizes
    if sum(lengths) != n or any(length != int(length) or length < 0 for length in lengths):
        raise ConfigError("bad lengths", expected=f"lengths that add up to {n}, or fractions to 1", got=list(lengths))
    return [int(length) for length in lengths]


class DataLoader:
    """Batches of a data set, as tensors; a new ``for`` loop is a new epoch.

    Args:
        dataset: anything with ``len()`` and ``[i]``.
        batch_size: samples per batch.
        shuffle: visit the samples in a new random order in each epoch.
        drop_last: leave out the last batch if it is not full.
        generator: draws the order; left out, it is `manual_seed`'s.
        collate_fn: makes a batch of a list of samples; default: `default_collate`.
        num_workers, pin_memory, worker_init_fn, persistent_workers: accepted for PyTorch's sake; everything is read in
            this process.

    Raises:
        ConfigError: if ``batch_size`` is not a whole number from 1 on.
        DataError: on iterating over an empty data set.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        generator: np.random.Generator | None = None,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        worker_init_fn: Any = None,
        persistent_workers: bool = False,
    ) -> None:
        check_whole("batch_size", batch_size, 1)
        self.dataset, self.batch_size, self.shuffle = dataset, int(batch_size), bool(shuffle)
        self.drop_last, self.generator, self.collate_fn = drop_last, generator, collate_fn

    def __iter__(self) -> Iterator[Any]:
        source = rng.generator() if self.generator is None else self.generator
        for rows in batches(len(self.dataset), self.batch_size, source, self.shuffle):
            if len(rows) == self.batch_size or not self.drop_last:
                yield self._batch(rows)

    def __len__(self) -> int:
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def _batch(self, rows: Any) -> Any:
        if self.collate_fn is None and isinstance(self.dataset, Dataset):
            whole = self.dataset._rows(rows)
            if whole is not None:
                return whole
        samples = [self.dataset[i] for i in rows.tolist()]
        return default_collate(samples) if self.collate_fn is None else self.collate_fn(samples)


def default_collate(batch: Sequence[Any]) -> Any:
    """Put samples together: tensors, arrays and numbers get a new first dimension, tuples, lists and dicts are entered.

    Raises:
        DTypeError: for samples of another type.
    """
    first = batch[0]
    if isinstance(first, (Tensor, np.ndarray)):
        return stack([as_tensor(sample) for sample in batch])
    if isinstance(first, (bool, int, np.number, np.bool_)):
        return tensor(np.asarray(batch))
    if isinstance(first, float):
        return tensor(np.asarray(batch, np.float64))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise ShapeError("samples of one batch differ in length", got=sorted({len(sample) for sample in batch}))
        return [default_collate(column) for column in zip(*batch, strict=True)]
    raise DTypeError(
        "cannot make a batch of these samples",
        expected="tensors, arrays, numbers, texts, or tuples, lists and dicts of them",
        got=type(first).__name__,
    )
