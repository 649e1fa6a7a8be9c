"""`restarts`: rates, intervals, and solutions told apart by what hidden units compute."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import engines, nn
from chainrule.errors import ConfigError, DTypeError, ShapeError, UnknownNameError
from chainrule.explain.solutions import canonical, hidden_features, same_features
from chainrule.train import Callback
from chainrule.train.restarts import wilson_interval

XOR = cr.data.load("xor")


def xor(activation: Any = nn.Tanh) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 2), activation(), nn.Linear(2, 1))


def test_wilson_interval_against_published_numbers() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    for (r, n), expected in {
        (81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718),
    }.items():  # fmt: skip
        assert wilson_interval(r, n) == pytest.approx(expected, abs=5e-5)
    assert wilson_interval(20, 20) == (pytest.approx(1 - 0.1611, abs=5e-5), 1.0)


def test_wilson_interval_against_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for r, n, level in ((3, 10, 0.95), (10, 10, 0.9), (0, 7, 0.99)):
        known = stats.binomtest(r, n).proportion_ci(level, method="wilson")
        assert wilson_interval(r, n, level) == pytest.approx((known.low, known.high))


@pytest.fixture(scope="module")
def found() -> Any:
    return cr.restarts(xor, XOR, 12, optimizer="adam", lr=0.1, epochs=200)


def test_some_restarts_of_xor_succeed_and_some_do_not(found: Any) -> None:
    wins = [run.success for run in found.runs]
    assert 0 < sum(wins) < 12
    assert found.rate == sum(wins) / 12
    assert 0 <= found.low < found.rate < found.high <= 1
    assert (found.low, found.high) == wilson_interval(sum(wins), 12)
    assert all(len(curve) == 200 for curve in found.curves)
    assert all(run.success == (run.score >= 0.95) for run in found.runs)
    for run in found.runs:
        assert cr.evaluate(found.model(run.seed), XOR)["accuracy"] == run.score
    assert found.seconds > 0
    assert f"{sum(wins)} of 12" in repr(found)
    with pytest.raises(ConfigError, match="no such run"):
        found.model(99)


def test_each_run_is_the_one_that_fit_makes(found: Any) -> None:
    cr.manual_seed(3)
    model = xor()
    history = cr.fit(model, XOR, optimizer="adam", lr=0.1, epochs=200, seed=3, verbose=0)
    np.testing.assert_allclose(found.runs[3].losses, history["loss"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.model(3)[0].weight._data, model[0].weight._data, rtol=1e-3, atol=1e-4)
    assert not np.allclose(found.runs[2].losses, history["loss"], rtol=1e-2)


@pytest.mark.skipif("native" not in engines.available(), reason="the native engine is not built")
@pytest.mark.parametrize(
    "options",
    [
        {"epochs": 7},
        {"epochs": 7, "shuffle": False, "batch_size": 10},
        {"epochs": 12, "batch_size": 8, "drop_last": True},
        {"epochs": 3, "batch_size": 64, "drop_last": True, "shuffle": False, "schedule": "cos_log"},
        {"epochs": 3, "batch_size": 64, "schedule": "cosine", "optimizer": "adamw"},
        {"epochs": 12, "batch_size": 8, "schedule": "one_cycle", "optimizer": "adam"},
    ],
    ids=str,
)
def test_restarts_that_are_trained_together_are_those_that_fit_makes(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((67, 4)), rng.integers(0, 3, 67)
    options = {"lr": 0.01, **options}

    def build() -> nn.Sequential:
        return nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))

    found = cr.restarts(build, data, 18, seed=4, **options)
    for run in found.runs:
        cr.manual_seed(run.seed)
        model = build()
        history = cr.fit(model, data, seed=run.seed, verbose=0, **options)
        np.testing.assert_allclose(run.losses, history["loss"], rtol=1e-5)
        together = found.model(run.seed)
        assert together.history is not None
        assert together.history["lr"] == history["lr"]
        assert not together.training
        assert together.objective is not None
        for one, other in zip(together.parameters(), model.parameters(), strict=True):
            np.testing.assert_allclose(one._data, other._data, rtol=1e-4, atol=1e-5)
    assert len({run.losses for run in found.runs}) == 18


@pytest.mark.skipif("native" not in engines.available(), reason="the native engine is not built")
@pytest.mark.parametrize(
    "options",
    [
        {"engine": "eager"},
        {"validation": 0.2},
        {"metrics": ["accuracy"]},
        {"clip_norm": 1.0},
        {"callbacks": Callback()},
    ],
    ids=lambda options: next(iter(options)),
)
def test_what_cannot_be_trained_together_is_trained_alone(options: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((40, 2)).astype(np.float32), rng.integers(0, 2, 40)
    found = cr.restarts(xor, data, 3, epochs=2, **options)
    for run in found.runs:
        cr.manual_seed(run.seed)
        history = cr.fit(xor(), data, seed=run.seed, epochs=2, verbose=0, **options)
        assert run.losses == tuple(history["loss"])


@pytest.mark.skipif("native" not in engines.available(), reason="the native engine is not built")
def test_a_restart_that_diverges_ends_as_it_does_alone() -> None:
    x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    y = x[:, 0] * 2

    def build() -> nn.Sequential:
        model = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))
        if cr.initial_seed() == 2:
            model[2].weight._data[...] = 1e20
        return model

    options: dict[str, Any] = {"loss": "mse", "optimizer": "sgd", "lr": 0.05, "epochs": 5}
    runs = cr.restarts(build, (x, y), 5, **options).runs
    assert [run.stopped is None for run in runs] == [True, True, False, True, True]
    alone = cr.restarts(build, (x, y), 1, seed=2, **options).runs[0]
    assert (runs[2].losses, runs[2].stopped) == (alone.losses, alone.stopped)


def test_solutions_divide_the_runs(found: Any) -> None:
    assert sorted(seed for solution in found.solutions for seed in solution.seeds) == list(range(12))
    successes = [run.seed for run in found.runs if run.success]
    assert sorted(seed for s in found.solutions if s.success for seed in s.seeds) == successes
    good = [solution for solution in found.solutions if solution.success]
    assert 1 <= len(good) < len(successes)  # XOR has few ways to be solved, once order and sign do not count
    assert json.loads(found.to_json())["runs"][0]["seed"] == 0


def test_random_numbers_go_on_as_before() -> None:
    cr.manual_seed(5)
    expected = [cr.generator().random() for _ in range(2)]
    cr.manual_seed(5)
    first = cr.generator().random()
    cr.restarts(xor, XOR, 1, epochs=1)
    assert [first, cr.generator().random()] == expected
    assert cr.initial_seed() == 5


def test_regression_and_other_metrics() -> None:
    x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    y = 3 * x[:, 0] + 1
    runs = cr.restarts(lambda: nn.Sequential(nn.Linear(1, 1)), (x, y), 2, loss="mse", lr=0.1, epochs=200)
    assert (runs.metric, runs.goal, runs.rate) == ("r2", 0.9, 1.0)
    assert len(runs.solutions) == 1
    by_loss = cr.restarts(xor, XOR, 2, metric="loss", goal=10.0, epochs=1)
    assert by_loss.rate == 1.0
    assert cr.restarts(xor, XOR, 2, metric="loss", goal=1e-9, epochs=1).rate == 0.0


def test_divergence_is_a_failure() -> None:
    x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    options = {"loss": "mse", "optimizer": "sgd", "lr": 1e30, "epochs": 20}
    runs = cr.restarts(lambda: nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1)), (x, x[:, 0]), 2, **options)
    assert runs.rate == 0
    assert all(run.stopped for run in runs.runs)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.Sigmoid, nn.ReLU])
def test_canonical_networks_compute_the_same_and_forget_the_order(activation: Any) -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 6), activation(), nn.Linear(6, 5), activation(), nn.Linear(5, 2)).double()
    x = cr.tensor(np.random.default_rng(0).normal(size=(20, 3)))
    plain = canonical(model)
    assert np.allclose(plain(x)._data, model(x).detach()._data, atol=1e-12)
    shuffled = canonical(model)
    order = np.random.default_rng(1).permutation(6)
    with cr.no_grad():
        shuffled[0].weight._assign(shuffled[0].weight._data[order])
        shuffled[0].bias._assign(shuffled[0].bias._data[order])
        shuffled[2].weight._assign(shuffled[2].weight._data[:, order])
        if activation is nn.Tanh:
            for values in (shuffled[0].weight._data[0], shuffled[0].bias._data[:1], shuffled[2].weight._data[:, 0]):
                values *= -1
    again = canonical(shuffled)
    for path, value in plain.state_dict().items():
        assert np.allclose(value._data, again.state_dict()[path]._data), path
    assert not np.array_equal(plain[0].weight._data, model[0].weight._data)
    inputs = x.numpy()
    assert same_features(hidden_features(model, inputs), hidden_features(shuffled, inputs))


def test_features_tell_networks_apart() -> None:
    inputs = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    cr.manual_seed(0)
    networks = [nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)) for _ in range(2)]
    one, other = (hidden_features(network, inputs) for network in networks)
    assert same_features(one, one)
    assert not same_features(one, other)
    assert not same_features(one, ())


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((xor, XOR, 0), {}, ConfigError),
        ((xor(), XOR, 2), {}, DTypeError),
        ((lambda: 5, XOR, 2), {}, DTypeError),
        ((xor, XOR, 2), {"confidence": 1.0}, ConfigError),
        ((xor, XOR, 2), {"metric": "acuracy"}, UnknownNameError),
        ((xor, XOR, 2), {"metric": "f1"}, ConfigError),
        ((xor, XOR, 2), {"optimizer": cr.optim.SGD(xor().parameters(), lr=0.1)}, ConfigError),
        ((xor, XOR, 2), {"seed": -1}, ConfigError),
        ((xor, XOR, 2), {"seed": 1.5}, ConfigError),
        ((lambda: nn.Linear(3, 1), XOR, 2), {}, ShapeError),
    ],
)
def test_bad_input(arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        cr.restarts(*arguments, **options)


def test_build_has_to_build() -> None:
    model = xor()
    with pytest.raises(ConfigError, match="new network"):
        cr.restarts(lambda: model, XOR, 2)
    assert math.isfinite(cr.restarts(xor, XOR, 1).runs[0].score)
