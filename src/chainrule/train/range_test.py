"""Learning-rate range test: one short training in which the rate grows from step to step."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import engines
from chainrule.data.dataset import Dataset
from chainrule.engines.base import BlockResult, Engine, Plan
from chainrule.errors import ConfigError, TrainingError
from chainrule.explain.record import Record
from chainrule.optim.optimizer import Optimizer
from chainrule.train.evaluation import check_count
from chainrule.train.fit import fit
from chainrule.train.inputs import as_module

__all__ = ["RangeTest", "range_test", "read_curve"]

_SMOOTHING = 0.9
_BLOWN_UP = 4.0  # times the lowest loss so far: from here on the curve tells nothing more
_LEAST_FALL = 0.05
_SETTLING = 10  # steps; before, the average is of a few batches, and falls and rises as these happen to be


@dataclass(frozen=True)
class RangeTest(Record):
    """The loss against the learning rate.

    Attributes:
        lr: the learning rate of each step, growing by a constant factor.
        losses: the loss of each step's batch, before the step.
        smoothed: their exponential moving average (0.9, bias corrected).
        suggested: the rate at which the smoothed loss falls most steeply against log lr; None if it never falls.
        largest: the rate at which the smoothed loss is lowest: larger ones make it grow; None if it never falls.
        diverged: whether the loss blew up before the last rate was reached.
    """

    lr: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    suggested: float | None
    largest: float | None
    diverged: bool


def range_test(
    model: Any,
    data: Any,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
    engine: str | Engine = "auto",
    seed: int = 0,
    **fit_options: Any,
) -> RangeTest:
    """Find a learning rate: train a copy of `model` while the rate grows from `low` to `high`.

    After Smith, "Cyclical Learning Rates for Training Neural Networks" (2017).  The model itself is not changed.

    Args:
        model: the network to be trained later.
        data: as for `fit`.
        low, high: first and last rate.
        steps: number of steps.
        engine: as for `fit`.
        seed: of batch order and dropout.
        **fit_options: as for `fit` (loss, optimizer by name, batch_size, …).

    Returns:
        `RangeTest`.

    Raises:
        ConfigError: if the rates make no sense, or for options that a range test sets itself.
        ChainruleError: as `fit` does.
    """
    check_count("steps", steps)
    if not 0 < low < high < math.inf or steps < 2:
        raise ConfigError("bad range", expected="0 < low < high and at least 2 steps", got=f"{low}, {high}, {steps}")
    taken = sorted({"lr", "epochs", "schedule"} & fit_options.keys())
    if taken or isinstance(fit_options.get("optimizer"), Optimizer):
        raise ConfigError("a range test sets the learning rate itself", got=taken or "a finished optimizer")
    rates = np.geomspace(low, high, steps)
    ramp = _Ramp(engine, rates)
    options = {"verbose": 0, "metrics": [], **fit_options}
    try:
        fit(copy.deepcopy(as_module(model)), data, **options, engine=ramp, seed=seed, epochs=steps, lr=low)
    except _Finished:
        pass
    except TrainingError:
        if not ramp.losses:
            raise
    return read_curve(rates, np.array(ramp.losses))


class _Finished(Exception):  # noqa: N818 - the end is no error
    """All rates were tried."""


class _Ramp:
    """An engine that lets another one run, with the next rate at every step."""

    name = "ramp"

    def __init__(self, wanted: str | Engine, rates: np.ndarray) -> None:
        self.wanted, self.rates, self.losses = wanted, rates, list[float]()
        self._inner: Engine | None = None

    def refusal(self, plan: Plan) -> str | None:
        self._inner = engines.choose(self.wanted, plan)
        return None

    @property
    def inner(self) -> Engine:
        assert self._inner is not None  # `fit` asks for a refusal first
        return self._inner

    def prepare(self, plan: Plan) -> Any:
        return self.inner.prepare(plan)

    def run(
        self, plan: Plan, state: Any, data: Dataset, batch_index: np.ndarray, rates: list[list[dict[str, float]]] | None
    ) -> BlockResult:
        start = len(self.losses)
        if start == len(self.rates):
            raise _Finished
        next_rates = self.rates[start : start + len(batch_index)]
        groups = range(len(plan.optimizer.param_groups))
        settings = [[{"lr": float(rate)} for _ in groups] for rate in next_rates]
        result = self.inner.run(plan, state, data, batch_index[: len(next_rates)], settings)
        self.losses += result.losses.tolist()
        if len(self.losses) == len(self.rates):
            raise _Finished
        return result

    def write_back(self, plan: Plan, state: Any) -> None:
        self.inner.write_back(plan, state)


def read_curve(rates: np.ndarray, losses: np.ndarray) -> RangeTest:
    """What a curve of losses against growing rates says."""
    finite = losses[: int(np.argmin(np.isfinite(losses)))] if not np.isfinite(losses).all() else losses
    smoothed = _smooth(finite)
    blown = np.flatnonzero(smoothed > _BLOWN_UP * np.minimum.accumulate(smoothed))
    end = int(blown[0]) if len(blown) else len(finite)
    diverged = len(blown) > 0 or len(finite) < len(rates)
    seen = smoothed[:end]
    lowest = int(seen.argmin()) if end else 0
    suggested = largest = None
    if lowest > _SETTLING + 1 and seen[lowest] < (1 - _LEAST_FALL) * seen[_SETTLING]:
        slopes = np.gradient(seen, np.log(rates[:end]))
        steepest = _SETTLING + int(slopes[_SETTLING : lowest + 1].argmin())
        suggested, largest = float(rates[steepest]), float(rates[lowest])
    return RangeTest(
        tuple(rates[:end].tolist()), tuple(losses[:end].tolist()), tuple(seen.tolist()), suggested, largest, diverged
    )


def _smooth(losses: np.ndarray) -> np.ndarray:
    average, found = 0.0, np.empty(len(losses))
    for i, loss in enumerate(losses):
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        found[i] = average / (1 - _SMOOTHING ** (i + 1))
    return found
