"""What the layers of a network put out for some rows: distributions, and the gradients that come back."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.data.dataset import Dataset
from chainrule.explain.observation import observe
from chainrule.explain.record import Record
from chainrule.losses import Loss
from chainrule.nn.activation import Activation
from chainrule.nn.module import Module

__all__ = ["Distribution", "distribution", "entering", "gradient_norms"]

_ROWS = 1000


@dataclass(frozen=True)
class Distribution(Record):
    """How numbers are distributed.

    Attributes:
        mean, std: of all of them, over rows and units; NaN if one is not finite.
        zeros: share of exact zeros, of which ReLU makes many.
        edges, counts: a histogram of those that are not, or of all if there are no zeros; edges are one more than
            counts.  Empty if nothing finite is left.
    """

    mean: float
    std: float
    zeros: float
    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


def distribution(values: np.ndarray, bins: int = 0, limits: tuple[float, float] | None = None) -> Distribution:
    """Describe `values`; with a histogram if there are `bins`, between `limits` or else from smallest to largest."""
    flat = values.reshape(-1).astype(np.float64)
    zeros = float((flat == 0).mean())
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(flat.mean()), float(flat.std())
    shown = flat[np.isfinite(flat) & (flat != 0)] if zeros else flat[np.isfinite(flat)]
    if not bins or not shown.size:
        return Distribution(mean, std, zeros)
    low, high = limits or (float(shown.min()), float(shown.max()))
    if not np.diff(np.linspace(low, high, bins + 1)).min() > 0:  # all alike, or too near to tell apart
        low, high = low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2
    counts, edges = np.histogram(shown, bins, (low, high))
    return Distribution(mean, std, zeros, tuple(edges.tolist()), tuple(counts.tolist()))


def entering(model: Module, rows: Dataset) -> list[np.ndarray]:
    """What enters each activation function of a `Sequential`, for at most 1000 rows.

    Batch normalisation uses these rows, as in training; dropout is off.
    """
    calls = observe(model, rows.batch(np.arange(min(len(rows), _ROWS)))[0]).calls
    pairs = itertools.pairwise(calls)
    return [before.output for before, call in pairs if isinstance(call.layer, Activation)]


def gradient_norms(model: Module, inputs: np.ndarray, targets: Any, loss: Loss) -> dict[str, float]:
    """‖∂L/∂W‖ of each weight matrix, by its layer's path; the gradients are taken away again."""
    loss.forward(model(Tensor.of(inputs)), targets).backward()
    norms: dict[str, float] = {}
    for path, parameter in model.named_parameters():
        if parameter.ndim > 1:
            g = parameter.grad
            values = np.zeros(1) if g is None else g._data.astype(np.float64)
            norms[path.removesuffix(".weight")] = math.sqrt(float(np.square(values).sum()))
        parameter.grad = None
    return norms
