"""What ``chainrule plot`` draws: each figure from a model, from data, or from neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import plot
from chainrule.cli.options import TextFile
from chainrule.cli.scoring import measure
from chainrule.cli.sources import open_data
from chainrule.core.tensor import Tensor
from chainrule.data import Dataset
from chainrule.errors import ConfigError, UnknownNameError
from chainrule.interchange.bundle import load
from chainrule.nn import Module
from chainrule.train.inputs import inputs_only, like_training, model_dtype, probe, with_inputs
from chainrule.train.objective import choose_loss, with_targets

__all__ = ["Wanted", "draw"]

# Gradients and activations of so many rows are as good as those of all.
_ROWS = 1000


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for."""

    figure: str
    model: str | None
    source: str | None
    path: Path
    row: int | None
    most: int | None
    title: str | None
    lang: str | None
    text: TextFile

    @property
    def network(self) -> Module:
        """The model.

        Raises:
            ConfigError: if none is named.
        """
        if self.model is None:
            raise ConfigError(f"{self.figure} needs a model", fix=f"chainrule plot {self.figure} MODEL --out FILE")
        return load(self.model)

    @property
    def opened(self) -> Any:
        """The data.

        Raises:
            ConfigError: if none are named.
        """
        if self.source is None:
            fix = f"chainrule plot {self.figure} MODEL DATA --out FILE"
            raise ConfigError(f"{self.figure} needs data", fix=fix)
        return open_data(self.source, text=self.text)

    @property
    def common(self) -> dict[str, Any]:
        """What most figures take."""
        return {"path": self.path, "title": self.title, "lang": self.lang}

    @property
    def limited(self) -> dict[str, Any]:
        """The same, with the number of things to draw where it is given."""
        return {**self.common, **({} if self.most is None else {"most": self.most})}


def draw(wanted: Wanted) -> None:
    """Draw a figure and write it.

    Raises:
        UnknownNameError: for a figure that there is not, or a suffix that is none of a picture.
        ConfigError: if the model or the data that it needs is not named, or there is no such row.
        ChainruleError: as the figures and `open_data` do.
    """
    if wanted.figure not in _FIGURES:
        raise UnknownNameError("figure", wanted.figure, sorted(_FIGURES))
    _FIGURES[wanted.figure](wanted)


def _network(wanted: Wanted) -> None:
    network = wanted.network
    sample = None
    if wanted.source is not None:
        data = inputs_only(network, wanted.opened)
        sample = data.batch(np.array([_row(wanted, data)]))[0]
    elif wanted.row is not None:
        raise ConfigError("--row needs data", fix="chainrule plot network MODEL DATA --row 0 --out FILE")
    plot.network(network, sample, **wanted.limited)


def _weights(wanted: Wanted) -> None:
    plot.weights_image(wanted.network, **wanted.limited)


def _images(wanted: Wanted) -> None:
    network = wanted.network
    plot.images(like_training(network, wanted.opened, "evaluation"), network, **wanted.limited)


def _confusion(wanted: Wanted) -> None:
    network = wanted.network
    report = measure(network, wanted.opened)
    if report.matrix is None:
        raise ConfigError("a confusion matrix is of classes, and this model predicts a quantity")
    heading = {} if wanted.title is None else {"title": wanted.title}
    plot.confusion(report.matrix, report.classes, wanted.path, **heading)


def _histograms(wanted: Wanted) -> None:
    network = wanted.network
    data = inputs_only(network, wanted.opened)
    plot.activation_histograms(network, data.batch(np.arange(min(_ROWS, len(data))))[0], **wanted.common)


def _gradients(wanted: Wanted) -> None:
    network = wanted.network
    data = like_training(network, wanted.opened, "evaluation")
    _loss(network, data.rows(slice(0, _ROWS)))[0].backward()
    plot.gradient_flow(network, **wanted.common)


def _graph(wanted: Wanted) -> None:
    network = wanted.network
    data = like_training(network, wanted.opened, "evaluation")
    loss, inputs, targets = _loss(network, data.rows([_row(wanted, data)]))
    names = {**dict(network.named_parameters()), "input": inputs, "target": targets}
    plot.graph(loss, wanted.path, names=names, title=wanted.title)


def _activations(wanted: Wanted) -> None:
    plot.activations(**wanted.common)


def _gates(wanted: Wanted) -> None:
    plot.gates(**wanted.common)


def _row(wanted: Wanted, data: Dataset) -> int:
    row = wanted.row or 0
    if row >= len(data):
        raise ConfigError("no such row", expected=f"a row from 0 to {len(data) - 1}", got=row)
    return row


def _loss(network: Module, data: Dataset) -> tuple[Tensor, Tensor, Tensor]:
    """The loss on some rows, on the graph, with the inputs and targets that it is computed from."""
    dtype = model_dtype(network)
    data = with_inputs(data, dtype)
    shape = probe(network, data)
    loss = choose_loss(network.objective, data, network, shape)
    x, y = with_targets(data, loss, shape, dtype).batch(np.arange(len(data)))
    inputs, targets = Tensor.of(x), Tensor.of(y)
    network.eval()
    found: Tensor = loss(network(inputs), targets)
    return found, inputs, targets


_FIGURES: dict[str, Callable[[Wanted], None]] = {
    "activations": _activations,
    "confusion": _confusion,
    "gates": _gates,
    "gradients": _gradients,
    "graph": _graph,
    "histograms": _histograms,
    "images": _images,
    "network": _network,
    "weights": _weights,
}
