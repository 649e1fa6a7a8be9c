"""How much a compressed file may hold: small files that fill the memory are made for that alone."""

from __future__ import annotations

from pathlib import Path

from chainrule.errors import FormatError

__all__ = ["check_expansion", "most_bytes"]

_EXPANSION = 200  # tables shrink by 3 to 50 when they are compressed, pictures by 2 to 10


def most_bytes(stored: int, small: int) -> int:
    """How many bytes a file of `stored` bytes may expand to: `small` in any case, else 200 times its size."""
    return max(small, _EXPANSION * stored)


def check_expansion(size: int, stored: int, small: int, path: Path) -> None:
    """Refuse content of `size` bytes in a file of `stored` bytes.

    Raises:
        FormatError: if that is more than `most_bytes`.
    """
    if size > most_bytes(stored, small):
        raise FormatError(
            f"the file expands to more than {_EXPANSION} times its size", where=path, fix="Store it uncompressed"
        )
