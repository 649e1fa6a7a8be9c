"""`compare.overfitting`: what is done about overfitting differs from the plain training in that alone."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, DataError, DTypeError, UnknownNameError
from chainrule.train.compare.networks import with_dropout

compare = cr.train.compare
OPTIONS: dict[str, Any] = {"epochs": 6, "seed": 3}


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Sequential(nn.Linear(8, 8), nn.Tanh()), nn.Linear(8, 1))


@pytest.fixture(scope="module")
def shown() -> Any:
    return compare.overfitting()


def test_the_example_overfits_and_the_measures_help(shown: Any) -> None:
    plain, *measures = shown.runs
    assert shown.overfits
    assert plain.val_loss > 2 * min(plain.val_losses)
    assert plain.losses[-1] < 0.1 * plain.start
    assert all(run.gap < plain.gap and run.val_loss < plain.val_loss for run in measures)
    assert [run.name for run in shown.runs] == ["plain", "dropout", "early_stopping", "weight_decay"]
    assert (shown.training_rows, shown.validation_rows) == (60, 400)


def test_without_force_the_measures_change_nothing() -> None:
    found = compare.overfitting(dropout=0.0, patience=math.inf, weight_decay=0.0, **OPTIONS)
    plain = found.run("plain")
    for run in found.runs[1:]:
        assert (run.start, run.losses, run.val_losses, run.scores) == (
            plain.start, plain.losses, plain.val_losses, plain.scores,
        )  # fmt: skip


def test_with_force_each_measure_changes_the_curve() -> None:
    found = compare.overfitting(dropout=0.3, weight_decay=0.1, patience=None, **OPTIONS)
    plain, *others = found.runs
    assert [run.name for run in others] == ["dropout", "weight_decay"]
    assert all(run.start == plain.start and run.losses != plain.losses for run in others)


def test_the_plain_run_is_the_one_that_fit_makes() -> None:
    data = cr.data.load("moons", noise=0.3)
    parts = data.split(test=0.3, seed=3)
    found = compare.overfitting(data, build=small, optimizer="sgd", lr=0.1, **OPTIONS)
    cr.manual_seed(3)
    model = small()
    first = cr.evaluate(model, parts.train)["loss"]
    history = cr.fit(model, parts.train, validation=parts.test, optimizer="sgd", lr=0.1, epochs=6, seed=3, verbose=0)
    plain = found.run("plain")
    assert plain.start == pytest.approx(first, abs=1e-7)
    assert list(plain.val_losses) == history["val_loss"]
    assert list(plain.scores) == history["val_accuracy"]
    assert plain.losses[-1] == pytest.approx(cr.evaluate(model, parts.train)["loss"], abs=1e-7)
    assert np.array_equal(found.model("plain")[0].weight._data, model[0].weight._data)


def test_early_stopping_gives_the_best_epoch_back(shown: Any) -> None:
    run = shown.run("early_stopping")
    assert run.kept_epoch == run.best_epoch == 1 + int(np.argmin(run.val_losses))
    assert run.epochs == run.kept_epoch + 20
    assert run.val_loss == min(run.val_losses)
    held_out = cr.data.load("moons", n_samples=400, noise=0.35, seed=50)
    assert cr.evaluate(shown.model("early_stopping"), held_out)["loss"] == pytest.approx(run.val_loss, abs=1e-6)
    plain = shown.run("plain")
    assert plain.kept_epoch == 300 != plain.best_epoch
    assert run.losses == plain.losses[: run.epochs]


def test_dropout_stands_behind_each_hidden_activation() -> None:
    model = small()
    changed = with_dropout(model, 0.25)
    kinds = [type(layer).__name__ for layer in changed]
    assert kinds == ["Linear", "ReLU", "Dropout", "Linear", "Tanh", "Dropout", "Linear"]
    assert changed[2].p == 0.25
    assert changed[0].weight is model[0].weight


def test_words_say_what_was_measured(shown: Any) -> None:
    plain = shown.run("plain")
    for lang in ("en", "ko"):
        lines = "\n".join(shown.lines(lang))
        for number in (f"{plain.val_loss:.3g}", f"{min(plain.val_losses):.3g}", f"{plain.score:.1%}"):
            assert number in lines
    assert any("The plain network overfits" in line for line in shown.lines("en"))
    calm = compare.overfitting(epochs=2, dropout=None, patience=None, weight_decay=None)
    assert not calm.overfits
    assert any("does not overfit" in line for line in calm.lines("en"))


def test_the_record_is_json(shown: Any) -> None:
    told = json.loads(shown.to_json())
    assert told["runs"][0]["losses"] == list(shown.runs[0].losses)
    assert not any(key.startswith("_") for key in told)


def test_regression_and_data_that_bring_their_validation_rows() -> None:
    x = np.linspace(-1, 1, 60, dtype=np.float32)[:, None]
    found = compare.overfitting((x, np.sin(3 * x[:, 0])), **OPTIONS)
    assert found.metric == "mae"
    assert (found.training_rows, found.validation_rows) == (42, 18)
    parts = cr.data.load("iris").prepare(test=50)
    assert compare.overfitting(parts, epochs=1).validation_rows == 50


def test_metrics_by_any_name() -> None:
    def share_of_ones(outputs: Any, targets: Any) -> float:
        return float(np.mean(targets))

    for metrics, name in (([], "loss"), (["f1"], "f1"), ([share_of_ones], "share_of_ones")):
        found = compare.overfitting(metrics=metrics, **OPTIONS)
        assert found.metric == name
        assert found.run("plain").score == (
            found.run("plain").val_loss if not metrics else found.run("plain").scores[-1]
        )
        assert all(found.lines(lang) for lang in ("en", "ko"))


def test_an_interrupted_comparison_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.train.compare import training

    def interrupted(model: Any, *args: Any, **options: Any) -> Any:
        history = cr.fit(model, *args, **options)
        history.stopped = "interrupted"
        return history

    monkeypatch.setattr(training, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compare.overfitting(epochs=1)


def test_random_numbers_go_on_as_before() -> None:
    cr.manual_seed(5)
    expected = [cr.generator().random() for _ in range(2)]
    cr.manual_seed(5)
    first = cr.generator().random()
    compare.overfitting(epochs=1)
    assert [first, cr.generator().random()] == expected


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"build": small()}, DTypeError, "build makes a network"),
        ({"build": lambda: nn.Linear(2, 1)}, ConfigError, "no place for Dropout"),
        ({"build": lambda: nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 1))}, ConfigError,
         "Dropout in it"),
        ({"dropout": 2}, ConfigError, "p"),
        ({"patience": -1}, ConfigError, "patience"),
        ({"patience": math.nan}, ConfigError, "patience"),
        ({"weight_decay": -1}, ConfigError, "weight_decay"),
        ({"epochs": 0}, ConfigError, "epochs"),
        ({"callbacks": []}, ConfigError, "callbacks"),
        ({"optimizer": "adma"}, UnknownNameError, "adam"),
        ({"seed": -1}, ConfigError, "seed"),
        ({"data": np.zeros((5, 2))}, ConfigError, "unknown form"),
        ({"data": cr.data.load("xor")}, ConfigError, "too few to hold"),
        ({"data": (np.zeros((12, 2)), None)}, DataError, "targets"),
    ],
)  # fmt: skip
def test_refusals(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        compare.overfitting(**{"epochs": 1, **options})
    with pytest.raises(UnknownNameError):
        compare.overfitting(epochs=1, dropout=None, patience=None, weight_decay=None).run("plan")
