"""The recorded computation as a plain list, to be walked backward and forward again as often as explanations need.

`Graph.backward` follows the same rules in the same order as `Tensor.backward`, and keeps what each use of a value sent
back to it; a test holds the two to the same bits.  Both walks take changes, which is how a hand computation's mistake
is made on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.core import ops
from chainrule.core.mode import no_grad, quiet
from chainrule.core.node import Node, OpNode, OutputNode
from chainrule.core.op import Op
from chainrule.core.tensor import Tensor
from chainrule.errors import GradientError

__all__ = ["Arrived", "BackwardChange", "ForwardChange", "Graph", "Item", "Leaf", "gather"]

Key: TypeAlias = int
"""A leaf's or an item's number; leaves have negative ones."""

BackwardChange: TypeAlias = Callable[["Item", Any], "Sequence[Any] | None"]
"""``change(item, upstream)``: what to send to the item's inputs in place of what its rules say; None for these."""

ForwardChange: TypeAlias = Callable[["Item", Sequence[Any]], Any]
"""``change(item, inputs)``: a value in place of the operation's; None for this one."""


@dataclass(eq=False)
class Leaf:
    """A tensor that no recorded operation made, e.g. a parameter."""

    tensor: Tensor
    value: np.ndarray
    name: str = ""
    kind: str = "value"


@dataclass(eq=False)
class Item:
    """One recorded operation.

    Attributes:
        sources: for each input the key of what made it, or None for a constant.
        op: the row of the table, or None for a `Function`.
    """

    sequence: int
    node: Node
    op: Op | None
    args: tuple[Any, ...]
    params: dict[str, Any]
    value: Any
    sources: tuple[Key | None, ...]
    layer: str = ""
    name: str = ""

    def gradients(self, g: Any) -> Sequence[Any]:
        """What the operation's rules send to its inputs."""
        if self.op is None:
            return self.node.gradients(g, False)
        return [
            None if source is None else self.op.vjp(i, g, self.value, self.args, self.params)
            for i, source in enumerate(self.sources)
        ]


@dataclass(frozen=True)
class Arrived:
    """What one use of a value sent back to it: item ``user`` used it as input ``place``."""

    user: int
    place: int
    gradient: np.ndarray


@dataclass(eq=False)
class Graph:
    """Everything that led to one number.  ``items`` are in the order of computation; the last one made the number."""

    items: list[Item]
    leaves: list[Leaf]

    def backward(self, change: BackwardChange | None = None) -> tuple[dict[Key, Any], dict[Key, list[Arrived]]]:
        """Gradients of the last item's value with respect to every item and leaf, and the parts they are the sum of."""
        root = len(self.items) - 1
        value = self.items[root].value
        totals: dict[Key, Any] = {root: np.ones(value.shape, value.dtype)}
        parts: dict[Key, list[Arrived]] = {}
        slots: dict[Key, dict[int, Any]] = {}
        with quiet(), no_grad():
            for i in range(root, -1, -1):
                item = self.items[i]
                g = slots.get(i, totals.get(i))
                if g is None:
                    continue
                totals[i] = g = g if i in slots else _hooked(item.node.hooks, g)
                if isinstance(item.node, OutputNode):
                    into = slots.setdefault(item.sources[0] or 0, {})
                    into[item.node.index] = into[item.node.index] + g if item.node.index in into else g
                    continue
                sent = change(item, g) if change is not None else None
                for place, (source, gx) in enumerate(
                    zip(item.sources, item.gradients(g) if sent is None else sent, strict=False)
                ):
                    if source is None or gx is None:
                        continue
                    gx = self._fitted(source, np.asarray(gx))
                    parts.setdefault(source, []).append(Arrived(i, place, gx))
                    totals[source] = totals[source] + gx if source in totals else gx
            for key, leaf in ((-1 - n, leaf) for n, leaf in enumerate(self.leaves)):
                if key in totals:
                    totals[key] = _hooked(leaf.tensor._hooks, totals[key])
        return totals, parts

    def forward(self, change: ForwardChange, leaves: dict[Key, Any] | None = None) -> list[Any]:
        """Every item's value, computed anew with changes."""
        values: list[Any] = []
        given = leaves or {}
        with quiet(), no_grad():
            for item in self.items:
                args = [
                    arg if source is None else values[source] if source >= 0 else given.get(source, arg)
                    for arg, source in zip(item.args, item.sources, strict=True)
                ]
                changed = change(item, args)
                if changed is None:
                    changed = item.value if item.op is None else item.op(*args, **item.params)
                values.append(np.asarray(changed))
        return values

    def _fitted(self, source: Key, g: np.ndarray) -> np.ndarray:
        """Sum a broadcast gradient back to the shape, and cast it to the dtype, of the value that it belongs to."""
        like = self.items[source].value if source >= 0 else self.leaves[-1 - source].value
        if like is None:
            return g
        if g.shape != like.shape:
            g = ops.sum_to(g, shape=like.shape)
        return g if g.dtype == like.dtype else g.astype(like.dtype)

    def users_of(self, key: Key) -> set[int]:
        """The items that depend on a value, directly or not."""
        found: set[int] = set()
        for i, item in enumerate(self.items):
            if any(source is not None and (source == key or source in found) for source in item.sources):
                found.add(i)
        return found


