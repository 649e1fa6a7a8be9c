"""NumPy's arrays, dtypes and scalars as pickles write them, put together from their parts; no name is looked up."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from chainrule.errors import FormatError

__all__ = ["FUNCTIONS", "Budget", "brief", "complete"]

_MOST_AXES = 64
_LAST_LETTER = 0x10FFFF
# Booleans, integers, floats, text, and objects (which may only be text and numbers).
_DTYPE = re.compile(r"[<>|=]?(b1|\?|[iu][1248]|f[248]|[US]\d{1,6}|O8?|O4)")


class _Reader(Protocol):
    """The interpreter, as far as arrays know it."""

    budget: Budget

    def take(self, size: int) -> bytes:
        """The next bytes of the file."""


class Budget:
    """Memory that arrays may take: no more than the file is long, so that nothing small becomes large.

    Args:
        size: of the file, in bytes.
    """

    def __init__(self, size: int) -> None:
        self.left = 4 * size + 2**16  # text takes four bytes a letter in arrays

    def spend(self, size: int) -> None:
        """Take note of `size` bytes.

        Raises:
            FormatError: if that is more than is left.
        """
        self.left -= size
        if self.left < 0:
            raise FormatError("the arrays in the pickle are larger than the file")


@dataclass
class DType:
    """A dtype: its name comes first, then its byte order."""

    dtype: np.dtype[Any]

    def build(self, state: Any, reader: _Reader) -> None:
        """Take the byte order from what NumPy calls the state of a dtype."""
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise FormatError("the pickle is damaged: an unusable dtype")
        if state[2] is not None or state[3] is not None or state[4] is not None:
            raise FormatError("the pickle holds an array of structures", expected="arrays of numbers or text")
        self.dtype = self.dtype.newbyteorder(state[1]) if self.dtype.kind != "O" else self.dtype


@dataclass
class Unbuilt:
    """An array in the making."""

    array: np.ndarray | None = None

    def build(self, state: Any, reader: _Reader) -> None:
        """Take shape, dtype, order and numbers from what NumPy calls the state of an array."""
        if not isinstance(state, tuple) or len(state) not in (4, 5) or not isinstance(state[-3], DType):
            raise FormatError("the pickle is damaged: an unusable array")
        shape, held, fortran, content = state[-4:]
        self.array = _array(content, held.dtype, shape, bool(fortran), reader.budget)


@dataclass
class Wrapper:
    """An array that joblib wrote after the program's operation instead of in it."""

    array: np.ndarray | None = None

    def build(self, state: Any, reader: _Reader) -> None:
        """Read the numbers that follow."""
        if not isinstance(state, dict) or not isinstance(state.get("dtype"), DType):
            raise FormatError("the pickle is damaged: an unusable array")
        dtype, shape = state["dtype"].dtype, _shape(state.get("shape"))
        if dtype.kind == "O":
            raise FormatError("the file holds a second pickle in an array of objects", fix="Use labels of one type")
        if state.get("numpy_array_alignment_bytes") is not None:
            reader.take(reader.take(1)[0])
        content = reader.take(math.prod(shape) * dtype.itemsize)
        self.array = _array(content, dtype, shape, state.get("order") == "F", reader.budget)


def complete(value: Any) -> Any:
    """The array inside of what was in the making; anything else as it is.

    Raises:
        FormatError: if the array was not finished.
    """
    if isinstance(value, (Unbuilt, Wrapper)):
        if value.array is None:
            raise FormatError("the pickle is damaged: an array without numbers")
        return value.array
    return value


def _shape(shape: Any) -> tuple[int, ...]:
    sizes = (shape,) if type(shape) is int else shape
    if not isinstance(sizes, tuple) or len(sizes) > _MOST_AXES:
        raise FormatError("the pickle is damaged: an unusable shape")
    if any(type(size) is not int or not 0 <= size < 2**48 for size in sizes):
        raise FormatError("the pickle is damaged: an unusable shape")
    return sizes


