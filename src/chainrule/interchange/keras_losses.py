"""Losses of Keras as ours: what a compiled network was trained with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chainrule import losses
from chainrule.errors import ChainruleError
from chainrule.losses import Loss
from chainrule.nn.activation import Sigmoid, Softmax
from chainrule.nn.module import Module

__all__ = ["objective_of"]

_NAMES = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "huber_loss": "huber",
    "bce": "binary_crossentropy", "binary_cross_entropy": "binary_crossentropy",
}  # fmt: skip
_REDUCTIONS = {"sum": "sum", "none": "none", None: "none"}


def objective_of(compiled: Any, layers: list[Module]) -> Loss | None:
    """The loss that a network was compiled with; None if there is none, or no counterpart.

    A softmax or sigmoid at the end, whose probabilities a cross-entropy takes, is taken off `layers`: it is the link
    of our losses on logits, which lose no digits.

    Args:
        compiled: Keras's ``compile_config`` or ``training_config``.
        layers: of the whole network.
    """
    name, options = _described(compiled.get("loss") if isinstance(compiled, Mapping) else None)
    last = layers[-1] if layers else None
    reduction = options.get("reduction", "mean")
    try:
        if name in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
            made = losses.get(
                "cross_entropy",
                label_smoothing=options.get("label_smoothing", 0.0),
                ignore_index=_known(options.get("ignore_class"), -100),
            )
            return _on_logits(made, options, layers, isinstance(last, Softmax) and options.get("axis", -1) == -1)
        if name == "binary_crossentropy" and not options.get("label_smoothing"):
            return _on_logits(losses.get("bce_with_logits"), options, layers, isinstance(last, Sigmoid))
        reduction = _REDUCTIONS.get(reduction if isinstance(reduction, str) else None, "mean")
        if name == "huber":
            return losses.get("huber", delta=options.get("delta", 1.0), reduction=reduction)
        plain = {"mean_squared_error": "mse", "mean_absolute_error": "l1", "hinge": "hinge"}
        return losses.get(plain[name], reduction=reduction) if name in plain else None
    except (ChainruleError, TypeError):  # options that make no sense: the network is what it is without them
        return None


def _described(loss: Any) -> tuple[str, Mapping[str, Any]]:
    """Name (in small letters with underscores) and options of a loss, which may stand in a list or dict of one."""
    if isinstance(loss, Mapping) and "class_name" not in loss:
        loss = list(loss.values())
    if isinstance(loss, list) and len(loss) == 1:
        loss = loss[0]
    if isinstance(loss, str):
        return _name(loss), {}
    if not isinstance(loss, Mapping) or ">" in str(loss.get("registered_name")):
        return "", {}
    name, config = str(loss.get("class_name")), loss.get("config")
    if isinstance(config, str):  # a function
        return _name(config), {}
    return _name(name), config if isinstance(config, Mapping) else {}


def _name(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[:80]).lower()
    return _NAMES.get(spaced, spaced)


def _known(value: Any, default: int) -> Any:
    return default if value is None else value


def _on_logits(loss: Loss, options: Mapping[str, Any], layers: list[Module], linked: bool) -> Loss | None:
    if options.get("from_logits"):
        return None if linked else loss
    if linked and len(layers) > 1:
        layers.pop()
        return loss
    return None
