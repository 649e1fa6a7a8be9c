"""Metrics of decided classes: accuracy, precision, recall, F1 and the confusion matrix behind them."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from chainrule.errors import ConfigError, DataError, UnknownNameError
from chainrule.metrics.inputs import Floats, Ints, positive_count, predicted_classes

__all__ = ["Average", "accuracy", "confusion_matrix", "f1", "hits", "precision", "recall"]

Average = Literal["binary", "macro", "micro", "weighted"]
AVERAGES: tuple[Average, ...] = ("binary", "macro", "micro", "weighted")

# 10,000² counts of 8 bytes are 800 MB; a larger matrix comes from a wrong index, not from a classifier.
MOST_CLASSES = 10_000


def accuracy(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Share of rows whose predicted class is the true one: ``mean(ŷ = y)``.

    Args:
        outputs: probabilities ``(N, C)`` (highest wins, the first on a tie), the probability of class 1
            ``(N,)`` or ``(N, 1)`` (class 1 above 0.5), or class indices ``(N,)``.
        targets: class indices ``(N,)`` or ``(N, 1)``.

    Raises:
        ShapeError: if the shapes do not fit each other.
        DataError: if there are no rows, a number is not finite, or a class index is negative or out of range.
        DTypeError: if something is not a number.
    """
    return float(np.mean(hits(outputs, targets)))


def hits(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each row's predicted class is the true one; `accuracy` is their mean."""
    predicted, true, _ = predicted_classes(outputs, targets)
    found: npt.NDArray[np.bool_] = predicted == true
    return found


def precision(outputs: npt.ArrayLike, targets: npt.ArrayLike, average: Average = "binary") -> float:
    """Share of the rows predicted to be a class that are of it: ``TP / (TP + FP)``.

    Args:
        outputs: as for `accuracy`.
        targets: class indices ``(N,)`` or ``(N, 1)``.
        average: ``"binary"`` scores class 1 of two; ``"macro"`` is the mean over the classes that occur in
            predictions or targets; ``"weighted"`` weighs that mean by the rows of each class; ``"micro"`` counts
            over all classes together.

    Returns:
        A value from 0 to 1; a class that is never predicted counts as 0, as in scikit-learn.

    Raises:
        UnknownNameError: for another `average`.
        DataError: for ``"binary"`` with more than two classes, and as for `accuracy`.
    """
    counts = _count(outputs, targets, average)
    return _average(counts.hits, counts.predicted, counts, average)


def recall(outputs: npt.ArrayLike, targets: npt.ArrayLike, average: Average = "binary") -> float:
    """Share of the rows of a class that are found: ``TP / (TP + FN)``.

    Arguments, averages and errors are those of `precision`; a class without rows counts as 0.
    """
    counts = _count(outputs, targets, average)
    return _average(counts.hits, counts.true, counts, average)


def f1(outputs: npt.ArrayLike, targets: npt.ArrayLike, average: Average = "binary") -> float:
    """Harmonic mean of precision and recall: ``2 TP / (2 TP + FP + FN)``.

    Arguments, averages and errors are those of `precision`; a class neither predicted nor present counts as 0.
    """
    counts = _count(outputs, targets, average)
    return _average(2 * counts.hits, counts.predicted + counts.true, counts, average)


def confusion_matrix(outputs: npt.ArrayLike, targets: npt.ArrayLike, classes: int | None = None) -> Ints:
    """Count rows by class: ``M[i, j]`` rows are of class ``i`` and were predicted as ``j``.

    Args:
        outputs: as for `accuracy`.
        targets: class indices ``(N,)`` or ``(N, 1)``.
        classes: number of classes C; by default the columns of `outputs`, or the highest index that occurs plus one.
            Classes that do not occur keep their row and column (scikit-learn does this when `labels` is given).

    Returns:
        Counts of shape ``(C, C)``, int64.

    Raises:
        ConfigError: if `classes` is too small for the indices that occur, or not a count.
        DataError: if the matrix would have more than 10,000 rows, and as for `accuracy`.
    """
    predicted, true, known = predicted_classes(outputs, targets)
    highest = int(max(predicted.max(), true.max()))
    size = known or highest + 1 if classes is None else positive_count(classes, "classes")
    if size <= highest:
        raise ConfigError("classes is too small", expected=f"at least {highest + 1}", got=size)
    if size > MOST_CLASSES:
        raise DataError("too many classes for a confusion matrix", expected=f"at most {MOST_CLASSES}", got=size)
    return np.bincount(true * size + predicted, minlength=size * size).reshape(size, size).astype(np.int64)


class _Counts(NamedTuple):
    """Per class that occurs: rows both predicted and true, predicted, and true."""

    hits: Floats
    predicted: Floats
    true: Floats


def _count(outputs: npt.ArrayLike, targets: npt.ArrayLike, average: Average) -> _Counts:
    if average not in AVERAGES:
        raise UnknownNameError("average", average, AVERAGES)
    predicted, true, classes = predicted_classes(outputs, targets)
    if average == "binary":
        found = classes or 1 + int(max(predicted.max(), true.max()))
        if found > 2:
            raise DataError(
                "the average 'binary' is for two classes", got=f"{found} classes", fix="Pass average='macro' or 'micro'"
            )
        return _Counts(*(np.array([np.sum(mask)], np.float64) for mask in (predicted & true, predicted, true)))
    # Numbering only the classes that occur is scikit-learn's rule, and keeps a huge index from costing memory.
    occurring, places = np.unique(np.concatenate([predicted, true]), return_inverse=True)
    guesses, truth = places[: len(predicted)], places[len(predicted) :]
    groups = (truth[guesses == truth], guesses, truth)
    return _Counts(*(np.bincount(group, minlength=len(occurring)).astype(np.float64) for group in groups))


def _average(numerator: Floats, denominator: Floats, counts: _Counts, average: Average) -> float:
    if average == "micro":
        numerator, denominator = numerator.sum(keepdims=True), denominator.sum(keepdims=True)
    ratios = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
    return float(np.average(ratios, weights=counts.true if average == "weighted" else None))
