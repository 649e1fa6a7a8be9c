"""Writing files so that a reader finds the old content or the new, and never half of either."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from chainrule.errors import MissingFileError

__all__ = ["atomic_write", "existing_file", "expanded"]


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path`; on success flush it to the disk and rename it to `path`.

    If the block raises, or the process dies, whatever stood at `path` before is still there, untouched.

    Args:
        path: the file to create or replace.  Its folder must exist.  Through a symbolic link its target is written.

    Yields:
        a writable binary file.

    Raises:
        MissingFileError: if the folder does not exist or cannot be written to, or something that is no file is there.
    """
    target = expanded(path)
    try:
        if target.is_dir():
            raise MissingFileError("cannot write a file where a folder stands", where=target, fix="Name a file in it")
        target = target.resolve()  # the file that a link leads to is the one to replace, not the link
        _check_name(target)
        if target.exists() and not target.is_file():
            raise MissingFileError("cannot replace a device or pipe by a file", where=target, fix="Name a file")
        temporary = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}.tmp")
        file = open(temporary, "xb")  # noqa: SIM115 - closed below, before the rename
    except (OSError, ValueError) as error:
        if isinstance(error, MissingFileError):
            raise
        raise _refused("cannot write", target, error, "Name a folder that is writable") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None and error.errno is not None:
            error.filename = str(target)  # a full disk does not say which file it was
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _check_name(path: Path) -> None:
    """Let the file system refuse a name that it cannot hold now, rather than at the rename."""
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path)


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return `path` with ``~`` and ``~user`` replaced by the home folder.

    Raises:
        MissingFileError: if there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:  # ~nosuchuser
        raise MissingFileError(str(error), where=path, fix="Write the folder out") from error


def _refused(problem: str, path: Path, error: Exception, fix: str) -> MissingFileError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return MissingFileError(f"{problem} {path.name[:100]}: {reason}", where=str(path.parent)[:200], fix=fix)


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
    found = expanded(path)
    try:
        if found.is_file():
            if not os.access(found, os.R_OK):
                raise MissingFileError(f"{kind} cannot be read: permission denied", where=found)
            return found
        if found.exists():
            got = "a folder" if found.is_dir() else "a device or pipe"
            raise MissingFileError(f"expected a {kind}, got {got}", where=found)
    except (OSError, ValueError) as error:
        if isinstance(error, MissingFileError):
            raise
        raise _refused(f"cannot read {kind}", found, error, "Check the name and the folder") from error
    near = _near_miss(found)
    fix = f"Did you mean {str(found.with_name(near))!r}?" if near else "Check the name and the folder"
    raise MissingFileError(f"{kind} does not exist: {os.fspath(path)}", fix=fix)


def _near_miss(path: Path) -> str | None:
    """The name in the same folder that is most like `path`'s, if one is."""
    import difflib

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return None
    return next(iter(difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)), None)
