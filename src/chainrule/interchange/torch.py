"""PyTorch's networks: objects, state dicts, and files of both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import ConfigError, DTypeError, FormatError
from chainrule.interchange.layers import activation_layer, linear, set_state
from chainrule.interchange.pickled_arrays import brief
from chainrule.interchange.torch_modules import array_of, from_module, is_module
from chainrule.nn import init
from chainrule.nn.flatten import Flatten, Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.sequential import Sequential

__all__ = ["from_state_dict", "from_torch", "is_torch"]

_INSIDE = ("state_dict", "model_state_dict", "model")
_BATCH_NORM = {"running_mean", "running_var", "num_batches_tracked"}
_MOST_GAPS = 64  # between two layers that have numbers


def is_torch(value: object) -> bool:
    """Whether `value` is one of PyTorch's layers, or looks like a state dict."""
    return is_module(value) or (isinstance(value, Mapping) and _state(value) is not None)


def from_torch(source: Any, activation: str | None = None) -> Module:
    """Make a network of PyTorch's: of a ``torch.nn.Sequential``, one layer, or a state dict.

    Args:
        source: the object, or the state dict (a dictionary with one under ``"state_dict"``, ``"model_state_dict"`` or
            ``"model"``, too).
        activation: see `from_state_dict`; an object says itself what it computes.

    Returns:
        a `Sequential` (or layer) in evaluation mode.

    Raises:
        DTypeError, FormatError, ConfigError: see `from_state_dict` and `torch_modules.from_module`.
    """
    if is_module(source):
        return from_module(source)
    if isinstance(source, Mapping):
        return from_state_dict(source, activation)
    if hasattr(source, "state_dict"):
        kind = type(source).__name__
        raise DTypeError(
            f"{kind} is a class of its own, and what it computes is only in its code",
            fix="Take its state_dict(), and say which activation lies between its layers",
        )
    raise DTypeError("not PyTorch's", expected="a Sequential or a state dict", got=type(source).__name__)


def from_state_dict(state: Mapping[str, Any], activation: str | None = None) -> Module:
    """Make a network of a state dict of linear and normalisation layers.

    Args:
        state: path -> tensor or array.  Where all paths begin with numbers, as a ``Sequential``'s do, every layer keeps
            its number: of the layers without parameters in between, the first becomes the activation, later ones
            (dropout) compute nothing, and one before the first is a `Flatten`.  Otherwise the layers follow each other
            in the order of the dictionary.
        activation: between every two linear layers, after a normalisation; a state dict does not say which.
            `layers.ACTIVATIONS` has the names.  Normalisations have PyTorch's default ε.

    Returns:
        a `Sequential` in evaluation mode.

    Raises:
        ConfigError: if there are several linear layers and no activation was named.
        FormatError: if the numbers are of other layers, or do not fit each other.
        UnknownNameError: for an unknown activation.
    """
    found = _state(state)
    if found is None:
        raise FormatError("not a state dict", expected="paths such as 0.weight with tensors", got=_keys(state))
    groups = _grouped(found)
    made = {name: _layer(name, parts) for name, parts in groups.items()}
    linears = sum(isinstance(layer, Linear) for layer in made.values())
    if not linears:
        raise FormatError("the state dict has no linear layer", got=_keys(state))
    if linears > 1 and activation is None:
        raise ConfigError(
            "a state dict does not say which activation lies between its layers",
            fix="Name it: activation='relu' (on the command line: --activation relu)",
        )
    layers = _placed(made, activation or "identity")
    _check_chain(layers)
    return Sequential(layers).eval()


def _state(value: Mapping[Any, Any]) -> dict[str, np.ndarray] | None:
    """Paths and arrays, if that is what it holds; a checkpoint may hold them one step further in."""
    for inner in (value, *(value[key] for key in _INSIDE if key in value)):
        if isinstance(inner, Mapping) and inner and all(isinstance(key, str) for key in inner):
            tensors = {key: part for key, part in inner.items() if isinstance(part, np.ndarray) or _is_tensor(part)}
            if len(tensors) == len(inner) and any(key.endswith("weight") for key in inner):
                return {key: array_of(part, brief(key)) for key, part in tensors.items()}
    return None


def _is_tensor(value: object) -> bool:
    return hasattr(value, "detach") and hasattr(value, "numpy")


