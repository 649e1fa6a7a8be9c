"""Writing files so that a reader finds the old content or the new, and never half of either."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from chainrule.errors import ConfigError, MissingFileError

__all__ = ["atomic_write", "existing_file", "expanded", "is_locked", "locked"]

_LOST = (errno.EIO, errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.EIO, errno.ENOSPC)
_HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_LOCKED_BYTE = 1 << 30  # far behind the text, which others may then read; where whole files cannot be locked


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
        OSError: if the disk is full or fails.  If it fails after the rename, while the folder is flushed, the new file
            stands at `path`, but might not outlast a power cut.
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
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno in _LOST:
            error.filename = error.filename or str(folder)
            raise


@contextlib.contextmanager
def locked(path: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Hold a lock, so that no other process (and no other user of `locked` in this one) gets it meanwhile.

    The operating system keeps the lock and drops it when the process ends, however it ends.  The file stays behind; it
    holds the number of the process that had the lock last.

    Args:
        path: the file to lock; it is made if need be.
        what: what must not be used twice, for the message.

    Raises:
        ConfigError: if another holds it.
        MissingFileError: if the file cannot be made, or the file system knows no locks.
    """
    target = expanded(path)
    try:
        handle = os.open(target, os.O_RDWR | os.O_CREAT, 0o666)
    except (OSError, ValueError) as error:
        raise _refused("cannot write", target, error, "Name a folder that is writable") from error
    try:
        try:
            _lock(handle)
        except OSError as error:
            if error.errno in _HELD:
                owner = os.read(handle, 20).decode("ascii", "replace").strip()
                process = f" (process {owner})" if owner.isdecimal() else ""
                fix = "Wait for it to end, or name another folder"
                raise ConfigError(f"{what} is in use by another run{process}", where=target.parent, fix=fix) from error
            raise _refused("cannot lock", target, error, "Name a folder on a disk of this machine") from error
        with contextlib.suppress(OSError):  # the number only helps the reader of a message
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
        try:
            yield
        finally:
            _unlock(handle)  # also for processes that were forked meanwhile
    finally:
        os.close(handle)


def is_locked(path: str | os.PathLike[str]) -> bool | None:
    """Whether somebody holds the lock now; None where that cannot be known: no such file, or no locks.

    A writer that comes in this very moment may take the question for a lock, and has to try again.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return None
    try:
        _lock(handle, shared=True)
    except OSError as error:
        return True if error.errno in _HELD else None
    else:
        _unlock(handle)
        return False
    finally:
        os.close(handle)


if os.name == "nt":  # pragma: no cover - the other branch is what most systems have

    def _lock(handle: int, shared: bool = False) -> None:
        import msvcrt

        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(handle, 0, os.SEEK_SET)

    def _unlock(handle: int) -> None:
        import msvcrt

        with contextlib.suppress(OSError):
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:

    def _lock(handle: int, shared: bool = False) -> None:
        import fcntl

        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)

    def _unlock(handle: int) -> None:
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)


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
