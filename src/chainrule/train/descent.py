"""`learning_rates`: gradient descent from one start with a small, a right and a large learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.errors import ConfigError
from chainrule.explain.landscape import Landscape, survey
from chainrule.explain.loss_at import Floats, LossAt, flat
from chainrule.explain.record import Record
from chainrule.explain.weight_planes import WeightPlane, principal_plane, slice_plane
from chainrule.train.descent_rates import chosen_rates
from chainrule.train.evaluation import check_count
from chainrule.train.inputs import as_module
from chainrule.train.steepest import Run, behaviour, descend

__all__ = ["Descent", "LearningRates", "learning_rates"]

_MOST_RUNS = 6
_MARGIN, _ROOM = 0.25, 0.6  # around the paths; the wider one lets the first leaps of a too large rate be seen
_NARROWEST = 0.35  # of the longer side
_ENOUGH = 0.9
_FAR, _LEAST = 1e6, 3  # beyond this many times the weights' length nothing is shown, if that leaves three states


@dataclass(frozen=True)
class Descent(Record):
    """Gradient descent with one learning rate.

    Attributes:
        lr: the learning rate.
        losses: at the start and after each step; where they end early, the next step could not be taken.
        rises: the number of steps in which the loss grew.
        verdict: "diverges": it ends above its start, or beyond all numbers; "converges": its loss falls by nine tenths
            or more of what it falls in the best of these runs.  Of the others, "slow": the best one's rate is larger;
            "oscillates": it is smaller, and the loss rises in a tenth of the steps or more; "overshoots": it is
            smaller, and the loss rises in fewer.
        path: ``(states, 2)``, on the landscape.
        distances: ``(states,)``, how far the states are off its plane.
        left: the first step after which the path is outside the landscape, or None.
    """

    lr: float
    losses: tuple[float, ...]
    rises: int
    verdict: str
    path: Floats
    distances: Floats
    left: int | None


@dataclass(frozen=True)
class LearningRates(Record):
    """What `learning_rates` found.

    Attributes:
        landscape: the loss around the paths of those runs that work, the common start as its center: an exact slice if
            two weights were named, else the plane of these runs' principal components.
        runs: one for each rate, in the order in which they were given.
    """

    landscape: Landscape
    runs: tuple[Descent, ...]

    def __repr__(self) -> str:
        shown = ", ".join(f"{run.lr:g} {run.verdict}" for run in self.runs)
        return f"LearningRates({shown}; {self.landscape.kind})"


def learning_rates(
    model: Any,
    data: Any,
    rates: Sequence[float] | None = None,
    *,
    steps: int = 50,
    weights: tuple[str, str] | None = None,
    loss: Any = None,
    points: int = 31,
) -> LearningRates:
    """Train copies of `model` by plain gradient descent, θ ← θ − η·∂L/∂θ on all rows at once, with several rates η.

    Every copy starts at the model's own weights; the model is not changed.  Dropout is off, and batch normalisation
    keeps the statistics that it has.

    Args:
        model: the network, untrained.
        data: as for `explain.landscape`; at most 1024 rows, evenly spread.
        rates: one or more learning rates; default: three.  A range test tells where to begin; from there rates are
            doubled until descent fails.  The last one is the large rate, the best before it the right one, and the
            small one is a tenth of that or less, with which the loss falls by less than half as much.
        steps: of each descent.
        weights: train these two alone, as ``("0.weight[0,0]", "0.bias[0]")``, so that the paths lie in the slice that
            is drawn.
        loss: name or `Loss`; default: the one that the model was trained with, else the usual one for the data.
        points: grid points of the landscape along either axis.

    Returns:
        `LearningRates`.

    Raises:
        UnknownNameError: if there is no such weight.
        ConfigError, DataError, ShapeError, DTypeError: for arguments that make no sense.
    """
    check_count("steps", steps)
    check_count("points", points)
    if points < 2:
        raise ConfigError("bad grid", expected="2 points or more", got=points)
    wanted = None if rates is None else _checked(rates)
    module = as_module(model)
    start = flat(module, dict(module.named_parameters()))
    plane = None if weights is None else slice_plane(module, start, weights)
    loss_at = LossAt(module, data, loss)
    trained = np.ones(len(start)) if plane is None else plane.axes.sum(axis=0)
    value = loss_at(start)
    if not math.isfinite(value):
        raise ConfigError("the loss at the start is not finite", got=value, fix="Scale the inputs")
    if wanted is None:
        wanted = chosen_rates(loss_at, start, trained, steps)
    runs = [descend(loss_at, start, trained, rate, steps) for rate in wanted]
    verdicts = _verdicts(wanted, runs)
    seen = _near(runs, verdicts, start)
    plane = principal_plane(start, seen) if plane is None else plane
    failing = any(verdict in ("diverges", "oscillates") for verdict in verdicts)
    x, y = _axes(plane.project(seen), _ROOM if failing else _MARGIN, points)
    found = survey(plane, loss_at, x, y, np.zeros((0, len(start))))
    told = zip(wanted, runs, verdicts, strict=True)
    return LearningRates(found, tuple(_descent(rate, run, verdict, plane, found) for rate, run, verdict in told))


def _checked(rates: Any) -> tuple[float, ...]:
    try:
        found = tuple(float(rate) for rate in rates)
    except (TypeError, ValueError):
        found = ()
    usable = all(0 < rate < math.inf for rate in found)
    if not 1 <= len(found) <= _MOST_RUNS or not usable or len(set(found)) < len(found):
        raise ConfigError("bad learning rates", expected=f"1 to {_MOST_RUNS} different numbers above 0", got=rates)
    return found


def _verdicts(rates: Sequence[float], runs: list[Run]) -> list[str]:
    """See `Descent`."""
    kinds = [behaviour(run.losses) for run in runs]
    falls = [run.losses[0] - run.losses[-1] for run in runs]
    best = max(range(len(runs)), key=lambda i: -math.inf if kinds[i] == "diverges" else falls[i])
    behind = [fall < _ENOUGH * falls[best] for fall in falls]
    return [
        kind if kind == "diverges" else _pace(kind, rate, rates[best]) if late else "converges"
        for rate, kind, late in zip(rates, kinds, behind, strict=True)
    ]


def _pace(kind: str, rate: float, best: float) -> str:
    """What is wrong with a run that stays behind the best one."""
    if rate < best:
        return "slow"
    return kind if kind == "oscillates" else "overshoots"


def _near(runs: list[Run], verdicts: list[str], start: Floats) -> Floats:
    """The states that a picture has to show: of the runs that work; if none does, those that are not far away."""
    working = [
        run.states
        for run, verdict in zip(runs, verdicts, strict=True)
        if verdict in ("converges", "slow", "overshoots")
    ]
    if working:
        return np.concatenate(working)
    states = np.concatenate([run.states for run in runs])
    with np.errstate(over="ignore"):
        away = np.linalg.norm(states - start, axis=1)
    near = away <= max(_FAR * (1 + float(np.linalg.norm(start))), float(np.sort(away)[:_LEAST][-1]))
    found: Floats = states[near]
    return found


def _axes(path: Floats, margin: float, points: int) -> tuple[Floats, Floats]:
    """Coordinates of a grid around a path."""
    low, high = path.min(axis=0), path.max(axis=0)
    size = high - low
    size = np.maximum(size, _NARROWEST * size.max() if size.max() > 0 else 1.0) * (1 + 2 * margin)
    middle = (low + high) / 2
    x, y = (np.linspace(m - s / 2, m + s / 2, points) for m, s in zip(middle, size, strict=True))
    return x, y


def _descent(rate: float, run: Run, verdict: str, plane: WeightPlane, landscape: Landscape) -> Descent:
    with np.errstate(over="ignore"):
        path = plane.project(run.states)
        distances = plane.distances(run.states, path)
    x, y = path.T
    outside = (x < landscape.x[0]) | (x > landscape.x[-1]) | (y < landscape.y[0]) | (y > landscape.y[-1])
    rises = int((np.diff(run.losses) > 0).sum())
    left = int(outside.argmax()) if outside.any() else None
    return Descent(rate, tuple(run.losses.tolist()), rises, verdict, path, distances, left)
