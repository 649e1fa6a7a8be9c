"""Layers made of arrays that came from elsewhere, after a look at the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.core.tensor import Tensor
from chainrule.errors import FormatError, UnknownNameError
from chainrule.interchange.pickled_arrays import brief
from chainrule.nn import init
from chainrule.nn.activation import ELU, GELU, SELU, LeakyReLU, Mish, ReLU, Sigmoid, SiLU, Softplus, Tanh
from chainrule.nn.flatten import Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module

__all__ = ["ACTIVATIONS", "activation_layer", "linear", "numbers", "set_state"]

ACTIVATIONS: dict[str, type[Module]] = {
    "relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh, "gelu": GELU, "silu": SiLU, "elu": ELU, "selu": SELU,
    "leaky_relu": LeakyReLU, "softplus": Softplus, "mish": Mish, "identity": Identity,
}  # fmt: skip
"""Activations that an import can be told about, with their default options."""


def activation_layer(name: str) -> Module:
    """A new activation by its name.

    Raises:
        UnknownNameError: if there is none of the name.
    """
    if name not in ACTIVATIONS:
        raise UnknownNameError("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]()


def numbers(value: Any, axes: int, what: str) -> np.ndarray:
    """`value` if it is an array of real numbers with so many axes; float16 and whole numbers become float32.

    Raises:
        FormatError: if it is anything else.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.ndim != axes or not value.size:
        got = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else brief(type(value).__name__)
        raise FormatError(f"{what} is no array of numbers with {axes} axes", got=got)
    return value if value.dtype in (np.float32, np.float64) else value.astype(np.float32)


def linear(weight: Any, bias: Any, what: str, previous: Module | None = None) -> Linear:
    """A `Linear` of a weight (out, in) and a bias (out,) or None.

    Args:
        weight: its rows are the neurons.
        bias: one number for each neuron.
        what: the layer, for messages.
        previous: the linear layer before, whose outputs have to be as many as the inputs here.

    Raises:
        FormatError: if they are no such arrays, or do not fit each other.
    """
    w = numbers(weight, 2, f"the weight of {what}")
    b = None if bias is None else numbers(bias, 1, f"the bias of {what}")
    if b is not None and len(b) != len(w):
        raise FormatError(f"weight and bias of {what} do not fit", expected=f"{len(w)} biases", got=len(b))
    if previous is not None and w.shape[1] != previous.out_features:
        raise FormatError(
            f"{what} does not fit the layer before it", expected=f"{previous.out_features} inputs", got=w.shape[1]
        )
    with init.skipped():
        layer = Linear(w.shape[1], w.shape[0], bias=b is not None, dtype=w.dtype)
    set_state(layer, {"weight": w} if b is None else {"weight": w, "bias": b})
    return layer


def set_state(layer: Module, state: dict[str, Any]) -> None:
    """Copy arrays into a layer's parameters and buffers."""
    layer.load_state_dict({name: Tensor.of(np.asarray(value, order="C")) for name, value in state.items()})
