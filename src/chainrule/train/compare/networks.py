"""The networks that are compared: the usual one for some data, and variants of a given one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chainrule.data.dataset import Dataset
from chainrule.errors import ConfigError, DataError, UnknownNameError
from chainrule.nn.activation import Activation
from chainrule.nn.dropout import Dropout
from chainrule.nn.flatten import Flatten
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d
from chainrule.nn.registry import LAYERS
from chainrule.nn.sequential import Sequential

__all__ = ["activation_kind", "mlp", "outputs_for", "with_batch_norm", "with_dropout"]

_ACTIVATIONS: dict[str, type[Activation]] = {
    name.lower(): kind for name, kind in LAYERS.items() if issubclass(kind, Activation)
}


def activation_kind(activation: str) -> type[Activation]:
    """The class of an activation function, by its name in any case.

    Raises:
        UnknownNameError: if there is none.
    """
    name = str(activation).lower().replace("_", "").replace("-", "")
    if name not in _ACTIVATIONS:
        raise UnknownNameError("activation", activation, _ACTIVATIONS)
    return _ACTIVATIONS[name]


def mlp(data: Dataset, hidden: Sequence[int], activation: str, outputs: int | None = None) -> Sequential:
    """Linear layers with an activation function between them, from the data's features to its targets.

    Args:
        data: says how many inputs there are.
        hidden: widths of the hidden layers.
        activation: its name.
        outputs: how many; default: what the targets need, see `outputs_for`.
    """
    outputs = outputs_for(data) if outputs is None else outputs
    kind = activation_kind(activation)
    parts: list[Module] = [Flatten()] if data.inputs.ndim > 2 else []
    width = data.n_features
    for size in hidden:
        parts += [Linear(width, size), kind()]
        width = size
    return Sequential(*parts, Linear(width, outputs))


def outputs_for(data: Dataset) -> int:
    """One output for two classes, one per class for more, one per number of a regression.

    Raises:
        DataError: if the data do not say what is to be learned.
    """
    if data.targets is None or data.task is None:
        raise DataError("the data have no targets to learn", where=data.name, fix="Pass (X, y)")
    if data.task == "regression":
        return 1 if data.targets.ndim == 1 else int(data.targets.shape[1])
    return 1 if data.task == "binary" else data.n_classes or 1


def with_dropout(model: Module, p: float) -> Sequential:
    """The same layers with `Dropout` behind each hidden activation; they share their parameters with `model`.

    Raises:
        ConfigError: for a network that is no `Sequential`, has no hidden activation, or has dropout already.
    """
    layers = _plain(model, Dropout)
    last = max((i for i, layer in enumerate(layers) if isinstance(layer, Linear)), default=0)
    parts: list[Module] = []
    for i, layer in enumerate(layers):
        parts.append(layer)
        if i < last and isinstance(layer, Activation):
            parts.append(Dropout(p))
    return _changed(model, layers, parts, "Dropout")


def with_batch_norm(model: Module) -> Sequential:
    """The same layers with `BatchNorm1d` before each hidden activation; they share their parameters with `model`.

    Raises:
        ConfigError: for a network that is no `Sequential`, has no hidden activation, or has such layers already.
    """
    layers = _plain(model, BatchNorm1d)
    parts: list[Module] = []
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        parts.append(layer)
        if isinstance(layer, Linear) and isinstance(following, Activation) and layer is not _last_linear(layers):
            parts.append(BatchNorm1d(layer.out_features, dtype=layer.weight.dtype))
    return _changed(model, layers, parts, "BatchNorm1d")


def _plain(model: Module, kind: type[Module]) -> list[Module]:
    """The layers, none of which is of `kind`."""
    layers = list(_leaves(model))
    if any(isinstance(layer, kind) for layer in layers):
        raise ConfigError(f"build makes a network with {kind.__name__} in it", fix="Leave it out; it is put in here")
    return layers


def _leaves(model: Module) -> Iterator[Module]:
    if not isinstance(model, Sequential):
        yield model
        return
    for _, layer in model.named_layers():
        yield from _leaves(layer)


def _last_linear(layers: Sequence[Module]) -> Module | None:
    return next((layer for layer in reversed(layers) if isinstance(layer, Linear)), None)


def _changed(model: Module, layers: Sequence[Module], parts: Sequence[Module], name: str) -> Sequential:
    if not isinstance(model, Sequential) or len(parts) == len(layers):
        raise ConfigError(
            f"there is no place for {name} in this network",
            expected="a Sequential of Linear layers with activation functions between them",
            got=type(model).__name__,
        )
    return Sequential(*parts)
