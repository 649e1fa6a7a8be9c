"""Populations: each network as the eager engine trains it alone, whatever the others in its vector do."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.engines import native_build
from chainrule.engines.base import Plan
from chainrule.engines.eager import EagerEngine
from chainrule.engines.lowering import Refusal
from chainrule.engines.population import Population

pytestmark = pytest.mark.skipif(native_build.load().module is None, reason="the native engine is not built")

LOSSES: dict[str, dict[str, Any]] = {
    "mse": {}, "l1": {}, "huber": {"delta": 0.7}, "smooth_l1": {"beta": 0.4}, "poisson": {}, "hinge": {},
    "perceptron": {}, "bce": {}, "bce_with_logits": {}, "cross_entropy": {},
}  # fmt: skip
OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {"lr": 0.05}),
    ("sgd", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("adam", {"lr": 0.01}),
    ("adam", {"lr": 0.01, "amsgrad": True}),
    ("adamw", {"lr": 0.01, "weight_decay": 0.1}),
    ("rmsprop", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    ("adagrad", {"lr": 0.05, "lr_decay": 0.1}),
    ("adadelta", {"lr": 1.0}),
]
ACTIVATIONS: dict[str, nn.Module] = {
    "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(), "elu": nn.ELU(), "selu": nn.SELU(), "gelu": nn.GELU(),
    "silu": nn.SiLU(), "softplus": nn.Softplus(), "mish": nn.Mish(), "hardtanh": nn.Hardtanh(),
    "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "smooth_clip": nn.SmoothClip(),
}  # fmt: skip


def network(seed: int, sizes: tuple[int, ...], activation: str, last: str | None, dtype: Any) -> nn.Sequential:
    cr.manual_seed(seed)
    layers: list[nn.Module] = []
    for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        layers += [nn.Linear(n_in, n_out, bias=i % 2 == 0), type(ACTIVATIONS[activation])()]
    layers[-1:] = [] if last is None else [type(ACTIVATIONS[last])()]
    model = nn.Sequential(*layers)
    return model.double() if dtype == np.float64 else model


def targets_for(loss: str, rows: int, outputs: int, dtype: Any) -> np.ndarray:
    rng = np.random.default_rng(9)
    if loss == "cross_entropy":
        return rng.integers(0, outputs, rows)
    if loss in ("bce", "bce_with_logits"):
        return rng.integers(0, 2, (rows, outputs)).astype(dtype)
    if loss in ("hinge", "perceptron"):
        return rng.choice([-1, 1], (rows, outputs)).astype(dtype)
    return np.abs(rng.standard_normal((rows, outputs))).astype(dtype)


class Case:
    """A population, and the same networks trained one by one."""

    def __init__(
        self,
        n: int = 5,
        loss: str = "mse",
        optimizer: tuple[str, dict[str, Any]] = ("sgd", {"lr": 0.05}),
        activation: str = "tanh",
        sizes: tuple[int, ...] = (3, 5, 4, 2),
        dtype: Any = np.float32,
        reduction: str = "mean",
    ) -> None:
        rng = np.random.default_rng(1)
        self.data = cr.data.Dataset(
            rng.standard_normal((23, sizes[0])).astype(dtype), targets_for(loss, 23, sizes[-1], dtype)
        )
        self.loss = cr.losses.get(loss, reduction=reduction, **LOSSES[loss])
        self.optimizer, self.dtype = optimizer, dtype
        last = "sigmoid" if loss == "bce" else None
        self.models = [network(seed, sizes, activation, last, dtype) for seed in range(n)]

    def plan(self, model: nn.Module) -> Plan:
        name, options = self.optimizer
        shape = tuple(self.data.inputs.shape[1:])
        return Plan(model, self.loss, optim.get(name, model.named_parameters(), **options), input_shape=shape)

    def population(self) -> Population:
        return Population(self.plan(self.models[0]), self.models, self.data)

    def alone(self, k: int, index: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        plan = self.plan(self.models[k])
        engine = EagerEngine()
        state = engine.prepare(plan)
        losses = []
        for rows in index:
            losses.append(engine.run(plan, state, self.data, rows[None, rows >= 0], None).losses[0])
        engine.write_back(plan, state)
        return np.array(losses), [one._data for one in plan.model.parameters()]


def orders(n: int, steps: int, rows: int) -> np.ndarray:
    """One order for each network; every third batch is a short one."""
    index = np.random.default_rng(2).integers(0, 23, (n, steps, rows))
    index[:, ::3, rows - rows // 3 :] = -1
    return index


def check(case: Case, index: np.ndarray, digits: float = 1.0) -> None:
    population = case.population()
    losses = np.concatenate([population.run(index[:, :4], None), population.run(index[:, 4:], None)], axis=1)
    before = [[one._data.copy() for one in model.parameters()] for model in case.models]
    population.write_back()
    trained = [[one._data.copy() for one in model.parameters()] for model in case.models]
    tolerance = digits * (2e-5 if case.dtype == np.float32 else 1e-11)
    for k, model in enumerate(case.models):
        for one, values in zip(model.parameters(), before[k], strict=True):
            one._data[...] = values
        wanted, parameters = case.alone(k, index[k])
        np.testing.assert_allclose(losses[k], wanted, rtol=tolerance, atol=tolerance)
        for got, value in zip(trained[k], parameters, strict=True):
            np.testing.assert_allclose(got, value, rtol=10 * tolerance, atol=10 * tolerance)
            assert not np.array_equal(got, before[k][0]) or got.shape != before[k][0].shape


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses(loss: str, reduction: str, dtype: Any) -> None:
    check(Case(loss=loss, reduction=reduction, dtype=dtype), orders(5, 9, 7), 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_optimizers(optimizer: tuple[str, dict[str, Any]], dtype: Any) -> None:
    check(Case(optimizer=optimizer, dtype=dtype, activation="sigmoid"), orders(5, 12, 6), 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation: str, dtype: Any) -> None:
    check(Case(activation=activation, dtype=dtype), orders(5, 9, 6), 5)


@pytest.mark.parametrize("sizes", [(1, 1), (2, 2, 1), (7, 3), (1, 9, 1), (5, 6, 7, 8, 3), (31, 33, 4)])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 11])
def test_sizes(sizes: tuple[int, ...], rows: int) -> None:
    check(Case(sizes=sizes), orders(5, 8, rows))


@pytest.mark.parametrize("steps", [1, 31, 32, 33, 65])
def test_numbers_of_steps(steps: int) -> None:
    case, index = Case(n=18, optimizer=("sgd", {"lr": 0.01})), orders(18, steps, 6)
    losses = case.population().run(index, None)
    for k in (0, 16, 17):
        np.testing.assert_allclose(losses[k], case.alone(k, index[k])[0], rtol=1e-4)


def test_the_comparison_can_fail() -> None:
    case = Case()
    index = orders(5, 9, 6)
    case.loss = cr.losses.get("mse")
    population = case.population()
    losses = population.run(index, None)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(losses[0], case.alone(1, index[1])[0], rtol=1e-2)


@pytest.mark.parametrize("n", [2, 15, 16, 17, 40])
def test_a_network_is_the_same_alone_and_among_others_on_any_number_of_threads(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = orders(n, 30, 5)
    results = []
    for threads in (1, 2, 3):
        monkeypatch.setattr("chainrule.engines.population.threads_for", lambda work, threads=threads: threads)
        case = Case(n=n)
        population = case.population()
        losses = population.run(index, None)
        population.write_back()
        results.append((losses, [one._data.copy() for model in case.models for one in model.parameters()]))
    for losses, parameters in results[1:]:
        assert np.array_equal(losses, results[0][0])
        assert all(np.array_equal(a, b) for a, b in zip(parameters, results[0][1], strict=True))
    case = Case(n=n)
    last = Population(case.plan(case.models[-1]), case.models[-1:], case.data)
    assert np.array_equal(last.run(index[-1:], None)[0], results[0][0][-1])


def test_shared_batches_are_those_of_each() -> None:
    index = orders(1, 10, 6)
    one, other = Case(n=20).population(), Case(n=20).population()
    assert np.array_equal(one.run(index[0], None), other.run(np.repeat(index, 20, axis=0), None))


def test_a_network_that_diverges_is_marked_and_harms_nobody() -> None:
    index = orders(18, 40, 6)
    sound = Case(n=18, activation="relu").population()
    losses = sound.run(index, None)
    case = Case(n=18, activation="relu")
    case.models[3][0].weight._data[...] = 1e30
    case.models[3][2].weight._data[...] = 1e30
    before = case.models[3][0].weight._data.copy()
    population = case.population()
    mixed = population.run(index, None)
    assert population.sound.tolist() == [k != 3 for k in range(18)]
    others = np.arange(18) != 3
    assert np.array_equal(mixed[others], losses[others])
    population.write_back()
    assert np.array_equal(case.models[3][0].weight._data, before)


def test_what_populations_do_not_do_is_refused() -> None:
    x = np.zeros((4, 3), np.float32)
    data = cr.data.Dataset(x, np.zeros((4, 1), np.float32))

    def refusal(*models: nn.Module, **options: Any) -> str:
        optimizer = optim.get("sgd", models[0].named_parameters(), lr=0.1)
        plan = Plan(models[0], cr.losses.get("mse"), optimizer, input_shape=(3,), **options)
        with pytest.raises(Refusal) as caught:
            Population(plan, models, data)
        return str(caught.value)

    plain = nn.Sequential(nn.Linear(3, 1))
    assert "no activations" in refusal(nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1)))
    assert "no activations" in refusal(nn.Sequential(nn.Linear(3, 4), nn.Scale(4), nn.Linear(4, 1)))
    assert "chain" in refusal(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Tanh(), nn.Linear(4, 1)))
    assert "chain" in refusal(nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))
    assert "alike" in refusal(plain, nn.Sequential(nn.Linear(3, 1, bias=False)))
    assert "parameters" in refusal(nn.Sequential(nn.Linear(3, 2000), nn.Linear(2000, 1)))
    assert "clipped" in refusal(plain, clip_norm=1.0)
    assert "rows have weights" in refusal(plain, weighted=True)
    frozen = nn.Sequential(nn.Linear(3, 1))
    frozen[0].bias.requires_grad_(False)
    assert "not trained" in refusal(plain, frozen)


def test_numbers_that_do_not_fit_are_refused() -> None:
    population = Case(n=2).population()
    for index in (np.full((1, 2), 23), np.full((1, 2), -1), np.full((3, 1, 2), 0)):
        with pytest.raises(ValueError, match=r"row|shape"):
            population.run(index, None)
