"""What optimisers and schedules are put through, here and in PyTorch: options, parameters, gradients, metrics."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule import optim
from chainrule.core.tensor import tensor as chainrule_tensor

STEPS = 12
RECORDED_STEPS = (1, 2, 12)
SHAPES = {"weight": (3, 5), "bias": (3,), "scale": ()}
# The scale gets its first gradient late and then misses one: step counts differ between parameters.
WITHOUT_GRADIENT = {("scale", 1), ("scale", 2), ("scale", 7)}
DTYPES = ("float64", "float32")
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


@dataclass(frozen=True)
class OptimizerCase:
    """An optimiser's class name and options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return "-".join([self.name, *(f"{key}={value}" for key, value in self.options.items())]).replace(" ", "")

    def make(self, module: Any, params: Any) -> Any:
        return getattr(module, self.name)(params, **self.options)


def _cases() -> Iterator[OptimizerCase]:
    common: tuple[dict[str, Any], ...] = ({}, {"lr": 0.05}, {"weight_decay": 0.1, "lr": 0.02}, {"maximize": True})
    special: dict[str, tuple[dict[str, Any], ...]] = {
        "SGD": (
            {"momentum": 0.9},
            {"momentum": 0.9, "dampening": 0.3},
            {"momentum": 0.9, "nesterov": True},
            {"momentum": 0.5, "nesterov": True, "weight_decay": 0.1, "maximize": True},
        ),
        "Adam": ({"betas": (0.7, 0.95)}, {"amsgrad": True}, {"eps": 0.1}, {"betas": (0.0, 0.0), "weight_decay": 0.1}),
        "AdamW": ({"betas": (0.7, 0.95)}, {"amsgrad": True, "maximize": True}, {"eps": 0.1}, {"weight_decay": 0}),
        "Adagrad": ({"lr_decay": 0.1}, {"initial_accumulator_value": 0.5}, {"eps": 0.1}),
        "Adadelta": ({"rho": 0.5}, {"eps": 0.01}, {"rho": 0.95, "weight_decay": 0.01, "maximize": True}),
        "RMSprop": (
            {"alpha": 0.8},
            {"momentum": 0.9},
            {"centered": True},
            {"centered": True, "momentum": 0.5, "weight_decay": 0.1, "eps": 0.01},
        ),
    }
    for name, options in special.items():
        for chosen in (*common, *options):
            yield OptimizerCase(name, chosen)


OPTIMIZERS = tuple(_cases())


def random_inputs(seed: int) -> dict[str, np.ndarray]:
    """First values and gradients of all parameters, keyed ``start/NAME`` and ``gradients/NAME`` (one per step)."""
    rng = np.random.default_rng(seed)
    inputs = {f"start/{name}": rng.standard_normal(shape) for name, shape in SHAPES.items()}
    for name, shape in SHAPES.items():
        # Scales from 1e-3 to 10, as layers of a network have them.
        inputs[f"gradients/{name}"] = rng.standard_normal((STEPS, *shape)) * 10.0 ** rng.uniform(-3, 1, shape)
    return inputs


def trajectory(
    case: OptimizerCase, inputs: dict[str, np.ndarray], dtype: str, module: Any, tensor: Any
) -> dict[str, np.ndarray]:
    """Values of the parameters after each step, by name.

    Args:
        case: the optimiser.
        inputs: as from `random_inputs`.
        dtype: of parameters and gradients.
        module: ``chainrule.optim`` or ``torch.optim``.
        tensor: makes a tensor from an array.
    """
    params = {name: tensor(inputs[f"start/{name}"].astype(dtype)).requires_grad_() for name in SHAPES}
    optimizer = case.make(module, list(params.values()))
    after: dict[str, list[np.ndarray]] = {name: [] for name in SHAPES}
    for step in range(1, STEPS + 1):
        for name, p in params.items():
            g = inputs[f"gradients/{name}"][step - 1].astype(dtype)
            p.grad = None if (name, step) in WITHOUT_GRADIENT else tensor(np.asarray(g))
        optimizer.step()
        for name, p in params.items():
            after[name].append(np.array(p.detach().numpy()))
    return {name: np.stack(values) for name, values in after.items()}


