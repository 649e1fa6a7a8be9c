"""What ``chainrule compare`` runs: each experiment, its words, and its picture."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule import plot
from chainrule.cli.options import TextFile
from chainrule.cli.sources import naming_lines, open_data
from chainrule.core.rng import manual_seed
from chainrule.data import registry
from chainrule.errors import ConfigError, UnknownNameError
from chainrule.explain.record import Record
from chainrule.explain.wording import number
from chainrule.messages import text
from chainrule.plot.themes import theme as in_theme
from chainrule.train import compare, learning_rates
from chainrule.train.compare.networks import mlp
from chainrule.train.descent import LearningRates
from chainrule.train.inputs import as_dataset

__all__ = ["Found", "Wanted", "check_kind", "experiment", "picture"]

_RATES_HIDDEN = (16,)  # small, so that the landscape takes no time


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    kind: str
    source: str | None
    target: str | None
    epochs: int | None
    seed: int
    text: TextFile

    @property
    def options(self) -> dict[str, Any]:
        """Seed, and epochs where they are given."""
        return {"seed": self.seed, **({} if self.epochs is None else {"epochs": self.epochs})}

    @property
    def steps(self) -> dict[str, Any]:
        """Steps, where there are no epochs."""
        return {} if self.epochs is None else {"steps": self.epochs}


@dataclass(frozen=True)
class Found:
    """What came of it, and its words."""

    record: Record
    lines: Callable[[str | None], list[str]]


def check_kind(kind: str) -> None:
    """Raise UnknownNameError unless there is such a comparison."""
    if kind not in _EXPERIMENTS:
        raise UnknownNameError("comparison", kind, sorted(_EXPERIMENTS))


def experiment(wanted: Wanted) -> Found:
    """Run a comparison on the data that are named, or on its own.

    Raises:
        ConfigError: for data where none are taken, or a target without data.
        ChainruleError: as the comparison and `open_data` do.
    """
    run = _EXPERIMENTS[wanted.kind][0]
    if wanted.source is None:
        if wanted.target is not None or wanted.text.asked:
            raise ConfigError("there are no data to which this option could belong", fix="Name DATA")
        return run(wanted, None)
    if wanted.kind == "paths":
        raise ConfigError("paths lead down a function, and take no data", fix="chainrule compare optimizers DATA")
    data = open_data(wanted.source, wanted.target, text=wanted.text)
    with naming_lines(wanted.source, data, wanted.text):
        return run(wanted, data)


def picture(kind: str, record: Record, path: Path, theme: str | None, lang: str) -> list[str]:
    """Draw what was found; returns notes, such as that a font is missing.

    Raises:
        UnknownNameError: for a theme, or a picture's suffix, that does not exist.
    """
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", UserWarning)
        with contextlib.nullcontext() if theme is None else in_theme(theme):
            _EXPERIMENTS[kind][1](record, path, lang=lang)
    return list(dict.fromkeys(str(one.message) for one in notes if issubclass(one.category, UserWarning)))


def _told(record: Any) -> Found:
    return Found(record, record.lines)


def _trained(run: Callable[..., Any]) -> Callable[[Wanted, Any], Found]:
    """The experiments that take data, epochs and a seed."""
    return lambda wanted, data: _told(run(data, **wanted.options))


def _paths(wanted: Wanted, data: Any) -> Found:
    return _told(compare.optimizer_paths(**wanted.steps))


def _learning_rates(wanted: Wanted, data: Any) -> Found:
    rows = as_dataset(registry.load("moons") if data is None else data)
    manual_seed(wanted.seed)
    network = mlp(rows, _RATES_HIDDEN, "tanh")
    found = learning_rates(network, rows, **wanted.steps)
    return Found(found, lambda lang: _rate_lines(found, lang))


def _rate_lines(record: LearningRates, lang: str | None) -> list[str]:
    lines = []
    for run in record.runs:
        numbers = {"start": number(run.losses[0], 3), "end": number(run.losses[-1], 3), "rises": run.rises}
        rate = text("training.rate", lang, rate=number(run.lr, 3))
        lines.append(f"{rate}: {text(f'training.{run.verdict}', lang, **numbers, steps=len(run.losses) - 1)}")
    return lines


_EXPERIMENTS: dict[str, tuple[Callable[[Wanted, Any], Found], Callable[..., Any]]] = {
    "batch-norm": (_trained(compare.batch_norm), plot.batch_norm),
    "initialisations": (_trained(compare.initialisations), plot.initialisations),
    "learning-rates": (_learning_rates, plot.learning_rates),
    "optimizers": (_trained(compare.optimizers), plot.optimizer_race),
    "overfitting": (_trained(compare.overfitting), plot.overfitting),
    "paths": (_paths, plot.optimizer_paths),
}
