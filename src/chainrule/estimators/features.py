"""From X to what the network sees: fitted on training rows, the same for every later X."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cells import as_cells
from chainrule.data.column import Column
from chainrule.data.encoders import Encoder, NumericEncoder, fit_encoder
from chainrule.data.infer import infer_column
from chainrule.data.inputs import TableInputs
from chainrule.data.scaling import Scaling, center_and_scale
from chainrule.errors import DataError
from chainrule.estimators.given import Columns, Given

__all__ = ["Features", "Look", "look_at"]

_SMALLEST = float(np.finfo(np.float64).tiny)  # half of what is below may be 0


@dataclass(frozen=True)
class Look:
    """What the columns of a training table are, before anything is learned from them.

    Attributes:
        names: of all columns of X, in order.
        columns: the columns that hold something to learn from; empty for matrices, where all do.
        numeric, categorical: how many hold numbers or dates, and how many categories or yes and no.
        features: numbers in one encoded row, about.
        notes: which columns are left out, and why.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    numeric: int
    categorical: int
    features: int
    notes: tuple[str, ...] = ()


def look_at(given: Given, names: Sequence[str]) -> Look:
    """Find out what the columns of X are.

    Args:
        given: the training table.
        names: of its columns.
    """
    if isinstance(given, np.ndarray):
        return Look(tuple(names), (), given.shape[1], 0, given.shape[1])
    found = [infer_column(name, as_cells(column, name)) for name, column in given.items()]
    notes = tuple(f"column {one.name!r}: {one.note}" for one in found if one.note)
    kept = [one for one in found if one.kind not in ("empty", "ignore") and not one.note.startswith("left out")]
    kept = kept or [one for one in found if one.kind == "numeric"] or [_as_numeric(found[0])]
    categorical = [one for one in kept if one.kind in ("categorical", "boolean")]
    width = len(kept) - len(categorical) + sum(min(one.distinct, 100) for one in categorical)
    return Look(tuple(given), tuple(kept), len(kept) - len(categorical), len(categorical), width, notes)


def _as_numeric(column: Column) -> Column:
    """A column without any value, as one of numbers that are all missing; a text in every row, as a category."""
    return infer_column(column.name, np.array([None], object), "numeric" if column.kind == "empty" else "categorical")


@dataclass
class Features:
    """The fitted input side.

    Attributes:
        inputs: one encoder for each column that is used.
        names: of all columns of X, in order.
    """

    inputs: TableInputs
    names: tuple[str, ...]

    @classmethod
    def fit(cls, given: Given, look: Look, scaling: Scaling) -> Features:
        """Learn medians, scales and categories from the training rows.

        Args:
            given: the training table.
            look: at it.
            scaling: of numbers, see `data.scaling`.
        """
        encoders: list[Encoder] = []
        if isinstance(given, np.ndarray):
            encoders += _numeric_encoders(given, look.names, scaling)
        else:
            encoders += [fit_encoder(one, as_cells(given[one.name], one.name), scaling) for one in look.columns]
        return cls(TableInputs(tuple(encoders)), look.names)

    def transform(self, given: Given, dtype: Any = np.float32) -> NDArray[Any]:
        """What the network sees, ``(N, features)``.

        Raises:
            DataError: for cells that cannot be used, and numbers that the dtype cannot hold.
        """
        if isinstance(given, np.ndarray) and self._block is not None:
            return self._block.transform(given, np.dtype(dtype))
        columns = self._columns(given)
        return np.asarray(self.inputs.transform(columns), dtype)

    def unseen(self, given: Given) -> dict[str, dict[str, int]]:
        """Categories that training did not see, and how often they occur."""
        return self.inputs.unseen(self._columns(given))

    def _columns(self, given: Given) -> Columns:
        if isinstance(given, np.ndarray):
            return dict(zip(self.names, given.T, strict=True))
        return dict(zip(self.names, given.values(), strict=True))

    @cached_property
    def _block(self) -> _Block | None:
        """All columns at once, where all hold numbers."""
        numeric = [one for one in self.inputs.encoders if isinstance(one, NumericEncoder)]
        if len(numeric) < len(self.inputs.encoders):
            return None
        return _Block.of(numeric, self.names, self.inputs.feature_names)


@dataclass(frozen=True)
class _Block:
    """Numeric encoders as arrays."""

    taken: NDArray[np.intp]
    """Which columns of X are used."""
    medians: NDArray[np.float64]
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]
    places: NDArray[np.intp]
    """Of the columns' values among the features."""
    marked: NDArray[np.intp]
    """Which of the used columns have an indicator; it follows the value."""
    features: tuple[str, ...]

    @classmethod
    def of(cls, encoders: list[NumericEncoder], names: tuple[str, ...], features: tuple[str, ...]) -> _Block:
        place = {name: i for i, name in enumerate(names)}
        widths = np.array([1 + one.indicator for one in encoders])
        return cls(
            np.array([place[one.name] for one in encoders], np.intp),
            np.array([one.median for one in encoders]),
            np.array([one.center for one in encoders]),
            np.array([one.scale for one in encoders]),
            np.cumsum(widths) - widths,
            np.flatnonzero(widths == 2),
            features,
        )

    def transform(self, X: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
        every = len(self.taken) == X.shape[1]
        values = X if every else X[:, self.taken]
        absent = np.isnan(values)
        some = bool(absent.any())
        if some:
            values = np.where(absent, self.medians, values)
        with np.errstate(over="ignore"):
            half = np.where(self.scales > _SMALLEST, 0.5, 1.0)  # no overflow of differences, and no scale of zero
            scaled = (values * half - self.centers * half) / (self.scales * half)
            if not len(self.marked):
                found = scaled.astype(dtype)
            else:
                found = np.zeros((len(X), len(self.taken) + len(self.marked)), dtype)
                found[:, self.places] = scaled
                if some:
                    found[:, self.places[self.marked] + 1] = absent[:, self.marked]
        if not np.isfinite(found).all():
            row, column = (int(i) for i in np.argwhere(~np.isfinite(found))[0])
            raise DataError(
                f"column {self.features[column]!r} holds a number too large for {dtype}",
                got=f"{values[row, int(np.searchsorted(self.places, column, 'right')) - 1]} in row {row}",
                fix='Scale the column, or use scaling="standard"',
            )
        return found


def _numeric_encoders(X: NDArray[np.float64], names: Sequence[str], scaling: Scaling) -> list[NumericEncoder]:
    absent: NDArray[np.bool_] = np.isnan(X)
    gaps, empty = np.asarray(absent.any(axis=0)), np.asarray(absent.all(axis=0))
    low, high = np.fmin.reduce(X, axis=0), np.fmax.reduce(X, axis=0)
    # A column that never varies says nothing in training, and much that is arbitrary when it varies later.
    says = np.ones(X.shape[1], bool) if scaling is None or len(X) == 1 else ~empty & ((low < high) | gaps)
    kept: list[int] = np.flatnonzero(says if says.any() else ~says).tolist()
    encoders = []
    medians = 2 * np.median(X / 2, axis=0)  # NaN where there are gaps
    for i in kept:
        column, median = np.ascontiguousarray(X[:, i]), float(medians[i])
        if gaps[i]:
            column = column[~absent[:, i]]
            median = 2 * float(np.median(column / 2)) if len(column) else 0.0
        center, scale = center_and_scale(column, scaling)
        encoders.append(NumericEncoder(names[i], median, center, scale, bool(gaps[i])))
    return encoders
