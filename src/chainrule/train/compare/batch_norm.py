"""`batch_norm`: the same network with and without batch normalisation, from several seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from chainrule.data import registry
from chainrule.explain.record import Record
from chainrule.messages import text
from chainrule.nn.module import Module
from chainrule.train.building import random_numbers_kept
from chainrule.train.compare.activity import Distribution, distribution, entering
from chainrule.train.compare.networks import with_batch_norm
from chainrule.train.compare.record import Run, measured, metric_title
from chainrule.train.compare.training import (
    Setup,
    metric_of,
    prepared,
    started,
    trained,
    usual_epochs,
)
from chainrule.train.evaluation import check_count

__all__ = ["BatchNorm", "NormalisedRun", "batch_norm"]


@dataclass(frozen=True)
class NormalisedRun(Run):
    """One training, with batch normalisation or without.

    Attributes:
        before, after: what enters each hidden activation function, first layer first, for up to 1000 training rows,
            before and after training.
    """

    before: tuple[Distribution, ...]
    after: tuple[Distribution, ...]


@dataclass(frozen=True)
class BatchNorm(Record):
    """What `batch_norm` measured.

    Attributes:
        plain, normalised: the runs without and with batch normalisation, one per seed, in the same order.
        metric: what the scores are.
        epochs: of each run.
        training_rows, validation_rows: how many there were.
    """

    plain: tuple[NormalisedRun, ...]
    normalised: tuple[NormalisedRun, ...]
    metric: str
    epochs: int
    training_rows: int
    validation_rows: int
    _models: tuple[tuple[Module, Module], ...] = field(default=(), repr=False, compare=False)

    @property
    def wins(self) -> int:
        """For how many seeds the normalised network's training loss ended lower."""
        return sum(_end(two.losses) < _end(one.losses) for one, two in zip(self.plain, self.normalised, strict=True))

    @property
    def reached(self) -> int | None:
        """The median epoch in which the normalised networks reached the median of the plain ones' last losses; None
        if half of them or more did not."""
        goal = median(_end(run.losses) for run in self.plain)
        epochs = sorted(run.first_below(goal) or math.inf for run in self.normalised)
        middle = epochs[len(epochs) // 2]
        return int(middle) if math.isfinite(middle) else None

    def lines(self, lang: str | None = None) -> list[str]:
        """What was measured, and what that says, as lines to print."""
        rows = {"training": self.training_rows, "validation": self.validation_rows}
        found = [text("compare.batch_norm", lang, **rows, epochs=self.epochs, seeds=len(self.plain))]
        found += [self._line(name, runs, lang) for name, runs in self.groups]
        return [*found, *self._verdict(lang)]

    @property
    def groups(self) -> tuple[tuple[str, tuple[NormalisedRun, ...]], ...]:
        """The runs by name."""
        return ("without", self.plain), ("with", self.normalised)

    def _line(self, name: str, runs: tuple[NormalisedRun, ...], lang: str | None) -> str:
        losses = [_end(run.losses) for run in runs]
        scores = [_end(run.scores) for run in runs] if runs[0].scores else [math.nan]
        low, middle, high = (measured(self.metric, pick(scores)) for pick in (min, median, max))
        return text(
            "compare.batch_norm_run", lang, name=text(f"compare.{name}", lang), loss=median(losses),
            loss_low=min(losses), loss_high=max(losses), metric=metric_title(self.metric, lang),
            score=middle, score_low=low, score_high=high,
        )  # fmt: skip

    def _verdict(self, lang: str | None) -> Iterator[str]:
        for name, runs in self.groups:
            for run in runs:
                if run.stopped:
                    where = f"{text(f'compare.{name}', lang)}, {text('compare.seed', lang, seed=run.seed)}"
                    yield f"{where}: {text('compare.stopped', lang, reason=run.stopped)}"
        yield text("compare.batch_norm_wins", lang, wins=self.wins, seeds=len(self.plain))
        if self.reached is not None and self.reached < self.epochs:
            yield text("compare.batch_norm_sooner", lang, epoch=self.reached, epochs=self.epochs)
        for moment in ("before", "after"):
            spread: dict[str, float] = {}
            for name, runs in self.groups:
                stds = [layer.std for run in runs for layer in getattr(run, moment)]
                spread |= {f"{name}_low": min(stds), f"{name}_high": max(stds)}
            yield text(f"compare.spread_{moment}", lang, **spread)


def batch_norm(
    data: Any = None,
    *,
    build: Callable[[], Module] | None = None,
    n: int = 5,
    epochs: int | None = None,
    validation: Any = None,
    seed: int = 0,
    **fit_options: Any,
) -> BatchNorm:
    """Train the same network with and without batch normalisation, from `n` seeds each.

    `BatchNorm1d` (Ioffe & Szegedy 2015) stands before each hidden activation function.  Both networks of a seed begin
    with the same weights and see the same rows in the same order.  Losses are measured in evaluation mode, with the
    running statistics.

    Args:
        data: as for `fit`; default: the penguins.
        build: makes the plain network, a `Sequential` of Linear layers with activation functions between them;
            default: five hidden layers of 50 units with tanh.
        n: number of seeds.
        epochs: passes over the rows; default: 30 for the default data, else such that there are about 3000 steps.
        validation: as for `fit`; default: the rows that `data` bring for it, or else 30 % of them.
        seed: the first seed; the others follow it.  It also decides which rows are held out.
        **fit_options: as for `fit`; the optimiser by name ("sgd" with lr 0.01 if none is named).

    Returns:
        `BatchNorm`.

    Raises:
        ConfigError, DTypeError: for arguments that make no sense, or a network without a place for such layers.
        TrainingError: if a training diverges in its first epoch.
        ChainruleError: as `fit` does.

    >>> found = batch_norm(n=1, epochs=2)
    >>> len(found.plain[0].before)
    5
    """
    check_count("n", n)
    if data is None:
        data = registry.load("penguins")
        epochs = 30 if epochs is None else epochs
    options = fit_options if "optimizer" in fit_options else {"lr": 0.01, **fit_options, "optimizer": "sgd"}
    with random_numbers_kept():
        setup = prepared(data, build, (50,) * 5, "tanh", validation=validation, seed=seed, options=options)
        if epochs is None:
            epochs = usual_epochs(len(setup.train), int(options.get("batch_size", 32)))
        check_count("epochs", epochs)
        setup = Setup(setup.train, setup.validation, setup.build, {**options, "epochs": epochs})
        pairs = []
        for one in range(seed, seed + n):
            networks = started(setup, one), with_batch_norm(started(setup, one))
            pairs.append(
                (networks, [_run(name, model, setup, one) for name, model in zip(_NAMES, networks, strict=True)])
            )
    plain, normalised = (tuple(runs[i][0] for _, runs in pairs) for i in (0, 1))
    rows = len(setup.train), 0 if setup.validation is None else len(setup.validation)
    return BatchNorm(plain, normalised, pairs[0][1][0][1], epochs, *rows, tuple(networks for networks, _ in pairs))


_NAMES = ("without", "with")


def _run(name: str, model: Module, setup: Setup, seed: int) -> tuple[NormalisedRun, str]:
    """The training and the name of its metric."""
    before = _described(model, setup)
    run, history = trained(name, model, setup, seed, must_learn=True)
    return NormalisedRun(**vars(run), before=before, after=_described(model, setup)), metric_of(history)


def _described(model: Module, setup: Setup) -> tuple[Distribution, ...]:
    return tuple(distribution(values) for values in entering(model, setup.train))


def _end(curve: tuple[float, ...]) -> float:
    return curve[-1] if curve else math.nan