chainrule_trajectory = functools.partial(trajectory, module=optim, tensor=chainrule_tensor)


# Schedules -----------------------------------------------------------------------------------------------------------

SCHEDULE_STEPS = 120
RATES = (0.1, 0.02)


@dataclass(frozen=True)
class ScheduleCase:
    """A schedule's class name, its options, and the optimiser that it works on."""

    name: str
    options: dict[str, Any]
    optimizer: OptimizerCase = OptimizerCase("SGD", {"lr": 0.1, "momentum": 0.9})

    @property
    def id(self) -> str:
        options = (f"{key}={_text(value)}" for key, value in self.options.items())
        return "-".join([self.name, self.optimizer.name, *options]).replace(" ", "")

    def make(self, module: Any, optimizer: Any) -> Any:
        """The schedule, from ``chainrule.optim.lr_scheduler`` or ``torch.optim.lr_scheduler``."""
        options = self.options
        if self.name == "SequentialLR":
            parts = [getattr(module, name)(optimizer, **part) for name, part in options["schedulers"]]
            options = {**options, "schedulers": parts}
        return getattr(module, self.name)(optimizer, **options)


def _text(value: Any) -> str:
    """`value` without what differs between runs: functions by their name."""
    if isinstance(value, list):
        return "[" + ",".join(_text(item) for item in value) + "]"
    return getattr(value, "__name__", None) or str(value)


