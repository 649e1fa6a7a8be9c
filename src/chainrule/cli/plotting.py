"""What ``chainrule plot`` draws: the figures of `model.plot`, and those that need no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from chainrule import plot
from chainrule.cli.options import TextFile
from chainrule.cli.plane import numbers_of, pair_of
from chainrule.cli.sources import Data, Kept, naming_lines, open_data, with_targets
from chainrule.errors import ConfigError, DataError, UnknownNameError
from chainrule.interchange.bundle import load
from chainrule.nn.module import Module
from chainrule.plot.of_model import ModelPlots

__all__ = ["Wanted", "draw"]


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    figure: str
    model: str | None
    source: str | None
    path: Path
    row: int | None
    most: int | None
    bounds: str | None
    features: str | None
    weight: tuple[str, ...]
    seed: int | None
    title: str | None
    lang: str | None
    text: TextFile

    @cached_property
    def network(self) -> Module:
        """The model.

        Raises:
            ConfigError: if none is named.
        """
        if self.model is None:
            raise ConfigError(f"{self.figure} needs a model", fix=f"chainrule plot {self.figure} MODEL --out FILE")
        return load(self.model)

    def plots(self) -> ModelPlots:
        """The model's figures."""
        return ModelPlots(self.network)

    def rows_and_row(self) -> tuple[Any, int]:
        """The rows that can be drawn, and which of them ``--row`` names.

        Raises:
            ConfigError: if no data are named, or the row has no target.
        """
        if self.source is None:
            fix = f"chainrule plot {self.figure} MODEL DATA --out FILE"
            raise ConfigError(f"{self.figure} needs data", fix=fix)
        found, kept = self.opened
        place = kept.place(self.row or 0)
        kept.say(self.lang)
        return found, place

    @cached_property
    def opened(self) -> tuple[Data, Kept]:
        """The data, and which of their rows are looked at."""
        return with_targets(self.network, open_data(self.source or "", text=self.text))

    def rows(self) -> Any:
        """The rows that can be drawn."""
        return self.rows_and_row()[0]

    @property
    def common(self) -> dict[str, Any]:
        """What every figure takes."""
        return {"path": self.path, "title": self.title, "lang": self.lang}

    @property
    def limited(self) -> dict[str, Any]:
        """The same, with the number of things to draw where it is given."""
        return {**self.common, **({} if self.most is None else {"most": self.most})}

    @property
    def bounded(self) -> dict[str, Any]:
        """The same, with the part of the plane."""
        return {**self.common, "bounds": numbers_of(self.bounds)}


def draw(wanted: Wanted) -> None:
    """Draw a figure and write it.

    Raises:
        UnknownNameError: for a figure that there is not, or a suffix that is none of a picture.
        ConfigError: if the model or the data that it needs is not named, there is no such row, or an option goes
            with other figures.
        ChainruleError: as the figures and `open_data` do.
    """
    if wanted.figure not in _FIGURES:
        raise UnknownNameError("figure", wanted.figure, sorted(_FIGURES))
    for option, figures in _TAKEN_BY.items():
        given = getattr(wanted, option.removeprefix("--"))
        if given not in (None, ()) and wanted.figure not in figures:
            raise ConfigError(f"{wanted.figure} takes no {option}", fix=f"{option} goes with {', '.join(figures)}")
    try:
        _FIGURES[wanted.figure](wanted)
    except DataError:
        if "opened" not in vars(wanted):
            raise
        with naming_lines(str(wanted.source), wanted.opened[0], wanted.text, wanted.opened[1]):
            raise


def _activations(wanted: Wanted) -> None:
    if wanted.model is None:
        plot.activations(**wanted.common)
    else:
        wanted.plots().activations(**wanted.common)


def _gates(wanted: Wanted) -> None:
    plot.gates(**wanted.common)


def _network(wanted: Wanted) -> None:
    plots = wanted.plots()
    if wanted.source is None and wanted.row is not None:
        raise ConfigError("--row needs data", fix="chainrule plot network MODEL DATA --row 0 --out FILE")
    data, row = (None, 0) if wanted.source is None else wanted.rows_and_row()
    plots.network(data, row, **wanted.limited)


def _weights(wanted: Wanted) -> None:
    wanted.plots().weights(**wanted.limited)


def _curves(wanted: Wanted) -> None:
    wanted.plots().training_curves(**wanted.common)


def _regions(wanted: Wanted) -> None:
    plots = wanted.plots()
    data = None if wanted.source is None else wanted.rows()
    plots.regions(data, features=pair_of(wanted.features), **wanted.bounded)


def _images(wanted: Wanted) -> None:
    wanted.plots().images(wanted.rows(), **wanted.limited)


def _graph(wanted: Wanted) -> None:
    wanted.plots().graph(*wanted.rows_and_row(), **wanted.common)


def _exercise(wanted: Wanted) -> None:
    wanted.plots().exercise_sheet(*wanted.rows_and_row(), seed=wanted.seed or 0, **wanted.common)


def _surface(wanted: Wanted) -> None:
    wanted.plots().decision_surface(wanted.rows(), **wanted.bounded)


def _surface_3d(wanted: Wanted) -> None:
    wanted.plots().surface_3d(wanted.rows(), **wanted.bounded)


def _landscape(wanted: Wanted, kind: Any = "contour") -> None:
    weights: Any = wanted.weight or None  # a wrong number of them is refused with the rest
    wanted.plots().landscape(wanted.rows(), weights, kind=kind, **wanted.common)


def _landscape_3d(wanted: Wanted) -> None:
    _landscape(wanted, "3d")


def _of_rows(name: str) -> Callable[[Wanted], None]:
    """A figure that takes data and nothing more."""

    def draw_it(wanted: Wanted) -> None:
        getattr(wanted.plots(), name)(wanted.rows(), **wanted.common)

    return draw_it


_TAKEN_BY = {
    "--row": ("network", "graph", "exercise"),
    "--most": ("network", "weights", "images"),
    "--bounds": ("surface", "surface-3d", "regions"),
    "--features": ("regions",),
    "--weight": ("landscape", "landscape-3d"),
    "--seed": ("exercise",),
}
_FIGURES: dict[str, Callable[[Wanted], None]] = {
    "activations": _activations,
    "confusion": _of_rows("confusion"),
    "curves": _curves,
    "exercise": _exercise,
    "gates": _gates,
    "gradients": _of_rows("gradient_flow"),
    "graph": _graph,
    "hidden-space": _of_rows("hidden_space"),
    "histograms": _of_rows("histograms"),
    "images": _images,
    "landscape": _landscape,
    "landscape-3d": _landscape_3d,
    "network": _network,
    "regions": _regions,
    "surface": _surface,
    "surface-3d": _surface_3d,
    "weights": _weights,
}
