"""The backward pass: one walk over the recorded graph from the newest node to the oldest.

Nodes are numbered as they are made, so taking them in descending order visits each after all that used its output:
its gradient is then complete (reverse mode; Griewank & Walther, *Evaluating Derivatives*, 2008, ch. 3).  A heap holds
the frontier; there is no recursion, so a chain of any length works.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import ops
from chainrule.core.mode import quiet, state
from chainrule.core.node import Node, OpNode, OutputNode
from chainrule.errors import GradientError, ShapeError

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["backward", "grad"]


def backward(
    tensors: Sequence[Tensor],
    gradients: Sequence[Any],
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> None:
    """Add the gradient of ``Σ gradientᵢ · tensorᵢ`` to the ``grad`` of every leaf tensor that requires one."""
    _run(tensors, gradients, None, retain_graph, create_graph)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """Return the gradients of ``Σ outputs`` with respect to ``inputs``, as ``torch.autograd.grad`` does.

    Args:
        outputs: tensors to differentiate; each a scalar unless ``grad_outputs`` is given.
        inputs: leaf or intermediate tensors that require gradients.
        grad_outputs: for each output the vector of the vector-Jacobian product, or None for 1.
        retain_graph: keep the graph for another pass; default: the value of ``create_graph``.
        create_graph: record the derivative itself, so that it can be differentiated again.
        allow_unused: return None for inputs that the outputs do not depend on, instead of raising.
        materialize_grads: return zeros for those.

    Raises:
        GradientError: if an output has no graph, the graph was freed, or an input was not used.
        ShapeError: if an output is not a scalar and has no ``grad_outputs``.
    """
    roots: list[Tensor] = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    sources: list[Tensor] = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    seeds = list(grad_outputs) if isinstance(grad_outputs, (list, tuple)) else [grad_outputs] * len(roots)
    for source in sources:
        if not source.requires_grad:
            raise GradientError("One of the differentiated Tensors does not require grad", got=f"shape {source.shape}")
    found = _run(roots, seeds, sources, retain_graph, create_graph)
    wrap = type(roots[0])
    result = []
    for source in sources:
        value = found.get(id(source.grad_fn or source))
        if value is None and not (allow_unused or materialize_grads):
            raise GradientError(
                "One of the differentiated Tensors appears to not have been used in the graph",
                got=f"an input of shape {tuple(source.shape)}",
                fix="Set allow_unused=True if this is the desired behavior",
            )
        if value is None:
            result.append(source.zeros_like() if materialize_grads else None)
        else:
            result.append(value if create_graph else wrap.of(value))
    return tuple(result)


def _run(
    roots: Sequence[Tensor],
    seeds: Sequence[Any],
    sources: Sequence[Tensor] | None,
    retain_graph: bool | None,
    create_graph: bool,
) -> dict[int, Any]:
    if len(seeds) != len(roots):
        raise GradientError(
            "each output needs its own gradient (or None)", expected=f"{len(roots)} gradients", got=len(seeds)
        )
    keep = create_graph if retain_graph is None else retain_graph
    starts = [(root, _seed(root, seed, create_graph)) for root, seed in zip(roots, seeds, strict=True)]
    recording = state.grad_enabled
    state.grad_enabled = create_graph
    try:
        if state.quiet:
            return _walk(starts, sources, keep, create_graph)
        with quiet():
            return _walk(starts, sources, keep, create_graph)
    finally:
        state.grad_enabled = recording


def _walk(
    starts: list[tuple[Tensor, Any]], sources: Sequence[Tensor] | None, keep: bool, graph: bool
) -> dict[int, Any]:
    wanted = None if sources is None else {id(source.grad_fn or source) for source in sources}
    needed = None if wanted is None else _leading_to(wanted, starts)
    live = None if wanted is None or needed is None else wanted | needed
    found: dict[int, Any] = {}
    pending: dict[Any, Any] = {}
    frontier: list[tuple[int, Node]] = []
    for root, seed in starts:
        _deliver(root.grad_fn or root, seed, True, pending, frontier, wanted, found, graph)
    while frontier:
        node = heapq.heappop(frontier)[1]
        g = pending.pop(node)
        if node.hooks is not None:
            g = _call_hooks(node.hooks, g, graph, starts)
        if node.retained is not None:
            _retain(node, g, graph)
        if wanted is not None and id(node) in wanted:
            found[id(node)] = g
        if needed is not None and id(node) not in needed:
            continue
        if type(node) is OutputNode:
            _deliver_slot(node, g, pending, frontier)
            continue
        edges = node.check_alive()
        for edge, gx in zip(edges, node.gradients(g, graph), strict=False):
            if edge is None or gx is None or (live is not None and id(edge) not in live):
                continue
            if type(edge) is OpNode:  # as `_deliver` does, without the call
                out = edge.out
                if edge.edges is not None and (gx.shape != out.shape or gx.dtype is not out.dtype):
                    gx = _fitted(out, gx)
                if edge in pending:
                    pending[edge] = pending[edge] + gx
                else:
                    pending[edge] = gx
                    heapq.heappush(frontier, (-edge.sequence, edge))
            else:
                _deliver(edge, gx, gx is g, pending, frontier, wanted, found, graph)
        if not keep:
            node.release()
    for leaf, g in pending.items():  # those with hooks, which are called on the whole gradient
        _arrive(leaf, _call_hooks(leaf._hooks, g, graph, starts), True, wanted, found)
    return found


def _leading_to(wanted: set[int], starts: Sequence[tuple[Tensor, Any]]) -> set[int]:
    """The nodes that have something wanted before them; as in PyTorch, others are neither run nor freed."""
    nodes: dict[int, Node] = {}
    stack: list[Any] = [root.grad_fn for root, _ in starts]
    while stack:
        node = stack.pop()
        if isinstance(node, Node) and id(node) not in nodes:
            nodes[id(node)] = node
            stack.extend(node.edges or ())
    needed: set[int] = set()
    for node in sorted(nodes.values(), key=lambda node: node.sequence):
        # What lies before a node that was freed is not known; running it raises the error that says so.
        if node.edges is None or any(id(edge) in wanted or id(edge) in needed for edge in node.edges):
            needed.add(id(node))
    return needed


def _deliver(
    edge: Any,
    g: Any,
    shared: bool,
    pending: dict[Any, Any],
    frontier: list[tuple[int, Node]],
    wanted: set[int] | None,
    found: dict[int, Any],
    graph: bool,
) -> None:
    """Hand a gradient to the node that made an input, or to the leaf tensor that it is."""
    if isinstance(edge, Node):
        like = (edge.out if edge.edges is not None else None) if type(edge) is OpNode else edge.like()
        if like is not None:
            g = _fitted(like, g)
        before = pending.get(edge)
        if before is None:
            pending[edge] = g
            heapq.heappush(frontier, (-edge.sequence, edge))
        else:
            pending[edge] = before + g
        return
    like = edge._data
    fitted = g if g.shape == like.shape and g.dtype is like.dtype else _fitted(like, g)
    shared = shared and fitted is g
    g = fitted
    if edge._hooks:
        if wanted is None or id(edge) in wanted:
            pending[edge] = pending[edge] + g if edge in pending else g
        return
    _arrive(edge, g, shared or getattr(g, "base", None) is not None, wanted, found)


def _arrive(leaf: Tensor, g: Any, shared: bool, wanted: set[int] | None, found: dict[int, Any]) -> None:
    if wanted is None:
        leaf.accumulate(g, shared)
    elif id(leaf) in wanted:
        found[id(leaf)] = found[id(leaf)] + g if id(leaf) in found else g


def _fitted(like: Any, g: Any) -> Any:
    """Sum a broadcast gradient back to the shape, and cast it to the dtype, of the value that it belongs to."""
    if g.shape != like.shape:
        g = ops.sum_to(g, shape=like.shape)
    return g if g.dtype == like.dtype else ops.cast(g, dtype=like.dtype)


def _deliver_slot(node: OutputNode, g: Any, pending: dict[Node, Any], frontier: list[tuple[int, Node]]) -> None:
    slots = pending.get(node.parent)
    if slots is None:
        slots = pending[node.parent] = {}
        heapq.heappush(frontier, (-node.parent.sequence, node.parent))
    slots[node.index] = slots[node.index] + g if node.index in slots else g


def _call_hooks(hooks: Sequence[Any], g: Any, graph: bool, starts: Sequence[tuple[Any, Any]]) -> Any:
    wrap = type(starts[0][0])
    for hook in list(hooks):
        changed = hook(g if graph else wrap.of(g))
        if changed is not None:
            g = changed if graph else changed._data
    return g


def _retain(node: Node, g: Any, graph: bool) -> None:
    tensor = node.retained() if node.retained is not None else None  # weakly: the user may have dropped it
    if tensor is not None:
        tensor.accumulate(g, True)


def _seed(root: Tensor, seed: Any, graph: bool) -> Any:
    """The gradient to start from: 1 for a scalar, else what the caller gave, checked."""
    if not root.requires_grad:
        raise GradientError(
            "element 0 of tensors does not require grad and does not have a grad_fn",
            fix="Set requires_grad=True on an input, and compute the output outside no_grad()",
        )
    data = root._data
    wrap = type(root)
    if seed is None:
        if data.size != 1:
            raise GradientError(
                "grad can be implicitly created only for scalar outputs",
                got=f"an output of shape {tuple(data.shape)}",
                fix="Reduce it with sum() or mean(), or pass gradient=…",
            )
        ones = np.ones(data.shape, data.dtype) if isinstance(data, np.ndarray) else data * 0 + 1
        return wrap.of(ones) if graph else ones
    given = seed if isinstance(seed, wrap) else wrap.of(np.asarray(seed, data.dtype))
    if tuple(given.shape) != tuple(data.shape):
        raise ShapeError("gradient does not fit the output", expected=tuple(data.shape), got=tuple(given.shape))
    return given if graph else given._data
