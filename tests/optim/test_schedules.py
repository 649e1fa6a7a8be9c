"""Every schedule sets PyTorch's learning rates, recorded and live; named schedules fit the training's length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import optim
from chainrule.core.tensor import tensor
from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.optim import lr_scheduler
from helpers.optim_cases import (
    SCHEDULE_STEPS,
    SCHEDULES,
    ScheduleCase,
    advance,
    chainrule_rates,
    momentum_of,
    rates,
    two_groups,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "optim" / "schedules.npz"

# PyTorch warns of schedules that step without their optimizer; here only the rates matter.
ignore_order = pytest.mark.filterwarnings("ignore:Detected call of .lr_scheduler.step:UserWarning")
each_case = pytest.mark.parametrize("case", SCHEDULES, ids=lambda case: case.id)


def optimizer_at(lr: float = 0.1, kind: str = "sgd", **options: Any) -> optim.Optimizer:
    return optim.get(kind, [tensor([1.0], requires_grad=True)], lr=lr, **options)


def compare(actual: np.ndarray, expected: np.ndarray) -> None:
    assert actual.shape == expected.shape == (SCHEDULE_STEPS + 1, 4)
    # Absolute only where a rate is zero up to rounding: 1e-18 against rates of 0.1.
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-18)


@each_case
def test_rates_are_the_recorded_ones(case: ScheduleCase) -> None:
    with np.load(GOLDEN, allow_pickle=False) as file:
        compare(chainrule_rates(case), file[case.id])


@each_case
@ignore_order
def test_rates_are_pytorchs(case: ScheduleCase) -> None:
    torch = pytest.importorskip("torch")
    compare(chainrule_rates(case), rates(case, torch.optim, torch.tensor))


def test_the_comparison_notices_a_rate_that_is_off_by_a_trillionth() -> None:
    with np.load(GOLDEN, allow_pickle=False) as file:
        expected = file[SCHEDULES[0].id]
    wrong = expected.copy()
    wrong[7, 1] *= 1 + 3e-12
    with pytest.raises(AssertionError):
        compare(wrong, expected)
    with pytest.raises(AssertionError):
        compare(expected[1:], expected)


@each_case
def test_restored_in_the_middle_the_rest_is_the_same(case: ScheduleCase) -> None:
    optimizer = two_groups(case.optimizer, optim, tensor)
    schedule = case.make(lr_scheduler, optimizer)
    for step in range(50):
        advance(schedule, step)
    saved = json.loads(json.dumps([schedule.state_dict(), optimizer.state_dict()]))
    other_optimizer = two_groups(case.optimizer, optim, tensor)
    other = case.make(lr_scheduler, other_optimizer)
    other_optimizer.load_state_dict(saved[1])
    other.load_state_dict(saved[0])
    assert other.state_dict() == schedule.state_dict()
    for step in range(50, SCHEDULE_STEPS):
        for running in (schedule, other):
            advance(running, step)
        assert other.get_last_lr() == schedule.get_last_lr()
        for a, b in zip(other_optimizer.param_groups, optimizer.param_groups, strict=True):
            assert momentum_of(a) == momentum_of(b)


@ignore_order
@pytest.mark.parametrize(("T_0", "T_mult"), [(4, 1), (3, 2), (5, 3)])
def test_warm_restarts_go_to_a_fraction_of_an_epoch(T_0: int, T_mult: int) -> None:
    torch = pytest.importorskip("torch")
    ours = lr_scheduler.CosineAnnealingWarmRestarts(optimizer_at(), T_0, T_mult)
    p = torch.zeros(1, requires_grad=True)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(torch.optim.SGD([p], 0.1), T_0, T_mult)
    for epoch in np.arange(0, 40, 0.37):
        ours.step(float(epoch))
        theirs.step(float(epoch))
        assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr(), rel=1e-9)
    with pytest.raises(ConfigError, match="not negative"):
        ours.step(-1)


@ignore_order
def test_two_schedules_work_on_one_optimizer_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    optimizer, peer = optimizer_at(), torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)
    ours = [lr_scheduler.ConstantLR(optimizer, 0.1, 7), lr_scheduler.ExponentialLR(optimizer, 0.9)]
    module = torch.optim.lr_scheduler
    theirs = [module.ConstantLR(peer, 0.1, 7), module.ExponentialLR(peer, 0.9)]
    for _ in range(20):
        for schedule in (*ours, *theirs):
            schedule.step()
        assert optimizer.param_groups[0]["lr"] == pytest.approx(peer.param_groups[0]["lr"], rel=1e-12)


@ignore_order
@pytest.mark.parametrize(
    ("name", "options"),
    [("StepLR", {"step_size": 3}), ("CosineAnnealingLR", {"T_max": 30}), ("LinearLR", {"total_iters": 20})],
)
def test_resumed_with_last_epoch_as_in_pytorch(name: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    optimizer, peer = optimizer_at(), torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.1)
    for group in (optimizer.param_groups[0], peer.param_groups[0]):
        group["initial_lr"], group["lr"] = 0.1, 0.07
    ours = getattr(lr_scheduler, name)(optimizer, **options, last_epoch=9)
    theirs = getattr(torch.optim.lr_scheduler, name)(peer, **options, last_epoch=9)
    for _ in range(15):
        assert ours.get_last_lr() == pytest.approx(theirs.get_last_lr(), rel=1e-12)
        ours.step()
        theirs.step()


def test_one_cycle_ends_and_then_says_so() -> None:
    schedule = lr_scheduler.OneCycleLR(optimizer_at(momentum=0.9), max_lr=1.0, total_steps=10)
    for _ in range(10):
        schedule.step()
    with pytest.raises(ConfigError, match="cycle is over: expected at most 10 steps, got 11"):
        schedule.step()


@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("pct_start", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_one_cycle_has_a_rate_for_every_step_of_a_short_cycle(steps: int, pct_start: float, three_phase: bool) -> None:
    schedule = lr_scheduler.OneCycleLR(
        optimizer_at(momentum=0.9), max_lr=1.0, total_steps=steps, pct_start=pct_start, three_phase=three_phase
    )
    for _ in range(steps - 1):
        assert np.isfinite(schedule.get_last_lr()).all()
        schedule.step()


def test_cos_log_cycles_double_in_length() -> None:
    schedule = lr_scheduler.CosLogLR(optimizer_at(0.5), total_steps=150)
    rates = []
    for _ in range(151):
        rates.extend(schedule.get_last_lr())
        schedule.step()
    by_hand = [0.5 * 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t / 150))) for t in range(151)]
    np.testing.assert_allclose(rates, by_hand, atol=1e-12)
    np.testing.assert_allclose([rates[t] for t in (0, 10, 30, 70, 150)], 0, atol=1e-12)  # 1/15, 3/15, 7/15 of the way
    assert max(rates) > 0.499


def test_cos_log_by_name_ends_with_the_training() -> None:
    optimizer = optimizer_at(0.3)
    schedule = lr_scheduler.get("cos_log", optimizer, 5, 8)
    assert isinstance(schedule, lr_scheduler.CosLogLR)
    assert (schedule.total_steps, schedule.cycles, schedule.interval) == (40, 4, "step")
    assert lr_scheduler.get("cos_log", optimizer, 5, 8, cycles=2).cycles == 2  # type: ignore[attr-defined]


def test_plateau_counts_what_is_not_a_number_as_bad() -> None:
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer_at(), patience=1)
    for _ in range(2):
        schedule.step(float("nan"))
    assert schedule.best is None
    assert schedule.get_last_lr() == [pytest.approx(0.01)]
    schedule.step(tensor(0.5))
    assert schedule.best == 0.5


def test_interval_says_when_to_step_and_can_be_set() -> None:
    assert lr_scheduler.StepLR(optimizer_at(), 3).interval == "epoch"
    cycle = lr_scheduler.OneCycleLR(optimizer_at(momentum=0.9), 0.1, 10)
    assert cycle.interval == "step"
    cycle.interval = "epoch"
    assert cycle.interval == "epoch"
    assert lr_scheduler.OneCycleLR.interval == "step"
    assert lr_scheduler.ReduceLROnPlateau(optimizer_at()).needs_metric
    assert not cycle.needs_metric


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: lr_scheduler.StepLR("adam", 3), DTypeError, "works on an Optimizer"),
        (lambda o: lr_scheduler.StepLR(o, 0), ConfigError, "step_size must be a whole number"),
        (lambda o: lr_scheduler.StepLR(o, 2.5), ConfigError, "step_size"),
        (lambda o: lr_scheduler.StepLR(o, 3, gamma=-1), ConfigError, "gamma"),
        (lambda o: lr_scheduler.StepLR(o, 3, last_epoch=4), ConfigError, "initial_lr"),
        (lambda o: lr_scheduler.ConstantLR(o, factor=1.5), ConfigError, "factor"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=0), ConfigError, "start_factor"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), ConfigError, "T_max"),
        (lambda o: lr_scheduler.LambdaLR(o, 3), DTypeError, "function"),
        (lambda o: lr_scheduler.LambdaLR(o, [abs, abs]), ConfigError, "expected 1, got 2"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1), ConfigError, "total_steps, or epochs and steps_per_epoch"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1, 10, anneal_strategy="cosine"), UnknownNameError, "mean 'cos'"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1, 10, pct_start=2), ConfigError, "pct_start"),
        (lambda o: lr_scheduler.OneCycleLR(optimizer_at(kind="adagrad"), 0.1, 10), ConfigError, "cycle_momentum=False"),
        (lambda o: lr_scheduler.CosLogLR(o, 0), ConfigError, "total_steps"),
        (lambda o: lr_scheduler.CosLogLR(o, 9, 51), ConfigError, "too many cycles"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1), ConfigError, "below 1"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="down"), UnknownNameError, "mode"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0, 0]), ConfigError, "min_lr"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ConfigError, "at least one schedule"),
        (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [3]), ConfigError, "milestone"),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.ReduceLROnPlateau(o)], []),
            ConfigError,
            "cannot run a ReduceLROnPlateau",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(optimizer_at(), 1)], []),
            ConfigError,
            "another optimizer",
        ),
        (
            lambda o: lr_scheduler.StepLR(o, 1).load_state_dict(lr_scheduler.ExponentialLR(o, 1).state_dict()),
            ConfigError,
            "another schedule's.*step_size",
        ),
    ],
)
def test_mistakes_are_answered_in_one_line(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        make(optimizer_at())
    assert "\n" not in str(caught.value)


# By name


@pytest.mark.parametrize("epochs", [1, 2, 10, 100])
@pytest.mark.parametrize("name", lr_scheduler.NAMES)
def test_named_schedules_last_as_long_as_the_training(name: str, epochs: int) -> None:
    steps = 7
    optimizer = optimizer_at(0.1, "adam")
    schedule = lr_scheduler.get(name, optimizer, epochs, steps)
    seen = []
    for _ in range(epochs * steps if schedule.interval == "step" else epochs):
        seen.append(optimizer.param_groups[0]["lr"])
        schedule.step(1.0) if schedule.needs_metric else schedule.step()
    begins_at_zero = name == "cos_log"  # each of its cycles does
    assert all(0 < lr <= 0.1 * (1 + 1e-12) or (begins_at_zero and lr == 0) for lr in seen)
    if epochs > 3 and name != "constant":
        assert max(seen) == pytest.approx(0.1, rel=0.02)
        assert min(seen) < 0.05


def test_one_cycle_by_name_leaves_momentum_off_where_it_was_off() -> None:
    optimizer = optimizer_at(0.1, "sgd")
    lr_scheduler.get("one_cycle", optimizer, 2, 10)
    assert optimizer.param_groups[0]["momentum"] == 0
    optimizer = optimizer_at(0.1, "sgd", momentum=0.9)
    lr_scheduler.get("one_cycle", optimizer, 2, 10)
    assert optimizer.param_groups[0]["momentum"] == pytest.approx(0.95)


def test_get_takes_options_schedules_classes_and_functions() -> None:
    optimizer = optimizer_at()
    assert lr_scheduler.get("step", optimizer, 10, 5, step_size=2, gamma=0.5).state_dict()["step_size"] == 2
    made = lr_scheduler.StepLR(optimizer, 4)
    assert lr_scheduler.get(made, optimizer, 10, 5) is made
    assert type(lr_scheduler.get(lr_scheduler.ExponentialLR, optimizer, 10, 5, gamma=0.5)).__name__ == "ExponentialLR"
    by_function = lr_scheduler.get(lambda o: lr_scheduler.StepLR(o, 3), optimizer, 10, 5)
    assert type(by_function) is lr_scheduler.StepLR
    warmup = lr_scheduler.get("warmup_cosine", optimizer_at(), 10, 10, warmup_steps=50, start_factor=0.5)
    assert warmup.get_last_lr() == [0.05]


def test_get_answers_mistakes() -> None:
    optimizer = optimizer_at()
    with pytest.raises(UnknownNameError, match="Did you mean 'cosine'"):
        lr_scheduler.get("cosin", optimizer, 10, 5)
    with pytest.raises(UnknownNameError, match="Did you mean 'gamma'"):
        lr_scheduler.get("step", optimizer, 10, 5, gama=0.5)
    with pytest.raises(ConfigError, match="another optimizer"):
        lr_scheduler.get(lr_scheduler.StepLR(optimizer_at(), 3), optimizer, 10, 5)
    with pytest.raises(ConfigError, match="takes no options"):
        lr_scheduler.get(lr_scheduler.StepLR(optimizer, 3), optimizer, 10, 5, gamma=1)
    with pytest.raises(DTypeError, match="not a schedule"):
        lr_scheduler.get(3, optimizer, 10, 5)
    with pytest.raises(DTypeError, match="not a schedule"):
        lr_scheduler.get(lambda o: None, optimizer, 10, 5)
    with pytest.raises(ConfigError, match="total_epochs"):
        lr_scheduler.get("step", optimizer, 0, 5)
