"""Initialisers: bounds, spread, structure, and PyTorch's factors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import nn
from chainrule.core import rng
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, ConfigError, ShapeError, UnknownNameError
from chainrule.nn import init

SHAPE = (200, 300)


def fresh(shape=SHAPE, dtype=np.float32):
    return Tensor(np.full(shape, np.nan, dtype))


UNIFORM = {
    "uniform_": (lambda t: init.uniform_(t, -0.5, 1.5), -0.5, 1.5),
    "xavier_uniform_": (lambda t: init.xavier_uniform_(t, 2.0), -2 * math.sqrt(6 / 500), 2 * math.sqrt(6 / 500)),
    "kaiming_uniform_": (lambda t: init.kaiming_uniform_(t), -math.sqrt(6 / 300), math.sqrt(6 / 300)),
    "kaiming_uniform_linear": (
        lambda t: init.kaiming_uniform_(t, a=math.sqrt(5)),
        -1 / math.sqrt(300),
        1 / math.sqrt(300),
    ),
    "kaiming_uniform_fan_out": (
        lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="tanh"),
        -5 / 3 * math.sqrt(3 / 200),
        5 / 3 * math.sqrt(3 / 200),
    ),
}


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform(name):
    fill, low, high = UNIFORM[name]
    rng.manual_seed(1)
    tensor = fresh()
    assert fill(tensor) is tensor
    values = tensor._data.astype(np.float64)
    assert values.min() >= np.float32(low)
    assert values.max() <= np.float32(high)
    width = high - low
    assert values.min() < low + 0.001 * width
    assert values.max() > high - 0.001 * width
    assert values.std() == pytest.approx(width / math.sqrt(12), rel=0.01)


NORMAL = {
    "normal_": (lambda t: init.normal_(t, 1.0, 2.0), 1.0, 2.0),
    "xavier_normal_": (lambda t: init.xavier_normal_(t, 3.0), 0.0, 3 * math.sqrt(2 / 500)),
    "kaiming_normal_": (lambda t: init.kaiming_normal_(t, nonlinearity="relu"), 0.0, math.sqrt(2 / 300)),
}


@pytest.mark.parametrize("name", NORMAL)
def test_normal(name):
    fill, mean, std = NORMAL[name]
    rng.manual_seed(1)
    values = fill(fresh())._data.astype(np.float64)
    # 60,000 draws: the mean's standard deviation is std/245, that of the spread std/346.
    assert values.mean() == pytest.approx(mean, abs=5 * std / 245)
    assert values.std() == pytest.approx(std, rel=5 / 346)
    assert (np.abs(values - mean) > 2 * std).mean() == pytest.approx(0.0455, abs=0.005)


def test_truncated_normal():
    rng.manual_seed(1)
    values = init.trunc_normal_(fresh(), 0.5, 1.0, a=-1.0, b=1.0)._data
    assert values.min() >= -1
    assert values.max() <= 1
    assert not np.isnan(values).any()
    for a, b in ((1.0, -1.0), (10.0, 11.0)):
        with pytest.raises(ConfigError):
            init.trunc_normal_(fresh(), a=a, b=b)


def test_constants():
    assert not init.zeros_(fresh())._data.any()
    assert (init.ones_(fresh())._data == 1).all()
    assert (init.constant_(fresh(), 0.25)._data == 0.25).all()
    np.testing.assert_array_equal(init.eye_(fresh((2, 3)))._data, np.eye(2, 3))


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3)])
def test_orthogonal(shape):
    q = init.orthogonal_(fresh(shape, np.float64), gain=2.0)._data.reshape(shape[0], -1)
    gram = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-12)


def test_gains_equal_torch():
    torch = pytest.importorskip("torch")
    for name in ("linear", "conv1d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert init.calculate_gain("leaky_relu", 0.3) == pytest.approx(torch.nn.init.calculate_gain("leaky_relu", 0.3))


def test_own_generator_leaves_the_shared_one_alone():
    rng.manual_seed(5)
    expected = rng.generator().random()
    rng.manual_seed(5)
    first = init.normal_(fresh((3, 3)), generator=np.random.default_rng(9))._data.copy()
    second = init.normal_(fresh((3, 3)), generator=np.random.default_rng(9))._data
    assert rng.generator().random() == expected
    np.testing.assert_array_equal(first, second)


def test_initialising_a_parameter_in_place():
    layer = nn.Linear(3, 2)
    array = layer.weight._data
    init.xavier_uniform_(layer.weight)
    init.zeros_(layer.bias)
    assert layer.weight._data is array
    assert layer.weight.requires_grad
    assert layer.weight.grad_fn is None
    layer.apply(lambda module: init.ones_(module.weight))
    assert (array == 1).all()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: init.xavier_uniform_(fresh((3,))), ShapeError),
        (lambda: init.orthogonal_(fresh((3,))), ShapeError),
        (lambda: init.eye_(fresh((3,))), ShapeError),
        (lambda: init.kaiming_normal_(fresh(), mode="fan"), UnknownNameError),
        (lambda: init.calculate_gain("rleu"), UnknownNameError),
        (lambda: init.normal_(fresh(), std=-1.0), ConfigError),
        (lambda: init.uniform_(fresh(), 2.0, 1.0), ConfigError),
    ],
)
def test_errors(call, error):
    with pytest.raises(error) as caught:
        call()
    assert isinstance(caught.value, ChainruleError)
