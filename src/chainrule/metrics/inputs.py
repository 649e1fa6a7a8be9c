"""What the metrics accept, checked once: numbers, finite, of shapes that fit, classes that exist."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError

__all__ = [
    "check_probabilities",
    "class_scores",
    "columns_of_values",
    "positive_count",
    "predicted_classes",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Probabilities made in half precision miss a sum of 1 by this much; logits miss it by far more.
SUM_TOLERANCE = 1e-2


def predicted_classes(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[Ints, Ints, int | None]:
    """Return (predicted classes, true classes, number of classes if the outputs tell it).

    Rows of scores become the class with the highest one (the first on a tie), a single probability becomes class 1
    above 0.5, and integers are classes already.
    """
    raw, true = _outputs_and_classes(outputs, targets)
    if raw.ndim == 2:
        return raw.argmax(axis=1).astype(np.int64), true, raw.shape[1]
    if raw.dtype.kind == "f":
        check_probabilities(raw)
        return (raw > 0.5).astype(np.int64), true, 2
    return _as_classes(raw, "outputs"), true, None


def class_scores(outputs: npt.ArrayLike, targets: npt.ArrayLike, metric: str) -> tuple[npt.NDArray[Any], Ints]:
    """Return (scores ``(N, C)``, or ``(N,)`` for class 1 of two, true classes) and refuse class indices."""
    raw, true = _outputs_and_classes(outputs, targets)
    if raw.ndim == 1 and raw.dtype.kind != "f":
        raise DTypeError(
            f"{metric} needs probabilities", expected="floating point outputs", got=f"class indices ({raw.dtype})"
        )
    return raw, true


def columns_of_values(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return predicted and true values of regression as two float64 arrays of one shape ``(N, k)``."""
    predicted, true = _as_numbers(outputs, "outputs"), _as_numbers(targets, "targets")
    predicted, true = (a.reshape(-1, 1) if a.ndim == 1 else a for a in (predicted, true))
    if predicted.ndim > 2 or predicted.shape != true.shape:
        raise ShapeError(
            "outputs and targets do not fit",
            expected="two arrays of one shape (N,) or (N, k)",
            got=f"outputs {np.shape(predicted)} and targets {np.shape(true)}",
        )
    return predicted.astype(np.float64), true.astype(np.float64)


def check_probabilities(values: npt.NDArray[Any]) -> None:
    """Raise unless all values lie in 0 to 1 and rows (of a matrix) sum to 1.

    Raises:
        DataError: naming the first row that fails and the link that was probably forgotten.
    """
    link = "sigmoid" if values.ndim == 1 else "softmax"
    fix = f"Pass outputs after the link ({link}), not logits"
    outside = (values < 0) | (values > 1)
    if outside.any():
        row = int(np.argwhere(outside)[0][0])
        got = values[outside].flat[0]
        raise DataError(
            "outputs are not probabilities", expected="0 to 1", got=f"{got:.6g}", where=f"row {row}", fix=fix
        )
    if values.ndim == 2:
        sums = values.sum(axis=1, dtype=np.float64)
        astray = np.abs(sums - 1) > SUM_TOLERANCE
        if astray.any():
            row = int(astray.argmax())
            raise DataError(
                "outputs are not probabilities",
                expected="rows that sum to 1",
                got=f"{sums[row]:.6g}",
                where=f"row {row}",
                fix=fix,
            )


def positive_count(value: object, name: str) -> int:
    """Return the argument called `name` as an int of at least 1."""
    try:
        count = operator.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise DTypeError(f"{name} is not a whole number", got=repr(value)) from error
    if count < 1 or isinstance(value, bool):
        raise ConfigError(f"{name} is too small", expected="at least 1", got=value)
    return count


def _outputs_and_classes(outputs: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[npt.NDArray[Any], Ints]:
    raw = _drop_single_column(_as_numbers(outputs, "outputs"))
    if raw.ndim > 2:
        raise ShapeError("outputs do not fit", expected="shape (N, C), (N, 1) or (N,)", got=raw.shape)
    labels = _drop_single_column(_as_numbers(targets, "targets"))
    if labels.ndim != 1:
        raise ShapeError(
            "targets are not class indices",
            expected="shape (N,) or (N, 1)",
            got=labels.shape,
            fix="One-hot targets become indices with targets.argmax(axis=1)",
        )
    if len(raw) != len(labels):
        raise ShapeError(
            "outputs and targets do not fit", expected="one output per target", got=f"{len(raw)} and {len(labels)} rows"
        )
    true = _as_classes(labels, "targets")
    if raw.ndim == 2 or raw.dtype.kind == "f":
        _check_known(true, raw.shape[1] if raw.ndim == 2 else 2)
    return raw, true


def _as_numbers(values: npt.ArrayLike, role: str) -> npt.NDArray[Any]:
    """Return `values` as an array of finite real numbers with at least one row."""
    if callable(detach := getattr(values, "detach", None)):
        values = detach()
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"{role} are not a regular array: {error}") from error
    except (TypeError, RuntimeError) as error:
        raise DTypeError(f"{role} cannot be read as an array: {error}") from error
    if array.dtype.kind not in "biuf":
        raise DTypeError(f"{role} are not numbers", expected="integers or floating point numbers", got=array.dtype)
    if array.ndim == 0:
        raise ShapeError(f"{role} have no rows", expected="an array of shape (N, …)", got=f"the single value {array}")
    if array.size == 0:
        raise DataError(f"{role} are empty", got=f"shape {array.shape}")
    if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
        place = np.argwhere(~finite)[0]
        raise DataError(
            f"{role} are not all finite", expected="numbers", got=array[tuple(place)], where=f"row {int(place[0])}"
        )
    return array


def _as_classes(labels: npt.NDArray[Any], role: str) -> Ints:
    """Return a vector of numbers as class indices."""
    if labels.dtype.kind == "f" and (broken := labels != np.floor(labels)).any():
        row = int(broken.argmax())
        raise DataError(
            f"{role} are not class indices", expected="whole numbers", got=f"{labels[row]:.6g}", where=f"row {row}"
        )
    if labels.dtype.kind != "b" and (negative := labels < 0).any():
        row = int(negative.argmax())
        raise DataError(
            f"negative class index in {role}",
            expected="indices from 0",
            got=f"{labels[row]:.0f}",
            where=f"row {row}",
            fix="Labels of -1 and 1 become 0 and 1 with (labels > 0).astype(int)",
        )
    if labels.dtype.kind in "uf" and labels.max() >= 2**63:
        raise DataError(f"class index out of range in {role}", expected="below 2**63", got=f"{labels.max():.0f}")
    return labels.astype(np.int64)


def _check_known(true: Ints, classes: int) -> None:
    if (unknown := true >= classes).any():
        row = int(unknown.argmax())
        raise DataError(
            "class index out of range in targets",
            expected=f"0 to {classes - 1} for outputs of {classes} classes",
            got=int(true[row]),
            where=f"row {row}",
        )


def _drop_single_column(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