def _array(content: Any, dtype: np.dtype[Any], shape: Any, fortran: bool, budget: Budget) -> np.ndarray:
    sizes = _shape(shape)
    count, order = math.prod(sizes), "F" if fortran else "C"
    if dtype.kind == "O":
        return _objects(content, sizes, count, order, budget)
    data = content.encode("latin-1") if isinstance(content, str) else content
    if not isinstance(data, bytes):
        raise FormatError("the pickle is damaged: an array without numbers")
    if len(data) != count * dtype.itemsize:
        raise FormatError(
            "the pickle is damaged: an array's size and numbers disagree",
            expected=f"{count * dtype.itemsize} bytes for {brief(sizes)} {dtype}",
            got=len(data),
        )
    if count and not dtype.itemsize:
        raise FormatError("the pickle is damaged: an array of nothing")
    budget.spend(len(data))
    flat = np.frombuffer(data, dtype) if count else np.zeros(0, dtype)
    if flat.dtype.kind == "b" and count and flat.view(np.uint8).max() > 1:
        raise FormatError("the pickle is damaged: a boolean that is neither 0 nor 1")
    if flat.dtype.kind == "U" and count and flat.view(flat.dtype.byteorder + "u4").max() > _LAST_LETTER:
        raise FormatError("the pickle is damaged: letters that Unicode does not have")
    return flat.astype(dtype.newbyteorder("="), copy=False).reshape(sizes, order=order)  # type: ignore[call-overload,no-any-return]


def _objects(content: Any, sizes: tuple[int, ...], count: int, order: str, budget: Budget) -> np.ndarray:
    if not isinstance(content, list) or len(content) != count:
        raise FormatError("the pickle is damaged: an array of objects without them")
    if any(not isinstance(item, (str, int, float, np.generic, type(None))) for item in content):
        raise FormatError("the pickle holds an array of objects", expected="text and numbers in it")
    budget.spend(8 * count)
    flat = np.empty(count, object)
    flat[:] = content
    return flat.reshape(sizes, order=order)  # type: ignore[call-overload,no-any-return]


def _made_dtype(args: tuple[Any, ...], budget: Budget) -> DType:
    name = args[0] if args else None
    if not isinstance(name, str) or not _DTYPE.fullmatch(name):
        raise FormatError(
            "the pickle holds an array of a dtype that is not understood",
            expected="booleans, integers, floats or text",
            got=brief(name),
        )
    return DType(np.dtype("O" if "O" in name else name))


def _reconstruct(args: tuple[Any, ...], budget: Budget) -> Unbuilt:
    if not args or args[0] != "numpy.ndarray":
        raise FormatError("the pickle is damaged: an array of a class that is not understood")
    return Unbuilt()


def _scalar(args: tuple[Any, ...], budget: Budget) -> Any:
    if len(args) != 2 or not isinstance(args[0], DType):
        raise FormatError("the pickle is damaged: an unusable number")
    if args[0].dtype.kind == "O":
        raise FormatError("the pickle holds an object in the place of a number")
    return _array(args[1], args[0].dtype, (), False, budget)[()]


def _from_buffer(args: tuple[Any, ...], budget: Budget) -> np.ndarray:
    if len(args) != 4 or not isinstance(args[1], DType) or args[3] not in ("C", "F"):
        raise FormatError("the pickle is damaged: an unusable array")
    return _array(args[0], args[1].dtype, args[2], args[3] == "F", budget)


def _encode(args: tuple[Any, ...], budget: Budget) -> bytes:
    """How Python 3 writes bytes in the pickles of Python 2."""
    if len(args) != 2 or not isinstance(args[0], str) or args[1] not in ("latin1", "latin-1"):
        raise FormatError("the pickle is damaged: unusable bytes")
    budget.spend(len(args[0]))
    return args[0].encode("latin-1")


def _empty_bytes(args: tuple[Any, ...], budget: Budget) -> bytes:
    if args:
        raise FormatError("the pickle makes bytes of something else")
    return b""


def _wrapper(args: tuple[Any, ...], budget: Budget) -> Wrapper:
    return Wrapper()


def _class(args: tuple[Any, ...], budget: Budget) -> Any:
    raise FormatError("the pickle calls a class that may only be named")


FUNCTIONS: dict[str, Callable[[tuple[Any, ...], Budget], Any]] = {
    "numpy.ndarray": _class,
    "numpy.dtype": _made_dtype,
    "numpy._core.multiarray._reconstruct": _reconstruct,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "_codecs.encode": _encode,
    "builtins.bytes": _empty_bytes,
    "joblib.numpy_pickle.NumpyArrayWrapper": _wrapper,
}
"""What pickles of arrays name, and what is done instead of calling it."""


def brief(value: object) -> str:
    """The start of what a value looks like, on one line."""
    shown = " ".join((value if isinstance(value, str) else repr(value)).split())
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
