"""The network of an estimator, made from its settings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, UnknownNameError
from chainrule.estimators import realmlp
from chainrule.estimators.presets import Settings, TableFacts
from chainrule.nn import init
from chainrule.nn.activation import (
    ELU,
    GELU,
    SELU,
    Hardtanh,
    LeakyReLU,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from chainrule.nn.dropout import Dropout
from chainrule.nn.flatten import Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.sequential import Sequential

__all__ = ["ACTIVATIONS", "build_network"]

ACTIVATIONS: dict[str, type[Module]] = {
    "relu": ReLU, "tanh": Tanh, "logistic": Sigmoid, "identity": Identity, "sigmoid": Sigmoid, "elu": ELU,
    "gelu": GELU, "hardtanh": Hardtanh, "leaky_relu": LeakyReLU, "mish": Mish, "relu6": ReLU6, "selu": SELU,
    "silu": SiLU, "softplus": Softplus,
}  # fmt: skip
"""Activations by name: scikit-learn's four, and the library's own."""

_NORMS: dict[str, type[BatchNorm1d] | type[LayerNorm]] = {"batch": BatchNorm1d, "layer": LayerNorm}


def build_network(facts: TableFacts, settings: Settings, dtype: Any, seed: int) -> Module:
    """An untrained network.

    Args:
        facts: of the training data; `facts.features` is what the network takes, `facts.outputs` what it gives.
        settings: layers, activations, and how weights begin.
        dtype: of the parameters.
        seed: of the initial weights.

    Raises:
        ConfigError, UnknownNameError: for settings that make no network.
    """
    if settings.build is not None:
        made: Module = settings.build(facts, settings)
        return made
    sizes = settings.hidden_layer_sizes
    names = _per_layer(settings.activation, len(sizes), "activation")
    dropouts = _per_layer(settings.dropout, len(sizes), "dropout")
    for dropout in dropouts:
        if not isinstance(dropout, (int, float, np.floating)) or not 0 <= dropout < 1:
            raise ConfigError("bad dropout", expected="a number from 0 and below 1", got=repr(dropout))
    if settings.norm is not None and settings.norm not in list(_NORMS):  # nor anything that has no hash
        raise UnknownNameError("norm", settings.norm, _NORMS)
    rng = np.random.default_rng(seed)
    recipe = settings.init == "realmlp"
    layers: list[Module] = realmlp.first_layers(facts.features, dtype) if recipe else []
    width = facts.features
    for size, name, dropout in zip(sizes, names, dropouts, strict=True):
        if not isinstance(name, str) or name not in ACTIVATIONS:
            raise UnknownNameError("activation", name, ACTIVATIONS)
        layers.append(_linear(width, size, name, settings.init, dtype, rng))
        if settings.norm is not None:
            layers.append(_NORMS[settings.norm](size, dtype=dtype))
        if name != "identity":
            layers.append(ACTIVATIONS[name]())
        if dropout:
            layers.append(Dropout(dropout))
        width = size
    last = names[-1] if names else "identity"
    layers.append(_linear(width, facts.outputs, last, settings.init, dtype, rng))
    network = Sequential(*layers)
    if recipe:
        realmlp.draw_weights(network, rng)
    return network


def _per_layer(value: Any, layers: int, name: str) -> list[Any]:
    if not isinstance(value, (list, tuple, np.ndarray)):
        return [value] * layers
    values = list(value)
    if len(values) != layers:
        raise ConfigError(f"{name} does not fit the hidden layers", expected=f"one, or {layers}", got=len(values))
    return values


def _linear(inputs: int, outputs: int, activation: str, how: str, dtype: Any, rng: np.random.Generator) -> Linear:
    with init.skipped():
        layer = Linear(inputs, outputs, dtype=dtype)
    if how == "glorot":  # as scikit-learn draws weights and biases
        bound = math.sqrt((2.0 if activation in ("logistic", "sigmoid") else 6.0) / (inputs + outputs))
    else:
        bound = 1 / math.sqrt(inputs)
    assert layer.bias is not None
    for parameter in (layer.weight, layer.bias):
        parameter._data[...] = rng.uniform(-bound, bound, parameter._data.shape)
    return layer
