"""`Module`: registration, walking, state, modes, conversion."""

from __future__ import annotations

import copy
from collections import OrderedDict

import numpy as np
import pytest

from chainrule import nn
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, ConfigError, DTypeError, EngineError, ShapeError, UnknownNameError


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 3)
        self.norm = nn.BatchNorm1d(3)
        self.scale = nn.Parameter(np.ones(3))
        self.register_buffer("seen", Tensor(np.zeros(1)), persistent=False)
        self.out = nn.Linear(3, 1, bias=False)

    def forward(self, x):
        return self.out(self.norm(self.hidden(x)) * self.scale)


PATHS = ["scale", "hidden.weight", "hidden.bias", "norm.weight", "norm.bias", "out.weight"]
STATE = [*PATHS[:5], "norm.running_mean", "norm.running_var", "norm.num_batches_tracked", "out.weight"]


def test_parameters_come_in_order_of_registration_with_paths():
    net = Net()
    assert [path for path, _ in net.named_parameters()] == PATHS
    assert [path for path, _ in net.named_parameters("model", recurse=False)] == ["model.scale"]
    assert [id(p) for p in net.parameters()] == [id(p) for _, p in net.named_parameters()]
    assert [path for path, _ in net.named_buffers()] == ["seen", *STATE[5:8]]
    assert [path for path, _ in net.named_modules()] == ["", "hidden", "norm", "out"]
    assert [name for name, _ in net.named_children()] == ["hidden", "norm", "out"]
    assert list(net.state_dict()) == STATE
    assert list(net.state_dict(prefix="a.")) == [f"a.{path}" for path in STATE]