def _hooked(hooks: Iterable[Any] | None, g: Any) -> Any:
    for hook in list(hooks or ()):
        changed = hook(Tensor.of(g))
        if changed is not None:
            g = changed._data
    return g


def gather(root: Tensor) -> Graph:
    """Copy the graph behind `root`, numbers included: later training cannot change it.

    Raises:
        GradientError: if `root` was not recorded, or its graph was freed by `backward`.
    """
    if root.grad_fn is None:
        raise GradientError(
            "there is no recorded computation to trace",
            expected="a tensor computed from one with requires_grad=True",
            got=f"a leaf of shape {tuple(root.shape)}",
        )
    nodes = sorted(_reachable(root.grad_fn), key=lambda node: node.sequence)
    number = {id(node): i for i, node in enumerate(nodes)}
    leaves: dict[int, Leaf] = {}
    copies: dict[int, Any] = {}
    items = []
    for node in nodes:
        edges = node.check_alive()
        sources = tuple(_key(edge, number, leaves, copies) for edge in edges)
        op = node.op if isinstance(node, OpNode) else None
        args = tuple(_copied(arg, copies) for arg in node.args) if isinstance(node, OpNode) else (None,) * len(edges)
        params = node.params if isinstance(node, OpNode) else {}
        value = _copied(node.out, copies) if isinstance(node, OpNode) else None
        items.append(Item(node.sequence, node, op, args, params, value, sources))
    _fill_in(items, root)
    return Graph(items, list(leaves.values()))


def _reachable(root: Node) -> list[Node]:
    found: dict[int, Node] = {}
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and id(node) not in found:
            found[id(node)] = node
            stack.extend(node.check_alive())
    return list(found.values())


def _key(edge: Any, number: dict[int, int], leaves: dict[int, Leaf], copies: dict[int, Any]) -> Key | None:
    if edge is None:
        return None
    if isinstance(edge, Node):
        return number[id(edge)]
    if id(edge) not in leaves:
        leaves[id(edge)] = Leaf(edge, _copied(edge._data, copies))
    return -1 - list(leaves).index(id(edge))


def _copied(value: Any, copies: dict[int, Any]) -> Any:
    if not hasattr(value, "shape"):
        return value
    if id(value) not in copies:
        copies[id(value)] = (np.array(value), value)  # the original is kept alive, so that its id stays its own
    return copies[id(value)][0]


def _fill_in(items: list[Item], root: Tensor) -> None:
    """A node that is no operation of the table does not know its value; what used it does."""
    for item in items:
        for source, arg in zip(item.sources, item.args, strict=True):
            if source is not None and source >= 0 and items[source].value is None and arg is not None:
                items[source].value = np.asarray(arg)
    if items[-1].value is None:
        items[-1].value = np.array(root._data)
