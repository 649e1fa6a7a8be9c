"""Metrics by name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from chainrule import metrics
from chainrule.errors import DTypeError, UnknownNameError


def test_every_name_gives_a_metric_that_yields_one_number() -> None:
    for name in metrics.names():
        metric = metrics.get(name)
        assert metric.name == name
        if metric.kind == "regression":
            value = metric([1.0, 2.0], [1.0, 3.0])
        else:
            value = metric([0.2, 0.9, 0.6], [0, 1, 0])
        assert type(value) is float


def test_names_carry_their_average() -> None:
    outputs, targets = [0, 0, 0, 1], [0, 0, 1, 1]
    for average in ("macro", "micro", "weighted"):
        assert metrics.get(f"f1_{average}")(outputs, targets) == metrics.f1(outputs, targets, average)
    assert metrics.get("f1")(outputs, targets) == metrics.f1(outputs, targets, "binary")


def test_direction_kind_and_need() -> None:
    lower = {name for name in metrics.names() if not metrics.get(name).higher_is_better}
    assert lower == {"log_loss", "mae", "rmse"}
    regression = {name for name in metrics.names() if metrics.get(name).kind == "regression"}
    assert regression == {"mae", "rmse", "r2"}
    scores = {name for name in metrics.names() if metrics.get(name).needs_probabilities}
    assert scores == {"top_k_accuracy", "roc_auc", "log_loss"}


def test_functions_and_metrics_are_taken_too() -> None:
    assert metrics.get(metrics.log_loss) is metrics.get("log_loss")
    assert metrics.get(metrics.get("mae")) is metrics.get("mae")

    def worst(outputs: np.ndarray, targets: np.ndarray) -> float:
        return np.max(np.abs(outputs - targets))

    own = metrics.get(worst)
    assert (own.name, own.kind, own.higher_is_better) == ("worst", "any", True)
    assert own(np.array([1.0, 5.0]), np.array([1.0, 2.0])) == 3.0


def test_unknown_names_offer_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown metric 'acuracy'. Did you mean 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(UnknownNameError, match=r"unknown task 'multi-class'. Did you mean 'multiclass'"):
        metrics.defaults("multi-class")


@pytest.mark.parametrize("rubbish", [None, 3, ["accuracy"]])
def test_what_is_no_metric(rubbish: object) -> None:
    with pytest.raises(DTypeError, match="a name, a function or a Metric"):
        metrics.get(rubbish)


@pytest.mark.parametrize("result", [None, "high", [1.0, 2.0], metrics.confusion_matrix([0, 1], [0, 1])])
def test_a_metric_returns_one_number(result: object) -> None:
    with pytest.raises(DTypeError, match="'mine' returned no number"):
        metrics.Metric("mine", lambda outputs, targets: result)([1], [1])


def test_defaults() -> None:
    assert metrics.defaults("binary") == metrics.defaults("multiclass") == ("accuracy",)
    assert metrics.defaults("regression") == ("mae",)
    for task in ("binary", "multiclass", "regression"):
        for name in metrics.defaults(task):
            metrics.get(name)


def test_metrics_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        metrics.get("mae").name = "other"
