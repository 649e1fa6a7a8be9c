"""`restarts`: train a network from many seeds, and see how often it works and what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.core import rng
from chainrule.data.dataset import Splits
from chainrule.errors import ConfigError, TrainingError
from chainrule.explain.given import given_data, model_inputs, some_rows
from chainrule.explain.record import Record
from chainrule.explain.solutions import HiddenLayer, canonical, hidden_features, same_features
from chainrule.metrics import registry
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer
from chainrule.train.building import check_build, random_numbers_kept
from chainrule.train.evaluation import check_count, evaluate
from chainrule.train.fit import fit
from chainrule.train.history import History
from chainrule.train.inputs import as_module
from chainrule.train.together import train_together

__all__ = ["Restart", "Restarts", "Solution", "restarts", "wilson_interval"]

_ROWS = 512  # on which hidden units are compared
_GOALS = {"accuracy": 0.95, "r2": 0.9}


@dataclass(frozen=True)
class Restart(Record):
    """One training.

    Attributes:
        seed: of its initial weights, batch order and dropout.
        success: whether the score reached the goal.
        score: the metric after training; NaN if training diverged.
        losses: the training loss by epoch.
        seconds: how long it took.
        stopped: why it ended before the last epoch, or None.
    """

    seed: int
    success: bool
    score: float
    losses: tuple[float, ...]
    seconds: float
    stopped: str | None


@dataclass(frozen=True)
class Solution(Record):
    """Trainings that ended in the same hidden features.

    Attributes:
        seeds: which they are.
        success: whether they reached the goal.
        score: of the first of them.
        weights: the first one's arrays by path, with its hidden units in canonical order and sign.
    """

    seeds: tuple[int, ...]
    success: bool
    score: float
    weights: dict[str, np.ndarray]


@dataclass(frozen=True)
class Restarts(Record):
    """What `restarts` found.

    Attributes:
        runs: one per seed.
        solutions: the distinct ones, the most frequent first; successes and failures apart.
        metric, goal: what counts as success.
        rate: share of the runs that succeeded.
        low, high: Wilson's interval for the probability of success.
        confidence: of that interval.
    """

    runs: tuple[Restart, ...]
    solutions: tuple[Solution, ...]
    metric: str
    goal: float
    rate: float
    low: float
    high: float
    confidence: float
    _models: tuple[Module, ...] = field(default=(), repr=False, compare=False)

    @property
    def curves(self) -> list[tuple[float, ...]]:
        """The loss by epoch of each run."""
        return [run.losses for run in self.runs]

    @property
    def seconds(self) -> float:
        """How long all of them took."""
        return sum(run.seconds for run in self.runs)

    def model(self, seed: int) -> Module:
        """The network that was trained from `seed`.

        Raises:
            ConfigError: if none was.
        """
        for run, model in zip(self.runs, self._models, strict=True):
            if run.seed == seed:
                return model
        raise ConfigError("no such run", expected=f"a seed among {[run.seed for run in self.runs]}", got=seed)

    def __repr__(self) -> str:
        wins, n = sum(run.success for run in self.runs), len(self.runs)
        found = sum(solution.success for solution in self.solutions)
        return (
            f"Restarts({wins} of {n} reached {self.metric} {self.goal:g}: {self.rate:.0%}, {self.confidence:.0%} "
            f"interval {self.low:.0%} to {self.high:.0%}; {found} distinct solutions; {self.seconds:.2f} s)"
        )


def restarts(
    build: Callable[[], Module],
    data: Any,
    n: int = 10,
    *,
    seed: int = 0,
    metric: str | None = None,
    goal: float | None = None,
    confidence: float = 0.95,
    **fit_options: Any,
) -> Restarts:
    """Train `build()` from `n` seeds.

    Two networks count as the same solution if their hidden units compute the same features of the data, up to order,
    scale and, for tanh and sigmoid, sign (see `chainrule.explain.solutions`).  The random numbers of the program go on
    afterwards as if nothing had been drawn.

    Each network is the one that `fit` makes of that seed.  Small chains of Linear layers and activations are trained
    all at once by the native engine, to the same result but for rounding; with metrics, callbacks, validation or
    clipping, one after the other.

    Args:
        build: makes a new, untrained network; called once for each seed, after `manual_seed`.
        data: as for `fit`; the score is taken on the training data.
        n: number of trainings.
        seed: the first seed; the others follow it.
        metric: name of the score, or "loss"; default: accuracy for classes, R² for numbers.
        goal: what the score has to reach; default: 0.95 for accuracy, 0.9 for R².
        confidence: of the interval for the probability of success.
        **fit_options: as for `fit`; the optimiser by name; no metrics by epoch unless they are asked for.

    Returns:
        `Restarts`.

    Raises:
        ConfigError, DTypeError: for arguments that make no sense.
        ChainruleError: as `fit` does; a training that diverges is a failure, not an error.
    """
    check_count("n", n)
    check_build(build)
    if isinstance(fit_options.get("optimizer"), Optimizer):
        raise ConfigError("each restart needs its own optimizer", fix='Name it: optimizer="adam", lr=…')
    if fit_options.get("checkpoint") is not None or fit_options.get("resume"):
        raise ConfigError("checkpoints are of one training", fix="Leave checkpoint and resume out, or call fit")
    if not 0 < confidence < 1:
        raise ConfigError("bad confidence", expected="a number between 0 and 1", got=confidence)
    if metric is not None:
        _goal(metric, goal)
    options = {"verbose": 0, "metrics": [], **fit_options}
    runs: list[tuple[int, float, tuple[float, ...], float, str | None]] = []
    with random_numbers_kept():
        rng.manual_seed(seed)  # refuses what is no seed
        seeds = range(seed, seed + n)
        models = [_built(build, one) for one in seeds]
        if len({id(model) for model in models}) < n:
            raise ConfigError("build must make a new network each time", fix="Build it inside the function")
        together = train_together(models, data, seeds, options) or [None] * n
        for one, model, history in zip(seeds, models, together, strict=True):
            losses, seconds, stopped = _told(history) if history is not None else _train(model, data, one, options)
            metric, score = _score(model, data, metric, options.get("loss"), diverged=not losses)
            runs.append((one, score, losses, seconds, stopped))
            if stopped == "interrupted" and history is None:
                break
    models = models[: len(runs)]
    assert metric is not None
    wanted = _goal(metric, goal)
    finished = tuple(
        Restart(one, _reached(metric, score, wanted), score, losses, seconds, stopped)
        for one, score, losses, seconds, stopped in runs
    )
    wins = sum(run.success for run in finished)
    low, high = wilson_interval(wins, len(finished), confidence)
    found = _solutions(finished, models, data)
    return Restarts(
        finished, found, metric, wanted, wins / len(finished), low, high, float(confidence), tuple(models)
    )  # fmt: skip


def wilson_interval(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Interval for the probability of success (Wilson 1927), which is sound for small n and for 0 and n successes.

    With p = successes/n and the normal quantile z: (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n).
    """
    from statistics import NormalDist

    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, extra = successes / n, z * z / n
    half = z * math.sqrt(p * (1 - p) / n + extra / (4 * n))
    low, high = ((p + extra / 2 + sign * half) / (1 + extra) for sign in (-1, 1))
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)


