"""From y to what the loss takes, and from predictions back to what y was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_array, column_or_1d

from chainrule.data.cells import as_cells, as_texts
from chainrule.data.target import Target
from chainrule.errors import DataError
from chainrule.estimators.presets import TaskName

__all__ = ["Labels", "Quantities", "read_labels", "read_numbers"]


@dataclass(frozen=True)
class Labels:
    """Classes: one for each row, or several yes and no for each row.

    Attributes:
        classes: sorted labels; the columns' numbers where a row may have several.
        several: whether a row may have several.
    """

    classes: NDArray[Any]
    several: bool

    @classmethod
    def of(cls, y: NDArray[Any], classes: Any = None) -> Labels:
        """Look at the training labels.

        Args:
            y: labels, or a matrix of zeros and ones, as `read_labels` gives them.
            classes: all labels that there will ever be, if they are known.

        Raises:
            ValueError: for labels that are no classes.
        """
        if y.ndim == 2:
            return cls(np.arange(y.shape[1]), True)
        found = np.unique(y)
        if classes is None:
            return cls(found, False)
        known = np.unique(np.asarray(classes))
        unknown = np.setdiff1d(found, known)
        if len(unknown):
            raise DataError(
                f"y holds {unknown.tolist()[0]!r}, which is none of the classes", expected=known.tolist()[:12]
            )
        return cls(known, False)

    @property
    def task(self) -> TaskName:
        """ "binary" (one class counts as such, too), "multiclass" or "multilabel"."""
        return "multilabel" if self.several else "binary" if len(self.classes) <= 2 else "multiclass"

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for a row."""
        return 1 if self.task == "binary" else len(self.classes)

    def encode(self, y: NDArray[Any]) -> NDArray[Any]:
        """Class indices ``(N,)``, or zeros and ones ``(N, labels)``.

        Args:
            y: as `read_labels` gives it.

        Raises:
            ValueError: for labels that training did not see.
        """
        if self.several != (y.ndim == 2) or (self.several and y.shape[1] != len(self.classes)):
            raise DataError("y has another number of labels in a row than before", got=f"shape {y.shape}")
        if self.several:
            return y.astype(np.float32)
        column = y
        try:
            places = np.searchsorted(self.classes, column)
        except TypeError as error:
            raise DataError("y holds labels of another kind than the classes", expected=self.classes[:8]) from error
        places = np.minimum(places, len(self.classes) - 1)
        wrong = np.flatnonzero(self.classes[places] != column)
        if len(wrong):
            raise DataError(
                f"y holds {column[wrong[:1]].tolist()[0]!r}, which is none of the classes seen before",
                expected=self.classes.tolist()[:12],
            )
        return np.asarray(places, np.int64)

    def decode(self, indices: NDArray[Any]) -> NDArray[Any]:
        """Labels of class indices; a matrix of zeros and ones as it is."""
        return indices if self.several else np.asarray(self.classes[indices])

    def target(self, name: str | None) -> Target:
        """How the network's file describes it."""
        if self.several:
            return Target(name)
        texts = tuple(str(text) for text in as_texts(as_cells(self.classes.astype(object), "y")).tolist())
        return Target(name, "binary" if self.task == "binary" else "multiclass", texts)


def read_labels(y: Any) -> NDArray[Any]:
    """Labels ``(N,)``, or zeros and ones ``(N, labels)``.

    Raises:
        ValueError: for anything else: numbers that are no classes, several classes in a row, missing labels.
    """
    if y is None:
        raise DataError("requires y to be passed, but the target y is None")
    _check_objects(y)
    y = _plain(y)
    kind: str = type_of_target(y, input_name="y", raise_unknown=True)
    if kind.startswith("continuous"):
        raise DataError(
            f"Unknown label type: y holds {kind} numbers, not classes", fix="Use MLPRegressor, or make them classes"
        )
    if kind == "multiclass-multioutput":
        expected = "one column, or zeros and ones"
        raise DataError("Unknown label type: y has several columns of classes", expected=expected)
    if kind == "multilabel-indicator":
        return np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    return np.asarray(column_or_1d(y, warn=True))


def _array(y: Any) -> Any:
    """y as an array, or as the sparse matrix that it is."""
    if hasattr(y, "tocsr"):
        return y
    try:
        return np.asarray(y)
    except ValueError as error:
        raise DataError("the rows of y differ in length", fix="Give each row as many targets as the others") from error


