"""The closed list of layers that a model file can contain: models as JSON, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chainrule.errors import ChainruleError, FormatError, UnknownNameError, did_you_mean
from chainrule.nn import init
from chainrule.nn.activation import (
    ELU,
    GELU,
    SELU,
    Hardtanh,
    LeakyReLU,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    SmoothClip,
    Softmax,
    Softplus,
    Step,
    Tanh,
)
from chainrule.nn.dropout import Dropout
from chainrule.nn.flatten import Flatten, Identity
from chainrule.nn.linear import Linear
from chainrule.nn.module import Module
from chainrule.nn.norm import BatchNorm1d, LayerNorm
from chainrule.nn.scale import Scale
from chainrule.nn.sequential import Sequential

__all__ = ["LAYERS", "build", "describe", "parameter_count"]

LAYERS: dict[str, type[Module]] = {
    layer.__name__: layer
    for layer in (
        Sequential, Linear, Flatten, Identity, Dropout, BatchNorm1d, LayerNorm, ReLU, ReLU6, LeakyReLU, ELU, SELU, GELU,
        SiLU, Softplus, Mish, Hardtanh, Sigmoid, Tanh, Softmax, LogSoftmax, Step, Scale, SmoothClip,
    )
}  # fmt: skip
"""Every layer by name.  Nothing outside this list is ever built from a description."""

_DEEPEST = 32


def describe(module: Module) -> dict[str, Any]:
    """What a module is made of, without its parameters' values, as JSON can hold it.

    Returns:
        ``{"type": "Linear", "config": {"in_features": 2, …}}``, and for a Sequential
        ``{"type": "Sequential", "layers": [["0", {…}], …]}``.

    Raises:
        FormatError: for a module of a class that is not in `LAYERS`, or one that occurs twice.
    """
    return _described(module, "", {})


def _described(module: Module, path: str, seen: dict[int, str]) -> dict[str, Any]:
    name = type(module).__name__
    if LAYERS.get(name) is not type(module):
        raise FormatError(
            f"{name} is not one of chainrule's own layers, which alone can be described",
            where=f"layer {path}" if path else None,
            fix="Compose the model from nn.Sequential and the layers of nn, or keep its state_dict()",
        )
    if id(module) in seen and any(True for _ in module.parameters()):
        raise FormatError(f"layer {path} is the same object as layer {seen[id(module)]}", fix="Give each its own")
    seen[id(module)] = path
    if not isinstance(module, Sequential):
        return {"type": name, "config": module.config()}
    layers = [[key, _described(child, f"{path}.{key}" if path else key, seen)] for key, child in module.named_layers()]
    return {"type": name, "layers": layers}


def build(description: Mapping[str, Any]) -> Module:
    """Make the module that `describe` described; its parameters are zeros, to be loaded.

    No random numbers are drawn, and nothing is imported or called by a name that the description contains, other than
    the classes in `LAYERS`.

    Raises:
        FormatError: if the description is not of the form that `describe` returns, or its values make no sense.
        UnknownNameError: if it names a layer that does not exist.
    """
    with init.skipped():
        return _built(description, "", 0)


def parameter_count(description: Any) -> int:
    """How many parameters `build` would make, found without making them; 0 for what it would refuse."""
    total, pending = 0, [description]
    while pending:
        one = pending.pop()
        if not isinstance(one, Mapping):
            continue
        layers, config = one.get("layers"), one.get("config")
        if isinstance(layers, (list, tuple)):
            pending += [entry[1] for entry in layers if isinstance(entry, (list, tuple)) and len(entry) == 2]
        if isinstance(config, Mapping):
            total += _leaf_count(one.get("type"), config)
    return total


def _leaf_count(name: Any, config: Mapping[str, Any]) -> int:
    """Parameters of one layer, from its constructor's arguments."""
    if name == "Linear":
        outputs = _product(config.get("out_features"))
        return (_product(config.get("in_features")) + bool(config.get("bias", True))) * outputs
    if name == "Scale":
        return _product(config.get("num_features"))
    norms = {"BatchNorm1d": ("affine", "num_features"), "LayerNorm": ("elementwise_affine", "normalized_shape")}
    if not isinstance(name, str) or name not in norms:
        return 0
    switch, size = norms[name]
    return bool(config.get(switch, True)) * (1 + bool(config.get("bias", True))) * _product(config.get(size))


def _product(sizes: Any) -> int:
    numbers = sizes if isinstance(sizes, (list, tuple)) else [sizes]
    return math.prod(n for n in numbers) if all(type(n) is int and n > 0 for n in numbers) else 0


def _built(description: Any, path: str, depth: int) -> Module:
    where = f"layer {path}" if path else None
    if not isinstance(description, Mapping) or not isinstance(description.get("type"), str):
        raise FormatError("bad description of a layer", expected="an object with a type", where=where)
    name = description["type"]
    if name not in LAYERS:
        raise UnknownNameError("layer type", name, LAYERS, where)
    content = "layers" if name == "Sequential" else "config"
    if set(description) != {"type", content}:
        raise FormatError(
            f"bad description of a {name}",
            expected=f"type and {content}",
            got=sorted(map(str, description)),
            where=where,
        )
    if name == "Sequential":
        return _sequence(description["layers"], path, depth)
    return _leaf(name, description["config"], where)


def _sequence(layers: Any, path: str, depth: int) -> Sequential:
    where = f"layer {path}" if path else None
    if depth >= _DEEPEST:
        raise FormatError("layers are nested too deeply", expected=f"at most {_DEEPEST} levels", where=where)
    entries: list[Any] = list(layers) if isinstance(layers, (list, tuple)) else [None]
    if any(not isinstance(one, (list, tuple)) or len(one) != 2 or not isinstance(one[0], str) for one in entries):
        raise FormatError(
            "bad description of a Sequential", expected="layers as [name, description] pairs", where=where
        )
    names = [key for key, _ in entries]
    if len(set(names)) != len(names):
        raise FormatError("two layers have the same name", got=names, where=where)
    children = {key: _built(child, f"{path}.{key}" if path else key, depth + 1) for key, child in entries}
    return _guarded(Sequential, (children,), {}, where)  # type: ignore[return-value]


def _leaf(name: str, config: Any, where: str | None) -> Module:
    layer = LAYERS[name]
    if not isinstance(config, Mapping):
        raise FormatError(f"bad description of a {name}", expected="config as an object", where=where)
    known = _arguments(layer)
    for argument in config:
        if argument not in known:
            hint = did_you_mean(str(argument), known)
            raise FormatError(f"{name} has no argument {argument!r}", where=where, fix=hint)
    return _guarded(layer, (), dict(config), where)


def _arguments(layer: type[Module]) -> tuple[str, ...]:
    """Names of the constructor's arguments."""
    code = layer.__init__.__code__
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]


def _guarded(layer: type[Module], args: tuple[Any, ...], kwargs: dict[str, Any], where: str | None) -> Module:
    try:
        return layer(*args, **kwargs)
    except (ChainruleError, TypeError, ValueError, OverflowError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise FormatError(f"a {layer.__name__} cannot be made as described: {reason}", where=where) from error
