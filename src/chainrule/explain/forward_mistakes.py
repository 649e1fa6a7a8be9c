"""Mistakes on the way forward: a bias or an activation forgotten, a matrix not transposed, a sum for a mean, …"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.explain.graph import ForwardChange, Graph, Item
from chainrule.explain.slips import Slip, key_of

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace, Where

__all__ = ["forward_mistakes"]

_SKIPPED = frozenset(
    """sigmoid tanh relu leaky_relu elu selu gelu silu softplus mish hardtanh exp log sqrt softmax log_softmax normalize
    abs neg""".split()
)


def forward_mistakes(trace: Trace, where: Where) -> Iterator[Slip]:
    """Values at `where` with one mistake each, in the order of computation."""
    graph, key = trace._graph, key_of(trace._graph, where.name)
    if key < 0:
        return
    for i in sorted(_needed_for(graph, key)):
        item = graph.items[i]
        for kind, value in _values(item):
            found = graph.forward(_instead(item, value))[key]
            number = float(found[where.index] if where.index is not None else np.reshape(found, -1)[0])
            yield Slip(kind, item.name, number, {"step": item.name, "op": item.op.name if item.op else ""})
    shape = graph.items[key].value.shape
    if where.index is not None and len(shape) == 2 and shape[0] == shape[1] and len(where.index) == 2:
        row, column = where.index
        value = float(graph.items[key].value[column, row])
        yield Slip("swapped", None, value, {"row": row, "column": column})


def _needed_for(graph: Graph, key: int) -> set[int]:
    found: set[int] = set()
    stack = [key]
    while stack:
        i = stack.pop()
        if i not in found:
            found.add(i)
            stack.extend(source for source in graph.items[i].sources if source is not None and source >= 0)
    return found


def _instead(item: Item, wrong: Any) -> ForwardChange:
    def change(other: Item, args: Sequence[Any]) -> Any:
        return wrong(args) if other is item else None

    return change


def _values(item: Item) -> Iterator[tuple[str, Any]]:
    """Ways in which an operation can be computed wrong: functions of its inputs."""
    if item.op is None:
        return
    op, name = item.op, item.op.name
    if name == "linear":
        w = item.args[1]
        yield "bias_forgotten", lambda args: args[0] @ args[1].T
        yield "bias_subtracted", lambda args: args[0] @ args[1].T - args[2]
        if w.shape[0] == w.shape[1]:
            yield "transposed", lambda args: args[0] @ args[1] + args[2]
    if name in _SKIPPED:
        yield "skipped", lambda args: args[0]
    if name == "add" and np.shape(item.args[0]) == item.value.shape:
        yield "bias_forgotten", lambda args: args[0] + np.zeros_like(item.value)
    if name == "sub":
        yield "sign_at", lambda args: args[1] - args[0]
    if name == "mean":
        count = item.args[0].size // max(item.value.size, 1)
        yield "sum_for_mean_value", lambda args: op(*args, **item.params) * count
    if name == "pow":
        yield "skipped", lambda args: args[0] + np.zeros_like(item.value)
    if name == "mul" and np.shape(item.args[0]) == item.value.shape:
        yield "missing_factor", lambda args: args[0] + np.zeros_like(item.value)
