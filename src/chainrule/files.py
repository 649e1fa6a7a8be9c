"""Writing files so that a reader finds the old content or the new, and never half of either."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from chainrule.errors import MissingFileError

__all__ = ["atomic_write", "existing_file"]


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path`; on success flush it to the disk and rename it to `path`.

    If the block raises, or the process dies, whatever stood at `path` before is still there, untouched.

    Args:
        path: the file to create or replace.  Its folder must exist.

    Yields:
        a writable binary file.

    Raises:
        MissingFileError: if the folder does not exist or cannot be written to.
    """
    target = Path(path)
    if target.is_dir():
        raise MissingFileError("cannot write a file where a folder stands", where=target, fix="Name a file in it")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        file = open(temporary, "xb")  # noqa: SIM115 - closed below, before the rename
    except OSError as error:
        raise MissingFileError(
            f"cannot write {target.name}: {error.strerror}", where=target.parent, fix="Name a folder that is writable"
        ) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Flush the folder's entry for a renamed file; systems without folder handles have no such step."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def existing_file(path: str | os.PathLike[str], kind: str = "file") -> Path:
    """Return `path` as a `Path` if a readable file is there.

    Raises:
        MissingFileError: naming near misses in the same folder, if any.
    """
    found = Path(path).expanduser()
    if found.is_file():
        if not os.access(found, os.R_OK):
            raise MissingFileError(f"{kind} cannot be read: permission denied", where=found)
        return found
    if found.is_dir():
        raise MissingFileError(f"expected a {kind}, got a folder", where=found)
    fix = "Check the name and the folder"
    if found.parent.is_dir():
        import difflib

        near = difflib.get_close_matches(found.name, [entry.name for entry in found.parent.iterdir()], n=1, cutoff=0.6)
        if near:
            fix = f"Did you mean {str(found.with_name(near[0]))!r}?"
    raise MissingFileError(f"{kind} does not exist: {os.fspath(path)}", fix=fix)