def _keys(state: Mapping[Any, Any]) -> str:
    return ", ".join(brief(key) for key in list(state)[:6]) or "nothing"


def _grouped(state: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """The arrays of each layer, by the layer's path without what all paths begin with."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    for path, array in state.items():
        layer, _, name = path.rpartition(".")
        groups.setdefault(layer, {})[name] = array
    steps = [layer.split(".") for layer in groups]
    while all(len(one) > 1 for one in steps) and len({one[0] for one in steps}) == 1:
        steps = [one[1:] for one in steps]
    names = [".".join(one) for one in steps]
    return dict(zip(names, groups.values(), strict=True))


def _layer(name: str, parts: dict[str, np.ndarray]) -> Module:
    what = f"layer {brief(name)}"
    names, weight = set(parts), parts.get("weight")
    if names & _BATCH_NORM:
        known = names <= _BATCH_NORM | {"weight", "bias"} and {"running_mean", "running_var"} <= names
    else:
        known = "weight" in names and names <= {"weight", "bias"}
    if not known or (weight is not None and weight.ndim not in (1, 2)):
        raise FormatError(f"{what} is no linear or normalisation layer", got=", ".join(map(brief, sorted(names)[:6])))
    if weight is not None and weight.ndim == 2 and not names & _BATCH_NORM:
        return linear(weight, parts.get("bias"), what)
    return _norm(parts, what)


def _norm(parts: dict[str, np.ndarray], what: str) -> Module:
    size = {array.shape for name, array in parts.items() if name != "num_batches_tracked"}
    if len(size) != 1 or len(shape := next(iter(size))) != 1 or not shape[0]:
        raise FormatError(f"the numbers of {what} do not fit each other", got=sorted(size))
    dtype = next(iter(parts.values())).dtype
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float32)
    bias = "bias" in parts
    with init.skipped():
        layer: Module
        if "running_mean" in parts:
            layer = BatchNorm1d(shape[0], affine="weight" in parts, dtype=dtype, bias=bias)
        else:
            layer = LayerNorm(shape[0], bias=bias, dtype=dtype)
    if "running_mean" in parts:
        parts = {"num_batches_tracked": np.zeros((), np.int64), **parts}
    set_state(layer, parts)
    return layer


def _placed(made: dict[str, Module], activation: str) -> dict[str, Module]:
    """All layers by their names in the network, those without parameters too."""
    if all(re.fullmatch(r"0|[1-9]\d{0,5}", name) for name in made):
        return _numbered({int(name): layer for name, layer in made.items()}, activation)
    layers: list[Module] = []
    for layer in made.values():
        if isinstance(layer, Linear) and any(isinstance(one, Linear) for one in layers):
            layers.append(activation_layer(activation))
        layers.append(layer)
    return {str(place): layer for place, layer in enumerate(layers)}


def _numbered(made: dict[int, Module], activation: str) -> dict[str, Module]:
    layers: dict[str, Module] = {}
    previous, active = -1, True  # whether an activation followed the last linear layer
    for place in sorted(made):
        layer = made[place]
        if place - previous - 1 > _MOST_GAPS:
            raise FormatError("the state dict leaves out too many layers", got=f"none from {previous + 1} to {place}")
        for gap in range(previous + 1, place):
            if not layers:
                layers[str(gap)] = Flatten()
            else:
                layers[str(gap)] = Identity() if active else activation_layer(activation)
                active = True
        if isinstance(layer, Linear):
            if not active and activation != "identity":
                raise FormatError(
                    f"there is no place for an activation before layer {place}",
                    fix="If there is none, say activation='identity'",
                )
            active = False
        layers[str(place)] = layer
        previous = place
    return layers


def _check_chain(layers: Mapping[str, Module]) -> None:
    width: int | None = None
    for name, layer in layers.items():
        wanted = {
            Linear: lambda one: one.in_features,
            BatchNorm1d: lambda one: one.num_features,
            LayerNorm: lambda one: one.normalized_shape[0],
        }.get(type(layer))
        if wanted is None:
            continue
        if width is not None and wanted(layer) != width:
            raise FormatError(
                f"layer {name} does not fit the one before it", expected=f"{width} inputs", got=wanted(layer)
            )
        width = layer.out_features if isinstance(layer, Linear) else wanted(layer)