def test_same_order_as_torch():
    torch = pytest.importorskip("torch")

    class Theirs(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = torch.nn.Linear(2, 3)
            self.norm = torch.nn.BatchNorm1d(3)
            self.scale = torch.nn.Parameter(torch.ones(3))
            self.register_buffer("seen", torch.zeros(1), persistent=False)
            self.out = torch.nn.Linear(3, 1, bias=False)

    theirs = Theirs()
    assert [path for path, _ in theirs.named_parameters()] == PATHS
    assert [path for path, _ in theirs.named_buffers()] == [path for path, _ in Net().named_buffers()]
    assert list(theirs.state_dict()) == STATE
    assert repr(Net()).replace("Net(", "Theirs(") == repr(theirs)


def test_shared_parameters_come_once_but_are_stored_under_each_path():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert [path for path, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    copied = copy.deepcopy(net)
    assert copied[1].weight is copied[0].weight
    assert copied[0].weight is not net[0].weight


def test_assignment_moves_a_name_between_registries():
    net = Net()
    net.scale = None
    assert "scale" not in dict(net.named_parameters())
    net.scale = nn.Parameter(np.ones(3))
    assert "scale" in dict(net.named_parameters())
    net.extra = 3
    net.extra = nn.Linear(1, 1)
    assert "extra" in dict(net.named_children())
    del net.extra
    assert not hasattr(net, "extra")
    net.seen = Tensor(np.ones(1))
    assert net.seen.item() == 1
    with pytest.raises(DTypeError, match="cannot assign to 'scale'"):
        net.scale = Tensor(np.ones(3))
    with pytest.raises(DTypeError, match="buffer"):
        net.seen = 3
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'wrong'"):
        net.wrong


def test_missing_super_init_is_explained():
    class Forgetful(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    class Empty(nn.Module):
        def __init__(self):
            self.size = 3

    with pytest.raises(ConfigError, match=r"before Module.__init__\(\) call.*super\(\).__init__\(\)"):
        Forgetful()
    with pytest.raises(ConfigError, match="Empty"):
        list(Empty().parameters())


@pytest.mark.parametrize("name", ["", "a.b", "forward", 3])
def test_bad_names(name):
    with pytest.raises(ConfigError):
        nn.Linear(1, 1).register_buffer(name, Tensor(np.ones(1)))


def test_wrong_things_cannot_be_registered():
    layer = nn.Linear(1, 1)
    for register, value in (
        (layer.register_parameter, Tensor(np.ones(1))),
        (layer.register_buffer, 3),
        (layer.add_module, "relu"),
    ):
        with pytest.raises(DTypeError):
            register("new", value)


def test_module_without_forward():
    with pytest.raises(ConfigError, match="does not define forward"):
        nn.Module()(1)


# State -------------------------------------------------------------------------------------------------------------


def test_state_dict_shares_memory_and_loading_copies():
    net, other = Net(), Net()
    state = net.state_dict()
    assert state["hidden.weight"]._data is net.hidden.weight._data
    assert not state["hidden.weight"].requires_grad
    keys = other.load_state_dict(state)
    assert keys == ([], [])
    np.testing.assert_array_equal(other.hidden.weight.detach(), net.hidden.weight.detach())
    other.hidden.weight._data[...] = 7
    assert not (net.hidden.weight._data == 7).any()


def test_difference_lists_everything_at_once_and_changes_nothing():
    net = Net()
    before = {path: np.array(value) for path, value in net.state_dict().items()}
    state = dict(net.state_dict())
    state["hidden.wieght"] = state.pop("hidden.weight")
    state["more"] = np.ones(2)
    state["out.weight"] = np.ones((1, 4))
    state["scale"] = np.zeros(3)
    with pytest.raises(ConfigError) as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    assert "missing 'hidden.weight' (did you mean 'hidden.wieght'?)" in text
    assert "unexpected 'hidden.wieght', 'more'" in text
    assert "'out.weight' has shape (1, 4) where the model has (1, 3)" in text
    assert "\n" not in text
    for path, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[path])


def test_not_strict_returns_the_difference():
    net = Net()
    keys = net.load_state_dict({"scale": [4.0, 5.0, 6.0], "other": np.ones(1)}, strict=False)
    assert keys.missing_keys == [path for path in STATE if path != "scale"]
    assert keys.unexpected_keys == ["other"]
    assert net.scale.tolist() == [4, 5, 6]
    with pytest.raises(ShapeError, match="'scale' has shape"):
        net.load_state_dict({"scale": np.ones(4)}, strict=False)


@pytest.mark.parametrize("wrong", [3, [1, 2], None, {"scale": "text"}, {"scale": object()}, {"scale": [[1], [1, 2]]}])
def test_not_a_state_dict(wrong):
    with pytest.raises(ChainruleError):
        Net().load_state_dict(wrong, strict=False)


def both_nets(torch):
    def make(nn_):
        return nn_.Sequential(
            OrderedDict(
                flat=nn_.Flatten(),
                hidden=nn_.Linear(4, 5),
                norm=nn_.BatchNorm1d(5),
                act=nn_.ReLU(),
                inner=nn_.Sequential(nn_.Linear(5, 3, bias=False), nn_.LayerNorm(3)),
            )
        )

    return make(nn), make(torch.nn)


def test_state_dict_moves_to_torch_and_back_without_renaming():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    ours, theirs = both_nets(torch)
    ours(Tensor(x))  # moves the running statistics
    theirs.load_state_dict({path: torch.from_numpy(np.array(value)) for path, value in ours.state_dict().items()})
    assert np.allclose(ours.eval()(Tensor(x)).detach(), theirs.eval()(torch.from_numpy(x)).detach().numpy(), atol=1e-6)

    ours, theirs = both_nets(torch)
    theirs(torch.from_numpy(x))
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    assert ours.load_state_dict(OrderedDict(theirs.named_parameters()), strict=False).unexpected_keys == []
    assert ours.norm.num_batches_tracked.item() == 1
    assert np.allclose(ours.eval()(Tensor(x)).detach(), theirs.eval()(torch.from_numpy(x)).detach().numpy(), atol=1e-6)


# Modes and conversion ----------------------------------------------------------------------------------------------


def test_train_and_eval_reach_every_module():
    net = Net()
    assert all(module.training for module in net.modules())
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    assert all(module.training for module in net.train().modules())


def test_apply_visits_children_first():
    seen = []
    net = Net()
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Linear", "BatchNorm1d", "Linear", "Net"]


def test_freezing_and_zero_grad():
    net = Net()
    net.hidden.requires_grad_(False)
    net(Tensor(np.ones((4, 2)))).sum().backward()
    assert net.hidden.weight.grad is None
    assert net.out.weight.grad is not None
    net.zero_grad(set_to_none=False)
    assert not net.out.weight.grad._data.any()
    net.zero_grad()
    assert net.out.weight.grad is None


def test_dtype_conversion_keeps_integers_and_identity():
    net = Net()
    weight = net.hidden.weight
    assert net.double() is net
    assert net.hidden.weight is weight
    assert weight.dtype == np.float64
    assert net.norm.running_var.dtype == np.float64
    assert net.norm.num_batches_tracked.dtype == np.int64
    assert net(Tensor(np.ones((4, 2)))).dtype == np.float64
    assert net.to("cpu").to(np.float32).hidden.weight.dtype == np.float32
    with pytest.raises(DTypeError):
        net.to(np.int64)
    with pytest.raises(EngineError):
        net.to("cuda")


def test_gradients_follow_the_dtype():
    layer = nn.Linear(2, 1)
    layer(Tensor(np.ones((1, 2), np.float32))).sum().backward()
    assert layer.double().weight.grad.dtype == np.float64


def test_deepcopy_is_independent():
    net = Net()
    copied = copy.deepcopy(net)
    copied.hidden.weight._data[...] = 9
    assert not (net.hidden.weight._data == 9).any()
    assert list(copied.state_dict()) == STATE
    assert isinstance(copied.hidden.weight, nn.Parameter)


def test_get_submodule():
    net = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ReLU(), nn.Tanh()))
    assert net.get_submodule("1.1") is net[1][1]
    assert net.get_submodule("") is net
    with pytest.raises(UnknownNameError, match="Did you mean"):
        net.get_submodule("1.2")


def test_parameter_repr_and_errors():
    assert repr(nn.Parameter([1.0])) == "Parameter containing:\ntensor([1.], requires_grad=True)"
    assert not nn.Parameter([1.0], requires_grad=False).requires_grad
    with pytest.raises(DTypeError):
        nn.Parameter([1])


def test_output_shape_of_a_users_module_is_found_by_trying():
    net = Net()
    assert net.output_shape((2,)) == (1,)
    assert net.training
    assert net.norm.num_batches_tracked.item() == 0
