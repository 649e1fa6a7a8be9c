"""Mistakes on the way back: a local derivative left out or taken at the wrong place, a matrix not transposed, …"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core import ops
from chainrule.explain.graph import Graph, Item
from chainrule.explain.slips import Slip, key_of

if TYPE_CHECKING:
    from chainrule.explain.trace_record import Trace, Where

__all__ = ["backward_mistakes"]

_ACTIVATIONS = frozenset(
    "sigmoid tanh relu leaky_relu elu selu gelu silu softplus mish hardtanh exp log sqrt sin cos erf abs clip".split()
)
_BY_OUTPUT = frozenset(("sigmoid", "tanh", "exp", "sqrt"))  # whose derivative is written in terms of the output

Change = Callable[[Item, Any], "Sequence[Any] | None"]


def backward_mistakes(trace: Trace, where: Where) -> Iterator[Slip]:
    """Gradients at `where` with one mistake each, those nearest to the loss first."""
    graph, key = trace._graph, key_of(trace._graph, where.name)
    on_path = graph.users_of(key)

    def at(change: Change | None) -> float:
        return _picked(graph.backward(change)[0].get(key), where)

    for i in sorted(on_path, reverse=True):
        item = graph.items[i]
        for kind, change, details in _changes(graph, i, key, on_path):
            yield Slip(kind, item.name, at(change), details)
    yield from _at_the_end(trace, where, graph, key)


def _picked(gradient: Any, where: Where) -> float:
    if gradient is None:
        return float("nan")
    array = np.asarray(gradient)
    return float(array[where.index] if where.index is not None else array.reshape(-1)[0])


def _changes(graph: Graph, i: int, key: int, on_path: set[int]) -> Iterator[tuple[str, Change, dict[str, Any]]]:
    """Ways in which step `i` can be got wrong on the way back to `key`."""
    item = graph.items[i]
    if item.op is None:
        return
    name = item.op.name
    towards = [
        p for p, source in enumerate(item.sources) if source is not None and (source == key or source in on_path)
    ]
    if not towards:
        return
    first = towards[0]
    rule = {"step": item.name, "derivative": item.op.derivative, "op": name}
    if name in _ACTIVATIONS:
        yield "missing_derivative", _sends(item, lambda g: (g,)), rule
    if name in _BY_OUTPUT:
        op, args, params = item.op, item.args, item.params
        yield "derivative_at_input", _sends(item, lambda g: (op.vjp(0, g, args[0], args, params),)), rule
    if name == "pow" and isinstance(item.args[1], (int, float)):
        half = item.args[1]
        yield "missing_power", _sends(item, lambda g: (g * item.args[0] ** (half - 1), None)), {**rule, "power": half}
        yield "missing_derivative", _sends(item, lambda g: (g, None)), rule
    if name == "mean":
        count = item.args[0].size // max(item.value.size, 1)
        yield "sum_for_mean", _scaled(item, count), {**rule, "n": count}
    if name == "sum" and item.args[0].ndim:
        for count in sorted({item.args[0].shape[0], item.args[0].size // max(item.value.size, 1)} - {1}):
            yield "mean_for_sum", _scaled(item, 1 / count), {**rule, "n": count}
    if name in ("mul", "div"):
        yield "missing_factor", _sends(item, lambda g: (g,) * len(item.sources)), rule
    if name in ("neg", "sub"):
        yield "sign_at", _scaled(item, -1), rule
    if name == "binary_cross_entropy":
        p, t = item.args[0], item.args[1]
        yield "difference_only", _sends(item, lambda g: (g * (p - t), None)), rule
    if name in ("linear", "matmul") and first == 0:
        yield from _through_weights(item, rule)
    if name == "normalize":
        yield "statistics_constant", _sends(item, lambda g: (_only_scaled(item, g),)), rule
    if name == "softmax":
        yield "diagonal_only", _sends(item, lambda g: (g * item.value * (1 - item.value),)), rule
    if name == "log_softmax":
        yield "diagonal_only", _sends(item, lambda g: (g * (1 - np.exp(item.value)),)), rule
    yield from _forks(graph, i, key, towards, on_path)


def _sends(item: Item, rule: Callable[[Any], Sequence[Any]]) -> Change:
    return lambda other, g: rule(g) if other is item else None


def _scaled(item: Item, factor: float) -> Change:
    def rule(g: Any) -> Sequence[Any]:
        return [None if gx is None else gx * factor for gx in item.gradients(g)]

    return _sends(item, rule)


def _through_weights(item: Item, rule: dict[str, Any]) -> Iterator[tuple[str, Change, dict[str, Any]]]:
    """The gradient goes back through a weight matrix: left out, or not transposed."""
    w = item.args[1] if item.op is not None and item.op.name == "linear" else np.asarray(item.args[1]).T
    if np.ndim(w) != 2 or item.args[0].ndim == 0:
        return
    ones = np.ones_like(w)
    yield "missing_weight", _sends(item, lambda g: (g @ ones, *item.gradients(g)[1:])), rule
    if w.shape[0] == w.shape[1]:
        yield "transposed", _sends(item, lambda g: (g @ w.T, *item.gradients(g)[1:])), rule


def _only_scaled(item: Item, g: Any) -> Any:
    """A normalisation's gradient if mean and variance did not depend on the input."""
    x, dim, eps = item.args[0], item.params["dim"], item.params["eps"]
    return g / np.sqrt(ops.var(x, dim=dim, correction=0, keepdim=True) + eps)


