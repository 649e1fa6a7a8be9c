"""The recorded computation behind a tensor as boxes and arrows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.core.node import OpNode
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, DTypeError
from chainrule.explain.graph import Graph, Item, gather
from chainrule.messages import text
from chainrule.plot import canvas
from chainrule.plot.layered import Layout, layered

__all__ = ["Box", "Recorded", "recorded"]

_MOST = 150


@dataclass(frozen=True)
class Box:
    """What stands in a box.

    Attributes:
        kind: "leaf" requires a gradient, "constant" does not, "operation" was computed.
        lines: name and value or shape.
    """

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Recorded:
    """Boxes, arrows between them, and where they stand."""

    boxes: list[Box]
    edges: list[tuple[int, int]]
    layout: Layout


def recorded(tensor: Any, names: Any = None, lang: str | None = None) -> Recorded:
    """Read the graph behind a tensor.

    Args:
        tensor: a result of recorded operations, before `backward` frees them.
        names: name -> tensor, or a network, whose parameters' paths are taken.
        lang: of the names that are not given, "en" or "ko".

    Raises:
        DTypeError: for something that is no tensor.
        GradientError: if nothing was recorded, or the graph was freed.
        ConfigError: if there are too many operations to draw.
    """
    if not isinstance(tensor, Tensor):
        raise DTypeError("a computational graph belongs to a tensor", got=type(tensor).__name__)
    known = _known(names)
    graph = gather(tensor)
    arrays = {name: one._data for name, one in _named(names).items()}
    constants, called = _constants(graph, known, arrays, text("pictures.constant", lang))
    leaves = len(graph.leaves)
    total = leaves + len(constants) + len(graph.items)
    if total > _MOST:
        raise ConfigError(
            "the graph is too large to be read", expected=f"at most {_MOST} boxes", got=total, fix="Draw a smaller part"
        )
    number = {key: leaves + i for i, key in enumerate(constants)}
    first = leaves + len(constants)
    boxes = [
        Box("leaf", (known.get(id(leaf.tensor), text("pictures.leaf", lang, number=i + 1)), _value(leaf.value)))
        for i, leaf in enumerate(graph.leaves)
    ]
    boxes += [Box("constant", (called[key], _value(array))) for key, array in constants.items()]
    boxes += [Box("operation", (_operation(item), _value(item.value))) for item in graph.items]
    edges = []
    for i, item in enumerate(graph.items):
        for arg, source in zip(item.args, item.sources, strict=True):
            if source is not None:
                edges.append((-1 - source if source < 0 else first + source, first + i))
            elif id(arg) in number:
                edges.append((number[id(arg)], first + i))
    return Recorded(boxes, edges, layered(len(boxes), edges))


def _known(names: Any) -> dict[int, str]:
    """Names by the identity of the tensor, and of the array in it, which is all that is kept of a constant."""
    return {id(part): name for name, one in _named(names).items() for part in (one, one._data)}


def _named(names: Any) -> dict[str, Tensor]:
    if names is None:
        return {}
    if canvas.is_network(names):
        names = dict(names.named_parameters())
    if not isinstance(names, Mapping) or not all(isinstance(one, Tensor) for one in names.values()):
        raise DTypeError("names are given by a mapping from name to tensor, or by a network", got=type(names).__name__)
    return {str(name): one for name, one in names.items()}


def _constants(
    graph: Graph, known: dict[int, str], arrays: Mapping[str, Any], unnamed: str
) -> tuple[dict[int, np.ndarray], dict[int, str]]:
    """Arrays that take part and need no gradient, e.g. inputs, and what they are called.

    The graph keeps one copy of each array, the node the array itself, by which its name is found; a named array that
    was only given another shape, as images are when they are flattened, keeps its name.
    """
    found: dict[int, np.ndarray] = {}
    called: dict[int, str] = {}
    for item in graph.items:
        originals = item.node.args if isinstance(item.node, OpNode) else item.args
        for arg, original, source in zip(item.args, originals, item.sources, strict=True):
            if source is None and isinstance(arg, np.ndarray):
                found[id(arg)] = arg
                called[id(arg)] = known.get(id(original)) or _reshaped(original, arrays) or unnamed
    return found, called


def _reshaped(array: Any, arrays: Mapping[str, Any]) -> str | None:
    same = (name for name, one in arrays.items() if one.size == array.size and np.shares_memory(one, array))
    return next(same, None)


def _operation(item: Item) -> str:
    name = item.node.name if item.op is None else item.op.name
    numbers = [_short(arg) for arg in item.args if isinstance(arg, (int, float)) and not isinstance(arg, bool)]
    return f"{name} ({', '.join(numbers)})" if numbers else name


def _value(array: Any) -> str:
    if array is None:
        return ""
    values = np.asarray(array)
    if values.size == 1:
        return _short(values.item())
    # In brackets, a length cannot be taken for a number.
    return f"({len(values)})" if values.ndim == 1 else "×".join(map(str, values.shape))


def _short(number: Any) -> str:
    return f"{number:.4g}".replace("-", "−")
