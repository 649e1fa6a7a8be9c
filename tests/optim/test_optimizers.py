"""Every optimiser is PyTorch's, in values recorded from it and, where it is installed, live on other numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule import optim
from chainrule.core.tensor import tensor
from chainrule.optim.bias import bias_correction
from helpers.compare import assert_close
from helpers.optim_cases import (
    DTYPES,
    OPTIMIZERS,
    RECORDED_STEPS,
    TOLERANCE,
    OptimizerCase,
    chainrule_trajectory,
    random_inputs,
    trajectory,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "optim" / "optimizers.npz"

each_case = pytest.mark.parametrize("case", OPTIMIZERS, ids=lambda case: case.id)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN, allow_pickle=False) as file:
        return dict(file)


def compare(case: OptimizerCase, dtype: str, actual: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert set(actual) == set(expected)
    for name, values in expected.items():
        # Relative to the parameter, and where it is passing through zero, to a thousandth.
        tolerance = TOLERANCE[dtype]
        assert_close(actual[name], values, rtol=tolerance, atol=tolerance * 1e-3, label=f"{case.id} {name}")


def replay(case: OptimizerCase, dtype: str, golden: dict[str, np.ndarray]) -> None:
    rows = [step - 1 for step in RECORDED_STEPS]
    actual = {name: values[rows] for name, values in chainrule_trajectory(case, golden, dtype).items()}
    prefix = f"{case.id}/{dtype}/"
    compare(case, dtype, actual, {k.removeprefix(prefix): v for k, v in golden.items() if k.startswith(prefix)})


def replay_all(kind: str, dtype: str, golden: dict[str, np.ndarray]) -> None:
    for case in OPTIMIZERS:
        if case.name == kind:
            replay(case, dtype, golden)


@each_dtype
@each_case
def test_steps_are_the_recorded_ones(case: OptimizerCase, dtype: str, golden: dict[str, np.ndarray]) -> None:
    replay(case, dtype, golden)


@each_dtype
@each_case
def test_steps_are_pytorchs(case: OptimizerCase, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    for seed in (1, 2):
        inputs = random_inputs(seed)
        compare(
            case,
            dtype,
            chainrule_trajectory(case, inputs, dtype),
            trajectory(case, inputs, dtype, torch.optim, torch.tensor),
        )


@each_dtype
@pytest.mark.parametrize("kind", sorted({case.name for case in OPTIMIZERS}))
def test_the_replay_notices_a_wrong_step(
    kind: str, dtype: str, golden: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = getattr(optim, kind).update

    def wrong(self, p, g, slots, step, group):
        fresh, values = right(self, p, g, slots, step, group)
        return fresh + (fresh - p) * 1e-3, values

    monkeypatch.setattr(getattr(optim, kind), "update", wrong)
    with pytest.raises(AssertionError):
        replay_all(kind, dtype, golden)


def test_the_replay_notices_a_missing_bias_correction(
    golden: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.optim.adam.bias_correction", lambda beta, step: 1.0)
    with pytest.raises(AssertionError):
        replay(OptimizerCase("Adam"), "float32", golden)


# Numbers by hand


def one_step(optimizer_class: type, gradient: float, **options: object) -> float:
    p = tensor(np.array([1.0]), requires_grad=True)
    p.grad = tensor(np.array([gradient]))
    optimizer_class([p], **options).step()
    return float(p.detach().numpy()[0])


def test_first_steps_by_hand() -> None:
    assert one_step(optim.SGD, 0.5, lr=0.1) == pytest.approx(0.95, rel=1e-12)
    assert one_step(optim.SGD, 0.5, lr=0.1, weight_decay=0.2) == pytest.approx(0.93, rel=1e-12)
    # Adam's first step is the learning rate, whatever the gradient (Kingma & Ba 2015, §2.1).
    assert one_step(optim.Adam, 1e-3, lr=0.1, eps=0) == pytest.approx(0.9, rel=1e-12)
    assert one_step(optim.Adam, 1e3, lr=0.1, eps=0) == pytest.approx(0.9, rel=1e-12)
    assert one_step(optim.AdamW, 1e3, lr=0.1, eps=0, weight_decay=0.5) == pytest.approx(0.85, rel=1e-12)
    assert one_step(optim.Adagrad, -3.0, lr=0.1, eps=0) == pytest.approx(1.1, rel=1e-12)
    assert one_step(optim.RMSprop, 2.0, lr=0.1, alpha=0.75, eps=0) == pytest.approx(0.8, rel=1e-12)
    # √(0 + ε) / √((1 − ρ)g² + ε) · g with ε = 1, ρ = 0, g = √3: √3/2.
    assert one_step(optim.Adadelta, 3**0.5, rho=0.0, eps=1.0) == pytest.approx(1 - 3**0.5 / 2, rel=1e-12)


def test_centered_rmsprop_survives_a_steady_gradient() -> None:
    p = tensor(np.zeros(50, np.float32), requires_grad=True)
    optimizer = optim.RMSprop([p], centered=True, alpha=0.5, lr=1e-3)
    for _ in range(200):
        p.grad = tensor(np.linspace(0.1, 3.0, 50, dtype=np.float32))
        optimizer.step()
    assert np.isfinite(p.detach().numpy()).all()


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.AdamW, optim.Adagrad, optim.Adadelta, optim.RMSprop])
def test_each_optimizer_finds_the_minimum_of_a_bowl(kind: type) -> None:
    p = tensor(np.array([2.0, -1.0]), requires_grad=True)
    optimizer = kind([p], lr={"Adadelta": 200.0, "Adagrad": 1.0}.get(kind.__name__, 0.05))
    for _ in range(400):
        optimizer.zero_grad()
        ((p - 0.5) * (p - 0.5)).sum().backward()
        optimizer.step()
    assert np.abs(p.detach().numpy() - 0.5).max() < 0.05


# The pure function


@each_dtype
@each_case
def test_one_flat_buffer_gives_the_same_bits_as_parameter_by_parameter(case: OptimizerCase, dtype: str) -> None:
    rng = np.random.default_rng(3)
    shapes = [(7, 5), (5,), (), (33,)]
    parts = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    optimizer = case.make(optim, [tensor(parts[0], requires_grad=True)])
    group = optimizer.param_groups[0]
    names = optimizer.slots(group)
    flat = np.concatenate([part.ravel() for part in parts])
    slots = tuple(optimizer.initial_slot(name, flat, group) for name in names)
    part_slots = [tuple(optimizer.initial_slot(name, part, group) for name in names) for part in parts]
    for step in range(1, 6):
        gradients = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        flat, slots = optimizer.update(flat, np.concatenate([g.ravel() for g in gradients]), slots, step, group)
        for i, g in enumerate(gradients):
            parts[i], part_slots[i] = optimizer.update(parts[i], np.asarray(g), part_slots[i], step, group)
    assert flat.dtype == dtype
    assert all(slot.dtype == dtype for slot in slots)
    assert np.array_equal(flat, np.concatenate([np.ravel(part) for part in parts]))
    for i, slot in enumerate(slots):
        assert np.array_equal(slot, np.concatenate([np.ravel(values[i]) for values in part_slots]))


@each_case
def test_update_changes_nothing_that_it_is_given(case: OptimizerCase) -> None:
    p, g = np.linspace(-1, 1, 6), np.linspace(2, 3, 6)
    optimizer = case.make(optim, [tensor(p, requires_grad=True)])
    group = optimizer.param_groups[0]
    slots = tuple(np.full(6, 0.5) for _ in optimizer.slots(group))
    for array in (p, g, *slots):
        array.flags.writeable = False
    fresh, values = optimizer.update(p, g, slots, 3, group)
    assert not np.array_equal(fresh, p)
    assert len(values) == len(slots)


@each_case
def test_update_under_jit_is_numpys(case: OptimizerCase) -> None:
    jax = pytest.importorskip("jax")
    rng = np.random.default_rng(5)
    p = rng.standard_normal(20).astype(np.float32)
    optimizer = case.make(optim, [tensor(p, requires_grad=True)])
    group = optimizer.param_groups[0]
    names = optimizer.slots(group)
    traced = jax.jit(lambda p, g, slots, step, lr: optimizer.update(p, g, slots, step, {**group, "lr": lr}))
    slots = tuple(optimizer.initial_slot(name, p, group) for name in names)
    jp, jslots = jax.numpy.asarray(p), tuple(optimizer.initial_slot(n, jax.numpy.asarray(p), group) for n in names)
    for step in range(1, 13):
        g = rng.standard_normal(20).astype(np.float32)
        lr = 0.1 / step
        p, slots = optimizer.update(p, g, slots, step, {**group, "lr": lr})
        jp, jslots = traced(jp, g, jslots, step, lr)
    for actual, expected in zip((jp, *jslots), (p, *slots), strict=True):
        assert_close(actual, expected, rtol=2e-5, atol=1e-6, label=case.id)


def test_bias_correction_of_a_traced_step_keeps_its_digits() -> None:
    jax = pytest.importorskip("jax")
    for step in (1, 2, 1000):
        traced = jax.jit(lambda step: bias_correction(0.999, step))(step)
        assert float(traced) == pytest.approx(bias_correction(0.999, step), rel=1e-6)
    assert float(jax.jit(lambda step: bias_correction(0.0, step))(3)) == 1.0
