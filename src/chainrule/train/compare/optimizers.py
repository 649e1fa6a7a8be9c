"""`optimizers`: a race of optimisers from the same start over the same batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from chainrule.data import toy
from chainrule.errors import ConfigError
from chainrule.explain.record import Record
from chainrule.explain.wording import number
from chainrule.messages import text
from chainrule.nn.module import Module
from chainrule.train.building import random_numbers_kept
from chainrule.train.compare.rates import entrants, title
from chainrule.train.compare.record import Run, place
from chainrule.train.compare.training import Setup, copied, prepared, started, trained, usual_epochs
from chainrule.train.evaluation import check_count

__all__ = ["Race", "Racer", "optimizers"]

_NAMES = ("sgd", "momentum", "adagrad", "rmsprop", "adam")
# Keras's defaults, PyTorch's where Keras has an odd one: SGD 0.01, Adagrad 0.01, Adadelta 1, the others 0.001.
_USUAL = {"sgd": 0.01, "adagrad": 0.01, "adadelta": 1.0, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001}
_WARM_UP_ROWS = 64


@dataclass(frozen=True)
class Racer(Run):
    """One optimiser's training.

    Attributes:
        lr: its learning rate.
        goal_epoch: the first epoch (from 1) after which the training loss was at most the goal; None if never.
        goal_seconds: how long training had taken by then.
    """

    lr: float
    goal_epoch: int | None
    goal_seconds: float | None

    @property
    def title(self) -> str:
        """The optimiser's name as people write it."""
        return title(self.name)

    @property
    def end(self) -> float:
        """The training loss at the end; infinite if training diverged."""
        return self.losses[-1] if self.losses and self.stopped is None and math.isfinite(self.losses[-1]) else math.inf


@dataclass(frozen=True)
class Race(Record):
    """What `optimizers` measured.

    Attributes:
        runs: one for each optimiser.
        goal: the training loss whose reaching is timed.
        epochs: of each run.
        training_rows: how many there were.
        batch_size: rows per step.
        seed: of all runs.
    """

    runs: tuple[Racer, ...]
    goal: float | None
    epochs: int
    training_rows: int
    batch_size: int
    seed: int
    _models: tuple[Module, ...] = field(default=(), repr=False, compare=False)

    def run(self, name: str) -> Racer:
        """The training of that name.

        Raises:
            UnknownNameError: if there is none.
        """
        return self.runs[place("run", name, [run.name for run in self.runs])]

    def lines(self, lang: str | None = None) -> list[str]:
        """What was measured, and what that says, as lines to print."""
        numbers = {"training": self.training_rows, "batch": self.batch_size, "epochs": self.epochs, "seed": self.seed}
        found = [text("compare.race", lang, **numbers)]
        for run in self.runs:
            found += self._lines(run, lang)
        return [*found, *self._verdict(lang)]

    def _lines(self, run: Racer, lang: str | None) -> Iterator[str]:
        name = run.title
        if not run.losses:
            yield text("compare.racer_stopped", lang, name=name, lr=run.lr, start=run.start, reason=run.stopped)
            return
        numbers = {
            "start": run.start,
            "end": run.losses[-1],
            "seconds": number(run.seconds[-1], 3),
            "epochs": run.epochs,
        }
        line = text("compare.racer", lang, name=name, lr=run.lr, **numbers)
        if self.goal is not None and run.goal_epoch is not None:
            line += text(
                "compare.goal_reached", lang, goal=self.goal, epoch=run.goal_epoch, seconds=number(run.goal_seconds, 3)
            )
        elif self.goal is not None:
            line += text("compare.goal_missed", lang, goal=self.goal)
        yield line
        if run.stopped:
            yield "  " + text("compare.stopped", lang, reason=run.stopped)

    def _verdict(self, lang: str | None) -> Iterator[str]:
        if len(self.runs) < 2:
            return
        best = min(self.runs, key=lambda run: run.end)
        if math.isfinite(best.end):
            yield text("compare.lowest", lang, name=best.title, loss=best.end)
        there = [run for run in self.runs if run.goal_epoch is not None]
        if there:
            epochs = min(run.goal_epoch or 0 for run in there)
            first = ", ".join(run.title for run in there if run.goal_epoch == epochs)
            soonest = min(there, key=lambda run: run.goal_seconds or 0.0)
            yield text("compare.first_there", lang, goal=self.goal, names=first, epoch=epochs,
                       fastest=soonest.title, seconds=number(soonest.goal_seconds, 3))  # fmt: skip
        yield text("compare.seconds_here", lang)
        yield text("compare.at_these_rates", lang)


