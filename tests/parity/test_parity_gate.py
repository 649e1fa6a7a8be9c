"""Networks of the size of a logic gate, which have a way of their own, beside the eager engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.engines import native_build
from chainrule.engines.base import Engine, Plan
from chainrule.engines.eager import EagerEngine
from chainrule.engines.native import NativeEngine
from chainrule.engines.population import Population

pytestmark = pytest.mark.skipif(native_build.load().module is None, reason="the native engine is not built")

TABLE = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
XOR = np.array([[0], [1], [1], [0]], np.float32)
STEPS = 60
TOLERANCE = 3e-5


def network(seed: int, hidden: int, activation: str, largest: float = 1.0) -> nn.Sequential:
    cr.manual_seed(seed)
    inner = nn.Sigmoid() if activation == "sigmoid" else nn.Tanh()
    model = nn.Sequential(nn.Linear(2, hidden), inner, nn.Linear(hidden, 1), nn.Sigmoid())
    rng = np.random.default_rng(seed)
    for one in model.parameters():
        one._data[...] = rng.uniform(-largest, largest, one.shape).astype(np.float32)
    return model


def plan_for(model: nn.Module, loss: Any, lr: float = 0.8) -> Plan:
    return Plan(model, loss, optim.get("sgd", model.named_parameters(), lr=lr), input_shape=(2,))


def curve(engine: Engine, model: nn.Module, loss: Any, data: cr.data.Dataset, index: np.ndarray) -> list[np.ndarray]:
    """Losses, one after another in blocks of odd sizes, and the parameters in the end."""
    plan = plan_for(model, loss)
    state = engine.prepare(plan)
    rates = [[{"lr": 0.8 if k < 9 else 0.4}] for k in range(len(index))]
    results = [
        engine.run(plan, state, data, index[at:end], rates[at:end] if at else None).losses
        for at, end in ((0, 7), (7, 8), (8, len(index)))
    ]
    engine.write_back(plan, state)
    return [np.concatenate(results), *(one._data.copy() for one in model.parameters())]


def assert_same(got: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE)


def rows_of_steps(kind: str) -> np.ndarray:
    if kind == "same":
        return np.tile(np.arange(4), (STEPS, 1))
    rng = np.random.default_rng(4)
    if kind == "shuffled":
        return np.array([rng.permutation(4) for _ in range(STEPS)])
    return rng.integers(0, 4, (STEPS, 3))


@pytest.mark.parametrize("rows", ["same", "shuffled", "three"])
@pytest.mark.parametrize("loss", ["bce", "mse"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("hidden", [2, 3, 4])
def test_one_network(hidden: int, activation: str, loss: str, rows: str) -> None:
    data = cr.data.Dataset(TABLE, XOR)
    index, kind = rows_of_steps(rows), cr.losses.get(loss)
    wanted = curve(EagerEngine(), network(3, hidden, activation), kind, data, index)
    assert_same(curve(NativeEngine(), network(3, hidden, activation), kind, data, index), wanted)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", ["bce", "mse"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("hidden", [2, 3, 4])
def test_many_networks(hidden: int, activation: str, loss: str, reduction: str) -> None:
    """19 of them: a vector full and one in part; some so sure of what is wrong that no product of shares will do."""
    data, kind = cr.data.Dataset(TABLE, XOR), cr.losses.get(loss, reduction=reduction)
    models = [network(k, hidden, activation, 1 if k % 5 else 60) for k in range(19)]
    population = Population(plan_for(models[0], kind), models, data)
    index = rows_of_steps("same")
    rates = [[{"lr": 0.8 if k < 9 else 0.4}] for k in range(STEPS)]
    losses = np.concatenate([population.run(index[:7], None), population.run(index[7:], rates[7:])], axis=1)
    assert population.sound.all()
    population.write_back()
    for k, model in enumerate(models):
        alone = network(k, hidden, activation, 1 if k % 5 else 60)
        wanted = curve(EagerEngine(), alone, kind, data, index)
        assert_same([losses[k], *(one._data for one in model.parameters())], wanted)


def test_the_smallest_shares_are_taken_one_by_one() -> None:
    """Where the loss of a row is about 60, the product of four such shares is below the least float."""
    data, kind = cr.data.Dataset(TABLE, XOR), cr.losses.get("bce")
    models = [network(k, 2, "sigmoid") for k in range(16)]
    for model, bias in zip(models, np.linspace(-70, 70, 16), strict=True):
        list(model.parameters())[3]._data[...] = bias
    population = Population(plan_for(models[0], kind), models, data)
    losses = population.run(np.tile(np.arange(4), (1, 1)), None)
    for k, model in enumerate(models):
        with cr.no_grad():
            wanted = kind(model(cr.tensor(TABLE)), cr.tensor(XOR)).item()
        assert losses[k, 0] == pytest.approx(wanted, rel=1e-5)
    assert losses.max() > 30


def test_soft_labels_have_their_loss_whole() -> None:
    data = cr.data.Dataset(TABLE, np.array([[0.1], [0.9], [0.7], [0.0]], np.float32))
    index = rows_of_steps("same")
    wanted = curve(EagerEngine(), network(1, 2, "tanh"), cr.losses.get("bce"), data, index)
    assert_same(curve(NativeEngine(), network(1, 2, "tanh"), cr.losses.get("bce"), data, index), wanted)


def test_a_step_that_goes_wrong_is_not_made() -> None:
    data = cr.data.Dataset(TABLE, XOR)
    model = network(0, 2, "sigmoid")
    next(iter(model.parameters()))._data[0, 0] = np.nan
    plan = plan_for(model, cr.losses.get("mse"))
    before = [one._data.copy() for one in model.parameters()]
    engine = NativeEngine()
    state = engine.prepare(plan)
    result = engine.run(plan, state, data, rows_of_steps("same"), None)
    assert result.stopped
    assert len(result.losses) == 1
    engine.write_back(plan, state)
    for one, value in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(one._data, value)
