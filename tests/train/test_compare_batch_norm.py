"""`compare.batch_norm`: pairs of networks that differ in their `BatchNorm1d` layers alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError
from chainrule.train.compare.networks import with_batch_norm

compare = cr.train.compare


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))


@pytest.fixture(scope="module")
def found() -> Any:
    return compare.batch_norm(n=3, epochs=12)


def test_on_the_example_it_learns_sooner(found: Any) -> None:
    assert found.wins == 3
    assert found.reached is not None
    assert found.reached < 12
    assert [run.seed for run in found.plain] == [run.seed for run in found.normalised] == [0, 1, 2]
    assert len({run.losses for run in found.plain}) == 3


def test_what_enters_the_activations_is_normalised_and_only_with_it(found: Any) -> None:
    for run in found.normalised:
        for layer in run.before:
            assert layer.mean == pytest.approx(0, abs=1e-5)
            assert layer.std == pytest.approx(1, abs=0.01)  # ε and units of little variance keep it below 1
    assert all(layer.std < 0.7 for run in found.plain for layer in run.before)
    assert any(one.std != two.std for one, two in zip(found.plain[0].before, found.plain[0].after, strict=True))


def test_it_stands_before_each_hidden_activation() -> None:
    model = small()
    changed = with_batch_norm(model)
    kinds = [type(layer).__name__ for layer in changed]
    assert kinds == ["Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d", "ReLU", "Linear"]
    assert changed[1].num_features == 8
    assert changed[0].weight is model[0].weight
    ending = with_batch_norm(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid()))
    assert [type(layer).__name__ for layer in ending][-2:] == ["Linear", "Sigmoid"]
    assert with_batch_norm(small().double())[1].weight.dtype == np.float64


def test_each_run_is_the_one_that_fit_makes() -> None:
    parts = cr.data.load("iris").prepare(test=0, validation=0.3, seed=7)
    options: dict[str, Any] = {"optimizer": "adam", "lr": 0.01, "epochs": 3, "batch_size": 16}
    found = compare.batch_norm(parts, build=small, n=1, seed=7, **options)
    for run, change in ((found.plain[0], lambda model: model), (found.normalised[0], with_batch_norm)):
        cr.manual_seed(7)
        model = change(small())
        history = cr.fit(model, parts.train, validation=parts.validation, seed=7, verbose=0, **options)
        assert list(run.val_losses) == history["val_loss"]


def test_words_and_json(found: Any) -> None:
    for lang in ("en", "ko"):
        lines = found.lines(lang)
        assert any("3" in line for line in lines)
        assert len(lines) >= 6
    assert "lower for 3 of 3 seeds" in "\n".join(found.lines("en"))
    assert len(json.loads(found.to_json())["normalised"]) == 3


def test_where_it_does_not_help_the_words_do_not_say_so() -> None:
    x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]

    def build() -> nn.Sequential:
        return nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))

    data = (x, 2 * x[:, 0])
    found = compare.batch_norm(data, build=build, n=1, epochs=20, batch_size=4, optimizer="adam", lr=0.003)
    assert found.metric == "mae"
    assert found.wins == 0
    words = "\n".join(found.lines("en"))
    assert "lower for 0 of 1 seeds" in words
    assert "It reached" not in words


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="no place for BatchNorm1d"):
        compare.batch_norm(build=lambda: nn.Sequential(nn.Linear(4, 3)), n=1, epochs=1)
    with pytest.raises(ConfigError, match="BatchNorm1d in it"):
        compare.batch_norm(cr.data.load("iris"), build=lambda: with_batch_norm(small()), n=1, epochs=1)
    with pytest.raises(ConfigError, match="bad n"):
        compare.batch_norm(n=0)
