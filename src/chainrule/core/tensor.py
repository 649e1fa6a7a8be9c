"""`Tensor`: an array that remembers how it was computed, with PyTorch's names and semantics."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chainrule.core.arithmetic import Arithmetic
from chainrule.core.arrange import Arranging
from chainrule.core.backward import backward as run_backward
from chainrule.core.convert import Conversions
from chainrule.core.device import CPU, Device
from chainrule.core.format import tensor_text
from chainrule.core.inplace import InPlace
from chainrule.core.methods import TensorMethods, raw
from chainrule.core.mode import quiet, state
from chainrule.core.node import Node, OpNode
from chainrule.core.op import NUMPY, Op, failure, namespace
from chainrule.core.order import Ordering
from chainrule.core.promote import dtype_of, promoted
from chainrule.errors import ChainruleError, DTypeError, GradientError, ShapeError

__all__ = ["HookHandle", "Size", "Tensor", "tensor"]


_new = object.__new__
_ndarray = np.ndarray


class Tensor(Conversions, InPlace, Arithmetic, Ordering, Arranging, TensorMethods):
    """An array with a gradient.

    Args:
        data: numbers, nested lists of numbers, or an array; arrays keep their dtype, Python floats get the default
            dtype (float32), Python integers int64.
        dtype: a NumPy dtype or its name.
        requires_grad: record operations on this tensor so that `backward` can reach it.

    Attributes:
        grad: the gradient that `backward` added up here; None before the first call.
        grad_fn: the node that made this tensor; None for leaves.

    Raises:
        ShapeError: if nested lists are ragged.
        DTypeError: if the data are not numbers, or if gradients are required of integers.
    """

    # Defaults live on the class, so that making a tensor sets only what differs.
    _data: Any
    _requires_grad = False
    _version = 0
    _hooks: list[Callable[[Any], Any]] | None = None
    grad: Tensor | None = None
    grad_fn: Node | None = None

    # NumPy then leaves mixed expressions (array · tensor) to the tensor's operators.
    __array_ufunc__ = None

    def __init__(self, data: Any, dtype: Any = None, requires_grad: bool = False) -> None:
        self._data = _as_array(data, dtype)
        if requires_grad:
            self.requires_grad = True

    # Making tensors from arrays, without copying or checking

    @classmethod
    def of(cls, data: Any) -> Tensor:
        """Wrap an array as it is, without a copy."""
        self: Tensor = _new(Tensor)
        self._data = np.asarray(data) if isinstance(data, np.generic) else data
        return self

    def plain(self, data: Any) -> Tensor:
        return Tensor.of(data)

    @classmethod
    def on_graph(cls, data: Any, edge: Node | Tensor) -> Tensor:
        """Wrap a saved array again as the value that `edge` stands for."""
        if isinstance(edge, Tensor):
            return edge
        self = Tensor.of(data)
        self._requires_grad = True
        self.grad_fn = edge
        return self

    # Recording

    def record(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Tensor:
        """Apply `op`, and remember it if recording is on and an input requires a gradient."""
        args: list[Any] = []
        edges: list[Any] = []
        watched: list[tuple[Tensor, int]] = []
        saves = op.saves
        tracked = mixed = False
        dtype: Any = None
        number = op.floats
        xp: Any = NUMPY
        for value in inputs:
            edge: Any = None
            if isinstance(value, Tensor):
                node = value.grad_fn
                if value._requires_grad:
                    tracked = True
                    edge = value if node is None else node
                if node is None and saves:
                    watched.append((value, value._version))
                value = value._data
            elif isinstance(value, (list, tuple)):
                value = _as_array(value, None)
            elif isinstance(value, (float, int)):
                if type(value) is float:
                    number = True
                args.append(value)
                edges.append(None)
                continue
            elif value is None or isinstance(value, str):
                raise DTypeError(f"{op.name} takes tensors, arrays and numbers", got=f"{value!r}")
            edges.append(edge)
            args.append(value)
            own = value.dtype
            if dtype is None:
                dtype = own
            elif own is not dtype and own != dtype:
                mixed = True
            if type(value) is not _ndarray:
                xp = None
        if mixed or (number and dtype.kind != "f"):
            args[op.conditions :] = promoted(args[op.conditions :], op.floats)
        try:
            if op.warns and not state.quiet:
                with quiet():
                    out = op.forward(xp or namespace(args), *args, **params)
            else:
                out = op.forward(xp or namespace(args), *args, **params)
        except ChainruleError:
            raise
        except (ValueError, TypeError, IndexError) as error:
            raise failure(op.name, error, args) from error
        result: Tensor = _new(Tensor)
        result._data = out = np.asarray(out) if isinstance(out, np.generic) else out
        if tracked and op.vjps and state.grad_enabled:
            result._requires_grad = True
            result.grad_fn = OpNode(op, args, params, out, tuple(edges), watched)
        return result

    # Gradients

    @property
    def requires_grad(self) -> bool:
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if wanted and self._data.dtype.kind != "f":
            raise DTypeError(
                "Only Tensors of floating point dtype can require gradients",
                got=self._data.dtype,
                fix="Convert it first, e.g. with .float()",
            )
        if self.grad_fn is not None and not wanted:
            raise GradientError(
                "you can only change requires_grad flags of leaf variables",
                fix="Use .detach() for a tensor that does not require differentiation",
            )
        self._requires_grad = bool(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad` in place and return self."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """True for a tensor that no recorded operation made; only leaves (and `retain_grad`) keep a ``grad``."""
        return self.grad_fn is None

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add d(self)/d(leaf) to the ``grad`` of every leaf that self was computed from.

        Args:
            gradient: d(loss)/d(self), of self's shape; may be left out for a scalar, where it is 1.
            retain_graph: keep the graph for another pass; default: the value of ``create_graph``.
            create_graph: record the derivatives themselves, for derivatives of higher order.
            inputs: add only to the ``grad`` of these tensors.

        Raises:
            GradientError: if self is not on a graph, is not a scalar, or its graph was freed.
            ShapeError: if ``gradient`` does not have self's shape.
        """
        if inputs is None:
            run_backward([self], [gradient], retain_graph, create_graph)
            return
        from chainrule.core.backward import grad

        sources = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        for source, value in zip(
            sources, grad(self, sources, gradient, retain_graph, create_graph, allow_unused=True), strict=True
        ):
            if value is not None and not source.retains_grad:  # else the walk has already added it
                source.accumulate(value if create_graph else value._data, True)

    def accumulate(self, g: Any, shared: bool) -> None:
        """Add `g` (an array, or a Tensor on its own graph) to ``grad``; a shared array is copied before it is kept."""
        if isinstance(g, Tensor):
            self.grad = g if self.grad is None else self.grad + g
        elif self.grad is None:
            self.grad = Tensor.of(g.copy() if shared else g)
        else:
            total = self.grad._data + g
            self.grad._data = np.asarray(total) if isinstance(total, np.generic) else total

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf tensor in ``grad``, too."""
        if not self._requires_grad:
            raise GradientError("can't retain_grad on Tensor that has requires_grad=False")
        if self.grad_fn is not None:
            self.grad_fn.retained = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        return self.grad_fn is not None and self.grad_fn.retained is not None

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call ``hook(grad)`` when this tensor's gradient is computed; what it returns replaces the gradient."""
        if not self._requires_grad:
            raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
        holder: Any = self if self.grad_fn is None else self.grad_fn
        name = "_hooks" if holder is self else "hooks"
        if getattr(holder, name) is None:
            setattr(holder, name, [])
        hooks = getattr(holder, name)
        hooks.append(hook)
        return HookHandle(hooks, hook)

    def detach(self) -> Tensor:
        """A tensor that shares these numbers and is not on the graph."""
        return Tensor.of(self._data)

    def detach_(self) -> Tensor:
        self.grad_fn = None
        self._requires_grad = False
        return self

    @property
    def data(self) -> Tensor:
        """The numbers without the graph; changing them is not seen by autograd."""
        return Tensor.of(self._data)

    @data.setter
    def data(self, value: Any) -> None:
        self._data = value._data if isinstance(value, Tensor) else _as_array(value, None)

    # Description

    @property
    def shape(self) -> Size:
        return Size(self._data.shape)

    @property
    def ndim(self) -> int:
        return int(self._data.ndim)

    @property
    def dtype(self) -> Any:
        return self._data.dtype

    @property
    def device(self) -> Device:
        return CPU

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        return self.ndim

    def numel(self) -> int:
        return int(self._data.size)

    nelement = numel

    def is_floating_point(self) -> bool:
        return bool(self._data.dtype.kind == "f")

    def __len__(self) -> int:
        if self.ndim == 0:
            raise DTypeError("len() of a 0-d tensor")
        return int(self._data.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise DTypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return tensor_text(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec or self.ndim == 0 else repr(self)

    # Leaving the world of tensors

    def item(self) -> Any:
        """The single number in this tensor, as a Python number."""
        if self._data.size != 1:
            raise GradientError(f"a Tensor with {self._data.size} elements cannot be converted to Scalar")
        return self._data.item()

    def tolist(self) -> Any:
        return self._data.tolist()

    def numpy(self) -> np.ndarray:
        """The numbers as a NumPy array that shares this tensor's memory.

        Raises:
            GradientError: if the tensor requires gradients, which the array would silently lose.
        """
        if self._requires_grad:
            raise GradientError(
                "Can't call numpy() on Tensor that requires grad", fix="Use tensor.detach().numpy() instead"
            )
        return np.asarray(self._data)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise GradientError(
                "Boolean value of Tensor with more than one value is ambiguous", fix="Use .any() or .all()"
            )
        return bool(self._data.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._data.dtype.kind not in "iub":
            raise DTypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        if self.grad_fn is not None:
            raise GradientError(
                "Only Tensors created explicitly by the user support deepcopy", fix="Use .detach() or .clone()"
            )
        copied: Tensor = self.__class__.__new__(self.__class__)
        memo[id(self)] = copied
        copied._data = self._data.copy()
        copied._requires_grad = self._requires_grad
        if self.grad is not None:
            copied.grad = Tensor.of(self.grad._data.copy())
        return copied


class Size(tuple[int, ...]):
    """A shape; also callable things that PyTorch's ``torch.Size`` has."""

    __slots__ = ()

    def numel(self) -> int:
        return int(np.prod(self, dtype=np.int64))

    def __repr__(self) -> str:
        return f"Size({list(self)})"


class HookHandle:
    """Returned by ``register_…_hook``; `remove` takes the hook off again."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Make a leaf tensor from a copy of `data`; see `Tensor`."""
    array = _as_array(data, dtype)
    return Tensor(array.copy() if array is raw(data) else array, None, requires_grad)


def _as_array(data: Any, dtype: Any) -> Any:
    if isinstance(data, Tensor):
        data = data._data
    if hasattr(data, "__array_namespace__") and not isinstance(data, np.ndarray):
        return data if dtype is None else data.astype(dtype)
    if not isinstance(data, (np.ndarray, np.generic)):
        data = _from_python(data)
        if dtype is None and data.dtype == np.float64:
            dtype = state.default_dtype
    if data.dtype.kind not in "fiub":
        raise DTypeError(
            "a tensor holds numbers",
            expected="floats, integers or booleans",
            got=f"dtype {data.dtype} ({str(data)[:60]})",
        )
    return np.asarray(data, None if dtype is None else dtype_of(dtype))


def _from_python(data: Any) -> np.ndarray:
    if isinstance(data, (list, tuple)) and any(isinstance(value, Tensor) for value in data):
        data = [value.item() if isinstance(value, Tensor) and value.numel() == 1 else raw(value) for value in data]
    if data is None or isinstance(data, (str, bytes, dict, set, os.PathLike)):
        raise DTypeError("a tensor holds numbers", got=f"{type(data).__name__} {str(data)[:60]!r}")
    try:
        array = np.asarray(data)
    except (ValueError, TypeError, OverflowError) as error:
        raise ShapeError(
            "nested lists must have equal lengths at each level",
            got=str(error).split(". ")[0],
            fix="Pad or cut the rows",
        ) from error
    return array
