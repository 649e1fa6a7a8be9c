"""Groups, paths, steps in place, saving and restoring: what all optimisers share."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import optim
from chainrule.core.mode import is_grad_enabled, no_grad
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ConfigError, DTypeError, ShapeError, UnknownNameError
from helpers.optim_cases import OPTIMIZERS, OptimizerCase


def leaf(*shape: int, seed: int = 0, dtype: str = "float32") -> Tensor:
    return tensor(np.random.default_rng(seed).standard_normal(shape).astype(dtype), requires_grad=True)


def give_gradients(params: list[Tensor], step: int) -> None:
    for i, p in enumerate(params):
        p.grad = tensor(np.random.default_rng([step, i]).standard_normal(p.shape).astype(p.dtype))


def train(optimizer: optim.Optimizer, params: list[Tensor], first: int, last: int) -> None:
    for step in range(first, last):
        give_gradients(params, step)
        optimizer.step()


# Steps


def test_step_writes_into_the_parameters_memory_and_counts_versions() -> None:
    p = leaf(3)
    memory, version = p.detach().numpy(), p._version
    before = memory.copy()
    p.grad = tensor(np.ones(3, np.float32))
    optim.SGD([p], lr=0.5).step()
    assert np.array_equal(memory, before - np.float32(0.5))
    assert p._version > version
    assert p.is_leaf
    assert p.requires_grad


def test_a_parameter_without_gradient_is_left_alone_and_does_not_count_the_step() -> None:
    a, b = leaf(2), leaf(2, seed=1)
    optimizer = optim.Adam([("a", a), ("b", b)])
    untouched = b.detach().numpy().copy()
    a.grad = tensor(np.ones(2, np.float32))
    optimizer.step()
    assert np.array_equal(b.detach().numpy(), untouched)
    assert {path: kept["step"] for path, kept in optimizer.state.items()} == {"a": 1}


def test_closure_runs_with_recording_on_and_its_loss_is_returned() -> None:
    p = tensor(np.array([3.0]), requires_grad=True)
    optimizer = optim.SGD([p], lr=0.25)

    def closure() -> Tensor:
        assert is_grad_enabled()
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert p.item() == 1.5


def test_zero_grad() -> None:
    p = leaf(2)
    optimizer = optim.SGD([p])
    p.grad = tensor(np.ones(2, np.float32))
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is not None
    assert p.grad.tolist() == [0, 0]
    optimizer.zero_grad()
    assert p.grad is None
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is None


def test_numpy_numbers_as_hyperparameters_keep_float32() -> None:
    p = leaf(4)
    optimizer = optim.Adam([p], lr=np.float64(0.1), betas=np.array([0.9, 0.99]), eps=np.float64(1e-8))
    train(optimizer, [p], 0, 2)
    optimizer.param_groups[0]["lr"] = np.float64(0.01)
    train(optimizer, [p], 2, 3)
    assert {array.dtype for key, array in optimizer.state["0"].items() if key != "step"} == {np.dtype("float32")}


def test_gradient_of_another_shape_is_refused() -> None:
    p = leaf(2)
    p.grad = tensor(np.ones(3, np.float32))
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\).*in 0\.bias"):
        optim.SGD([("0.bias", p)]).step()


@pytest.mark.parametrize("case", OPTIMIZERS, ids=lambda case: case.id)
def test_a_large_parameter_is_updated_in_pieces_with_the_same_bits(
    case: OptimizerCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = [leaf(13, 7), leaf(13, 7)]
    cut, whole = (case.make(optim, [p]) for p in params)
    pieces: list[int] = []
    update = type(cut).update

    def counted(self, p, *rest):
        pieces.append(p.size)
        return update(self, p, *rest)

    monkeypatch.setattr(type(cut), "update", counted)
    for step in range(3):
        give_gradients([params[0]], step)
        params[1].grad = params[0].grad
        whole.step()
        with monkeypatch.context() as patch:
            patch.setattr("chainrule.optim.pieces.PIECE_BYTES", 120)
            cut.step()
    assert pieces == [91, 30, 30, 30, 1] * 3
    assert np.array_equal(params[0].detach().numpy(), params[1].detach().numpy())
    assert str(cut.state_dict()) == str(whole.state_dict())


def test_a_large_parameter_or_gradient_that_lies_in_columns_is_updated_as_well() -> None:
    start = np.random.default_rng(0).standard_normal((200, 300))
    gradient = np.random.default_rng(1).standard_normal((200, 300))
    results = []
    for order in ("CC", "CF", "FC"):
        p = Tensor.of(np.array(start, order=order[0])).requires_grad_()
        optimizer = optim.Adam([p])
        for _ in range(2):
            p.grad = Tensor.of(np.array(gradient, order=order[1]))
            optimizer.step()
        results.append(p.detach().numpy())
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])
    assert not np.array_equal(results[0], start)


def test_momentum_can_be_switched_on_later() -> None:
    p = leaf(2)
    optimizer = optim.SGD([p])
    train(optimizer, [p], 0, 2)
    optimizer.param_groups[0]["momentum"] = 0.9
    train(optimizer, [p], 2, 4)
    assert set(optimizer.state["0"]) == {"step", "momentum_buffer"}


# Groups and paths


def test_groups_have_their_own_hyperparameters() -> None:
    a, b = leaf(2), leaf(2)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5, "name": "head"}], lr=0.1, momentum=0.9)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.9]
    assert [path for path, _ in optimizer.named_parameters()] == ["0", "1"]
    c = leaf(1)
    optimizer.add_param_group({"params": [("c", c)], "lr": 0})
    assert optimizer.named_parameters()[-1] == ("c", c)


def test_bind_renames_parameters_and_moves_their_state() -> None:
    params = [leaf(2), leaf(3)]
    optimizer = optim.Adam(params)
    train(optimizer, params, 0, 1)
    averages = [optimizer.state[str(i)]["exp_avg"] for i in range(2)]
    optimizer.bind([("0.weight", params[0]), ("tied", params[0]), ("0.bias", params[1]), ("frozen", leaf(1))])
    assert list(optimizer.state) == ["0.weight", "0.bias"]
    assert [optimizer.state[path]["exp_avg"] for path in optimizer.state] == averages
    train(optimizer, params, 1, 2)
    assert {kept["step"] for kept in optimizer.state.values()} == {2}


def test_bind_refuses_a_tensor_of_another_model() -> None:
    with pytest.raises(ConfigError, match=r"not a parameter of the model.*model\.parameters"):
        optim.Adam([leaf(2)]).bind([("0.weight", leaf(2))])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: optim.Adam([]), ConfigError, "empty parameter list"),
        (lambda p: optim.Adam(p), DTypeError, "iterable of tensors"),
        (lambda p: optim.Adam({p}), DTypeError, "order"),
        (lambda p: optim.Adam([1.0]), DTypeError, "only optimize Tensors"),
        (lambda p: optim.Adam([{"lr": 1}]), DTypeError, "'params'"),
        (lambda p: optim.Adam([{"params": [p]}, [p]]), DTypeError, "group is a dict"),
        (lambda p: optim.Adam([p * 2]), ConfigError, "non-leaf"),
        (lambda p: optim.Adam([p, p]), ConfigError, "twice.*0 and 1"),
        (lambda p: optim.Adam([{"params": [p]}, {"params": [p]}]), ConfigError, "twice"),
        (lambda p: optim.Adam([("w", p), ("w", leaf(1))]), ConfigError, "one name.*'w'"),
        (lambda p: optim.Adam([p], lr=-1), ConfigError, "lr is out of range.*≥ 0.*-1"),
        (lambda p: optim.Adam([p], lr=float("nan")), ConfigError, "lr must be finite"),
        (lambda p: optim.Adam([p], lr="fast"), DTypeError, "lr is not a number"),
        (lambda p: optim.Adam([p], betas=(0.9, 1.0)), ConfigError, r"betas\[1\] is out of range"),
        (lambda p: optim.Adam([p], betas=0.9), ConfigError, "betas must be two numbers"),
        (lambda p: optim.Adam([p], eps=-1e-8), ConfigError, "eps"),
        (lambda p: optim.Adam([p], amsgrad="yes"), ConfigError, "amsgrad must be True or False"),
        (lambda p: optim.Adam([{"params": [p], "lr": -1}]), ConfigError, "lr"),
        (lambda p: optim.Adam([p], learning_rate=0.1), UnknownNameError, "option of Adam 'learning_rate'.*Known: lr"),
        (lambda p: optim.Adam([p], beta=(0.9, 0.99)), UnknownNameError, "Did you mean 'betas'"),
        (lambda p: optim.Adam([{"params": [p], "weight_deca": 0.1}]), UnknownNameError, "Did you mean 'weight_decay'"),
        (lambda p: optim.SGD([p], nesterov=True), ConfigError, "Nesterov"),
        (lambda p: optim.SGD([{"params": [p], "nesterov": True}], momentum=0.9, dampening=0.1), ConfigError, "Nest"),
        (lambda p: optim.Adadelta([p], rho=1.5), ConfigError, "rho"),
        (lambda p: optim.RMSprop([p], momentum=-0.1), ConfigError, "momentum"),
        (lambda p: optim.Adagrad([p], initial_accumulator_value=-1), ConfigError, "initial_accumulator_value"),
    ],
)
def test_bad_arguments_are_answered_in_one_line(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        make(leaf(2))
    assert "\n" not in str(caught.value)


def test_pytorchs_performance_flags_are_accepted() -> None:
    p = leaf(2)
    assert optim.Adam([p], foreach=True, fused=True, capturable=False, differentiable=False).config() == {
        "name": "adam",
        "lr": 1e-3,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "weight_decay": 0,
        "amsgrad": False,
        "maximize": False,
    }


# By name


def test_get_by_name_class_config_and_instance() -> None:
    p = leaf(2)
    adam = optim.get("Adam", [("w", p)], lr=0.5)
    assert type(adam) is optim.Adam
    assert optim.get(adam, None) is adam
    assert optim.get(optim.SGD, [p], momentum=0.1).param_groups[0]["momentum"] == 0.1
    for name in optim.NAMES:
        config = optim.get(name, [p]).config()
        again = optim.get(json.loads(json.dumps(config)), [p])
        assert again.config() == config
        assert again.defaults == optim.get(name, [p]).defaults


def test_get_answers_mistakes() -> None:
    p = leaf(2)
    with pytest.raises(UnknownNameError, match="Did you mean 'adam'"):
        optim.get("adm", [p])
    with pytest.raises(UnknownNameError, match="Did you mean 'momentum'"):
        optim.get("sgd", [p], momentun=0.9)
    with pytest.raises(ConfigError, match="takes no options"):
        optim.get(optim.SGD([p]), [p], lr=1)
    with pytest.raises(DTypeError, match="not an optimizer"):
        optim.get(3, [p])
    with pytest.raises(DTypeError, match="not an optimizer"):
        optim.get(dict, [p])


def test_every_optimizer_shows_its_formula() -> None:
    for name in optim.NAMES:
        optimizer = optim.get(name, [leaf(1)])
        assert "θ ←" in optimizer.formula
        assert r"\theta \leftarrow" in optimizer.latex
        assert repr(optimizer).startswith(type(optimizer).__name__)


# Saving and restoring


def through_json(saved: dict[str, Any]) -> dict[str, Any]:
    """The state as a file would bring it back: arrays as they are, everything else through JSON."""
    arrays = {
        (path, key): value
        for path, kept in saved["state"].items()
        for key, value in kept.items()
        if isinstance(value, np.ndarray)
    }
    plain = {
        **saved,
        "state": {
            path: {key: value for key, value in kept.items() if (path, key) not in arrays}
            for path, kept in saved["state"].items()
        },
    }
    back = json.loads(json.dumps(plain))
    for (path, key), value in arrays.items():
        back["state"][path][key] = value
    return back


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", OPTIMIZERS, ids=lambda case: case.id)
def test_restored_in_the_middle_the_rest_is_the_same_bit_for_bit(case: OptimizerCase, dtype: str) -> None:
    params = [leaf(3, 2, dtype=dtype), leaf(2, seed=1, dtype=dtype), leaf(seed=2, dtype=dtype)]
    names = ["0.weight", "0.bias", "scale"]
    optimizer = case.make(optim, list(zip(names, params, strict=True)))
    train(optimizer, params, 0, 5)
    saved = optimizer.state_dict()
    others = [tensor(p.detach().numpy().copy(), requires_grad=True) for p in params]
    train(optimizer, params, 5, 10)

    restored = type(optimizer)(list(zip(names, others, strict=True)))
    restored.load_state_dict(through_json(saved))
    train(restored, others, 5, 10)
    for p, q in zip(params, others, strict=True):
        assert np.array_equal(p.detach().numpy(), q.detach().numpy())
    assert str(restored.state_dict()) == str(optimizer.state_dict())


def test_a_saved_state_is_a_copy() -> None:
    params = [leaf(2)]
    optimizer = optim.Adam(params)
    train(optimizer, params, 0, 1)
    saved = optimizer.state_dict()
    before = copy.deepcopy(saved)
    saved["state"]["0"]["exp_avg"][:] = 7
    assert not np.array_equal(optimizer.state["0"]["exp_avg"], saved["state"]["0"]["exp_avg"])
    optimizer.load_state_dict(saved)
    train(optimizer, params, 1, 2)
    assert saved["state"]["0"]["exp_avg"].tolist() == [7, 7]
    assert before["state"]["0"]["step"] == saved["state"]["0"]["step"] == 1


def test_state_without_names_is_found_by_position() -> None:
    params = [leaf(2), leaf(3)]
    unnamed = optim.Adam(params)
    train(unnamed, params, 0, 2)
    named = optim.Adam([("a", params[0]), ("b", params[1])])
    named.load_state_dict(unnamed.state_dict())
    assert np.array_equal(named.state["b"]["exp_avg"], unnamed.state["1"]["exp_avg"])


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_pytorchs_state_is_taken_over(name: str) -> None:
    torch = pytest.importorskip("torch")
    options = {"momentum": 0.9, "dampening": 0.2} if name == "SGD" else {}
    start = np.random.default_rng(0).standard_normal((3, 2))
    theirs = torch.tensor(start, requires_grad=True)
    peer = getattr(torch.optim, name)([theirs], lr=0.1, **options)
    for step in range(6):
        if step == 3:
            ours = tensor(theirs.detach().numpy().copy(), requires_grad=True)
            optimizer = getattr(optim, name)([("w", ours)], **options)
            optimizer.load_state_dict(peer.state_dict())
        g = np.random.default_rng(step).standard_normal((3, 2))
        theirs.grad = torch.tensor(g)
        peer.step()
        if step >= 3:
            ours.grad = tensor(g)
            optimizer.step()
    np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("state"), ConfigError, "not an optimizer's state"),
        (lambda s: s.update(name="sgd"), ConfigError, "another optimizer's: expected adam, got sgd"),
        (lambda s: s["param_groups"].append({"params": []}), ConfigError, "number of parameter groups"),
        (lambda s: s["param_groups"][0]["params"].append("c"), ConfigError, "number of parameters"),
        (lambda s: s["param_groups"][0].update(params=["a", "c"]), ConfigError, "expected b, got c"),
        (lambda s: s["state"].update(z={"step": 1}), ConfigError, "none of its groups.*'z'"),
        (lambda s: s["state"]["a"].update(exp_avg=np.zeros(5)), ShapeError, r"exp_avg.*\(2,\).*\(5,\).*in a"),
        (lambda s: s["param_groups"][0].update(lr=-1), ConfigError, "lr"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change: Any, error: type[Exception], message: str) -> None:
    params = [leaf(2), leaf(3)]
    optimizer = optim.Adam([("a", params[0]), ("b", params[1])])
    train(optimizer, params, 0, 1)
    saved = optimizer.state_dict()
    change(saved)
    before = str(optimizer.state_dict())
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(saved)
    assert str(optimizer.state_dict()) == before


@given(
    lr=st.floats(0, 10),
    beta1=st.floats(0, 1, exclude_max=True),
    beta2=st.floats(0, 1, exclude_max=True),
    scale=st.sampled_from([1e-30, 1e-10, 1.0, 1e10]),
)
def test_adam_never_steps_much_further_than_its_rate(lr: float, beta1: float, beta2: float, scale: float) -> None:
    """A steady gradient of any size: |Δθ| ≤ η (Kingma & Ba 2015, §2.1)."""
    p = tensor(np.zeros(3), requires_grad=True)
    optimizer = optim.Adam([p], lr=lr, betas=(beta1, beta2))
    before = np.zeros(3)
    for _ in range(4):
        p.grad = tensor(np.array([scale, -scale, 0.0]))
        optimizer.step()
        now = p.detach().numpy().copy()
        assert (np.abs(now - before) <= lr * (1 + 1e-6)).all()
        before = now
