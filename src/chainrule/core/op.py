"""What one operation is: a row with a forward rule, its derivative rules, and the text that shows them.

Rules are written once and run on anything: on `Tensor` (so that derivatives can themselves be differentiated),
on NumPy arrays (so that an ordinary backward pass costs no bookkeeping), and on any other array that offers
``__array_namespace__`` (JAX arrays and tracers among them).  They therefore never write in place and never
branch on a value.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.errors import ChainruleError, DTypeError, ShapeError

__all__ = ["OPS", "Array", "Op", "Recorder", "namespace"]

Array: TypeAlias = Any
"""An array with ``__array_namespace__``, or a Python scalar where the operation admits one."""

Shape: TypeAlias = tuple[int, ...]


class Recorder:
    """Base of values that want to see the operations applied to them (`Tensor`)."""

    __slots__ = ()

    def record(self, op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        raise NotImplementedError


def _dot(a: np.ndarray, b: np.ndarray) -> Any:
    """`ndarray.dot` enters BLAS with a third of `matmul`'s overhead; they agree up to two dimensions."""
    return a.dot(b) if a.ndim <= 2 and b.ndim <= 2 else np.matmul(a, b)


def _reduce(ufunc: np.ufunc) -> Callable[..., Any]:
    """The ufunc's own reduction: the same result as `np.sum` and the like with half of their overhead."""

    def reduction(x: np.ndarray, axis: Any = None, keepdims: bool = False) -> Any:
        return ufunc.reduce(x, axis, None, None, keepdims)  # type: ignore[call-arg]

    return reduction


def _expand(x: np.ndarray, shape: Shape) -> np.ndarray:
    full = np.empty(shape, x.dtype)
    full[...] = x
    return full


_STANDARD = """abs arange astype concat cos exp expm1 isfinite log log1p maximum minimum permute_dims reshape sign
sin sqrt squeeze stack tanh where zeros zeros_like""".split()

NUMPY = types.SimpleNamespace(
    **{name: getattr(np, name) for name in _STANDARD},
    matmul=_dot,
    sum=_reduce(np.add),
    max=_reduce(np.maximum),
    min=_reduce(np.minimum),
    broadcast_to=_expand,
)
"""NumPy, restricted to the functions of the array API standard that operations use, the slow ones replaced."""


def namespace(values: Sequence[Any]) -> Any:
    """Return the array namespace shared by `values` (Python and NumPy scalars go with any)."""
    for value in values:
        if not isinstance(value, (np.ndarray, np.generic)):
            own = getattr(value, "__array_namespace__", None)
            if own is not None:
                return own()
    return NUMPY


OPS: dict[str, Op] = {}
"""THE table: every operation by name."""


