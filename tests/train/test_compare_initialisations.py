"""`compare.initialisations`: spreads against theory, gradients against finite differences."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, ShapeError, UnknownNameError

compare = cr.train.compare
RNG = np.random.default_rng(0)
X = RNG.standard_normal((400, 60))
Y = (X[:, 0] > 0).astype(np.int64)


@pytest.fixture(scope="module")
def found() -> Any:
    return compare.initialisations()


def test_weights_have_the_spread_of_theory(found: Any) -> None:
    inputs, outputs = np.array([100] * 6), np.array([100] * 5 + [1])
    theory = {
        "zeros": np.zeros(6), "normal(1)": np.ones(6), "normal(0.01)": np.full(6, 0.01),
        "xavier_normal": np.sqrt(2 / (inputs + outputs)), "kaiming_normal": np.sqrt(2 / inputs),
    }  # fmt: skip
    assert [start.name for start in found.starts] == list(theory)
    for start in found.starts:
        np.testing.assert_allclose(start.weights[:5], theory[start.name][:5], rtol=0.03)
        assert start.weights[5] == pytest.approx(theory[start.name][5], rel=0.3)  # of 100 draws only


def test_activations_have_the_spread_of_theory() -> None:
    """He: E[h²] stays; with tanh and small weights each layer multiplies the spread by σ·√width."""
    start = compare.initialisations(names=["kaiming_normal"], activation="relu", hidden=(400,) * 3).starts[0]
    for layer in start.layers:
        assert math.hypot(layer.mean, layer.std) == pytest.approx(1, rel=0.15)  # E[h²] = E[x²] = 1
        assert layer.zeros == pytest.approx(0.5, abs=0.05)
    small = compare.initialisations(names=["normal(0.01)"]).starts[0]
    spreads = np.array([layer.std for layer in small.layers])
    np.testing.assert_allclose(spreads[1:] / spreads[:-1], 0.01 * math.sqrt(100), rtol=0.05)


def test_fates(found: Any) -> None:
    fates = {start.name: start.fate for start in found.starts}
    assert fates == {
        "zeros": "constant", "normal(1)": "saturated", "normal(0.01)": "shrinks", "xavier_normal": "keeps",
        "kaiming_normal": "keeps",
    }  # fmt: skip
    assert compare.initialisations(names=["normal(1)"], activation="relu").starts[0].fate == "grows"
    assert compare.initialisations(names=["normal(1)"], activation="relu").starts[0].saturated == (None,) * 5


def test_histograms_count_every_activation(found: Any) -> None:
    for start in found.starts[1:]:
        for layer in start.layers:
            assert sum(layer.counts) == 1000 * 100
            assert (layer.edges[0], layer.edges[-1]) == (-1, 1)
    relu = compare.initialisations(activation="relu", names=["xavier_normal"]).starts[0].layers[0]
    assert sum(relu.counts) == round((1 - relu.zeros) * 100_000)


def test_everything_against_a_network_made_by_hand() -> None:
    start = compare.initialisations((X, Y), names=["xavier_normal_"], hidden=(20, 10), seed=4).starts[0]
    assert start.name == "xavier_normal"
    cr.manual_seed(4)
    model = nn.Sequential(nn.Linear(60, 20), nn.Tanh(), nn.Linear(20, 10), nn.Tanh(), nn.Linear(10, 1))
    cr.manual_seed(4)
    for layer in model[::2]:
        nn.init.xavier_normal_(layer.weight)
        nn.init.zeros_(layer.bias)
    x = cr.tensor(X.astype(np.float32))
    loss = nn.BCEWithLogitsLoss()(model(x), cr.tensor(Y.astype(np.float32)[:, None]))
    loss.backward()
    assert start.start == pytest.approx(loss.item(), rel=1e-6)
    norms = [float(np.linalg.norm(layer.weight.grad._data)) for layer in model[::2]]
    assert start.gradients == pytest.approx(norms, rel=1e-5)
    hidden = model[1](model[0](x)).detach()._data
    assert start.layers[0].std == pytest.approx(float(hidden.std()), rel=1e-5)


def test_zeros_have_no_gradient_but_the_last_bias(found: Any) -> None:
    assert found.start("zeros").gradients == (0,) * 6
    assert all(layer.std == 0 for layer in found.start("zeros").layers)


def test_inputs_alone_have_no_gradients_and_images_are_flattened() -> None:
    found = compare.initialisations(RNG.random((10, 4, 5)), hidden=(6, 6))
    assert all(start.gradients == () and start.start is None for start in found.starts)
    assert len(found.starts[1].layers) == 2
    assert len(found.lines("ko")) == 6


def test_training_from_each_start() -> None:
    trained = compare.initialisations((X, Y), epochs=3, hidden=(20, 20))
    plain = compare.initialisations((X, Y), hidden=(20, 20))
    for one, two in zip(trained.starts, plain.starts, strict=True):
        assert (one.layers, one.gradients, one.start) == (two.layers, two.gradients, two.start)
        assert len(one.losses) == 3
        assert two.losses == ()
    assert trained.start("xavier_normal").losses[-1] < trained.start("zeros").losses[-1]
    assert any("epochs: 3" in line for line in trained.lines("en"))


def test_a_start_that_diverges_is_a_result() -> None:
    start = compare.initialisations(names=["normal(30)"], activation="relu", epochs=2, lr=10.0).starts[0]
    assert start.stopped
    assert start.fate == "grows"


def test_own_ways_and_functions_of_init() -> None:
    def quarter(weight: Any) -> None:
        nn.init.constant_(weight, 0.25)

    found = compare.initialisations((X, Y), names={"quarter": quarter}, hidden=(3,))
    assert found.starts[0].weights == (0, 0)
    assert found.starts[0].fate in ("keeps", "saturated")
    names = ["orthogonal", "xavier_uniform", "kaiming_uniform_", "uniform", "trunc_normal", "ones"]
    assert len(compare.initialisations((X, Y), names=names, hidden=(5, 5)).starts) == 6


def test_json_and_random_numbers(found: Any) -> None:
    assert json.loads(found.to_json())["activation"] == "tanh"
    cr.manual_seed(5)
    expected = cr.generator().random()
    cr.manual_seed(5)
    compare.initialisations((X, Y), hidden=(4,))
    assert cr.generator().random() == expected


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"names": ["he"]}, UnknownNameError, "initialisation"),
        ({"names": []}, ConfigError, "nothing to compare"),
        ({"names": {"a": 3}}, ConfigError, "functions"),
        ({"names": ["normal(a)"]}, ConfigError, "standard deviation"),
        ({"names": ["normal(-1)"]}, ConfigError, "std"),
        ({"hidden": ()}, ConfigError, "hidden layer"),
        ({"hidden": (0,)}, ConfigError, "width"),
        ({"activation": "rleu"}, UnknownNameError, "relu"),
        ({"epochs": -1}, ConfigError, "epochs"),
        ({"data": np.zeros(5)}, ShapeError, "shape"),
    ],
)
def test_refusals(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        compare.initialisations(**options)
