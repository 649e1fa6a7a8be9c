"""Metrics by name, for `fit(metrics=["accuracy", …])`, with what a trainer needs to know about each."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.errors import DTypeError, UnknownNameError
from chainrule.metrics.classification import AVERAGES, accuracy, f1, hits, precision, recall
from chainrule.metrics.probability import log_loss, roc_auc, top_k_accuracy
from chainrule.metrics.regression import absolute_errors, mae, r2, rmse

__all__ = ["Metric", "defaults", "get", "names"]

Kind = Literal["classification", "regression", "any"]


@dataclass(frozen=True)
class Metric:
    """A function of ``(outputs, targets)`` with one number as its result, and how to read that number.

    Args:
        name: the name in histories, tables and progress bars.
        function: called as ``function(outputs, targets)``.
        higher_is_better: False for errors and losses.
        kind: the tasks it is for; ``"any"`` for a user's own function.
        needs_probabilities: False if class indices would do as outputs.
        rows: where the metric is a mean over rows, what it is the mean of: an array with as many numbers for each row.
            Many epochs are then measured in one go.
    """

    name: str
    function: Callable[..., float]
    higher_is_better: bool = True
    kind: Kind = "any"
    needs_probabilities: bool = True
    rows: Callable[..., Any] | None = None

    def __call__(self, outputs: Any, targets: Any) -> float:
        """Return the metric as a float.

        Raises:
            DTypeError: if the function returns anything but one number.
        """
        result = self.function(outputs, targets)
        if callable(detach := getattr(result, "detach", None)):
            result = detach()
        try:
            array = np.asarray(result)
        except (TypeError, ValueError, RuntimeError):
            array = np.array([])
        if array.size != 1 or array.dtype.kind not in "biuf":
            raise DTypeError(
                f"metric {self.name!r} returned no number", expected="one number", got=type(result).__name__
            )
        return float(array.reshape(()))


def _build() -> dict[str, Metric]:
    table = [Metric("accuracy", accuracy, True, "classification", False, hits)]
    for function in (precision, recall, f1):
        for average in AVERAGES:
            # scikit-learn's names: "f1" is the binary one, then "f1_macro", …
            name = function.__name__ if average == "binary" else f"{function.__name__}_{average}"
            chosen = function if average == "binary" else functools.partial(function, average=average)
            table.append(Metric(name, chosen, True, "classification", False))
    table += [
        Metric("top_k_accuracy", top_k_accuracy, True, "classification", True),
        Metric("roc_auc", roc_auc, True, "classification", True),
        Metric("log_loss", log_loss, False, "classification", True),
        Metric("mae", mae, False, "regression", False, absolute_errors),
        Metric("rmse", rmse, False, "regression", False),
        Metric("r2", r2, True, "regression", False),
    ]
    return {metric.name: metric for metric in table}


_METRICS = _build()
_DEFAULTS = {"binary": ("accuracy",), "multiclass": ("accuracy",), "regression": ("mae",)}


def get(metric: str | Metric | Callable[..., float]) -> Metric:
    """Return the metric of a name, a `Metric` itself, or a function made into one.

    A function of this module gets its own entry.  Any other counts as higher-is-better and as fit for every task;
    build a `Metric` to say otherwise.

    Raises:
        UnknownNameError: for a name that is not in `names()`, offering the nearest.
        DTypeError: for anything else.
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        if metric not in _METRICS:
            raise UnknownNameError("metric", metric, _METRICS)
        return _METRICS[metric]
    if not callable(metric):
        raise DTypeError("not a metric", expected="a name, a function or a Metric", got=type(metric).__name__)
    for known in _METRICS.values():
        if known.function is metric:
            return known
    inner = metric.func if isinstance(metric, functools.partial) else metric
    return Metric(getattr(inner, "__name__", type(inner).__name__), metric)


def defaults(task: str) -> tuple[str, ...]:
    """Return the names of the metrics to show when none is asked for.

    Args:
        task: ``"binary"``, ``"multiclass"`` or ``"regression"``.

    Raises:
        UnknownNameError: for another task.
    """
    if task not in _DEFAULTS:
        raise UnknownNameError("task", task, _DEFAULTS)
    return _DEFAULTS[task]


def names() -> tuple[str, ...]:
    """Return the names that `get` knows."""
    return tuple(_METRICS)
