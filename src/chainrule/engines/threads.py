"""Keeping small matrix products on one thread.

BLAS hands products of a few million multiplications to all cores.  For them the second core gains little on an idle
machine, and on a busy one the threads wait for each other in spinning loops: an epoch of 784-128-10 has been seen to
take 40 times as long.  Large products keep all threads.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from chainrule.nn.module import Module

__all__ = ["suited_threads"]

_SMALL = 20_000_000  # multiplications in one forward pass; about a millisecond on one core


def suited_threads(model: Module, batch_size: int) -> contextlib.AbstractContextManager[Any]:
    """A block in which BLAS uses one thread if a step of the model is small (needs threadpoolctl; else nothing)."""
    weights = sum(parameter.numel() for parameter in model.parameters())
    controller = _controller() if weights * batch_size < _SMALL else None
    return contextlib.nullcontext() if controller is None else controller.limit(limits=1, user_api="blas")


@functools.cache
def _controller() -> Any:
    try:
        import threadpoolctl
    except ImportError:
        return None
    return threadpoolctl.ThreadpoolController()
