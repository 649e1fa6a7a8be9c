"""`Sequential`, `ModuleList`, `ModuleDict`: the list protocol, and layers that do not fit."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest

from chainrule import nn
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, ConfigError, DTypeError, ShapeError, UnknownNameError

X = Tensor(np.ones((5, 4), np.float32))


def names(module):
    return [f"{name}:{type(child).__name__}" for name, child in module.named_children()]


def test_list_protocol():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    assert net.append(nn.Tanh()) is net
    net.insert(1, nn.Sigmoid())
    assert names(net) == ["0:Linear", "1:Sigmoid", "2:ReLU", "3:Tanh"]
    net.insert(-1, nn.Mish()).extend([nn.Identity()])
    assert names(net) == ["0:Linear", "1:Sigmoid", "2:ReLU", "3:Mish", "4:Tanh", "5:Identity"]
    popped = net.pop(1)
    assert isinstance(popped, nn.Sigmoid)
    del net[-1]
    assert names(net) == ["0:Linear", "1:ReLU", "2:Mish", "3:Tanh"]
    net[1] = nn.GELU()
    assert [type(layer).__name__ for layer in net] == ["Linear", "GELU", "Mish", "Tanh"]
    assert len(net) == 4
    assert net[-1] is list(net)[3]
    assert net[0] in net
    assert nn.Linear(1, 1) not in net
    del net[1:3]
    assert names(net) == ["0:Linear", "1:Tanh"]


def test_slices_share_layers_and_keep_names():
    net = nn.Sequential(OrderedDict(a=nn.Linear(4, 3), b=nn.ReLU(), c=nn.Linear(3, 2)))
    front = net[:2]
    assert isinstance(front, nn.Sequential)
    assert names(front) == ["a:Linear", "b:ReLU"]
    assert front.a is net.a
    assert net(X).shape == (5, 2)
    assert front(X).shape == (5, 3)


def test_named_layers_keep_their_names_when_others_go():
    net = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))
    net.append(nn.Mish()).insert(0, nn.GELU())
    assert names(net) == ["0:GELU", "a:ReLU", "b:Tanh", "3:Mish"]
    net.pop(1)
    assert names(net) == ["0:GELU", "b:Tanh", "2:Mish"]


def test_list_errors():
    net = nn.Sequential(nn.ReLU())
    for index in (1, -2):
        with pytest.raises(IndexError, match="1 modules"):
            net[index]
    with pytest.raises(DTypeError, match="indexed by position"):
        net["0"]
    for wrong in ("relu", 3, None, np.ones(3)):
        with pytest.raises(ChainruleError):
            nn.Sequential(nn.ReLU(), wrong).forward(X)
    with pytest.raises(DTypeError):
        nn.Sequential().extend(3)


def test_empty_sequential_is_the_identity():
    assert nn.Sequential()(X) is X
    assert nn.Sequential().output_shape((3,)) == (3,)


def test_misfit_names_both_layers():
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(16, 3))
    for provoke in (lambda: net(X), lambda: net.output_shape((4,))):
        with pytest.raises(ShapeError) as caught:
            provoke()
        text = str(caught.value)
        assert "layer 2, Linear(in_features=16, out_features=3, bias=True)" in text
        assert "layer 0, Linear(in_features=4, out_features=8, bias=True)" in text
        assert "expected shape (…, 16), got (" in text
        assert "\n" not in text


@pytest.mark.parametrize("wrong", [nn.BatchNorm1d(5), nn.LayerNorm(5), nn.Sequential(nn.Linear(9, 2), nn.ReLU())])
def test_misfit_of_other_layers_names_both(wrong):
    net = nn.Sequential(nn.Linear(4, 8), wrong)
    for provoke in (lambda: net(X), lambda: net.output_shape((4,))):
        with pytest.raises(ShapeError, match=r"layer 1, .* does not fit layer 0, Linear"):
            provoke()


def test_misfit_further_in_is_told_once():
    net = nn.Sequential(nn.Linear(4, 2), nn.Sequential(nn.Linear(2, 3), nn.Linear(5, 1)))
    with pytest.raises(
        ShapeError, match=r"layer 1, Linear.*in_features=5.* does not fit layer 0, Linear.*in_features=2"
    ):
        net(X)


def test_input_that_the_first_layer_cannot_take():
    with pytest.raises(ShapeError, match=r"Linear\(in_features=3.*expected shape \(…, 3\), got \(5, 4\)"):
        nn.Sequential(nn.Linear(3, 2))(X)


def test_module_list():
    layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    layers.insert(1, nn.ReLU())
    assert names(layers) == ["0:Linear", "1:ReLU", "2:Linear", "3:Linear"]
    assert isinstance(layers[1:3], nn.ModuleList)
    assert names(layers[2:]) == ["0:Linear", "1:Linear"]
    assert len(list(layers.parameters())) == 6
    with pytest.raises(ConfigError, match="forward"):
        layers(X)


def test_module_dict():
    layers = nn.ModuleDict({"a": nn.Linear(2, 2)})
    layers["b"] = nn.ReLU()
    assert list(layers) == ["a", "b"] == list(layers.keys())
    assert "a" in layers
    assert len(layers) == 2
    assert [name for name, _ in layers.items()] == ["a", "b"]
    assert len(list(layers.values())) == 2
    del layers["b"]
    with pytest.raises(UnknownNameError):
        layers["b"]
    with pytest.raises(ConfigError):
        layers[3] = nn.ReLU()
    with pytest.raises(DTypeError):
        layers["c"] = 3


def test_container_repr_equals_torch():
    torch = pytest.importorskip("torch")
    for make in (
        lambda n: n.ModuleDict({"a": n.Linear(2, 2), "b": n.Sequential(n.ReLU(), n.Dropout(0.3))}),
        lambda n: n.Sequential(n.Linear(2, 2), n.ReLU(inplace=True), n.LeakyReLU(0.2, inplace=True), n.Softmax(dim=1)),
        lambda n: n.Sequential(),
    ):
        assert repr(make(nn)) == repr(make(torch.nn))