def optimizers(
    data: Any = None,
    names: Sequence[str] | Mapping[str, Mapping[str, Any]] = _NAMES,
    *,
    build: Callable[[], Module] | None = None,
    lr: float | Mapping[str, float] | None = None,
    goal: float | None = None,
    epochs: int | None = None,
    batch_size: int = 32,
    seed: int = 0,
    **fit_options: Any,
) -> Race:
    """Train the same network with several optimisers, from the same weights and over the same batches.

    Args:
        data: as for `fit`; all its training rows are used; default: 600 points on two spirals.
        names: "sgd", "momentum" (SGD with momentum 0.9), "nesterov", "adagrad", "rmsprop", "adam", "adamw",
            "adadelta"; or a mapping from names of your own to configurations such as
            ``{"name": "sgd", "lr": 0.1, "momentum": 0.5}``.
        build: makes the network; default: two hidden layers of 64 ReLUs.
        lr: one learning rate for all, or one for each name; default: the usual ones (SGD, momentum and Adagrad 0.01,
            RMSprop and Adam 0.001, Adadelta 1).
        goal: a training loss; how soon each gets there is told; default: the median of the losses at the end.
        epochs: passes over the rows; default: 40 for the default data, else such that there are about 3000 steps.
        batch_size: rows per step.
        seed: of the initial weights, batch order and dropout.
        **fit_options: further ones for `fit`, such as loss or schedule.

    Returns:
        `Race`.  Seconds are of training alone; they hold for this machine, and for what else it had to do.

    Raises:
        UnknownNameError, ConfigError, DTypeError: for optimisers that do not exist, or arguments that make no sense.
        ChainruleError: as `fit` does; a training that diverges is a result, not an error.

    >>> race = optimizers(names=["sgd", "adam"], epochs=2)
    >>> race.runs[0].start == race.runs[1].start
    True
    """
    wanted = entrants(names, lr, _USUAL)
    if "optimizer" in fit_options or "validation" in fit_options:
        taken = "optimizer" if "optimizer" in fit_options else "validation"
        raise ConfigError(f"a race takes no {taken}", fix="Name the optimizers: optimizers(data, ['sgd', 'adam'])")
    if data is None:
        data = toy.spirals(600, noise=0.1, seed=1)
        epochs = 40 if epochs is None else epochs
    check_count("batch_size", batch_size)
    options = {"metrics": [], **fit_options, "batch_size": batch_size}
    with random_numbers_kept():
        setup = prepared(data, build, (64, 64), "relu", validation=False, seed=seed, options=options)
        if epochs is None:
            epochs = usual_epochs(len(setup.train), batch_size)
        check_count("epochs", epochs)
        setup = Setup(setup.train, None, setup.build, {**options, "epochs": epochs})
        start = started(setup, seed)
        networks = [copied(start) for _ in wanted]
        _warm_up(copied(start), setup, seed)
        found = [
            (trained(name, model, setup, seed, optimizer=config)[0], _rate(config))
            for (name, config), model in zip(wanted.items(), networks, strict=True)
        ]
    ends = [run.losses[-1] for run, _ in found if run.losses and math.isfinite(run.losses[-1])]
    aim = float(goal) if goal is not None else median(ends) if ends else None
    runs = tuple(_racer(run, rate, aim) for run, rate in found)
    return Race(runs, aim, epochs, len(setup.train), min(batch_size, len(setup.train)), seed, tuple(networks))


def _warm_up(model: Module, setup: Setup, seed: int) -> None:
    """Let nobody's time count what is done once, such as imports and the choice of threads."""
    few = Setup(setup.train.rows(slice(0, _WARM_UP_ROWS)), None, setup.build, {**setup.options, "epochs": 1})
    trained("warm-up", model, few, seed)


def _rate(config: Mapping[str, Any]) -> float:
    return float(config.get("lr", math.nan))


def _racer(run: Run, rate: float, goal: float | None) -> Racer:
    epoch = None if goal is None else run.first_below(goal)
    seconds = None if epoch is None else run.seconds[epoch - 1]
    return Racer(**vars(run), lr=rate, goal_epoch=epoch, goal_seconds=seconds)
