"""Updating large arrays piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["PIECE_BYTES", "can_be_cut", "update_in_pieces"]

PIECE_BYTES = 1 << 16
"""Bytes of an array to work on at a time.

The dozen arrays of an update then stay in the processor's cache, and each temporary is memory that the allocator has
at hand: from 128 KiB on (glibc's M_MMAP_THRESHOLD) it asks the operating system for fresh pages every time, which
makes an update several times slower.
"""


def can_be_cut(arrays: Sequence[Any]) -> bool:
    """Whether these are NumPy arrays that lie in memory as one row of elements, and are large enough to be cut."""
    return arrays[0].nbytes > PIECE_BYTES and all(isinstance(a, np.ndarray) and a.flags.c_contiguous for a in arrays)


def update_in_pieces(
    update: Callable[..., Any],
    p: np.ndarray,
    g: np.ndarray,
    slots: Sequence[np.ndarray],
    step: int,
    group: Mapping[str, Any],
) -> None:
    """Write into `p` and `slots` what ``update(p, g, slots, step, group)`` returns, the same bit for bit."""
    values, gradients, states = p.reshape(-1), g.reshape(-1), [slot.reshape(-1) for slot in slots]
    length = PIECE_BYTES // p.itemsize
    for start in range(0, values.size, length):
        piece = slice(start, start + length)
        kept = tuple([state[piece] for state in states])
        values[piece], fresh = update(values[piece], gradients[piece], kept, step, group)
        for state, new in zip(kept, fresh, strict=True):
            state[...] = new
