"""`repr` of a tensor, laid out as PyTorch lays it out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.core.mode import state

if TYPE_CHECKING:
    from chainrule.core.tensor import Tensor

__all__ = ["tensor_text"]

_PRECISION = 4
_THRESHOLD = 1000
_EDGE_ITEMS = 3
_LINE_WIDTH = 80


def tensor_text(tensor: Tensor) -> str:
    """``tensor([1.0000, 2.5000], requires_grad=True)``."""
    data = tensor._data
    if not isinstance(data, np.ndarray):
        return f"tensor({data!r})"
    prefix = "tensor("
    suffixes = []
    # Elements tell int64 and bool apart from the default; where there are none, only the default goes unsaid.
    unsaid = (state.default_dtype, np.dtype(np.int64), np.dtype(np.bool_)) if data.size else (state.default_dtype,)
    if data.dtype not in unsaid:
        suffixes.append(f"dtype={data.dtype.name}")
    if data.size == 0 and data.ndim != 1:
        suffixes.insert(0, f"size={tuple(data.shape)}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn=<{tensor.grad_fn.name}>")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")
    body = "[]" if data.size == 0 else _array_text(data, len(prefix))
    return prefix + ", ".join([body, *suffixes]) + ")"


def _array_text(data: np.ndarray, indent: int) -> str:
    summarize = data.size > _THRESHOLD
    formatter = _formatter(_ends(data) if summarize else data)
    return _nested(data, indent, summarize, formatter)


def _ends(data: np.ndarray) -> np.ndarray:
    """Only the elements that will be shown decide the number format."""
    for axis in range(data.ndim):
        if data.shape[axis] > 2 * _EDGE_ITEMS:
            last = data.shape[axis]
            data = data.take([0, 1, 2, last - 3, last - 2, last - 1], axis=axis)
    return data


def _formatter(data: np.ndarray) -> Any:
    if data.dtype.kind != "f":
        width = max(len(str(value)) for value in data.reshape(-1).tolist())
        return lambda value: str(value).rjust(width)
    values = data.astype(np.float64).reshape(-1)
    deciding = values[np.isfinite(values) & (values != 0)]
    shown = np.abs(deciding)
    whole = bool(np.all(shown == np.ceil(shown)))
    wide = bool(shown.size) and (shown.max() / shown.min() > 1000.0 or shown.max() > 1.0e8)
    tiny = bool(shown.size) and not whole and shown.min() < 1.0e-4

    def text(value: float) -> str:
        if not math.isfinite(value):
            return str(value)
        if wide or tiny:
            return f"{value:.{_PRECISION}e}"
        return f"{value:.0f}." if whole else f"{value:.{_PRECISION}f}"

    width = max((len(text(value)) for value in deciding.tolist()), default=1)
    return lambda value: text(value).rjust(width)


def _nested(data: np.ndarray, indent: int, summarize: bool, formatter: Any) -> str:
    if data.ndim == 0:
        return str(formatter(data.item())).strip()
    if data.ndim == 1:
        return _row(data, indent, summarize, formatter)
    rows = list(_shown(data, summarize))
    separator = "," + "\n" * (data.ndim - 1) + " " * (indent + 1)
    parts = ["..." if row is None else _nested(row, indent + 1, summarize, formatter) for row in rows]
    return "[" + separator.join(parts) + "]"


def _shown(data: np.ndarray, summarize: bool) -> list[Any]:
    if summarize and len(data) > 2 * _EDGE_ITEMS:
        return [*data[:_EDGE_ITEMS], None, *data[-_EDGE_ITEMS:]]
    return list(data)


def _row(data: np.ndarray, indent: int, summarize: bool, formatter: Any) -> str:
    items = [" ..." if value is None else formatter(value.item()) for value in _shown(data, summarize)]
    width = len(items[0]) + 2
    per_line = max(1, (_LINE_WIDTH - indent) // width)
    lines = [items[start : start + per_line] for start in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"