def _built(build: Callable[[], Module], seed: int) -> Module:
    rng.manual_seed(seed)
    return as_module(build())


def _told(history: History) -> tuple[tuple[float, ...], float, str | None]:
    return tuple(history.get("loss", ())), history.seconds, history.stopped


def _train(model: Module, data: Any, seed: int, options: dict[str, Any]) -> tuple[tuple[float, ...], float, str | None]:
    """Losses, seconds, and why it stopped; no losses if not even the first epoch could be finished."""
    from time import perf_counter

    began = perf_counter()
    try:
        history = fit(model, data, **{**options, "seed": seed})
    except TrainingError as error:
        return (), perf_counter() - began, str(error)
    return _told(history)


def _score(model: Module, data: Any, metric: str | None, loss: Any, diverged: bool) -> tuple[str, float]:
    part = data.train if isinstance(data, Splits) else data
    if metric is None:
        metric = "accuracy" if "accuracy" in evaluate(model, part, loss=loss) else "r2"
    if diverged:
        return metric, math.nan
    return metric, float(evaluate(model, part, loss=loss, metrics=[] if metric == "loss" else [metric])[metric])


def _goal(metric: str, goal: float | None) -> float:
    if metric != "loss":
        registry.get(metric)
    if goal is None and metric not in _GOALS:
        raise ConfigError(f"metric {metric!r} needs a goal", fix="E.g. goal=0.1")
    return _GOALS[metric] if goal is None else float(goal)


def _reached(metric: str, score: float, goal: float) -> bool:
    if metric != "loss" and registry.get(metric).higher_is_better:
        return score >= goal
    return score <= goal


def _solutions(runs: tuple[Restart, ...], models: list[Module], data: Any) -> tuple[Solution, ...]:
    """Group the runs that were finished by what their hidden units compute."""
    groups: list[tuple[list[int], tuple[HiddenLayer, ...]]] = []
    for i, (run, model) in enumerate(zip(runs, models, strict=True)):
        if not math.isfinite(run.score):
            continue
        rows = some_rows(given_data(model, data, model.objective), _ROWS)
        features = hidden_features(model, model_inputs(model, rows))
        for members, known in groups:
            if runs[members[0]].success == run.success and same_features(known, features):
                members.append(i)
                break
        else:
            groups.append(([i], features))
    groups.sort(key=lambda group: (not runs[group[0][0]].success, -len(group[0])))
    return tuple(
        Solution(
            tuple(runs[i].seed for i in members),
            runs[members[0]].success,
            runs[members[0]].score,
            {path: value._data for path, value in canonical(models[members[0]]).state_dict().items()},
        )
        for members, _ in groups
    )
