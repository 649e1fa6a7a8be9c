"""The recorded graph: one node for each operation that was applied to something that requires a gradient.

A node refers to what came before it (nodes, or leaf tensors) and never to its own output tensor, so there are no
reference cycles: a graph is freed the moment that the last tensor on it goes.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.core.op import Op
from chainrule.errors import GradientError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["AccumulateGrad", "Node", "OpNode", "OutputNode"]

_sequence = itertools.count(1)


class Node:
    """A step of the graph.

    Attributes:
        edges: for each input the node that made it, or the leaf tensor itself, or None if it needs no gradient.
        sequence: grows with each node, so a node's consumers always have larger numbers than the node has.
    """

    __slots__ = ("__weakref__", "edges", "hooks", "retained", "sequence")

    edges: tuple[Any, ...] | None

    def __init__(self, edges: tuple[Any, ...]) -> None:
        self.edges = edges
        self.sequence = next(_sequence)
        self.hooks: list[Callable[[Any], Any]] | None = None
        self.retained: weakref.ref[Tensor] | None = None

    @property
    def name(self) -> str:
        raise NotImplementedError

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """PyTorch's view of the edges: ``((node or AccumulateGrad or None, output number), …)``."""
        found: list[tuple[Any, int]] = []
        for edge in self.edges or ():
            if edge is None or isinstance(edge, Node):
                found.append((edge, 0))
            else:
                found.append((AccumulateGrad(edge), 0))
        return tuple(found)

    def like(self, slot: int = 0) -> Any:
        """Something with the shape and dtype of an output, to which its gradient is fitted; None if it is not known."""
        return None

    def gradients(self, g: Any, graph: bool) -> Sequence[Any]:
        """The gradient for each edge, given the gradient `g` of the output; Tensors if `graph`, else arrays."""
        raise NotImplementedError

    def release(self) -> None:
        """Forget everything that was saved for the backward pass."""
        self.edges = None

    def check_alive(self) -> tuple[Any, ...]:
        if self.edges is None:
            raise GradientError(
                f"Trying to backward through the graph a second time: {self.name}'s saved values have been freed",
                fix="Pass retain_graph=True to the first backward() or grad() if you need the graph again",
            )
        return self.edges

    def __repr__(self) -> str:
        return f"<{self.name} object at {id(self):#x}>"


class AccumulateGrad:
    """Stands in `next_functions` for a leaf tensor, where gradients add up."""

    name = "AccumulateGrad"

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"


class OpNode(Node):
    """An operation of the table, with all that its derivative rules need."""

    __slots__ = ("args", "op", "out", "params", "watched")

    args: Any
    out: Any

    def __init__(
        self,
        op: Op,
        args: Sequence[Any],
        params: dict[str, Any],
        out: Any,
        edges: tuple[Any, ...],
        watched: list[tuple[Tensor, int]] | None,
    ) -> None:
        self.edges = edges
        self.sequence = next(_sequence)
        self.hooks = None
        self.retained = None
        self.op, self.args, self.params, self.out = op, args, params, out
        self.watched = watched

    @property
    def name(self) -> str:
        return self.op.name.title().replace("_", "") + "Backward0"

    def gradients(self, g: Any, graph: bool) -> Sequence[Any]:
        edges = self.check_alive()
        if self.watched:
            self._check_versions()
        op, args, out, params = self.op, self.args, self.out, self.params
        if graph:
            args, out = self._as_tensors(edges, g)
        if op.variadic:
            return [op.vjp(i, g, out, args, params) if edge is not None else None for i, edge in enumerate(edges)]
        if len(edges) == 1 and (only := op.vjps[0]) is not None:
            return (only(g, out, *args, **params),)
        return [
            rule(g, out, *args, **params) if edge is not None and rule is not None else None
            for rule, edge in zip(op.vjps, edges, strict=False)
        ]

    def _as_tensors(self, edges: tuple[Any, ...], g: Any) -> tuple[list[Any], Any]:
        """The saved arrays as the tensors that they were, still on the graph."""
        rebuild = type(g).on_graph
        args = [arg if edge is None else rebuild(arg, edge) for arg, edge in zip(self.args, edges, strict=True)]
        return args, rebuild(self.out, self)

    def _check_versions(self) -> None:
        for tensor, version in self.watched or ():
            if tensor._version != version:
                raise GradientError(
                    f"one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"an input of {self.name} with shape {tuple(tensor.shape)} was changed "
                    f"{tensor._version - version} time(s) after the forward pass",
                    fix="Call backward() before changing it, or compute the forward pass again",
                )

    def release(self) -> None:
        self.edges = None
        self.args = self.out = self.watched = None


class OutputNode(Node):
    """One of several outputs of a node that has more than one."""

    __slots__ = ("index", "parent")

    def __init__(self, parent: Node, index: int) -> None:
        super().__init__((parent,))
        self.parent, self.index = parent, index

    @property
    def name(self) -> str:
        return self.parent.name

    def like(self, slot: int = 0) -> Any:
        return self.parent.like(self.index)
