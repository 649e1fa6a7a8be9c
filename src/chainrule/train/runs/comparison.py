"""What runs differ in, and which of them did best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.errors import ChainruleError, ConfigError
from chainrule.explain.record import Record
from chainrule.messages import text
from chainrule.train.runs.run import Run
from chainrule.train.runs.settings import Value

__all__ = ["Difference", "MetricRow", "RunComparison", "compared"]

_FEWEST = 2
# What follows from other settings, and is not worth a line where these differ.
_FOLLOWS = {"network": "widths", "parameters": "widths", "initial_weights": "widths"}
_NO_LABELS = {
    "rows",
    "validation_rows",
    "network",
    "initial_weights",
    "data_checksum",
    "optimizer_options",
    "manual_seed",
}
_MOST_LABELS = 3
_LONGEST_LABEL = 24


@dataclass(frozen=True)
class Difference(Record):
    """Something that is not the same in all runs.

    Attributes:
        name: of the setting, or of the part of the environment.
        values: what it is in each run; None where it has none.
    """

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class MetricRow(Record):
    """One metric of all runs.

    Attributes:
        name: the metric.
        values: what it is in each run; None where it was not measured.
        higher_is_better: whether more is better.
        best: which runs have the best value, from 0; none if they are all the same or there is one alone.
    """

    name: str
    values: tuple[float | None, ...]
    higher_is_better: bool
    best: tuple[int, ...]


@dataclass(frozen=True)
class RunComparison(Record):
    """What `Runs.compare` returns.

    Attributes:
        runs: the runs' IDs.
        settings: the settings that differ.
        same: how many settings are the same in all.
        environment: the parts of the environment that differ.
        metrics: the metrics side by side.
    """

    runs: tuple[str, ...]
    settings: tuple[Difference, ...]
    same: int
    environment: tuple[Difference, ...]
    metrics: tuple[MetricRow, ...]

    def lines(self, lang: str | None = None) -> list[str]:
        """The same in words: a line for each setting that differs and for each metric, its best values marked."""
        rows = [("", *(name.rpartition("-")[2] for name in self.runs))]
        rows += [(one.name, *map(shown, one.values)) for one in self.settings]
        rows += [
            (one.name, *(f"{'*' * (i in one.best)}{shown(value)}" for i, value in enumerate(one.values)))
            for one in self.metrics
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return [*table, text("runs.best", lang), text("runs.same", lang, count=self.same)]

    def labels(self) -> list[str]:
        """For each run its last five letters and what sets it apart, for the legend of a picture."""
        told = [one for one in self.settings if one.name not in _NO_LABELS][:_MOST_LABELS]
        return [
            ": ".join([name.rpartition("-")[2], *([", ".join(_label(one, i) for one in told)] if told else [])])
            for i, name in enumerate(self.runs)
        ]


def compared(runs: Sequence[Run]) -> RunComparison:
    """Compare runs, in the order in which they come.

    Raises:
        ConfigError: for fewer than two different ones.
    """
    ids = tuple(run.id for run in runs)
    if len(set(ids)) < max(_FEWEST, len(ids)):
        raise ConfigError("nothing to compare", expected="two or more different runs", got=", ".join(ids) or "none")
    settings = _differences([run.settings for run in runs])
    named = {one.name for one in settings}
    shown_settings = tuple(one for one in settings if _FOLLOWS.get(one.name) not in named)
    names = list(dict.fromkeys(name for run in runs for name in run.settings))
    return RunComparison(
        ids,
        shown_settings,
        len(names) - len(settings),
        tuple(_differences([_environment(run) for run in runs])),
        tuple(_metric(name, runs) for name in dict.fromkeys(name for run in runs for name in run.metrics)),
    )


def shown(value: Value) -> str:
    """A setting's value, as short as it can be."""
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _label(one: Difference, place: int) -> str:
    value = shown(one.values[place]).partition("(")[0]
    return f"{one.name} {value}"[:_LONGEST_LABEL]


def _differences(every: Sequence[Mapping[str, Value]]) -> list[Difference]:
    names = dict.fromkeys(name for one in every for name in one)
    rows = (Difference(name, tuple(one.get(name) for one in every)) for name in names)
    return [row for row in rows if any(value != row.values[0] for value in row.values)]


def _environment(run: Run) -> dict[str, Value]:
    """The environment with names of one level; nothing if it is damaged."""
    try:
        return dict(_flat(run.environment, ""))
    except ChainruleError:
        return {}


def _flat(values: Mapping[str, Any], above: str) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            found += _flat(value, f"{above}{name}.")
        elif value is None or isinstance(value, (str, int, float)):
            found.append((f"{above}{name}", value))
    return found


def _metric(name: str, runs: Sequence[Run]) -> MetricRow:
    values = tuple(run.metrics.get(name) for run in runs)
    grows = next(run.higher_is_better.get(name, False) for run in runs if name in run.metrics)
    known = [value for value in values if value is not None and not math.isnan(value)]
    best: tuple[int, ...] = ()
    if len(set(known)) > 1:
        top = max(known) if grows else min(known)
        best = tuple(i for i, value in enumerate(values) if value == top)
    return MetricRow(name, values, grows, best)