def _plain(y: Any) -> Any:
    """A column of pandas' types for missing values as the array that it could have been, so that classes stay as they
    are: True, not 1.0.
    """
    kind = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    return y if kind is None or y.isna().any() else np.asarray(y, kind)


def _check_objects(y: Any) -> None:
    """Stop at labels that cannot be put in an order, in one line."""
    array = _array(y)
    if array.dtype.kind == "c":
        raise DataError("Complex data not supported", got=str(array.reshape(-1)[0]))
    if array.dtype.kind != "O" or array.ndim != 1:
        return
    missing = [i for i, one in enumerate(array) if one is None or type(one).__name__ == "NAType" or one != one]
    kinds = {type(one).__name__ for one in array}
    if missing:
        fix = "Remove the rows without a label"
        raise DataError("y has missing values (NaN)", where=f"row {missing[0]}", fix=fix)
    odd = kinds & {"dict", "list", "set", "tuple"}
    if odd:
        raise DataError("Unknown label type: y holds containers", got=", ".join(sorted(odd)))
    if len(kinds) > 1 and "str" in kinds:
        raise DataError("y mixes text with other labels", got=", ".join(sorted(kinds)), fix="Make all labels text")


@dataclass(frozen=True)
class Quantities:
    """Numbers to predict: one for each row, or several.

    Attributes:
        mean, std: ``(outputs,)``; numbers are learned as ``(y − mean) / std``.
        flat: whether y had one dimension.
    """

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    flat: bool
    task: TaskName = field(default="regression")

    @classmethod
    def of(cls, y: NDArray[np.float64], scale: bool) -> Quantities:
        """Look at the training targets, as `read_numbers` gives them."""
        flat, values = y.ndim == 1, y.reshape(len(y), -1)
        outputs = values.shape[1]
        if not scale:
            return cls(np.zeros(outputs), np.ones(outputs), flat)
        unit = np.abs(values).max(axis=0)
        unit[unit == 0] = 1.0
        mean, std = (values / unit).mean(axis=0) * unit, (values / unit).std(axis=0) * unit
        std = np.where(std > 1e-14 * np.abs(mean), std, 1.0)
        return cls(mean, np.where(std > 0, std, 1.0), flat)

    @property
    def outputs(self) -> int:
        """How many numbers the network gives for a row."""
        return len(self.mean)

    def encode(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardised targets ``(N, outputs)``.

        Args:
            y: as `read_numbers` gives it.

        Raises:
            ValueError: for targets of another width.
        """
        values = y.reshape(len(y), -1)
        if values.shape[1] != self.outputs:
            raise DataError("y has another number of columns than before", expected=self.outputs, got=values.shape[1])
        return (values / 2 - self.mean / 2) / (self.std / 2)

    def decode(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers in y's own units, and in its shape."""
        values = outputs.astype(np.float64) * self.std + self.mean
        return values[:, 0] if self.flat else values

    def target(self, name: str | None) -> Target:
        """How the network's file describes it; several outputs have their scales in the last layer instead."""
        if self.outputs > 1:
            return Target(name, "regression")
        return Target(name, "regression", mean=float(self.mean[0]), std=float(self.std[0]))


def read_numbers(y: Any) -> NDArray[np.float64]:
    """Targets ``(N,)`` or ``(N, outputs)``.

    Raises:
        ValueError: for anything but finite numbers.
    """
    if y is None:
        raise DataError("requires y to be passed, but the target y is None")
    _check_numbers(y)
    values = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y", ensure_min_samples=1)
    if values.ndim not in (1, 2) or 0 in values.shape:
        raise DataError("y is no column of numbers", got=f"shape {values.shape}")
    return np.asarray(values, np.float64)


def _check_numbers(y: Any) -> None:
    """Stop at what is no number, in one line; other faults are left to scikit-learn."""
    array = _array(y)
    if array.dtype.kind in "mM":
        raise DataError("y holds dates or times", expected="numbers", fix="Subtract a day, and divide by a unit")
    if array.dtype.kind == "c":
        raise DataError("Complex data not supported", got=str(array.reshape(-1)[0]))
    if array.dtype.kind not in "OUS":
        return
    for i, one in enumerate(array.reshape(-1).tolist()):
        try:
            float(one)
        except (TypeError, ValueError) as error:
            if one is None or type(one).__name__ == "NAType":
                raise DataError("y has missing values (NaN)", where=f"entry {i}", fix="Remove such rows") from error
            raise DataError(
                "y could not be read as numbers", got=f"{one!r} in entry {i}", fix="Use MLPClassifier for classes"
            ) from error
