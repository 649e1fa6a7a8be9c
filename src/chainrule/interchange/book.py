"""The dictionaries ``W1 b1 W2 b2 …`` of "Deep Learning from Scratch" (Saitoh 2016)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chainrule import losses
from chainrule.errors import DTypeError, FormatError
from chainrule.interchange.layers import activation_layer, linear
from chainrule.interchange.pickled_arrays import brief
from chainrule.nn.flatten import Flatten
from chainrule.nn.module import Module
from chainrule.nn.sequential import Sequential

__all__ = ["from_book", "is_book"]

_PIXELS = 784  # of MNIST's images, 28 by 28, which the book flattens beforehand
_KEY = re.compile(r"[Wb][1-9]\d{0,3}")


def is_book(value: object) -> bool:
    """Whether `value` is a dictionary with a ``W1``."""
    return isinstance(value, Mapping) and "W1" in value


def from_book(weights: Mapping[Any, Any], activation: str = "sigmoid") -> Module:
    """Make a network of the textbook's dictionary.

    Args:
        weights: ``W1`` (inputs, neurons), ``b1`` (neurons,), ``W2``, …; the book multiplies from the right, x·W + b.
        activation: of every hidden layer, which the dictionary does not say.  The book's network of chapter 3 has
            ``"sigmoid"``, those of chapters 5 to 7 have ``"relu"``; ``"identity"`` leaves it out.

    Returns:
        a `Sequential` of `Linear` and activation layers in evaluation mode, after a `Flatten` if it has the 784 inputs
        of MNIST; its output are logits, and its loss is the book's: cross entropy after a softmax, or squared error
        for a single output.

    Raises:
        DTypeError: if `weights` is no dictionary.
        FormatError: for missing layers, other keys, or arrays that do not fit each other.
        UnknownNameError: for an unknown activation.
    """
    if not isinstance(weights, Mapping):
        raise DTypeError("not the textbook's weights", expected="a dictionary W1 b1 …", got=type(weights).__name__)
    count = sum(isinstance(key, str) and key.startswith("W") for key in weights)
    wanted = {f"{letter}{place}" for letter in "Wb" for place in range(1, count + 1)}
    strange = [brief(key) for key in weights if not isinstance(key, str) or not _KEY.fullmatch(key)]
    lacking = sorted(wanted - set(weights))
    if strange or lacking or not count or set(weights) != wanted:
        raise FormatError(
            "not the textbook's weights",
            expected="W1 b1 W2 b2 … without gaps and nothing else",
            got="besides " + ", ".join(strange[:5]) if strange else "without " + ", ".join(lacking[:5] or ["W1"]),
        )
    layers: list[Module] = []
    for place in range(1, count + 1):
        previous = layers[-1] if layers else None
        if previous is not None and activation != "identity":
            layers.append(activation_layer(activation))
        weight = weights[f"W{place}"]
        layers.append(linear(getattr(weight, "T", weight), weights[f"b{place}"], f"layer {place}", previous))
    objective = losses.get("cross_entropy" if layers[-1].out_features > 1 else "mse")
    if layers[0].in_features == _PIXELS:
        layers.insert(0, Flatten())
    model = Sequential(*layers)
    model.objective = objective
    return model.eval()
