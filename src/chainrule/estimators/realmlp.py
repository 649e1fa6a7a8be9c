"""RealMLP-TD-S: the network, its first weights, and a learning rate for each kind of parameter.

The recipe of Holzmüller, Grinsztajn & Steinwart, *Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular
Data* (NeurIPS 2024, arXiv:2407.04491), in its simplified form ("TD-S"), from the paper's description.

Two of its parts are written otherwise than in the paper, with the same numbers:

* Its weighted sums are ``W·x/√n + b`` with W drawn from N(0, 1), the neural tangent parametrisation.  With V = W/√n
  they are those of an ordinary `Linear` whose weights are drawn from N(0, 1/n).  The gradient by V is √n times that by
  W, and V moves by 1/√n of what W moves, so Adam, whose steps do not depend on the gradient's size, does the same to V
  at the rate η/√n and with √n·ε.  That is why there is no layer for it here, but a parameter group for each width.
* Two classes are told apart there by two outputs and a softmax.  What counts is their difference; their last weights,
  first zero, get opposite gradients and stay opposite.  One output with a sigmoid does the same, if its weights move at
  twice the rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.nn.activation import SmoothClip
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.scale import Scale

__all__ = ["draw_weights", "first_layers", "parameter_groups"]

_SCALE_RATE, _BIAS_RATE = 6.0, 0.1
_EPS = 1e-8


def first_layers(features: int, dtype: Any) -> list[Module]:
    """What comes before the first weighted sum: the smooth clip, and a learned factor for each feature."""
    return [SmoothClip(3.0), Scale(features, dtype=dtype)]


def draw_weights(network: Module, rng: np.random.Generator) -> None:
    """Draw weights from N(0, 1/n) and biases from N(0, 1); those of the last layer are zero."""
    layers = _linear_layers(network)
    for layer in layers:
        last = layer is layers[-1]
        for parameter, size in ((layer.weight, 1 / math.sqrt(layer.in_features)), (layer.bias, 1.0)):
            if parameter is not None:
                drawn = 0.0 if last else size * rng.standard_normal(parameter.shape)
                parameter._data[...] = drawn


def parameter_groups(
    network: Module, lr: float, optimizer: str = "adam", decay: float = 0.0, twice: bool = False
) -> list[dict[str, Any]]:
    """Groups for an optimiser, each with the learning rate that the recipe gives it.

    Weights come first, so that the rate that a history shows is theirs (of the first layer's).

    Args:
        network: made of `Linear`, `Scale` and what has no parameters, or others, which get `lr` itself.
        lr: η.
        optimizer: its name; with plain gradient descent the rates of weights are η/n, as W/√n then demands.
        decay: weight decay of the weights.
        twice: whether the last layer learns at twice the rate: one output that stands for two classes.
    """
    layers = _linear_layers(network)
    adaptive = optimizer.lower() != "sgd"
    settings: dict[int, tuple[float, float | None, float]] = {}  # of a parameter: rate, ε, decay
    for layer in layers:
        root = math.sqrt(layer.in_features)
        factor = 2.0 if twice and layer is layers[-1] else 1.0
        settings[id(layer.weight)] = (factor / (root if adaptive else root * root), root * _EPS, decay)
        if layer.bias is not None:
            settings[id(layer.bias)] = (factor * _BIAS_RATE, None, 0.0)
    settings |= {id(one.weight): (_SCALE_RATE, None, 0.0) for one in network.modules() if isinstance(one, Scale)}
    together: dict[tuple[float, float | None, float], list[Any]] = {}
    named = [(path, one) for path, one in network.named_parameters() if one.requires_grad]
    for path, one in sorted(named, key=lambda pair: pair[1].ndim < 2):
        together.setdefault(settings.get(id(one), (1.0, None, 0.0)), []).append((path, one))
    takes_eps = optimizer.lower() in ("adam", "adamw")
    return [
        {
            "params": pairs,
            "lr": lr * factor,
            **({"eps": eps} if takes_eps and eps is not None else {}),
            **({"weight_decay": weight_decay} if weight_decay else {}),
        }
        for (factor, eps, weight_decay), pairs in together.items()
    ]


def _linear_layers(network: Module) -> Sequence[Linear]:
    return [module for module in network.modules() if isinstance(module, Linear)]
