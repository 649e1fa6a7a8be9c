"""Descriptions of models: round trips, and everything that a hostile file could say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chainrule import nn
from chainrule.core import rng
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, FormatError, UnknownNameError
from chainrule.nn.registry import LAYERS, build, describe, parameter_count
from helpers.nn_cases import LAYERS as CASES
from helpers.nn_cases import Draw


@pytest.mark.parametrize("name", CASES)
def test_round_trip_through_json(name):
    case = CASES[name](Draw(name))
    module = case.make(nn).double()
    text = json.dumps(describe(module), allow_nan=False)
    built = build(json.loads(text))
    assert repr(built) == repr(module)
    assert describe(built) == describe(module)
    built.load_state_dict(module.state_dict())
    x = Tensor(np.random.default_rng(0).normal(size=case.shape))
    expected = module.eval()(x)
    np.testing.assert_array_equal(built.eval()(x).detach(), expected.detach())
    assert built(x).dtype == expected.dtype == np.float64


def test_every_argument_of_every_layer_survives():
    layers = [
        nn.Step(low=-2.0, high=3.0), nn.Dropout(0.25), nn.LeakyReLU(0.3), nn.ELU(0.7), nn.GELU("tanh"),
        nn.Softplus(2.0, 5.0), nn.Hardtanh(-2.0, 3.0), nn.Softmax(1), nn.LogSoftmax(), nn.Flatten(1, 2),
        nn.Linear(2, 3, bias=False), nn.Scale(3), nn.SmoothClip(2.0),
        nn.BatchNorm1d(3, 1e-3, None, False, False), nn.LayerNorm((2, 3), 1e-2, True, False),
    ]  # fmt: skip
    net = nn.Sequential(*layers)
    assert repr(build(describe(net))) == repr(net)
    for layer in LAYERS.values():
        code = layer.__init__.__code__
        arguments = set(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])
        kept = {*layer.arguments, "inplace", "device", "signed", "dtype"}
        assert arguments <= kept or layer in (nn.Linear, nn.BatchNorm1d, nn.LayerNorm), layer


def test_names_and_nesting_survive():
    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 1)))
    named = nn.Sequential({"a": net, "b": nn.Tanh()})
    description = describe(named)
    assert description["layers"][1] == ["b", {"type": "Tanh", "config": {}}]
    assert list(build(description).state_dict()) == list(named.state_dict())


def test_building_draws_no_random_numbers():
    description = describe(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)))
    rng.manual_seed(1)
    expected = rng.generator().random()
    rng.manual_seed(1)
    built = build(description)
    assert rng.generator().random() == expected
    assert not built[0].weight._data.any()


def test_unknown_modules_cannot_be_described():
    class Linear(nn.Linear):
        pass

    class Own(nn.Module):
        pass

    for module in (Own(), Linear(1, 1), nn.ModuleList(), nn.Sequential(Own())):
        with pytest.raises(FormatError, match="not one of chainrule's own layers"):
            describe(module)


def test_a_layer_that_occurs_twice_cannot_be_described():
    layer, act = nn.Linear(2, 2), nn.ReLU()
    describe(nn.Sequential(layer, act, nn.Linear(2, 2), act))
    with pytest.raises(FormatError, match="layer 2 is the same object as layer 0"):
        describe(nn.Sequential(layer, act, layer))


LINEAR = {"in_features": 2, "out_features": 3}


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        3,
        [],
        "Linear",
        {},
        {"type": 3, "config": {}},
        {"type": ["Linear"], "config": {}},
        {"type": "Linear"},
        {"type": "Linear", "config": None},
        {"type": "Linear", "config": {}},
        {"type": "Linear", "config": [2, 3]},
        {"type": "Linear", "config": LINEAR, "extra": 1},
        {"type": "Linear", "config": {**LINEAR, "self": 1}},
        {"type": "Linear", "config": {**LINEAR, "baias": True}},
        {"type": "Linear", "config": {**LINEAR, "in_features": -2}},
        {"type": "Linear", "config": {**LINEAR, "in_features": "2"}},
        {"type": "Linear", "config": {**LINEAR, "in_features": 10**30}},
        {"type": "Linear", "config": {"in_features": 10**9, "out_features": 10**9}},
        {"type": "Linear", "config": {**LINEAR, "dtype": "object"}},
        {"type": "Linear", "config": {**LINEAR, "dtype": "os.system"}},
        {"type": "Linear", "layers": []},
        {"type": "os.system", "config": {"command": "true"}},
        {"type": "Module", "config": {}},
        {"type": "__init__", "config": {}},
        {"type": "Sequential", "config": {}},
        {"type": "Sequential", "layers": {}},
        {"type": "Sequential", "layers": [3]},
        {"type": "Sequential", "layers": [["0"]]},
        {"type": "Sequential", "layers": [[0, {"type": "ReLU", "config": {}}]]},
        {"type": "Sequential", "layers": [["forward", {"type": "ReLU", "config": {}}]]},
        {"type": "Sequential", "layers": [["a.b", {"type": "ReLU", "config": {}}]]},
        {"type": "Sequential", "layers": [["0", {"type": "ReLU", "config": {}}]] * 2},
        {"type": "LayerNorm", "config": {"normalized_shape": []}},
        {"type": "LayerNorm", "config": {"normalized_shape": [2, None]}},
        {"type": "BatchNorm1d", "config": {"num_features": 2, "eps": "small"}},
        {"type": "Dropout", "config": {"p": 7}},
        {"type": "GELU", "config": {"approximate": ["tanh"]}},
    ],
)
def test_hostile_descriptions(hostile):
    parameter_count(hostile)
    with pytest.raises(ChainruleError) as caught:
        build(hostile)
    assert isinstance(caught.value, (FormatError, UnknownNameError))
    assert "\n" not in str(caught.value)


def test_endless_nesting():
    deep = {"type": "ReLU", "config": {}}
    for _ in range(500):
        deep = {"type": "Sequential", "layers": [["0", deep]]}
    with pytest.raises(FormatError, match="too deeply"):
        build(deep)
    assert parameter_count(deep) == 0


def test_unknown_layer_is_guessed_at_and_placed():
    with pytest.raises(UnknownNameError, match=r"'Linaer' \(in layer 1\.0\)\. Did you mean 'Linear'"):
        build({"type": "Sequential", "layers": [["1", {"type": "Sequential", "layers": [["0", {"type": "Linaer"}]]}]]})


@pytest.mark.parametrize("name", CASES)
def test_parameter_count_is_that_of_the_model(name):
    module = CASES[name](Draw(name)).make(nn)
    assert parameter_count(describe(module)) == sum(parameter.numel() for parameter in module.parameters())