class Op:
    """One row of the table.  Calling it applies it: NumPy arrays in, NumPy array out; Tensors in, Tensor out.

    Args:
        name: PyTorch's name of the operation.
        forward: ``forward(xp, *inputs, **params) -> array``, where ``xp`` is the inputs' array namespace.
        *vjps: for each input ``vjp(g, y, *inputs, **params)``: the vector-Jacobian product, i.e. the gradient of
            the loss with respect to that input, given the gradient ``g`` with respect to the output ``y``.
            ``None`` marks an input without a derivative; no rule at all, an operation that is never differentiated.
            An operation with any number of inputs has one rule, ``vjp(i, g, y, *inputs, **params)``.
        formula: the value, as text in x, a, b, ….
        derivative: the local derivative (one per input, separated by ``;``), as text.
        latex: the two, in LaTeX.
        shape: ``shape(*input_shapes, **params) -> shape`` of the output; default: the inputs broadcast together.
        floats: integer inputs become floating point first, as PyTorch does for ``exp``, ``mean``, ….
        warns: NumPy would warn about infinities and NaN; the result is wanted all the same.
        saves: the derivative uses the values of inputs, so they must not be changed before `backward`.
    """

    __slots__ = (
        "__weakref__",  # jax.jit(op) needs it
        "arity",
        "conditions",
        "defaults",
        "derivative",
        "floats",
        "formula",
        "forward",
        "latex",
        "name",
        "param_count",
        "param_names",
        "saves",
        "shape",
        "variadic",
        "vjps",
        "warns",
    )

    def __init__(
        self,
        name: str,
        forward: Callable[..., Array],
        *vjps: Callable[..., Any] | None,
        formula: str,
        derivative: str = "0",
        latex: tuple[str, str] | None = None,
        shape: Callable[..., Shape] | None = None,
        floats: bool = False,
        warns: bool = False,
        saves: bool = True,
    ) -> None:
        code = forward.__code__
        self.name, self.forward, self.vjps = name, forward, vjps
        # An input without a derivative is a condition: its dtype says nothing about the result's.
        self.conditions = 1 if vjps and vjps[0] is None else 0
        self.variadic = bool(code.co_flags & 0x04)
        self.arity = code.co_argcount - 1
        self.param_names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self.param_count = code.co_kwonlyargcount
        self.defaults: dict[str, Any] = dict(getattr(forward, "__kwdefaults__", None) or {})
        self.formula, self.derivative = formula, derivative
        self.latex = latex or (formula, derivative)
        self.shape = shape or broadcast_shape
        self.floats, self.warns, self.saves = floats, warns, saves
        OPS[name] = self

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        if len(params) < self.param_count:
            if len(inputs) > self.arity and not self.variadic:
                params = dict(zip(self.param_names, inputs[self.arity :], strict=False), **params)
                inputs = inputs[: self.arity]
            params = {**self.defaults, **params}
        plain = True
        for value in inputs:
            if type(value) is not np.ndarray:  # the common case first: rules run on NumPy arrays most of the time
                if isinstance(value, Recorder):
                    return value.record(self, inputs, params)
                plain = False
        return self.forward(NUMPY if plain else namespace(inputs), *inputs, **params)

    def vjp(self, i: int, g: Any, y: Any, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The gradient with respect to input `i`."""
        if self.variadic:
            rule = self.vjps[0]
            return rule(i, g, y, *inputs, **params) if rule else None
        rule = self.vjps[i]
        return rule(g, y, *inputs, **params) if rule else None

    def differentiable(self, i: int) -> bool:
        return bool(self.vjps) and (self.variadic or (i < len(self.vjps) and self.vjps[i] is not None))

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        params = "".join(f", {name}" for name in self.param_names)
        return f"{self.name}(inputs{params}): value {self.formula}, derivative {self.derivative}"

    def __repr__(self) -> str:
        return f"<op {self.name}: {self.formula}; derivative {self.derivative}>"


def failure(name: str, error: Exception, inputs: Sequence[Any]) -> ChainruleError:
    """Turn an array library's error into one that names the operation and what it was given."""
    shapes = [tuple(getattr(value, "shape", ())) for value in inputs]
    listed = " and ".join(str(shape) for shape in shapes)
    if isinstance(error, (ValueError, IndexError)):
        return ShapeError(f"{name} cannot combine shapes {listed}: {error}")
    return DTypeError(f"{name} cannot take these values (shapes {listed}): {error}")


# Shape rules ---------------------------------------------------------------------------------------------------------


def broadcast_shape(*shapes: Shape, **_: Any) -> Shape:
    return np.broadcast_shapes(*shapes)


def same_shape(shape: Shape, *_: Any, **__: Any) -> Shape:
    return shape


def reduced_shape(shape: Shape, *, dim: Any = None, keepdim: bool = False, **_: Any) -> Shape:
    axes = axes_of(dim, len(shape))
    if keepdim:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def axes_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """The axes that ``dim`` names, counted from the front; ``None`` names all of them.

    Raises:
        ShapeError: if a dimension is out of range or named twice.
    """
    if dim is None:
        return tuple(range(ndim))
    dims = (dim,) if isinstance(dim, (int, np.integer)) else tuple(dim)
    axes = []
    for d in dims:
        if not -max(ndim, 1) <= d < max(ndim, 1):
            raise ShapeError(
                "dimension out of range", expected=f"a dim from {-max(ndim, 1)} to {max(ndim, 1) - 1}", got=d
            )
        if ndim:
            axes.append(int(d) % ndim)
    if len(set(axes)) != len(axes):
        raise ShapeError("a dimension is named twice", got=dims)
    return tuple(axes) if dims else tuple(range(ndim))
