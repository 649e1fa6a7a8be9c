"""Several networks as one: each is trained on other rows, and their outputs are averaged.

Networks of one shape that stand side by side are one network: the first weights one below the other, those between
hidden layers in blocks along the diagonal, and the last ones side by side, divided by the number of networks.  So what
comes of it is an ordinary network, which can be explained, exported and saved as any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.nn import init
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.scale import Scale
from chainrule.nn.sequential import Sequential

__all__ = ["averaged", "folds"]


def averaged(networks: Sequence[Sequential]) -> Sequential:
    """The network whose output is the mean of these networks' outputs.

    Args:
        networks: of one shape: `Linear` layers with a bias, activations and dropout between them, and a `Scale` before
            the first one, if any, which becomes part of its weights.
    """
    chains = [[layer for _, layer in network.named_layers()] for network in networks]
    first = chains[0]
    linear = [i for i, layer in enumerate(first) if isinstance(layer, Linear)]
    layers: list[Module] = []
    for i, layer in enumerate(first):
        if isinstance(layer, Linear):
            members = [_member(chain, i) for chain in chains]
            layers.append(_side_by_side(members, i == linear[0], i == linear[-1]))
        elif not isinstance(layer, Scale):
            layers.append(layer)
    made = Sequential(*layers)
    made.preprocessing, made.objective, made.history = (
        networks[0].preprocessing,
        networks[0].objective,
        networks[0].history,
    )
    return made.eval()


Floats = NDArray[np.floating]


def _member(chain: list[Module], i: int) -> tuple[Floats, Floats]:
    """Weight and bias of a layer, with the factors of a `Scale` right before it."""
    layer = chain[i]
    assert isinstance(layer, Linear)
    weight = layer.weight._data
    before = chain[i - 1] if i else None
    if isinstance(before, Scale):
        weight = weight * before.weight._data
    bias = np.zeros(layer.out_features, weight.dtype) if layer.bias is None else layer.bias._data
    return weight, bias


def _side_by_side(members: list[tuple[Floats, Floats]], first: bool, last: bool) -> Linear:
    """One layer of all members: the first takes what they share, the last gives their mean."""
    share = 1 / len(members) if last else 1.0
    weights, biases = [weight * share for weight, _ in members], [bias * share for _, bias in members]
    if first and last:
        weight = sum(weights[1:], weights[0])
    elif first or last:
        weight = np.concatenate(weights, axis=0 if first else 1)
    else:
        weight = _blocks(weights)
    bias = sum(biases[1:], biases[0]) if last else np.concatenate(biases)
    with init.skipped():
        layer = Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    layer.weight._data[...] = weight
    assert layer.bias is not None
    layer.bias._data[...] = bias
    return layer


def _blocks(weights: list[Floats]) -> Floats:
    """The matrices along the diagonal of one that is zero elsewhere."""
    rows, columns = (sum(weight.shape[axis] for weight in weights) for axis in (0, 1))
    whole = np.zeros((rows, columns), weights[0].dtype)
    row = column = 0
    for weight in weights:
        whole[row : row + weight.shape[0], column : column + weight.shape[1]] = weight
        row, column = row + weight.shape[0], column + weight.shape[1]
    return whole


def folds(
    labels: NDArray[np.integer] | None, rows: int, fraction: float, seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Row numbers to train on and to hold out, so that each row is held out once; none where rows are too few.

    Args:
        labels: classes, whose shares all folds have; None for numbers.
        rows: how many there are.
        fraction: to hold out, about: there are 1/fraction folds, rounded.
        seed: decides which rows stand together.
    """
    count = max(2, round(1 / fraction))
    if rows < 2 * count:
        return []
    order = np.random.default_rng(seed).permutation(rows)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(rows, np.intp)
    fold[order] = np.arange(rows) % count
    return [(np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(count)]
