"""Comparisons and numerical derivatives that all oracle tests share; `test_compare.py` shows that they can fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# Relative and absolute tolerance by dtype for two implementations of the same formula.
TOLERANCE = {np.dtype(np.float64): (1e-10, 1e-12), np.dtype(np.float32): (2e-5, 2e-6)}


def array_of(value: Any) -> np.ndarray:
    """The numbers in a chainrule tensor, a PyTorch tensor, a JAX array or anything NumPy understands."""
    if type(value).__module__.startswith("torch"):
        return value.detach().cpu().numpy()
    return np.asarray(getattr(value, "_data", value))


def assert_close(
    actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None, label: str = ""
) -> None:
    """Equal shape, equal dtype, and equal numbers up to the tolerance; NaN equals NaN and infinities keep their sign.

    Args:
        actual: what chainrule computed.
        expected: what the oracle says.
        rtol: relative tolerance; default by dtype.
        atol: absolute tolerance; default by dtype.
        label: what is compared, for the message.
    """
    a, e = array_of(actual), array_of(expected)
    assert a.shape == e.shape, f"{label}: shape {a.shape}, expected {e.shape}"
    assert a.dtype == e.dtype, f"{label}: dtype {a.dtype}, expected {e.dtype}"
    default = TOLERANCE.get(e.dtype, (0.0, 0.0))
    np.testing.assert_allclose(
        a,
        e,
        rtol=default[0] if rtol is None else rtol,
        atol=default[1] if atol is None else atol,
        equal_nan=True,
        err_msg=label,
    )


def assert_numbers(actual: Any, expected: Any, rtol: float = 1e-7, atol: float = 0.0) -> None:
    """Equal shape and numbers, whatever the dtype: for numbers written out in a test."""
    a, e = array_of(actual), array_of(expected)
    assert a.shape == e.shape, f"shape {a.shape}, expected {e.shape}"
    np.testing.assert_allclose(a, e, rtol=rtol, atol=atol)


def numeric_gradient(
    function: Callable[..., Any], arguments: Sequence[np.ndarray], wrt: int, h: float = 1e-3
) -> np.ndarray:
    """d function / d arguments[wrt] by five-point differences, for a scalar function of float64 arrays.

    The error is about h⁴/30 times the fifth derivative plus 1e-16/h: near 1e-12 for functions of order one that
    are smooth within 2h of every argument (Abramowitz & Stegun 1964, 25.3.6).
    """
    gradient = np.zeros_like(arguments[wrt], dtype=np.float64)
    for position in np.ndindex(gradient.shape):
        values = []
        for offset in (-2 * h, -h, h, 2 * h):
            moved = [np.array(argument) for argument in arguments]
            moved[wrt][position] += offset
            values.append(float(function(*moved)))
        gradient[position] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
    return gradient
