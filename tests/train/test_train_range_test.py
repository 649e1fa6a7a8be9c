"""The learning-rate range test."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, DTypeError
from chainrule.train import range_test


def quadratic(noise: float = 0.0) -> tuple[nn.Sequential, tuple[np.ndarray, np.ndarray]]:
    """A loss (w − 3)² of one weight: gradient descent diverges above a rate of 1."""
    model = nn.Sequential(nn.Linear(1, 1, bias=False))
    nn.init.zeros_(model[0].weight)
    return model, (np.ones((64, 1), np.float32), 3 + noise * np.random.default_rng(0).normal(size=64))


def test_the_largest_rate_of_a_quadratic_is_found() -> None:
    model, data = quadratic(noise=0.3)
    found = range_test(model, data, loss="mse", optimizer="sgd", batch_size=64, low=1e-4, high=100.0, steps=120)
    assert found.diverged
    assert found.suggested is not None
    assert found.largest is not None
    assert 0.005 < found.suggested < 1
    assert found.suggested < found.largest < 5
    assert model[0].weight._data.item() == 0  # a copy was trained


def test_every_step_is_gradient_descents() -> None:
    model, data = quadratic()
    found = range_test(model, data, loss="mse", optimizer="sgd", batch_size=64, low=1e-3, high=0.5, steps=30)
    w = 0.0
    for rate, loss in zip(np.geomspace(1e-3, 0.5, 30), found.losses, strict=True):
        assert loss == pytest.approx((w - 3) ** 2, rel=1e-4, abs=1e-9)
        w -= rate * 2 * (w - 3)
    assert found.lr == pytest.approx(np.geomspace(1e-3, 0.5, 30))
    assert not found.diverged


def test_the_suggested_rate_trains_and_the_number_of_steps_does_not_depend_on_epochs() -> None:
    iris = cr.data.load("iris").prepare(seed=0)
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    before = model[0].weight._data.copy()
    found = range_test(model, iris, optimizer="adam", batch_size=16, steps=77, low=1e-5, high=1.0)
    assert np.array_equal(before, model[0].weight._data)
    assert found.suggested is not None
    cr.fit(model, iris, optimizer="adam", lr=found.suggested, epochs=60, verbose=0)
    assert cr.evaluate(model, iris.train)["accuracy"] > 0.9
    assert json.loads(found.to_json())["suggested"] == found.suggested


def test_nothing_is_suggested_where_nothing_falls() -> None:
    random = np.random.default_rng(0)
    data = (random.normal(size=(64, 3)).astype(np.float32), np.full(64, 0.5))
    model = nn.Sequential(nn.Linear(3, 1))
    nn.init.zeros_(model[0].weight)
    nn.init.constant_(model[0].bias, 0.5)
    found = range_test(model, data, loss="mse", steps=20)
    assert found.suggested is None
    assert found.largest is None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"low": 0.0}, ConfigError),
        ({"low": 2.0, "high": 1.0}, ConfigError),
        ({"steps": 1}, ConfigError),
        ({"lr": 0.1}, ConfigError),
        ({"epochs": 3}, ConfigError),
        ({"optimizer": cr.optim.SGD(quadratic()[0].parameters(), lr=0.1)}, ConfigError),
    ],
)
def test_bad_input(options: dict[str, Any], error: type[Exception]) -> None:
    model, data = quadratic()
    with pytest.raises(error):
        range_test(model, data, **{"loss": "mse", **options})
    with pytest.raises(DTypeError):
        range_test("model", data)
