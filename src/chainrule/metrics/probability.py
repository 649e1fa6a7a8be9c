"""Metrics of scores and probabilities: top-k accuracy, area under the ROC curve, log loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import DataError
from chainrule.metrics.inputs import Ints, check_probabilities, class_scores, positive_count

__all__ = ["log_loss", "roc_auc", "top_k_accuracy"]


def top_k_accuracy(outputs: npt.ArrayLike, targets: npt.ArrayLike, k: int = 5) -> float:
    """Share of rows whose true class is among the `k` with the highest scores.

    On a tie the higher class index comes first, as in scikit-learn; so ``k=1`` differs from `accuracy` on exact ties.

    Args:
        outputs: probabilities or any scores ``(N, C)``, or the probability of class 1 ``(N,)`` or ``(N, 1)``.
        targets: class indices ``(N,)`` or ``(N, 1)``.
        k: how many guesses count, at least 1; from C on the result is 1.

    Raises:
        ConfigError: if `k` is not a positive whole number.
        DTypeError: if outputs are class indices.
        ShapeError: if the shapes do not fit each other.
        DataError: if there are no rows, a number is not finite, or a class index is negative or out of range.
    """
    guesses = positive_count(k, "k")
    scores, true = class_scores(outputs, targets, "top_k_accuracy")
    if scores.ndim == 1:
        check_probabilities(scores)
        return 1.0 if guesses > 1 else float(np.mean((scores > 0.5) == true))
    own = np.take_along_axis(scores, true[:, None], axis=1)
    later = np.arange(scores.shape[1]) > true[:, None]
    ahead = np.sum((scores > own) | ((scores == own) & later), axis=1)
    return float(np.mean(ahead < guesses))


def roc_auc(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Area under the ROC curve: the chance that a row of class 1 scores higher than a row of class 0.

    With ``R`` the sum of the ranks (ties share their mean rank) of the ``p`` rows of class 1 among ``p + n`` rows,
    ``AUC = (R − p (p + 1) / 2) / (p n)`` (Hanley & McNeil, *Radiology* 143, 1982).  With three classes and more:
    the mean over the classes of that class against the rest (scikit-learn's ``multi_class="ovr", average="macro"``).

    Args:
        outputs: scores of class 1 ``(N,)``, ``(N, 1)`` or ``(N, 2)`` (its second column), or probabilities ``(N, C)``.
        targets: class indices ``(N,)`` or ``(N, 1)``.

    Raises:
        DataError: if a class has no rows, probabilities of three classes and more do not sum to 1, there are no rows, a
            number is not finite, or a class index is negative or out of range.
        DTypeError: if outputs are class indices.
        ShapeError: if the shapes do not fit each other.
    """
    scores, true = class_scores(outputs, targets, "roc_auc")
    classes = 2 if scores.ndim == 1 else scores.shape[1]
    _check_all_present(true, classes)
    if classes == 2:
        return _area(scores if scores.ndim == 1 else scores[:, 1], true == 1)
    check_probabilities(scores)
    return float(np.mean([_area(scores[:, label], true == label) for label in range(classes)]))


def log_loss(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    """Mean negative logarithm of the probability given to the true class: ``−mean(ln p[n, y_n])``, in nats.

    Probabilities are clipped to ``[ε, 1 − ε]``, ε being the machine precision of their dtype, as in scikit-learn;
    so one confident mistake costs at most 36.04 (float64) or 15.94 (float32).

    Args:
        outputs: probabilities ``(N, C)``, or the probability of class 1 ``(N,)`` or ``(N, 1)``.
        targets: class indices ``(N,)`` or ``(N, 1)``.

    Raises:
        DataError: if outputs are not probabilities, there are no rows, a number is not finite, or a class index is
            negative or out of range.
        DTypeError: if outputs are class indices.
        ShapeError: if the shapes do not fit each other.
    """
    given, true = class_scores(outputs, targets, "log_loss")
    check_probabilities(given)
    epsilon = float(np.finfo(np.float32 if given.dtype == np.float32 else np.float64).eps)
    chances = given.astype(np.float64)
    if chances.ndim == 1:
        own = np.where(true == 1, chances, 1 - chances)
    else:
        own = np.take_along_axis(chances, true[:, None], axis=1)[:, 0]
    return float(-np.mean(np.log(np.clip(own, epsilon, 1 - epsilon))))


def _check_all_present(true: Ints, classes: int) -> None:
    missing = np.flatnonzero(np.bincount(true, minlength=classes) == 0)
    if missing.size:
        listed = ", ".join(map(str, missing[:8])) + (", …" if missing.size > 8 else "")
        raise DataError(
            "ROC AUC is not defined when a class has no rows",
            expected=f"rows of all {classes} classes in targets",
            got=f"none of class {listed}",
            fix="Measure on more rows, or use accuracy or log_loss",
        )


def _area(scores: npt.NDArray[Any], positive: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve of scores that should be high where `positive`."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    hits = int(positive.sum())
    rank_sum = float(mean_ranks[places][positive].sum())
    return (rank_sum - hits * (hits + 1) / 2) / (hits * (len(positive) - hits))
