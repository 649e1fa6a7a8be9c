"""A moment after which to give up."""

from __future__ import annotations

import time

__all__ = ["NEVER", "Deadline"]


class Deadline:
    """A moment some seconds from now; None never comes."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds until then, at least 0; None for ever."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether it has come."""
        return self.left == 0.0

    def part(self, shares: int) -> Deadline:
        """The moment after which one of so many tasks has used up its even share of what is left."""
        return Deadline(None if self.left is None else self.left / shares)


NEVER = Deadline(None)