def _forks(
    graph: Graph, i: int, key: int, towards: list[int], on_path: set[int]
) -> Iterator[tuple[str, Change, dict[str, Any]]]:
    """Where a value is used more than once, this step is the one use that was forgotten."""
    item = graph.items[i]
    for place in towards:
        source = item.sources[place]
        uses = sum(other.sources.count(source) for j, other in enumerate(graph.items) if j in on_path)
        if uses > 1:

            def rule(g: Any, place: int = place) -> Sequence[Any]:
                return [None if p == place else gx for p, gx in enumerate(item.gradients(g))]

            forgotten = graph.items[source].name if source is not None and source >= 0 else ""
            yield "branch_missing", _sends(item, rule), {"step": item.name, "value": forgotten, "uses": uses}


def _at_the_end(trace: Trace, where: Where, graph: Graph, key: int) -> Iterator[Slip]:
    """Mistakes in the last factor, and in reading off the result."""
    totals, parts = graph.backward()
    for part in parts.get(key, ()):
        user = graph.items[part.user]
        if user.op is None:
            continue
        ones = np.ones_like(user.value)
        alone = np.asarray(user.op.vjp(part.place, ones, user.value, user.args, user.params))
        yield Slip("missing_upstream", user.name, _picked(graph._fitted(key, alone), where), {"step": user.name})
        if user.op.name in ("linear", "matmul") and part.place == 1:
            yield from _in_weights(user, totals[part.user], where)
        if len(parts[key]) > 1:
            details = {"step": user.name, "value": where.name, "uses": len(parts[key])}
            yield Slip("branch_only", user.name, _picked(part.gradient, where), details)
    array = np.asarray(totals.get(key, 0.0))
    if where.index is not None and len(where.index) == 2 and array.ndim == 2:
        row, column = where.index
        rows, columns = array.shape
        if column < rows and row < columns:
            yield Slip("swapped", None, float(array[column, row]), {"row": row, "column": column})
    change = trace.change(where.name)
    if change is not None:
        lr = float(change.options["lr"])
        yield Slip("with_lr", None, _picked(array, where) * lr, {"lr": lr})


def _in_weights(user: Item, upstream: Any, where: Where) -> Iterator[Slip]:
    """The gradient of a weight is Σ δ·x: without the x, or of one sample alone."""
    if where.index is None or len(where.index) != 2:
        return
    is_linear = user.op is not None and user.op.name == "linear"
    unit, i = where.index if is_linear else where.index[::-1]
    delta = np.asarray(upstream).reshape(-1, upstream.shape[-1])[:, unit]
    x = user.args[0].reshape(-1, user.args[0].shape[-1])[:, i]
    yield Slip("missing_input", user.name, float(delta.sum()), {"step": user.name})
    yield Slip("input_sum", user.name, float(delta.sum() * x.sum()), {"step": user.name})
    if len(delta) > 1:
        for n, product in enumerate(delta * x):
            yield Slip("one_sample", user.name, float(product), {"step": user.name, "sample": n})
