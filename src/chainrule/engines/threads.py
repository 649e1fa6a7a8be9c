"""Keeping small matrix products on one thread.

BLAS hands products of a few million multiplications to all cores.  For them the second core gains little on an idle
machine, and on a busy one the threads wait for each other in spinning loops: an epoch of 784-128-10 has been seen to
take 40 times as long.  Large products keep all threads.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["suited_threads"]

_SMALL = 20_000_000  # multiplications in one forward pass; about a millisecond on one core


def suited_threads(weights: int, batch_size: int) -> contextlib.AbstractContextManager[Any]:
    """A block in which BLAS uses one thread if a step is small (needs threadpoolctl; else nothing).

    Args:
        weights: how many parameters the model has.
        batch_size: rows per step.
    """
    if weights * batch_size >= _SMALL or _controller() is None:
        return contextlib.nullcontext()
    return _one_thread()


_owner = threading.Lock()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    # The number is the process's.  Of several trainings at once only the first sets it and so can put it back right.
    if not _owner.acquire(blocking=False):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _owner.release()


@functools.cache
def _controller() -> Any:
    """What sets the number of BLAS threads; None if nothing can, or if there is one thread anyway."""
    try:
        import threadpoolctl
    except ImportError:
        return None
    controller = threadpoolctl.ThreadpoolController().select(user_api="blas")
    return controller if any(library["num_threads"] != 1 for library in controller.info()) else None
