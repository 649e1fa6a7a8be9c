"""Whether two trained networks are the same solution: their hidden units up to order, sign and scale."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainrule.core.mode import no_grad
from chainrule.errors import DTypeError
from chainrule.explain.observation import observe
from chainrule.nn.activation import Activation, Sigmoid, Tanh
from chainrule.nn.dropout import Dropout
from chainrule.nn.flatten import Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.sequential import Sequential

__all__ = ["HiddenLayer", "canonical", "hidden_features", "same_features"]

_CONSTANT = 1e-6


@dataclass(frozen=True)
class HiddenLayer:
    """What the units of one hidden activation compute on some rows.

    Attributes:
        features: ``(units, rows)``, each centred and of length 1, so that scale does not count; a constant one is 0.
        signed: whether a feature and its negative are different things: they are the same for tanh and sigmoid, whose
            sign the next layer's weights can take over.
    """

    features: NDArray[np.float64]
    signed: bool


def hidden_features(model: Module, inputs: np.ndarray) -> tuple[HiddenLayer, ...]:
    """The features that each hidden activation layer computes on `inputs` ``(rows, …)``."""
    calls = [call for call in observe(model, inputs).calls if isinstance(call.layer, Activation) and not call.last]
    return tuple(HiddenLayer(_normal(call.output), not isinstance(call.layer, Sigmoid | Tanh)) for call in calls)


def same_features(one: Sequence[HiddenLayer], other: Sequence[HiddenLayer], least: float = 0.9) -> bool:
    """Whether the units of each layer can be paired so that each pair correlates by at least `least`.

    After "Convergent learning" (Li et al., 2016): pairs are made greedily, the highest correlation first.
    """
    return len(one) == len(other) and all(_paired(a, b, least) for a, b in zip(one, other, strict=True))


def canonical(model: Module) -> Module:
    """A copy that computes the same, with its hidden units in one order and with one sign.

    Where a `Linear` layer is followed by an activation (and perhaps dropout) and another `Linear`, units may be
    exchanged; those of tanh, for which tanh(−z) = −tanh(z), and of sigmoid, for which σ(−z) = 1 − σ(z), may also be
    negated (Chen, Lu, Hecht-Nielsen 1993).  Here each unit's largest weight is made positive, and units are sorted by
    their weights.  Layers that stand otherwise stay as they are.

    Raises:
        DTypeError: if `model` is no network.
    """
    if not isinstance(model, Module):
        raise DTypeError("not a model", expected="a Module", got=type(model).__name__)
    made = copy.deepcopy(model)
    chain = [layer for layer in _chain(made) if not isinstance(layer, Dropout | Identity)]
    for first, activation, second in zip(chain, chain[1:], chain[2:], strict=False):
        if isinstance(first, Linear) and isinstance(activation, Activation) and isinstance(second, Linear):
            with no_grad():
                _negate(first, activation, second)
                _sort(first, second)
    return made


def _normal(output: np.ndarray) -> NDArray[np.float64]:
    values = output.reshape(len(output), -1).T.astype(np.float64)
    centred = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    steady = length <= _CONSTANT * np.sqrt(values.shape[1]) * np.maximum(1, np.abs(values).max(axis=1, keepdims=True))
    return np.where(steady, 0.0, centred / np.where(steady, 1.0, length))


def _paired(one: HiddenLayer, other: HiddenLayer, least: float) -> bool:
    if one.features.shape != other.features.shape or one.signed != other.signed:
        return False
    alike = one.features @ other.features.T
    alike = alike if one.signed else np.abs(alike)
    moving, others = (np.any(layer.features != 0, axis=1, keepdims=True) for layer in (one, other))
    steady = ~(moving | others.T)
    alike = np.where(steady, 1.0, alike)
    for _ in range(len(alike)):
        place = np.unravel_index(alike.argmax(), alike.shape)
        if alike[place] < least:
            return False
        alike[place[0], :] = alike[:, place[1]] = -np.inf
    return True


def _chain(model: Module) -> list[Module]:
    """The layers in the order in which they run; only of `Sequential`s is that known."""
    if not isinstance(model, Sequential):
        return [model]
    return [part for _, layer in model.named_layers() for part in _chain(layer)]


def _weights(layer: Linear) -> np.ndarray:
    return layer.weight._data if layer.bias is None else np.column_stack([layer.weight._data, layer.bias._data])


def _negate(first: Linear, activation: Activation, second: Linear) -> None:
    if not isinstance(activation, Sigmoid | Tanh) or (isinstance(activation, Sigmoid) and second.bias is None):
        return
    rows = _weights(first)
    wrong = rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)] < 0
    sign = np.where(wrong, -1, 1).astype(rows.dtype)
    if isinstance(activation, Sigmoid) and second.bias is not None:
        second.bias._assign(second.bias._data + second.weight._data[:, wrong].sum(axis=1))
    first.weight._assign(first.weight._data * sign[:, None])
    if first.bias is not None:
        first.bias._assign(first.bias._data * sign)
    second.weight._assign(second.weight._data * sign)


def _sort(first: Linear, second: Linear) -> None:
    order = np.lexsort(_weights(first).T[::-1])
    first.weight._assign(first.weight._data[order])
    if first.bias is not None:
        first.bias._assign(first.bias._data[order])
    second.weight._assign(second.weight._data[:, order])
