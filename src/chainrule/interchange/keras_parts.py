"""What a description of a Keras network says: its layers in the order in which numbers pass through them.

Keras describes networks as nested dictionaries of class names and arguments (its ``get_config``, and JSON in its
files).  Names of classes are only ever compared with the names that are known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chainrule.errors import FormatError
from chainrule.interchange.pickled_arrays import brief

__all__ = ["MODELS", "Part", "Weights", "kind_of", "parts_of"]

MODELS = ("Sequential", "Functional", "Model")
"""Classes of whole networks."""

_HOMES = ("keras", "tf_keras", "builtins")
_DEEPEST = 32
_FIX = "Nothing was executed. chainrule takes the layers that Keras itself has"


class Weights(Protocol):
    """Where a layer's numbers are."""

    def arrays(self) -> list[np.ndarray]:
        """The numbers of the layer, in Keras's order."""

    def inside(self, kind: str, name: str) -> Weights:
        """Those of the next layer of a network, to be asked for in the description's order."""


@dataclass(frozen=True)
class Part:
    """A layer of Keras.

    Attributes:
        kind: name of its class, such as "Dense".
        name: its own name.
        config: its arguments.
        weights: its numbers.
    """

    kind: str
    name: str
    config: Mapping[str, Any]
    weights: Weights | None = None

    @property
    def where(self) -> str:
        """The layer, for messages."""
        return f"layer {brief(self.name)}"


def parts_of(description: Any, weights: Weights) -> list[Part]:
    """The layers of a network, those of networks within it included.

    Args:
        description: of a Sequential, or of a functional network.
        weights: its numbers.

    Raises:
        FormatError: if it is no such description, names somebody's own class, or branches.
    """
    return _parts(description, weights, 0)


def kind_of(entry: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    """Class and arguments of something described.

    Raises:
        FormatError: for anything that is not a class of Keras's own, by name.
    """
    kind = entry.get("class_name") if isinstance(entry, Mapping) else None
    if not isinstance(kind, str):
        raise FormatError("the file is damaged: a layer without a class", where=where)
    home, registered = entry.get("module"), entry.get("registered_name")
    if kind in ("Lambda", "__lambda__"):
        raise FormatError(f"{kind.strip('_').title()} runs code from the file", where=where, fix=_FIX)
    own = (home is not None and str(home).partition(".")[0] not in _HOMES) or ">" in f"{kind}{registered}"
    if own:
        name = registered if isinstance(registered, str) and ">" in registered else f"{home}.{kind}" if home else kind
        raise FormatError("the network has a layer of somebody's own code", got=brief(name), where=where, fix=_FIX)
    config = entry.get("config", {})
    if kind == "Sequential" and isinstance(config, list):  # as Keras wrote it before version 2.2.3
        config = {"layers": config}
    if kind == "function":
        return kind, {"name": config}
    if not isinstance(config, Mapping):
        raise FormatError("the file is damaged: a layer without arguments", where=where)
    return kind, config


def _parts(description: Any, weights: Weights, depth: int, where: str = "the network") -> list[Part]:
    if depth > _DEEPEST:
        raise FormatError("networks are nested too deeply", where=where)
    kind, config = kind_of(description, where)
    if kind not in MODELS:
        raise FormatError("not a network of layers", expected="a Sequential or functional network", got=brief(kind))
    entries = config.get("layers")
    if not isinstance(entries, list):
        raise FormatError("the file is damaged: a network without layers", where=where)
    found: dict[str, list[Part]] = {}
    for entry in entries:
        name = _name(entry)
        inner, arguments = kind_of(entry, f"layer {brief(name)}")
        if name in found:
            raise FormatError("two layers have the same name", got=brief(name))
        own = weights.inside(inner, name)
        if inner in MODELS:
            found[name] = _parts(entry, own, depth + 1, f"layer {brief(name)}")
        else:
            found[name] = [Part(inner, name, arguments, own)]
    order = list(found) if kind == "Sequential" else _ordered(entries, config, where)
    shape = config.get("build_input_shape")
    first = [Part("InputLayer", "input", {"batch_shape": shape})] if isinstance(shape, (list, tuple)) else []
    return first + [part for name in order for part in found[name]]


def _name(entry: Any) -> str:
    config = entry.get("config") if isinstance(entry, Mapping) else None
    inner = config.get("name") if isinstance(config, Mapping) else None
    name = entry.get("name", inner) if isinstance(entry, Mapping) else None
    return str(name) if isinstance(name, (str, int)) else f"without a name ({id(entry)})"


def _ordered(entries: list[Any], config: Mapping[str, Any], where: str) -> list[str]:
    """Names of a functional network's layers from its input to its output, if they form one line."""
    sources = {_name(entry): _sources(entry) for entry in entries}
    inputs, outputs = _ends(config.get("input_layers")), _ends(config.get("output_layers"))
    line: list[str] = outputs[:1]
    while line and len(line) <= len(entries) and len(before := sources.get(line[-1], [])) == 1:
        line.append(before[0])
    straight = len(inputs) == len(outputs) == 1 and line[-1:] == inputs and sorted(line) == sorted(sources)
    if not straight or sources.get(inputs[0]):
        raise FormatError(
            "the network branches, or uses a layer twice",
            where=where,
            fix="chainrule takes networks whose layers follow each other",
        )
    return line[::-1]


def _ends(value: Any) -> list[str]:
    """Names in ``["dense", 0, 0]`` or ``[["dense", 0, 0], …]``."""
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
        value = [value]
    listed = value if isinstance(value, (list, tuple)) else []
    return [one[0] for one in listed if isinstance(one, (list, tuple)) and one and isinstance(one[0], str)]


def _sources(entry: Mapping[str, Any]) -> list[str]:
    """The layers from which a layer takes its inputs, of every use of it."""
    nodes = entry.get("inbound_nodes", [])
    if not isinstance(nodes, (list, tuple)):
        raise FormatError("the file is damaged: a layer without inputs", where=f"layer {brief(_name(entry))}")
    return [name for node in nodes for name in _tensors(node, f"layer {brief(_name(entry))}")]


def _tensors(node: Any, where: str) -> list[str]:
    """Names of the layers that one use of a layer takes, as Keras 3 describes it and as Keras 2 did."""
    if isinstance(node, Mapping):
        arguments, options = node.get("args"), [node.get("kwargs")]
        tensors = arguments if isinstance(arguments, (list, tuple)) else [None]
        histories = [_history(one) for one in tensors]
    else:
        histories = list(node) if isinstance(node, (list, tuple)) else [None]
        if histories and isinstance(histories[0], str):
            histories = [histories]
        options = [one[3] if isinstance(one, (list, tuple)) and len(one) > 3 else None for one in histories]
    names = _ends(histories)
    plain = all(not one or (isinstance(one, Mapping) and not any(one.values())) for one in options)
    if not plain or len(names) != len(histories):
        raise FormatError("the layer is called with arguments besides its input", where=where)
    return names


def _history(tensor: Any) -> Any:
    """The layer, its use and its output that a tensor comes from; None for what is no tensor."""
    if not isinstance(tensor, Mapping) or tensor.get("class_name") != "__keras_tensor__":
        return None
    config = tensor.get("config")
    return config.get("keras_history") if isinstance(config, Mapping) else None
