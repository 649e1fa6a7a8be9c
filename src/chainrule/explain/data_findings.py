"""Findings about inputs and targets, and whether loss, output and targets go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from chainrule.data import Dataset
from chainrule.errors import ChainruleError
from chainrule.explain.findings import Finding
from chainrule.explain.observation import Observation, Observed
from chainrule.losses import Loss
from chainrule.nn.activation import ReLU, Sigmoid, Tanh
from chainrule.nn.norm import BatchNorm1d, LayerNorm

__all__ = ["imbalance_findings", "input_findings", "link_findings", "target_findings", "target_scale_findings"]

_LARGE, _SMALL = 10.0, 0.01
_LARGE_TARGETS = 100.0
_IMBALANCED = 10.0
_FEWEST_ROWS = 20

# What a last layer can give, where that is bounded.
_RANGES: dict[type, tuple[float, float]] = {Sigmoid: (0, 1), Tanh: (-1, 1), ReLU: (0, np.inf)}


def input_findings(data: Dataset, inputs: np.ndarray, calls: Sequence[Observed]) -> Iterator[Finding]:
    """Features far larger than 1, or all far smaller, unless the network begins with a normalisation."""
    first = next((call.layer for call in calls if list(call.layer.parameters())), None)
    if isinstance(first, BatchNorm1d | LayerNorm):
        return
    rows = inputs.reshape(len(inputs), -1).astype(np.float64)
    sizes = np.sqrt(np.mean(rows * rows, axis=0))
    largest = int(sizes.argmax())
    if sizes[largest] > _LARGE or 0 < sizes[largest] < _SMALL:
        names = list(data.feature_names or ())
        name = names[largest] if len(names) == len(sizes) else f"x{largest + 1}"
        numbers = {"feature": str(name), "size": float(sizes[largest]), "smallest": float(sizes.min())}
        yield Finding("unscaled_inputs", None, numbers)


def imbalance_findings(data: Dataset) -> Iterator[Finding]:
    """One class ten times as frequent as another."""
    if data.task not in ("binary", "multiclass") or data.targets is None or len(data) < _FEWEST_ROWS:
        return
    if data.targets.ndim != 1 or (data.targets < 0).any():
        return
    counts = np.bincount(data.targets.astype(np.int64))
    counts = counts[counts > 0]
    if len(counts) > 1 and counts.max() >= _IMBALANCED * counts.min():
        numbers = {"most": int(counts.max()), "fewest": int(counts.min()), "share": float(counts.max() / counts.sum())}
        yield Finding("imbalance", None, numbers)


def target_findings(loss: Loss, data: Dataset, targets: np.ndarray, outputs: int) -> Iterator[Finding]:
    """Targets that the loss cannot take, or takes for something else than they are."""
    if loss.task == "regression" and data.task == "multiclass":
        yield Finding("classes_as_numbers", None, {"loss": loss.name, "classes": data.n_classes})
        return
    try:
        loss.check_targets(targets.reshape(len(targets), -1) if targets.ndim > 2 else targets, outputs)
        if loss.task != "multiclass" and targets.size != len(targets) * outputs:
            loss.check_targets(targets.reshape(len(targets), -1), outputs)
    except ChainruleError as error:
        yield Finding("targets_refused", None, {"loss": loss.name, "problem": str(error)})


def target_scale_findings(loss: Loss, targets: np.ndarray) -> Iterator[Finding]:
    """Numbers to predict that are far larger than a fresh network's outputs."""
    size = float(np.sqrt(np.mean(np.square(targets, dtype=np.float64)))) if loss.task == "regression" else 0.0
    if size > _LARGE_TARGETS:
        yield Finding("unscaled_targets", None, {"size": size})


def link_findings(loss: Loss, seen: Observation, targets: np.ndarray) -> Iterator[Finding]:
    """A last layer whose outputs are not what the loss takes them for, or that cannot reach the targets."""
    last = next((call for call in reversed(seen.calls) if call.last), None)
    kind = "" if last is None else type(last.layer).__name__
    output = seen.output.astype(np.float64)
    low, high = float(output.min()), float(output.max())
    numbers = {"loss": loss.name, "layer": kind, "low": low, "high": high}
    where = None if last is None else last.path
    if loss.name in ("cross_entropy", "bce_with_logits"):
        if kind in ("Sigmoid", "Softmax", "LogSoftmax"):
            yield Finding("activated_logits", where, numbers)
    elif loss.name == "bce":
        if low < 0 or high > 1:
            yield Finding("no_probabilities", where, numbers)
    elif loss.name == "nll":
        if np.abs(np.exp(output).sum(axis=1) - 1).max() > 1e-3:
            yield Finding("no_log_probabilities", where, numbers)
    elif loss.task == "regression" and last is not None and type(last.layer) in _RANGES:
        bottom, top = _RANGES[type(last.layer)]
        if targets.min() < bottom or targets.max() > top:
            wanted = {"target_low": float(targets.min()), "target_high": float(targets.max())}
            yield Finding("unreachable_targets", where, {"layer": kind, "bottom": bottom, "top": float(top), **wanted})
