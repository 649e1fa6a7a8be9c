"""`Function`: an operation of the user's own, with a derivative of the user's own (``torch.autograd.Function``)."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.core.mode import no_grad, state
from chainrule.core.node import Node, OutputNode
from chainrule.core.tensor import Tensor
from chainrule.errors import GradientError, ShapeError

__all__ = ["Context", "Function"]


class Context:
    """What `Function.forward` leaves for `Function.backward`.

    Attributes:
        needs_input_grad: for each argument of ``forward`` whether a gradient is wanted.
    """

    def __init__(self) -> None:
        self._saved: tuple[Any, ...] = ()
        self._node: weakref.ref[FunctionNode] | None = None  # weakly: the node holds this context
        self._materialize = True
        self._constant: tuple[Any, ...] = ()
        self.needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (inputs, outputs or intermediate) for `Function.backward`."""
        self._saved = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        node = self._node() if self._node is not None else None
        if node is not None:
            node.check_alive()
        return tuple(saved.rebuild() if isinstance(saved, _SavedOutput) else saved for saved in self._saved)

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """Name outputs that get no gradient."""
        self._constant = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `Function.backward` gets zeros (the default) or None for outputs that were not used."""
        self._materialize = value


class _SavedOutput:
    """An output saved for backward, with its graph node held weakly: node → output → node would never be freed."""

    def __init__(self, data: Any, node: FunctionNode, slot: int | None) -> None:
        self.data, self.node, self.slot = data, weakref.ref(node), slot

    def rebuild(self) -> Tensor:
        node = self.node()
        if node is None:
            return Tensor.of(self.data)
        return Tensor.on_graph(self.data, node if self.slot is None else OutputNode(node, self.slot))


class _Blank(NamedTuple):
    """The shape and dtype of an output."""

    shape: tuple[int, ...]
    dtype: Any

    def zeros(self) -> np.ndarray:
        return np.zeros(self.shape, self.dtype)


class FunctionNode(Node):
    """A user's `Function` on the graph."""

    __slots__ = ("ctx", "function", "outputs")

    def __init__(self, function: type[Function], ctx: Context, edges: tuple[Any, ...]) -> None:
        super().__init__(edges)
        self.function, self.ctx = function, ctx
        self.outputs: tuple[_Blank, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def like(self, slot: int = 0) -> _Blank:
        return self.outputs[slot]

    def gradients(self, g: Any, graph: bool) -> Sequence[Any]:
        edges = self.check_alive()
        given = [self._as_tensor(g.get(i), i) for i in range(len(self.outputs))] if isinstance(g, dict) else [
            self._as_tensor(g, 0)
        ]  # fmt: skip
        result = self.function.backward(self.ctx, *given)
        found = list(result) if isinstance(result, (tuple, list)) else [result]
        if len(found) < len(edges) or any(extra is not None for extra in found[len(edges) :]):
            raise GradientError(
                f"{self.function.__name__}.backward returned an incorrect number of gradients",
                expected=f"one for each of forward's {len(edges)} arguments (None where there is none)",
                got=len(found),
            )
        checked = [self._checked(value, edge, graph) for value, edge in zip(found, edges, strict=False)]
        # One array returned for two inputs must not become the `grad` of both: a change in place would reach both.
        return checked if graph else [g + 0 if _among(g, checked[:i]) else g for i, g in enumerate(checked)]

    def _as_tensor(self, g: Any, index: int) -> Any:
        if g is None:
            return Tensor.of(self.outputs[index].zeros()) if self.ctx._materialize else None
        return g if isinstance(g, Tensor) else Tensor.of(g)

    def _checked(self, value: Any, edge: Any, graph: bool) -> Any:
        if value is None or edge is None:
            return None
        value = value if isinstance(value, Tensor) else Tensor(value)
        if isinstance(edge, Tensor) and value.numel() < edge.numel():
            raise ShapeError(
                f"{self.function.__name__}.backward returned a gradient of the wrong shape",
                expected=tuple(edge.shape),
                got=tuple(value.shape),
            )
        return value if graph else value._data

    def release(self) -> None:
        super().release()
        self.ctx._saved = ()


class Function:
    """Base for operations with a hand-written derivative.

    Subclass it with two static methods and call ``MyFunction.apply(*inputs)``::

        class Square(Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return g * 2 * x

    ``forward`` is not recorded.  ``backward`` gets one gradient for each output and returns one for each argument of
    ``forward`` (None for those without); if it is made of tensor operations, higher derivatives work.  The form with
    ``forward(*inputs)`` and ``setup_context(ctx, inputs, output)`` is understood too.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    setup_context: Any = None

    @classmethod
    def apply(cls, *inputs: Any) -> Any:
        """Run ``forward`` on `inputs` and record it."""
        tracked = state.grad_enabled and any(isinstance(value, Tensor) and value.requires_grad for value in inputs)
        ctx = Context()
        ctx.needs_input_grad = tuple(isinstance(value, Tensor) and value.requires_grad for value in inputs)
        with no_grad():
            if cls.setup_context is None:
                result = cls.forward(ctx, *inputs)
            else:
                result = cls.forward(*inputs)
                cls.setup_context(ctx, inputs, result)
        outputs = result if isinstance(result, tuple) else (result,)
        for output in outputs:
            if not isinstance(output, Tensor):
                raise GradientError(f"{cls.__name__}.forward must return tensors", got=type(output).__name__)
        if not tracked:
            return result
        fresh = cls._record(ctx, inputs, outputs)
        return fresh if isinstance(result, tuple) else fresh[0]

    @classmethod
    def _record(cls, ctx: Context, inputs: tuple[Any, ...], outputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        edges = tuple(
            (value.grad_fn or value) if isinstance(value, Tensor) and value.requires_grad else None for value in inputs
        )
        node = FunctionNode(cls, ctx, edges)
        node.outputs = tuple(_Blank(tuple(output.shape), output.dtype) for output in outputs)
        fresh = []
        for i, output in enumerate(outputs):
            step: Node = node if len(outputs) == 1 else OutputNode(node, i)
            constant = any(output is fixed for fixed in ctx._constant)
            # An input that forward returned unchanged must not be put on the graph itself.
            fresh.append(Tensor.of(output._data) if constant else Tensor.on_graph(output._data, step))
        ctx._node = weakref.ref(node)
        ctx._saved = tuple(_without_cycle(saved, outputs, node, inputs) for saved in ctx._saved)
        return tuple(fresh)


def _among(value: Any, others: Sequence[Any]) -> bool:
    return value is not None and any(value is other for other in others)


def _without_cycle(saved: Any, outputs: Sequence[Tensor], node: FunctionNode, inputs: Sequence[Any]) -> Any:
    if _among(saved, inputs):
        return saved
    for i, output in enumerate(outputs):
        if saved is output:
            return _SavedOutput(output._data, node, i if len(outputs) > 1 else None)
    return saved
