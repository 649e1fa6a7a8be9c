"""Focal, margin and quantile losses, and weights of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import losses, nn
from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.engines import NativeEngine
from chainrule.engines.base import Plan
from chainrule.errors import ConfigError
from helpers.compare import assert_numbers, numeric_gradient

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, (6, 3))
CLASSES = np.array([0, 1, 2, 2, 1, 0])
BINARY = RNG.integers(0, 2, (6, 3)).astype(float)


def gradient(loss, z, t):
    output = Tensor(z, requires_grad=True)
    loss.forward(output, Tensor(t)).backward()
    return output.grad._data


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (nn.BinaryFocalLoss(), BINARY),
        (nn.BinaryFocalLoss(0.5, 0.25, "sum"), BINARY),
        (nn.BinaryFocalLoss(3.0), RNG.uniform(size=(6, 3))),
        (nn.FocalLoss(), CLASSES),
        (nn.FocalLoss(1.0, [1.0, 2.0, 0.5], 1), CLASSES),
        (nn.FocalLoss(2.5, reduction="sum"), CLASSES),
        (nn.MultiMarginLoss(), CLASSES),
        (nn.MultiMarginLoss(0.3, [1.0, 2.0, 0.5], "sum"), CLASSES),
        (nn.QuantileLoss(0.9), RNG.normal(size=(6, 3))),
    ],
    ids=repr,
)
def test_gradient_by_finite_differences(loss, target):
    found = numeric_gradient(lambda z: float(loss.forward(Tensor(z), Tensor(target)).item()), [Z], 0)
    np.testing.assert_allclose(gradient(loss, Z, target), found, rtol=1e-6, atol=1e-8)


def test_focal_without_gamma_is_cross_entropy():
    weight = [1.0, 2.0, 0.5]
    found, wanted = nn.FocalLoss(0.0, weight), nn.CrossEntropyLoss(weight)
    assert_numbers(found(Tensor(Z), CLASSES).item(), wanted(Tensor(Z), CLASSES).item(), rtol=1e-14)
    found, wanted = nn.BinaryFocalLoss(0.0), nn.BCEWithLogitsLoss()
    assert_numbers(found(Tensor(Z), BINARY).item(), wanted(Tensor(Z), BINARY).item(), rtol=1e-14)


def test_focal_by_its_formula():
    p = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    true = p[np.arange(6), CLASSES]
    wanted = -((1 - true) ** 2) * np.log(true)
    assert_numbers(nn.FocalLoss(reduction="none")(Tensor(Z), CLASSES), wanted, rtol=1e-12)
    sigmoid = 1 / (1 + np.exp(-Z))
    true, alpha = np.where(BINARY == 1, sigmoid, 1 - sigmoid), np.where(BINARY == 1, 0.25, 0.75)
    wanted = -alpha * (1 - true) ** 2 * np.log(true)
    assert_numbers(nn.BinaryFocalLoss(2.0, 0.25, "none")(Tensor(Z), BINARY), wanted, rtol=1e-12)


def test_focal_of_two_logits_is_binary_focal_of_their_difference():
    two = np.stack([np.zeros(5), Z[:5, 0]], axis=1)
    t = np.array([0, 1, 1, 0, 1])
    wanted = nn.FocalLoss()(Tensor(two), t).item()
    assert_numbers(nn.BinaryFocalLoss()(Tensor(Z[:5, :1]), t[:, None].astype(float)).item(), wanted, rtol=1e-13)


def test_margin_as_pytorchs():
    torch = pytest.importorskip("torch")
    for options in ({}, {"margin": 0.4}, {"weight": [1.0, 2.0, 0.5]}):
        theirs = {k: torch.tensor(v, dtype=torch.float64) if k == "weight" else v for k, v in options.items()}
        wanted = torch.nn.MultiMarginLoss(**theirs)(torch.tensor(Z), torch.tensor(CLASSES)).item()
        assert_numbers(nn.MultiMarginLoss(**options)(Tensor(Z), CLASSES).item(), wanted, rtol=1e-13)


@pytest.mark.parametrize("quantile", [0.0, 0.1, 0.5, 1.0])
def test_quantile_as_scikit_learns(quantile):
    metrics = pytest.importorskip("sklearn.metrics")
    t = RNG.normal(size=40)
    z = RNG.normal(size=40)
    wanted = metrics.mean_pinball_loss(t, z, alpha=quantile)
    assert_numbers(nn.QuantileLoss(quantile)(Tensor(z), t).item(), wanted, rtol=1e-13)


def test_the_best_constant_is_the_quantile():
    t = np.sort(RNG.normal(size=99))
    costs = [nn.QuantileLoss(0.3)(Tensor(np.full(99, c)), t).item() for c in t]
    assert int(np.argmin(costs)) == math.floor(0.3 * 99)


@pytest.mark.parametrize(
    "make", [lambda: nn.QuantileLoss(1.5), lambda: nn.FocalLoss(-1), lambda: nn.BinaryFocalLoss(2, 3)]
)
def test_options_out_of_range(make):
    with pytest.raises(ConfigError):
        make()


@pytest.mark.parametrize("name", ["binary_focal", "focal", "multi_margin", "quantile"])
def test_auto_takes_an_engine_that_knows_the_loss(name):
    loss = losses.get(name)
    model = nn.Sequential(nn.Linear(2, 3 if loss.task == "multiclass" else 1))
    from chainrule import optim

    plan = Plan(model, loss, optim.get("sgd", model.named_parameters(), lr=0.1))
    assert NativeEngine().refusal(plan) is not None


# Weights of rows ------------------------------------------------------------------------------------------------------


def target_of(loss):
    return CLASSES if loss.task == "multiclass" else BINARY


@pytest.mark.parametrize("name", [name for name in losses.LOSSES if name not in ("bce", "nll")])
def test_weights_of_rows_are_repetitions(name):
    loss = losses.get(name, reduction="mean")
    counts = np.array([1, 0, 3, 2, 1, 1])
    t = target_of(loss)
    wanted = loss.forward(Tensor(np.repeat(Z, counts, axis=0)), Tensor(np.repeat(t, counts, axis=0))).item()
    assert_numbers(loss.weighted(Tensor(Z), Tensor(t), counts).item(), wanted, rtol=1e-12)
    loss = losses.get(name, reduction="sum")
    z = Z[:, :1] if t.ndim > 1 else Z
    t = t[:, :1] if t.ndim > 1 else t
    wanted = loss.forward(Tensor(np.repeat(z, counts, axis=0)), Tensor(np.repeat(t, counts, axis=0))).item()
    assert_numbers(loss.weighted(Tensor(z), Tensor(t), counts).item(), wanted, rtol=1e-12)


def test_a_data_sets_weights_go_with_its_rows():
    data = Dataset(np.zeros((4, 2), np.float32), np.arange(4), weights=np.array([1.0, 2.0, 3.0, 4.0]))
    assert data.rows([2, 0]).weights.tolist() == [3.0, 1.0]
    assert data[1:3].weights.tolist() == [2.0, 3.0]
    with pytest.raises(ValueError, match="one number for each row"):
        Dataset(np.zeros((4, 2), np.float32), weights=np.ones(3))
