"""A mistake made on purpose, and the number that it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chainrule.errors import UnknownNameError

if TYPE_CHECKING:
    from chainrule.explain.graph import Graph

__all__ = ["Slip", "key_of"]


@dataclass(frozen=True)
class Slip:
    """A mistake: its kind (a text ``trace.mistake.<kind>``), the step concerned, the number that comes out."""

    kind: str
    step: str | None
    value: float
    details: dict[str, Any] = field(default_factory=dict)


def key_of(graph: Graph, name: str) -> int:
    """The number by which the graph knows a value."""
    for i, item in enumerate(graph.items):
        if item.name == name:
            return i
    for n, leaf in enumerate(graph.leaves):
        if leaf.name == name:
            return -1 - n
    raise UnknownNameError("value", name, [item.name for item in graph.items])
