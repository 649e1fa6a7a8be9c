"""Findings about weights, activations and gradients, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from chainrule.explain.findings import Finding, LayerHealth
from chainrule.explain.observation import Observed
from chainrule.nn.activation import ReLU, Sigmoid, Tanh
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module

__all__ = ["activation_findings", "gradient_findings", "health", "size_findings", "symmetry_findings"]

_MANY_DEAD, _MOST_DEAD = 0.3, 0.5  # the latter where the network has learned all the same
_MANY_SATURATED = 0.5
_FLAT = 0.05  # share of the derivative's maximum below which an activation counts as saturated
_VANISHED = 1e-3
_SMALLEST_GAIN, _LARGEST_GAIN = 0.05, 10.0


def health(calls: Sequence[Observed]) -> tuple[LayerHealth, ...]:
    """How each layer is doing."""
    return tuple(_health(call) for call in calls)


def _health(call: Observed) -> LayerHealth:
    rows = call.output.reshape(len(call.output), -1)
    dead = float((rows == 0).all(axis=0).mean()) if isinstance(call.layer, ReLU) else None
    norm = None if call.gradient is None else float(np.linalg.norm(call.gradient.astype(np.float64)))
    return LayerHealth(call.path, type(call.layer).__name__, rows.shape[1], dead, _saturated(call.layer, rows), norm)


def _saturated(layer: Module, output: np.ndarray) -> float | None:
    """Share of activations with σ'(z) < 5 % of ¼, or tanh'(z) < 5 % of 1."""
    if isinstance(layer, Sigmoid):
        return float((4 * output * (1 - output) < _FLAT).mean())
    return float((1 - output * output < _FLAT).mean()) if isinstance(layer, Tanh) else None


def activation_findings(calls: Sequence[Observed], layers: Sequence[LayerHealth], learned: bool) -> Iterator[Finding]:
    """Dead ReLUs (half of them at least, if the network has learned all the same); saturated sigmoids and tanhs."""
    for call, layer in zip(calls, layers, strict=True):
        if layer.dead is not None and layer.dead > (_MOST_DEAD if learned else _MANY_DEAD):
            count = round(layer.dead * layer.units)
            numbers = {"dead": count, "units": layer.units, "share": layer.dead, "rows": len(call.output)}
            yield Finding("dead_relu", layer.path, numbers)
        if layer.saturated is not None and layer.saturated > _MANY_SATURATED and not (call.last or learned):
            yield Finding("saturated", layer.path, {"activation": layer.kind, "share": layer.saturated})


def gradient_findings(layers: Sequence[LayerHealth]) -> Iterator[Finding]:
    """Gradients that shrink or grow a thousandfold on their way from the last linear layer to the first."""
    found = [(layer.path, layer.gradient) for layer in layers if layer.kind == "Linear" and layer.gradient is not None]
    if len(found) < 2:
        return
    (path, first), (_, last) = found[0], found[-1]
    numbers = {"first": first, "last": last, "layers": dict(found)}
    if not np.isfinite([norm for _, norm in found]).all():
        yield Finding("exploding", path, {**numbers, "ratio": float("inf")})
    elif first > 0 and last > 0 and first / last < _VANISHED:
        yield Finding("vanishing", path, {**numbers, "ratio": last / first})
    elif last > 0 and first / last > 1 / _VANISHED:
        yield Finding("exploding", path, {**numbers, "ratio": first / last})


def symmetry_findings(model: Module) -> Iterator[Finding]:
    """Hidden units with exactly the same weights: they compute the same, and get the same gradient."""
    for path, layer in _hidden(model):
        rows = layer.weight._data if layer.bias is None else np.column_stack([layer.weight._data, layer.bias._data])
        distinct = len(np.unique(rows, axis=0))
        if distinct < len(rows):
            kind = "zero_weights" if not layer.weight._data.any() else "symmetric"
            yield Finding(kind, path, {"units": len(rows), "distinct": distinct})


def size_findings(model: Module) -> Iterator[Finding]:
    """Hidden weights far larger or smaller than 1/√inputs, the size that keeps signals as they are."""
    for path, layer in _hidden(model):
        size = float(np.sqrt(np.mean(np.square(layer.weight._data, dtype=np.float64))))
        usual = float(layer.weight.shape[1]) ** -0.5
        if size > 0 and not _SMALLEST_GAIN <= size / usual <= _LARGEST_GAIN:
            kind = "large_weights" if size > usual else "small_weights"
            yield Finding(kind, path, {"size": size, "usual": usual})


def _hidden(model: Module) -> list[tuple[str, Linear]]:
    """Linear layers with more than one unit, without the last one: equal outputs are no fault."""
    found = [(path, layer) for path, layer in model.named_modules() if isinstance(layer, Linear)]
    return [(path, layer) for path, layer in found[:-1] if len(layer.weight._data) > 1]
