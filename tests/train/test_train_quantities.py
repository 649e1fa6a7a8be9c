"""The loss says whether whole-number targets are classes or quantities."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError

X = np.random.default_rng(0).normal(size=(60, 3))


def test_prices_in_whole_numbers_are_quantities() -> None:
    y = (200_000 + 1_000 * X[:, 0]).astype(np.int64)
    model = nn.Linear(3, 1)
    cr.fit(model, (X, y), loss="mse", epochs=1, verbose=0)
    assert model.preprocessing.task == "regression"
    assert cr.predict(model, X).dtype == np.float64


def test_small_whole_numbers_are_quantities_for_a_distance() -> None:
    model = nn.Linear(3, 1)
    cr.fit(model, (X, np.arange(60) % 7), loss=nn.L1Loss(), epochs=1, verbose=0)
    assert model.preprocessing.task == "regression"


def test_one_hot_rows_are_what_a_distance_is_taken_to() -> None:
    rows = np.eye(4)[np.arange(60) % 4]
    model = nn.Linear(3, 4)
    history = cr.fit(model, (X, rows), loss="mse", epochs=1, batch_size=60, verbose=0)
    assert history["loss"][0] > 0
    assert cr.predict(model, X).shape == (60, 4)


def test_zeros_and_ones_stay_two_classes() -> None:
    model = nn.Linear(3, 1)
    cr.fit(model, (X, (X[:, 0] > 0).astype(int)), loss="mse", epochs=1, verbose=0)
    assert set(cr.predict(model, X)) <= {0, 1}


def test_distances_between_words_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"targets are 3 classes.*cross_entropy"):
        cr.fit(nn.Linear(3, 1), (X, np.array(["cat", "dog", "eel"] * 20)), loss="mse", epochs=1, verbose=0)


def test_a_large_mean_does_not_swallow_what_was_learned() -> None:
    y = 1.7e9 + 10 * X[:, 0]
    model = nn.Linear(3, 1)
    cr.fit(model, (X, y), lr=1e-6, epochs=1, verbose=0, metrics=[])
    error = np.abs(cr.predict(model, X) - y).mean()
    assert cr.evaluate(model, (X, y))["mae"] == pytest.approx(error, rel=1e-3)
    assert error > 0.1


def test_no_predictions_from_parameters_that_are_not_numbers() -> None:
    model = nn.Linear(3, 2)
    cr.fit(model, (X, X[:, 0] > 0), epochs=1, verbose=0)
    model.weight.data.copy_(np.full((2, 3), np.nan))
    with pytest.raises(cr.errors.TrainingError, match="outputs are not finite for 60 of 60 rows"):
        cr.predict(model, X)
