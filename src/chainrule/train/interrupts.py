"""Ctrl-C during training: the first one ends it after the running block, and the second one at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupts"]


class Interrupts:
    """Whether Ctrl-C was pressed within `caught`."""

    def __init__(self) -> None:
        self.came = False

    @contextmanager
    def caught(self) -> Iterator[None]:
        """A block in which the first Ctrl-C is only noted."""
        before = signal.getsignal(signal.SIGINT)
        # None: a handler that is not Python's and could not be put back.  Ignored: the user's wish, as under nohup.
        if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
            yield
            return
        try:
            signal.signal(signal.SIGINT, self._note)
        except ValueError:  # not the main interpreter
            yield
            return
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True
