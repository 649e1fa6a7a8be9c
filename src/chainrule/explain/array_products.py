"""Three products of arrays that are easily taken for one another: elementwise, ``dot`` and ``matmul``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ConfigError
from chainrule.explain.numbers import as_numbers
from chainrule.explain.record import Record
from chainrule.messages import text

__all__ = ["ArrayProduct", "ArrayProducts", "array_products", "product_table"]

_MOST = 100_000
_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {"elementwise": np.multiply, "dot": np.dot, "matmul": np.matmul}
_SIGNS = {"elementwise": "a * b", "dot": "dot(a, b)", "matmul": "a @ b"}


@dataclass(frozen=True)
class ArrayProduct(Record):
    """One of the products.

    Attributes:
        operation: "elementwise", "dot" or "matmul".
        shape: of the result; None if the shapes do not fit.
        value: the result; None if the shapes do not fit.
        reason: why not: "broadcast" (sizes differ), "inner" (the summed dimensions differ) or "scalar".
    """

    operation: str
    shape: tuple[int, ...] | None
    value: NDArray[Any] | None
    reason: str | None


@dataclass(frozen=True)
class ArrayProducts(Record):
    """The three products of the same two arrays.

    Attributes:
        a: the left one.
        b: the right one.
        products: elementwise, dot, matmul.
        same: whether dot and matmul agree in shape and values.
    """

    a: NDArray[Any]
    b: NDArray[Any]
    products: tuple[ArrayProduct, ...]
    same: bool

    def __getitem__(self, operation: str) -> ArrayProduct:
        return next(item for item in self.products if item.operation == operation)

    def explain(self, lang: str | None = None) -> str:
        """Return shapes and values in words, "en" or "ko"."""
        lines = [f"a {_shape(self.a.shape)}, b {_shape(self.b.shape)}"]
        for item in self.products:
            if item.value is None:
                why = text(f"foundations.{item.reason}", lang)
                lines.append(f"  {_SIGNS[item.operation]}: {why}")
            else:
                shown = np.array2string(item.value, threshold=40, separator=", ").replace("\n", "\n    ")
                lines.append(f"  {_SIGNS[item.operation]} {_shape(item.value.shape)}: {shown}")
        if all(item.value is not None for item in self.products[1:]):
            lines.append(text("foundations.same" if self.same else "foundations.different", lang))
        return "\n".join(lines)


def array_products(a: Any, b: Any) -> ArrayProducts:
    """Take the elementwise product, ``dot`` and ``matmul`` of two arrays, as far as their shapes allow.

    Args:
        a: numbers in any number of dimensions.
        b: numbers in any number of dimensions.

    Raises:
        ConfigError: if a result would have more than 100,000 numbers.
        DTypeError, ShapeError: for what are no arrays of numbers.

    >>> found = array_products([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    >>> [item.value.tolist() for item in found.products]
    [[[5, 12], [21, 32]], [[19, 22], [43, 50]], [[19, 22], [43, 50]]]
    """
    left, right = (as_numbers(one, name, kinds="iuf") for one, name in ((a, "a"), (b, "b")))
    products = tuple(_product(name, left, right) for name in _OPERATIONS)
    dot, matmul = products[1], products[2]
    same = dot.value is not None and matmul.value is not None and np.array_equal(dot.value, matmul.value)
    return ArrayProducts(left, right, products, same)


def product_table() -> tuple[ArrayProducts, ...]:
    """Return the products of every pair of a 1-D, a 2-D and a 3-D array: (2,), (2, 2) and (2, 2, 2).

    Up to two dimensions ``dot`` and ``matmul`` agree. Beyond, ``dot`` sums over the last dimension of a and the second
    last of b for all pairs of the others, while ``matmul`` takes the arrays as stacks of matrices.
    """
    shapes = ((2,), (2, 2), (2, 2, 2))
    arrays = [(1 + np.arange(np.prod(shape))).reshape(shape) for shape in shapes]
    return tuple(array_products(a, b * 10) for a, b in product(arrays, repeat=2))


def _product(operation: str, a: NDArray[Any], b: NDArray[Any]) -> ArrayProduct:
    reason = _obstacle(operation, a.shape, b.shape)
    if reason is not None:
        return ArrayProduct(operation, None, None, reason)
    value = np.asarray(_OPERATIONS[operation](a, b))
    return ArrayProduct(operation, value.shape, value, None)


def _obstacle(operation: str, a: tuple[int, ...], b: tuple[int, ...]) -> str | None:
    """Why the product does not exist; also refuses results that are too large, before they are made."""
    if operation == "elementwise" or (operation == "dot" and not (a and b)):
        shape = _broadcast(a, b)
        _check_size(shape)
        return "broadcast" if shape is None else None
    if not (a and b):
        return "scalar"
    if a[-1] != b[-2 if len(b) > 1 else 0]:
        return "inner"
    if operation == "dot":
        _check_size(a[:-1] + b[:-2] + b[-1:] * (len(b) > 1))
        return None
    stacks = _broadcast(a[:-2], b[:-2])
    _check_size(None if stacks is None else stacks + a[-2:-1] + b[-1:] * (len(b) > 1))
    return "broadcast" if stacks is None else None


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


def _check_size(shape: tuple[int, ...] | None) -> None:
    if shape is not None and np.prod(shape, dtype=float) > _MOST:
        raise ConfigError("the product is too large to show", expected=f"at most {_MOST:,} numbers", got=_shape(shape))


def _shape(shape: tuple[int, ...]) -> str:
    return str(tuple(int(size) for size in shape))
