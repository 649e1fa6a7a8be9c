"""What ONNX's operations compute, with NumPy: for constants that a graph makes of constants, and to see what several
operations amount to together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.core.special import erf
from chainrule.errors import FormatError

__all__ = ["OPERATIONS", "compute", "short"]

Arrays = Sequence[Any]
Attributes = Mapping[str, Any]

_MOST_ELEMENTS = 2**22  # of a result that is larger than each of its operands
_DTYPES = {1: np.float32, 11: np.float64, 10: np.float32, 16: np.float32, 6: np.int32, 7: np.int64, 9: np.bool_}


def compute(operation: str, inputs: Arrays, attributes: Attributes, opset: int) -> np.ndarray:
    """The first output of an operation in `OPERATIONS`.

    Args:
        operation: its name.
        inputs: arrays, None for those left out.
        attributes: as the node gives them.
        opset: version of the operators.

    Raises:
        FormatError: if the operands do not fit, or the result would be enormous.
    """
    try:
        _check_size(operation, inputs)
        with np.errstate(all="ignore"):
            made = np.asarray(OPERATIONS[operation](inputs, {**attributes, "opset": opset}))
    except FormatError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, AttributeError, ArithmeticError) as error:
        raise FormatError(f"the operands of a {operation} do not fit") from error
    return made


def short(value: Any) -> float:
    """A number in single precision as its shortest text reads: 0.2 and not 0.20000000298."""
    return float(str(np.float32(value)))


def _check_size(operation: str, inputs: Arrays) -> None:
    given = [one for one in inputs if one is not None]
    if operation == "Gather":
        size = math.prod(given[1].shape) * given[0].size
    elif operation == "Concat":
        size = sum(one.size for one in given)
    elif operation in ("Reshape", "Unsqueeze", "Squeeze", "Transpose", "Slice", "Shape", "ReduceMean", "ReduceSum"):
        size = given[0].size
    else:
        size = math.prod(np.broadcast_shapes(*(one.shape for one in given)))
    if size > max([_MOST_ELEMENTS, *(one.size for one in given)]):
        raise FormatError(f"the result of a {operation} is too large", got=f"{size} numbers")


def _unary(function: Callable[[Any], Any]) -> Callable[[Arrays, Attributes], Any]:
    return lambda x, a: function(x[0])


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Arrays, Attributes], Any]:
    return lambda x, a: function(x[0], x[1])


def _divide(a: Any, b: Any) -> Any:
    made = a / b
    return np.trunc(made).astype(a.dtype) if a.dtype.kind in "iu" else made


def _sigmoid(x: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def _axes(x: Arrays, a: Attributes) -> tuple[int, ...] | None:
    """Axes from the second input (in newer versions) or the attribute."""
    given = x[1] if len(x) > 1 and x[1] is not None else a.get("axes")
    return None if given is None or not np.size(given) else tuple(int(one) for one in np.ravel(given))


def _reduced(function: Callable[..., Any]) -> Callable[[Arrays, Attributes], Any]:
    return lambda x, a: function(x[0], axis=_axes(x, a), keepdims=bool(a.get("keepdims", 1)))


def _log_softmax(x: Arrays, a: Attributes) -> Any:
    axis = int(a.get("axis", -1 if a["opset"] >= 13 else 1))
    shifted = x[0] - x[0].max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _clip(x: Arrays, a: Attributes) -> Any:
    low = x[1] if len(x) > 1 and x[1] is not None else a.get("min", -np.inf)
    high = x[2] if len(x) > 2 and x[2] is not None else a.get("max", np.inf)
    return np.minimum(np.maximum(x[0], low), high)


def _elu(x: Any, alpha: float) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _reshape(x: Arrays, a: Attributes) -> Any:
    sizes = [int(one) for one in np.ravel(x[1] if len(x) > 1 else a["shape"])]
    if not a.get("allowzero"):
        sizes = [x[0].shape[place] if size == 0 else size for place, size in enumerate(sizes)]
    return x[0].reshape(sizes)


def _slice(x: Arrays, a: Attributes) -> Any:
    if len(x) < 2:
        starts, ends, axes = a["starts"], a["ends"], a.get("axes")
    else:
        starts, ends, axes = np.ravel(x[1]), np.ravel(x[2]), x[3] if len(x) > 3 else None
    steps = np.ravel(x[4]) if len(x) > 4 and x[4] is not None else [1] * len(starts)
    cut = [slice(None)] * x[0].ndim
    places = range(len(starts)) if axes is None else np.ravel(axes)
    for axis, start, end, step in zip(places, starts, ends, steps, strict=True):
        cut[int(axis)] = slice(int(start), int(end), int(step))
    return x[0][tuple(cut)]


def _cast(x: Arrays, a: Attributes) -> Any:
    return x[0].astype(_DTYPES[int(a["to"])])


_UNARY: dict[str, Callable[[Any], Any]] = {
    "Abs": np.abs, "Neg": np.negative, "Exp": np.exp, "Log": np.log, "Sqrt": np.sqrt, "Tanh": np.tanh,
    "Erf": lambda x: erf(np, x), "Sigmoid": _sigmoid, "Softplus": _softplus, "Relu": lambda x: np.maximum(x, 0),
    "Reciprocal": lambda x: 1 / x, "Not": np.logical_not, "Sign": np.sign, "Identity": lambda x: x,
    "Shape": lambda x: np.array(x.shape, np.int64), "Softsign": lambda x: x / (1 + np.abs(x)),
}  # fmt: skip
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": _divide, "Pow": np.power,
    "Greater": np.greater, "Less": np.less, "GreaterOrEqual": np.greater_equal, "LessOrEqual": np.less_equal,
    "Equal": np.equal, "And": np.logical_and, "Or": np.logical_or,
}  # fmt: skip

OPERATIONS: dict[str, Callable[[Arrays, Attributes], Any]] = {
    **{name: _unary(function) for name, function in _UNARY.items()},
    **{name: _binary(function) for name, function in _BINARY.items()},
    "Max": lambda x, a: x[0] if len(x) == 1 else np.maximum(*x),
    "Min": lambda x, a: x[0] if len(x) == 1 else np.minimum(*x),
    "Where": lambda x, a: np.where(*x),
    "Clip": _clip,
    "Elu": lambda x, a: _elu(x[0], a.get("alpha", 1.0)),
    "LeakyRelu": lambda x, a: np.where(x[0] > 0, x[0], a.get("alpha", 0.01) * x[0]),
    "HardSigmoid": lambda x, a: np.clip(a.get("alpha", 0.2) * x[0] + a.get("beta", 0.5), 0, 1),
    "ReduceMean": _reduced(np.mean), "ReduceSum": _reduced(np.sum), "ReduceMax": _reduced(np.max),
    "LogSoftmax": _log_softmax,
    "Softmax": lambda x, a: np.exp(_log_softmax(x, a)),
    "Cast": _cast,
    "Reshape": _reshape,
    "Transpose": lambda x, a: np.transpose(x[0], a.get("perm")),
    "Unsqueeze": lambda x, a: np.expand_dims(x[0], _axes(x, a)),  # type: ignore[arg-type]
    "Squeeze": lambda x, a: np.squeeze(x[0], _axes(x, a)),
    "Concat": lambda x, a: np.concatenate(x, axis=int(a["axis"])),
    "Gather": lambda x, a: np.take(x[0], x[1], axis=int(a.get("axis", 0))),
    "Slice": _slice,
}  # fmt: skip
"""ONNX's name -> the operation, of its inputs and attributes."""
