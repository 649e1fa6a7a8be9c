"""The flat update is `Optimizer.step`, bit for bit, whatever the parameters, the options and the order of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule import optim
from chainrule.core.tensor import Tensor, tensor
from chainrule.engines.update import _PIECE, FlatUpdate
from chainrule.optim.clip import clip_grad_norm_, clip_grad_value_
from helpers.compare import assert_close
from helpers.optim_cases import OPTIMIZERS, OptimizerCase

SHAPES: dict[str, tuple[int, ...]] = {"0.weight": (5, 3), "0.bias": (5,), "scale": (), "1.weight": (2, 5)}
STEPS = 6

each_case = pytest.mark.parametrize("case", OPTIMIZERS, ids=lambda case: case.id)


def parameters(dtypes: str | dict[str, str] = "float32", seed: int = 0) -> dict[str, Tensor]:
    rng = np.random.default_rng(seed)
    kinds = dtypes if isinstance(dtypes, dict) else dict.fromkeys(SHAPES, dtypes)
    return {
        name: tensor(rng.standard_normal(shape).astype(kinds[name]), requires_grad=True)
        for name, shape in SHAPES.items()
    }


def give_gradients(params: dict[str, Tensor], step: int, without: tuple[str, ...] = (), scale: float = 1.0) -> None:
    rng = np.random.default_rng(1000 + step)
    for name, p in params.items():
        g = rng.standard_normal(p._data.shape).astype(p._data.dtype) * p._data.dtype.type(scale)
        p.grad = None if name in without else Tensor.of(np.asarray(g))


def grouped(params: dict[str, Tensor]) -> list[dict[str, Any]]:
    names = list(params)
    halves = names[:2], names[2:]
    return [
        {"params": [params[n] for n in half], "param_names": list(half), **options}
        for half, options in zip(halves, ({}, {"lr": 0.3}), strict=True)
    ]


def named(params: dict[str, Tensor]) -> Any:
    return list(params.items())


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor], left: Any = None, right: Any = None) -> None:
    for name, p in one.items():
        np.testing.assert_array_equal(p._data, other[name]._data, err_msg=name)
        assert p._data.dtype == other[name]._data.dtype
    if left is None:
        return
    assert set(left.state) == set(right.state)
    for path, kept in left.state.items():
        assert set(kept) == set(right.state[path]), path
        for key, value in kept.items():
            np.testing.assert_array_equal(value, right.state[path][key], err_msg=f"{path} {key}")


def both(
    make: Callable[[dict[str, Tensor]], Any],
    dtypes: str | dict[str, str] = "float32",
    before: Callable[[int, dict[str, Tensor], Any], object] = lambda step, params, optimizer: None,
    without: Callable[[int], tuple[str, ...]] = lambda step: (),
    steps: int = STEPS,
) -> tuple[Any, Any]:
    """Train two copies, one by `Optimizer.step` and one by `FlatUpdate`, and compare everything after each step."""
    plain, flat = parameters(dtypes), parameters(dtypes)
    plain_optimizer, flat_optimizer = make(plain), make(flat)
    update = FlatUpdate(flat_optimizer)
    for step in range(steps):
        update.write_back()
        before(step, plain, plain_optimizer)
        before(step, flat, flat_optimizer)
        update.refresh()
        give_gradients(plain, step, without(step))
        give_gradients(flat, step, without(step))
        plain_optimizer.step()
        plain_optimizer.zero_grad()
        update.step()
        assert all(p.grad is None for p in flat.values())
        update.write_back()
        assert_same(flat, plain, flat_optimizer, plain_optimizer)
    return flat_optimizer, plain_optimizer


@each_case
def test_it_is_the_optimizers_step(case: OptimizerCase) -> None:
    both(lambda params: case.make(optim, named(params)))


@each_case
def test_mixed_groups_and_dtypes(case: OptimizerCase) -> None:
    mixed = {"0.weight": "float32", "0.bias": "float64", "scale": "float64", "1.weight": "float32"}
    both(lambda params: case.make(optim, grouped(params)), dtypes=mixed)


@each_case
def test_parameters_without_gradient_are_skipped(case: OptimizerCase) -> None:
    absent = {1: ("0.bias",), 2: ("0.bias", "1.weight"), 4: tuple(SHAPES)}
    both(lambda params: case.make(optim, named(params)), without=lambda step: absent.get(step, ()))


def test_a_comparison_that_can_fail() -> None:
    plain, other = parameters(), parameters()
    other["scale"]._data += np.float32(1e-7)
    with pytest.raises(AssertionError, match="scale"):
        assert_same(plain, other)


def test_a_parameter_that_is_never_used_costs_one_rebuilding() -> None:
    params = parameters()
    update = FlatUpdate(optim.Adam(named(params)))
    give_gradients(params, 0, ("scale",))
    update.step()
    runs = update.runs
    for step in range(1, 4):
        give_gradients(params, step, ("scale",))
        update.step()
    assert update.runs is runs
    assert [run.step for run in runs] == [4, 0]


def test_frozen_parameters_are_not_touched() -> None:
    def make(params: dict[str, Tensor]) -> Any:
        params["0.bias"].requires_grad_(False)
        return optim.Adam(named(params), weight_decay=0.1)

    start = parameters()["0.bias"]._data
    flat, _ = both(make, without=lambda step: ("0.bias",))
    assert "0.bias" not in flat.state
    np.testing.assert_array_equal(dict(flat.named_parameters())["0.bias"]._data, start)


def test_freezing_and_unfreezing_between_blocks() -> None:
    def before(step: int, params: dict[str, Tensor], optimizer: Any) -> None:
        params["0.weight"].requires_grad_(step not in (2, 3))

    flat, _ = both(
        lambda params: optim.Adam(named(params)),
        before=before,
        without=lambda step: ("0.weight",) if step in (2, 3) else (),
    )
    assert flat.state["0.weight"]["step"] == STEPS - 2
    assert flat.state["0.bias"]["step"] == STEPS


def test_data_that_a_user_replaces_between_blocks_count() -> None:
    def before(step: int, params: dict[str, Tensor], optimizer: Any) -> None:
        if step == 3:
            params["0.weight"].data = np.full((5, 3), 0.25, np.float32)
            params["scale"]._data[...] = 4.0

    both(lambda params: optim.Adam(named(params)), before=before)


def test_groups_that_a_user_adds_between_blocks_count() -> None:
    def make(params: dict[str, Tensor]) -> Any:
        return optim.Adam([(name, params[name]) for name in ("0.weight", "0.bias")])

    def before(step: int, params: dict[str, Tensor], optimizer: Any) -> None:
        if step == 2:
            optimizer.add_param_group({"params": [("scale", params["scale"])], "lr": 0.5})

    both(make, before=before, without=lambda step: ("1.weight", "scale") if step < 2 else ("1.weight",))


def test_a_state_that_a_user_loads_between_blocks_counts() -> None:
    other = parameters(seed=7)
    donor = optim.Adam(named(other))
    for step in range(3):
        give_gradients(other, 50 + step)
        donor.step()
    state = donor.state_dict()

    def before(step: int, params: dict[str, Tensor], optimizer: Any) -> None:
        if step == 3:
            optimizer.load_state_dict(state)

    flat, _ = both(lambda params: optim.Adam(named(params)), before=before)
    assert flat.state["scale"]["step"] == 3 + (STEPS - 3)


@pytest.mark.parametrize("options", [{"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.2}, {}])
def test_momentum_that_is_switched_on_and_off(options: dict[str, Any]) -> None:
    def before(step: int, params: dict[str, Tensor], optimizer: Any) -> None:
        optimizer.param_groups[0]["momentum"] = 0.9 if step in (2, 3, 5) else 0.0

    both(lambda params: optim.SGD(named(params), lr=0.1, **options), before=before)
    both(lambda params: optim.RMSprop(named(params), lr=0.1), before=before)


@each_case
def test_going_on_from_a_state(case: OptimizerCase) -> None:
    plain, flat = parameters(), parameters()
    left, right = case.make(optim, named(flat)), case.make(optim, named(plain))
    for step in range(3):
        for params, optimizer in ((plain, right), (flat, left)):
            give_gradients(params, step, ("scale",) if step == 1 else ())
            optimizer.step()
            optimizer.zero_grad()
    update = FlatUpdate(left)
    for step in range(3, 6):
        give_gradients(plain, step)
        give_gradients(flat, step)
        right.step()
        update.step()
    update.write_back()
    assert_same(flat, plain, left, right)


def test_pieces_are_one_step() -> None:
    size = 2 * _PIECE + 77
    start, g = np.random.default_rng(0).standard_normal((2, size)).astype(np.float32)
    plain, flat = ({"w": tensor(start, requires_grad=True)} for _ in range(2))
    left, right = optim.AdamW(named(flat), amsgrad=True), optim.AdamW(named(plain), amsgrad=True)
    update = FlatUpdate(left)
    for _ in range(3):
        plain["w"].grad, flat["w"].grad = Tensor.of(g.copy()), Tensor.of(g.copy())
        right.step()
        update.step()
    update.write_back()
    assert_same(flat, plain, left, right)


# Clipping ------------------------------------------------------------------------------------------------------------


def clipped(norm: float | None, value: float | None, dtypes: Any, groups: bool, missing: tuple[str, ...]) -> None:
    plain, flat = parameters(dtypes), parameters(dtypes)
    arrange = grouped if groups else named
    left, right = optim.SGD(arrange(flat), lr=0.1), optim.SGD(arrange(plain), lr=0.1)
    update = FlatUpdate(left, norm, value)
    for step in range(4):
        scale = 10.0 if step % 2 else 0.001  # above and below the bounds
        give_gradients(plain, step, missing, scale)
        give_gradients(flat, step, missing, scale)
        if value is not None:
            clip_grad_value_(plain.values(), value)
        if norm is not None:
            clip_grad_norm_(plain.values(), norm)
        right.step()
        right.zero_grad()
        update.step()
        for name, p in flat.items():
            tolerance = 1e-6 if isinstance(dtypes, dict) else None  # the common norm then has float32's digits
            assert_close(p, plain[name], rtol=tolerance, label=name)


@pytest.mark.parametrize("missing", [(), ("0.bias",)], ids=["all", "one-missing"])
@pytest.mark.parametrize("groups", [False, True], ids=["one-group", "two-groups"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "mixed"])
@pytest.mark.parametrize(("norm", "value"), [(1.0, None), (None, 0.5), (1.5, 0.5)])
def test_clipping(norm: float | None, value: float | None, dtype: str, groups: bool, missing: tuple[str, ...]) -> None:
    mixed = {"0.weight": "float32", "0.bias": "float64", "scale": "float64", "1.weight": "float32"}
    clipped(norm, value, mixed if dtype == "mixed" else dtype, groups, missing)


@pytest.mark.parametrize("groups", [False, True])
def test_clipping_is_pytorchs(groups: bool) -> None:
    torch = pytest.importorskip("torch")
    ours = parameters("float64")
    theirs = {name: torch.tensor(p._data.copy(), requires_grad=True) for name, p in ours.items()}
    update = FlatUpdate(optim.SGD(grouped(ours) if groups else named(ours), lr=0.1), 1.5, 0.7)
    step_size = {name: 0.3 if groups and i > 1 else 0.1 for i, name in enumerate(ours)}
    for step in range(3):
        give_gradients(ours, step, scale=3.0)
        for name, p in theirs.items():
            p.grad = torch.tensor(ours[name].grad._data.copy())
        torch.nn.utils.clip_grad_value_(theirs.values(), 0.7)
        torch.nn.utils.clip_grad_norm_(theirs.values(), 1.5)
        with torch.no_grad():
            for name, p in theirs.items():
                p -= step_size[name] * p.grad
        update.step()
        for name, p in theirs.items():
            np.testing.assert_allclose(ours[name]._data, p.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("groups", [False, True])
def test_a_norm_that_is_not_a_number_spoils_every_gradient_as_in_pytorch(groups: bool) -> None:
    params = parameters()
    update = FlatUpdate(optim.SGD(grouped(params) if groups else named(params), lr=0.1), clip_norm=1.0)
    give_gradients(params, 0)
    params["scale"].grad = Tensor.of(np.array(np.nan, np.float32))
    with np.errstate(all="ignore"):
        update.step()
    assert all(np.isnan(p._data).all() for p in params.values())


# Going back ----------------------------------------------------------------------------------------------------------


def test_save_and_restore_are_exact_also_after_a_step_apart() -> None:
    params, twin = parameters(), parameters()
    left, right = optim.Adam(named(params)), optim.Adam(named(twin))
    update = FlatUpdate(left)
    for step in range(2):
        give_gradients(params, step)
        update.step()
        give_gradients(twin, step)
        right.step()
    saved = update.save()
    give_gradients(params, 7, ("0.bias",))
    update.step()
    give_gradients(params, 8)
    update.step()
    update.restore(saved)
    assert_same(params, twin)
    give_gradients(params, 9)
    update.step()
    give_gradients(twin, 9)
    right.step()
    update.write_back()
    assert_same(params, twin, left, right)


def test_the_first_parameter_that_is_not_finite_is_named() -> None:
    params = parameters()
    update = FlatUpdate(optim.SGD(named(params)))
    assert update.first_nonfinite() is None
    params["0.bias"]._data[...] = 3e38  # finite, though their sum is not
    assert update.first_nonfinite() is None
    params["scale"]._data[...] = np.inf
    params["1.weight"]._data[1, 1] = np.nan
    assert update.first_nonfinite() == "scale"
