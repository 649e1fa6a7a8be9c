"""Which loss goes with which data and model, when the user leaves it open."""

from __future__ import annotations

from typing import Any

from chainrule import losses
from chainrule.data.dataset import Dataset
from chainrule.errors import ConfigError
from chainrule.losses import Loss
from chainrule.nn.activation import LogSoftmax, Sigmoid, Softmax
from chainrule.nn.module import Module

__all__ = ["choose_loss"]


def choose_loss(wanted: Any, data: Dataset, model: Module) -> Loss:
    """Return the loss of a name, a loss itself, or the usual one for the data and the model's last layer.

    Raises:
        ConfigError: if the data do not say what is to be learned, or loss and last layer do not go together.
    """
    last = _last_layer(model)
    if wanted is not None:
        loss = losses.get(wanted)
        if loss.name == "bce_with_logits" and isinstance(last, Sigmoid):
            raise ConfigError(
                "loss 'bce_with_logits' takes logits and the last layer is a Sigmoid already",
                fix="Drop the Sigmoid, or use loss='bce'",
            )
        if loss.name == "cross_entropy" and isinstance(last, (Softmax, LogSoftmax)):
            raise ConfigError(
                f"loss 'cross_entropy' takes logits and the last layer is a {type(last).__name__} already",
                fix="Drop it (for LogSoftmax, loss='nll' works too)",
            )
        return loss
    if data.task == "regression":
        return losses.get("mse")
    if data.task is None:
        raise ConfigError("the data do not say what to learn", fix='Name a loss, e.g. loss="mse"')
    if isinstance(last, LogSoftmax):
        return losses.get("nll")
    if data.task == "binary" and _outputs(last, model) == 1:
        return losses.get("bce" if isinstance(last, Sigmoid) else "bce_with_logits")
    return losses.get("cross_entropy")


def _last_layer(model: Module) -> Module | None:
    leaves = [module for module in model.modules() if not list(module.children())]
    return leaves[-1] if leaves else None


def _outputs(last: Module | None, model: Module) -> int | None:
    """Number of outputs, as the last layer that has a weight tells."""
    for module in reversed(list(model.modules())):
        features = getattr(module, "out_features", None)
        if features is not None:
            return int(features)
    return None
