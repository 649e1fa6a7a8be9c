"""Functions that watch or change what goes through a module, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.core.mode import state
from chainrule.core.node import Node, OutputNode
from chainrule.core.tensor import Tensor

if TYPE_CHECKING:
    from chainrule.nn.module import Module

__all__ = ["Hooks"]

Gradients = tuple[Any, ...]


class Hooks:
    """A module's hooks; a module that has none does not have this object either."""

    def __init__(self) -> None:
        self.before: list[Callable[..., Any]] = []
        self.after: list[Callable[..., Any]] = []
        self.backward: list[Callable[..., Any]] = []

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run ``module.forward`` between its hooks."""
        for hook in list(self.before):
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        watch = _Watch(module, self.backward) if self.backward and state.grad_enabled else None
        if watch is not None:
            args = watch.inputs(args)
        output = module.forward(*args, **kwargs)
        if watch is not None:
            output = watch.outputs(output)
        for hook in list(self.after):
            changed = hook(module, args, output)
            if changed is not None:
                output = changed
        return output


class _Watch:
    """Stands on the graph on both sides of one call of a module, and calls its backward hooks."""

    def __init__(self, module: Module, hooks: list[Callable[..., Any]]) -> None:
        self.module, self.hooks = module, hooks
        self.n_inputs = 0
        self.has_inputs = False
        self.grad_output: Gradients = ()

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.n_inputs = len(args)
        passed, self.has_inputs = _put_between(args, self._leave)
        return passed

    def outputs(self, output: Any) -> Any:
        several = isinstance(output, (tuple, list))
        passed, _ = _put_between(tuple(output) if several else (output,), self._enter)
        return type(output)(passed) if several else passed[0]

    def _enter(self, gradients: Gradients) -> Gradients:
        """The gradient reaches the module's outputs."""
        self.grad_output = gradients
        if not self.has_inputs:  # nothing beyond the module wants a gradient: this is the only moment to call
            self._call((None,) * self.n_inputs)
        return gradients

    def _leave(self, gradients: Gradients) -> Gradients:
        """The gradient leaves the module by its inputs."""
        return self._call(gradients)

    def _call(self, grad_input: Gradients) -> Gradients:
        for hook in list(self.hooks):
            changed = hook(self.module, grad_input, self.grad_output)
            if changed is not None:
                grad_input = changed if isinstance(changed, tuple) else (changed,)
        return grad_input


class _Boundary(Node):
    """A step of the graph that passes several values on unchanged and shows all their gradients together."""

    __slots__ = ("callback", "n")

    def __init__(self, edges: tuple[Any, ...], callback: Callable[[Gradients], Gradients]) -> None:
        super().__init__(edges)
        self.n, self.callback = len(edges), callback

    @property
    def name(self) -> str:
        return "BackwardHook"

    def gradients(self, g: Any, graph: bool) -> Sequence[Any]:
        arrived = tuple(g.get(i) for i in range(self.n))
        shown = arrived if graph else tuple(None if one is None else Tensor.of(one) for one in arrived)
        returned = self.callback(shown)
        if graph:
            return returned
        return [one._data if isinstance(one, Tensor) else one for one in returned]


def _put_between(values: tuple[Any, ...], callback: Callable[[Gradients], Gradients]) -> tuple[tuple[Any, ...], bool]:
    """Route those of `values` that are on the graph through one `_Boundary`; the flag says whether there were any."""
    on_graph = [isinstance(value, Tensor) and value.requires_grad for value in values]
    if not any(on_graph):
        return values, False
    edges = tuple((value.grad_fn or value) if on else None for value, on in zip(values, on_graph, strict=True))
    boundary = _Boundary(edges, callback)
    passed = [
        # The clone sums a broadcast gradient back to the value's shape before the boundary sees it.
        Tensor.on_graph(value._data, OutputNode(boundary, i)).clone() if on else value
        for i, (value, on) in enumerate(zip(values, on_graph, strict=True))
    ]
    return tuple(passed), True
