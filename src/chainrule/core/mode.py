"""Switches that hold for a thread: whether operations are recorded, and the default floating-point type."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from chainrule.errors import DTypeError

__all__ = [
    "enable_grad",
    "get_default_dtype",
    "is_grad_enabled",
    "no_grad",
    "quiet",
    "set_default_dtype",
    "set_grad_enabled",
    "state",
]

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    grad_enabled = True
    quiet = False
    default_dtype: np.dtype[Any] = np.dtype(np.float32)


state = _State()


class set_grad_enabled:  # noqa: N801 - PyTorch's name
    """Context manager, decorator or plain call that switches recording on or off, as in PyTorch.

    Args:
        mode: whether operations on tensors that require gradients are recorded.
    """

    def __init__(self, mode: bool) -> None:
        self.mode = mode
        self.before = [state.grad_enabled]
        state.grad_enabled = mode

    def __call__(self, function: F) -> F:
        state.grad_enabled = self.before.pop()
        switch: _Switch = enable_grad() if self.mode else no_grad()
        return switch(function)

    def __enter__(self) -> None:
        state.grad_enabled = self.mode

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state.grad_enabled = self.before.pop()


class _Switch:
    """A grad mode that begins on entering (unlike `set_grad_enabled`, which begins at once)."""

    mode: bool

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        self.before: list[bool] = []

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        self = super().__new__(cls)
        if function is None:
            return self
        self.before = []
        return self(function)

    def __enter__(self) -> None:
        self.before.append(state.grad_enabled)
        state.grad_enabled = self.mode

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state.grad_enabled = self.before.pop()

    def __call__(self, function: F) -> F:
        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with type(self)():
                return function(*args, **kwargs)

        return switched  # type: ignore[return-value]


class no_grad(_Switch):  # noqa: N801 - PyTorch's name
    """Context manager and decorator: operations inside are not recorded."""

    mode = False


class enable_grad(_Switch):  # noqa: N801 - PyTorch's name
    """Context manager and decorator: operations inside are recorded, also within `no_grad`."""

    mode = True


def is_grad_enabled() -> bool:
    return state.grad_enabled


class quiet:  # noqa: N801 - reads as a statement: with quiet():
    """Switch NumPy's floating-point warnings off for a block; infinities and NaN are results here, as in PyTorch.

    Entering costs about a microsecond, so loops enter it once and operations inside do not enter it again.
    """

    def __enter__(self) -> None:
        self.outer = state.quiet
        self.errstate = None if self.outer else np.errstate(all="ignore")
        if self.errstate is not None:
            self.errstate.__enter__()
        state.quiet = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state.quiet = self.outer
        if self.errstate is not None:
            self.errstate.__exit__(kind, error, trace)


def get_default_dtype() -> np.dtype[Any]:
    """The type given to tensors made from Python floats (float32 unless `set_default_dtype` changed it)."""
    return state.default_dtype


def set_default_dtype(dtype: Any) -> None:
    """Set the type given to tensors made from Python floats, for this thread.

    Args:
        dtype: ``float32`` or ``float64``.

    Raises:
        DTypeError: for any other type.
    """
    wanted = np.dtype(dtype)
    if wanted not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise DTypeError("default dtype must be floating point", expected="float32 or float64", got=wanted)
    state.default_dtype = wanted
