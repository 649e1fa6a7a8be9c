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


_lock = threading.Lock()
_inside = 0
_limit: Any = None


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    # The number of threads is the process's: of several trainings at once the first limits it, the last resets it.
    global _inside, _limit
    with _lock:
        if not _inside:
            _limit = _controller().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                _limit.restore_original_limits()


@functools.cache
def _controller() -> Any:
    """What sets the number of BLAS threads; None if nothing can, or if there is one thread anyway."""
    try:
        import threadpoolctl
    except ImportError:
        return None
    controller = threadpoolctl.ThreadpoolController().select(user_api="blas")
    return controller if any(library["num_threads"] != 1 for library in controller.info()) else None