def _halving(epoch: int) -> float:
    return 0.5 ** (epoch // 10)


def _inverse(epoch: int) -> float:
    return 1 / (1 + epoch)


_ADAM = OptimizerCase("Adam", {"lr": 0.1})
_ADAGRAD = OptimizerCase("Adagrad", {"lr": 0.1})
_WARMUP = ("LinearLR", {"start_factor": 0.05, "total_iters": 10})

SCHEDULES = (
    ScheduleCase("StepLR", {"step_size": 30}),
    ScheduleCase("StepLR", {"step_size": 7, "gamma": 0.9}),
    ScheduleCase("MultiStepLR", {"milestones": [30, 80]}),
    ScheduleCase("MultiStepLR", {"milestones": [90, 5, 5, 40], "gamma": 0.5}),
    ScheduleCase("ExponentialLR", {"gamma": 0.95}),
    ScheduleCase("ConstantLR", {}),
    ScheduleCase("ConstantLR", {"factor": 0.2, "total_iters": 50}),
    ScheduleCase("LinearLR", {}),
    ScheduleCase("LinearLR", {"start_factor": 0.01, "end_factor": 0.7, "total_iters": 60}),
    ScheduleCase("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 100}),
    ScheduleCase("CosineAnnealingLR", {"T_max": 120}),
    ScheduleCase("CosineAnnealingLR", {"T_max": 25, "eta_min": 0.003}),
    ScheduleCase("CosineAnnealingLR", {"T_max": 1}),
    ScheduleCase("CosineAnnealingWarmRestarts", {"T_0": 17}),
    ScheduleCase("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 3, "eta_min": 0.001}),
    ScheduleCase("LambdaLR", {"lr_lambda": _halving}),
    ScheduleCase("LambdaLR", {"lr_lambda": [_halving, _inverse]}, _ADAM),
    ScheduleCase("OneCycleLR", {"max_lr": 0.5, "total_steps": 121}),
    ScheduleCase("OneCycleLR", {"max_lr": [0.5, 0.3], "epochs": 11, "steps_per_epoch": 11}, _ADAM),
    ScheduleCase("OneCycleLR", {"max_lr": 0.5, "total_steps": 125, "three_phase": True, "anneal_strategy": "linear"}),
    ScheduleCase("OneCycleLR", {"max_lr": 0.5, "total_steps": 130, "three_phase": True, "pct_start": 0.4}, _ADAM),
    ScheduleCase("OneCycleLR", {"max_lr": 0.5, "total_steps": 120, "pct_start": 0.0}),
    ScheduleCase("OneCycleLR", {"max_lr": 0.5, "total_steps": 200, "cycle_momentum": False}, _ADAGRAD),
    ScheduleCase(
        "OneCycleLR",
        {
            "max_lr": 1.0,
            "total_steps": 130,
            "base_momentum": [0.5, 0.6],
            "max_momentum": 0.8,
            "div_factor": 10.0,
            "final_div_factor": 7.0,
        },
    ),
    ScheduleCase("SequentialLR", {"schedulers": [_WARMUP, ("CosineAnnealingLR", {"T_max": 110})], "milestones": [10]}),
    ScheduleCase(
        "SequentialLR",
        {
            "schedulers": [
                ("ConstantLR", {"factor": 0.3, "total_iters": 9}),
                ("ExponentialLR", {"gamma": 0.9}),
                ("StepLR", {"step_size": 4}),
                ("CosineAnnealingWarmRestarts", {"T_0": 6, "T_mult": 2}),
                ("MultiStepLR", {"milestones": [3]}),
            ],
            "milestones": [9, 20, 33, 90],
        },
    ),
    ScheduleCase(
        "SequentialLR",
        {"schedulers": [_WARMUP, ("OneCycleLR", {"max_lr": 0.4, "total_steps": 120})], "milestones": [15]},
    ),
    ScheduleCase("ReduceLROnPlateau", {"patience": 3}),
    ScheduleCase("ReduceLROnPlateau", {"patience": 2, "factor": 0.5, "cooldown": 4, "min_lr": [0.01, 0.001]}),
    ScheduleCase("ReduceLROnPlateau", {"mode": "max", "patience": 2, "factor": 0.7, "threshold": 0.05}),
    ScheduleCase(
        "ReduceLROnPlateau", {"patience": 1, "threshold": 0.03, "threshold_mode": "abs", "factor": 0.8, "eps": 1e-3}
    ),
    ScheduleCase("ReduceLROnPlateau", {"mode": "max", "threshold_mode": "abs", "patience": 4, "factor": 0.9}),
)


def metric(step: int) -> float:
    """A loss that falls, stalls and jitters; once it is not a number."""
    return math.nan if step == 17 else 1 / (1 + step // 12) + 0.05 * math.sin(step)


def two_groups(case: OptimizerCase, module: Any, tensor: Any) -> Any:
    """An optimiser with two groups of one parameter each, at the rates `RATES`."""
    params = [tensor(np.ones(2)).requires_grad_() for _ in RATES]
    return case.make(module, [{"params": [p], "lr": lr} for p, lr in zip(params, RATES, strict=True)])


def momentum_of(group: dict[str, Any]) -> float:
    return float(group["betas"][0] if "betas" in group else group.get("momentum", 0))


def advance(schedule: Any, step: int) -> None:
    """One step of a schedule of either library."""
    if type(schedule).__name__ == "ReduceLROnPlateau":
        schedule.step(metric(step))
    else:
        schedule.step()


def rates(case: ScheduleCase, module: Any, tensor: Any) -> np.ndarray:
    """Learning rates and momenta of the two groups, at the start and after each step: (steps + 1, 4)."""
    optimizer = two_groups(case.optimizer, module, tensor)
    schedule = case.make(module.lr_scheduler, optimizer)
    rows = [_row(optimizer)]
    for step in range(SCHEDULE_STEPS):
        advance(schedule, step)
        rows.append(_row(optimizer))
        assert schedule.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
    return np.array(rows)


def _row(optimizer: Any) -> list[float]:
    groups = optimizer.param_groups
    return [float(group["lr"]) for group in groups] + [momentum_of(group) for group in groups]


chainrule_rates = functools.partial(rates, module=optim, tensor=chainrule_tensor)
