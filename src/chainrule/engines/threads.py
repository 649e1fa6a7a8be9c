"""How many threads a piece of work is worth; and keeping small matrix products of BLAS on one.

BLAS hands products of a few million multiplications to all cores.  For them the second core gains little on an idle
machine, and on a busy one the threads wait for each other in spinning loops: an epoch of 784-128-10 has been seen to
take 40 times as long.  Large products keep all threads.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

__all__ = ["Crew", "processors", "suited_threads", "threads_for"]

_WORTH_A_THREAD = 1_500_000  # multiplications in the native engine, whose threads meet within a microsecond
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


_TELLING = 0.005  # seconds; shorter blocks say nothing about the machine
_CROWDED = 0.75  # of the time a thread has run; less means that it waited for others to get a processor
_SHORTEST_BREAK, _LONGEST_BREAK = 4, 64  # blocks

Result = TypeVar("Result")


class Crew:
    """Takes fewer threads where other processes want the processors.

    Threads that meet several times in a step wait for the one that has no processor just then: on a busy machine two
    can be slower than one.  After a block that looks crowded, the next one is run by a single thread, and some more in
    the way that was faster.  Results do not depend on the number of threads, so it may change from block to block.
    """

    def __init__(self) -> None:
        self._alone = False
        self._together = 0.0  # steps in a second, in the crowded block
        self._settled = 0  # blocks for which the choice holds
        self._break = _SHORTEST_BREAK

    def run(self, most: int, steps: int, work: Callable[[int], Result]) -> Result:
        """Return ``work(threads)``, of so many steps, with `most` threads or a single one."""
        if most == 1:  # nothing to find out; on some systems the thread's clock takes longer than a short block
            return work(1)
        wall, own = time.perf_counter(), time.thread_time()
        result = work(1 if self._alone else most)
        wall, own = time.perf_counter() - wall, time.thread_time() - own
        if wall > _TELLING:
            self._learn(steps / wall, own < _CROWDED * wall)
        return result

    def _learn(self, speed: float, crowded: bool) -> None:
        if self._settled:
            self._settled -= 1
            self._alone = self._alone and self._settled > 0
        elif self._alone:  # the trial
            self._alone = speed > self._together
            self._settled, self._break = self._break, min(2 * self._break, _LONGEST_BREAK)
        elif crowded:
            self._together, self._alone = speed, True
        else:
            self._break = _SHORTEST_BREAK


def threads_for(multiplications: int) -> int:
    """How many of this machine's processors the native engine should use for so much work between two meetings."""
    return max(1, min(processors(), multiplications // _WORTH_A_THREAD))


@functools.cache
def processors() -> int:
    """How many processors this process may use.

    That is the environment variable CHAINRULE_NUM_THREADS, else OMP_NUM_THREADS, else what the system allows.
    """
    for variable in ("CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS"):
        wanted = os.environ.get(variable, "")
        if wanted.isdecimal() and int(wanted) > 0:
            return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
