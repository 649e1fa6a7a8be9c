"""The multilayer perceptron that the options of ``fit`` describe."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule import losses, nn
from chainrule.data import Dataset
from chainrule.errors import ConfigError, DataError, UnknownNameError

__all__ = ["ACTIVATIONS", "check_activation", "make_network", "parse_layers"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "softplus": nn.Softplus,
    "hardtanh": nn.Hardtanh,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}

_MULTICLASS, _BINARY = ("cross_entropy", "nll"), ("bce_with_logits", "bce", "hinge", "perceptron")


def parse_layers(text: str) -> tuple[int, ...]:
    """Return the widths in a text such as ``"128,64"``; ``"none"`` stands for no hidden layer.

    Raises:
        ConfigError: for anything else.
    """
    if text.strip().lower() in {"none", "0", ""}:
        return ()
    parts = [part.strip() for part in text.replace("-", ",").split(",")]
    if not all(part.isdecimal() and part.isascii() and 0 < int(part) < 10**6 for part in parts):
        raise ConfigError("bad --layers", expected='widths like 128,64, or "none"', got=repr(text))
    return tuple(map(int, parts))


def check_activation(activation: str) -> str:
    """Return the key of `ACTIVATIONS` that is meant.

    Raises:
        UnknownNameError: if there is none.
    """
    name = activation.lower().replace("-", "_")
    if name not in ACTIVATIONS:
        raise UnknownNameError("activation", activation, ACTIVATIONS)
    return name


def make_network(
    sample: Dataset, layers: Sequence[int], activation: str, loss: str | None, dropout: float, batch_norm: bool
) -> nn.Sequential:
    """Build hidden layers of Linear, BatchNorm1d (if asked for), the activation and Dropout, and an output layer.

    Args:
        sample: the training data: its shape, task and classes decide the first and the last layer.
        layers: widths of the hidden layers.
        activation: a key of `ACTIVATIONS`.
        loss: name of the loss, or None for the usual one.
        dropout: probability that an activation is dropped, 0 for no such layers.
        batch_norm: normalise before each activation.

    Raises:
        UnknownNameError, ConfigError: for names that do not exist, or do not suit the data.
        DataError: if the data do not say what is to be learned.
    """
    name = check_activation(activation)
    outputs, last = _output(sample, loss)
    parts: list[nn.Module] = [nn.Flatten()] if sample.inputs.ndim > 2 else []
    width = sample.n_features
    for size in layers:
        parts.append(nn.Linear(width, size))
        if batch_norm:
            parts.append(nn.BatchNorm1d(size))
        parts.append(ACTIVATIONS[name]())
        if dropout:
            parts.append(nn.Dropout(dropout))
        width = size
    return nn.Sequential(*parts, nn.Linear(width, outputs), *last)


def _output(sample: Dataset, loss: str | None) -> tuple[int, list[nn.Module]]:
    """Number of outputs, and the layers behind the last Linear, if the loss wants any."""
    if sample.targets is None or sample.task is None:
        raise DataError("the data have no targets to learn", where=sample.name)
    chosen = None if loss is None else losses.get(loss)
    if sample.task == "regression":
        _check_task(chosen, "regression", "numbers", "mse, l1, huber, smooth_l1, poisson")
        return 1 if sample.targets.ndim == 1 else sample.targets.shape[1], []
    classes = sample.n_classes or 2
    if sample.task == "binary" and (chosen is None or chosen.task != "multiclass"):
        _check_task(chosen, "binary", "two classes", ", ".join((*_BINARY, *_MULTICLASS)))
        return 1, [nn.Sigmoid()] if chosen is not None and chosen.name == "bce" else []
    _check_task(chosen, "multiclass", f"{classes} classes", ", ".join(_MULTICLASS))
    return classes, [nn.LogSoftmax(dim=1)] if chosen is not None and chosen.name == "nll" else []


def _check_task(loss: losses.Loss | None, task: str, what: str, fitting: str) -> None:
    if loss is not None and loss.task != task:
        raise ConfigError(f"loss {loss.name!r} does not suit a target of {what}", fix=f"Use one of {fitting}")
