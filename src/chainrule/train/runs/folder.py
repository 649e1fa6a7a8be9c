"""The folder of one run: it appears as a whole, and each of its files changes as a whole.

A new record is made under another name and renamed once it says what is run where, so that no listing ever finds half
of one.  The process that trains holds a lock in it, by which others see whether it still lives.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from chainrule.errors import ConfigError, FormatError, MissingFileError
from chainrule.files import is_locked, locked
from chainrule.train.runs.names import is_id, new_id
from chainrule.train.runs.parts import encoded, is_plain_file
from chainrule.train.runs.run import LOCK

__all__ = ["created", "held", "made", "remove", "sweep"]

_UNFINISHED = re.compile(r"\.(.{21})\.(new|old)")
_TRIES = 100
_PATIENCE = 2.0  # seconds in which somebody who only looks has let go of a lock
_OLD = 60.0  # seconds after which what has no lock is no beginning any more
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY)
_LOCK_MOVES = os.name != "nt"  # Windows renames no folder in which a file is open


def made(root: Path) -> Path:
    """Make the folder for records if need be.

    Raises:
        MissingFileError: if that is impossible.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MissingFileError(
            f"cannot make the folder for records: {reason}", where=root, fix="Name a folder to write to"
        ) from error
    return root


def created(root: Path, now: datetime, parts: Mapping[str, Mapping[str, Any]], stack: contextlib.ExitStack) -> Path:
    """Make a run's folder with its first files, and hold its lock.

    Args:
        root: the folder of all records.
        now: when the run began.
        parts: the files' contents by name; ``"id"`` is added to that of ``"run"``.
        stack: what lets go of the lock in the end.

    Raises:
        MissingFileError: if nothing can be written there.
        OSError: if the disk is full or fails; then nothing is left behind.
    """
    for _ in range(_TRIES):
        name = new_id(now)
        folder, beginning = root / name, root / f".{name}.new"
        try:
            beginning.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise MissingFileError(
                f"cannot write records: {error.strerror}", where=root, fix="Name a folder that is writable"
            ) from error
        lock = contextlib.ExitStack()
        try:
            if _LOCK_MOVES:
                lock.enter_context(locked(beginning / LOCK, "the run"))
            for part, content in parts.items():
                _write(beginning / f"{part}.json", encoded(part, {"id": name, **content} if part == "run" else content))
            _sync(beginning)
            if folder.exists():  # an empty folder would give way to a rename
                raise FileExistsError(errno.EEXIST, "taken")
            os.rename(beginning, folder)
        except BaseException as error:
            lock.close()
            shutil.rmtree(beginning, ignore_errors=True)
            if isinstance(error, OSError) and error.errno in _TAKEN:
                continue
            raise
        stack.push(lock.pop_all())
        _sync(root)
        if not _LOCK_MOVES:  # pragma: no cover - Windows
            stack.enter_context(held(folder))
        return folder
    raise FormatError("no name is free for another run", where=root)  # pragma: no cover - 32768 in a millisecond


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a record that is there.

    Raises:
        ConfigError: if its run is still going on.
        FormatError: if what stands there is no record's.
    """
    path = folder / LOCK
    if os.path.lexists(path) and not is_plain_file(path):
        raise FormatError("something that is no file stands in a run's folder", where=path)
    until = time.monotonic() + _PATIENCE
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(path, "the run"))
                break
            except ConfigError as error:
                if time.monotonic() > until:
                    raise ConfigError(f"run {folder.name} is still going on", fix="Wait for it to end") from error
                time.sleep(0.01)
        yield


def remove(folder: Path) -> None:
    """Remove a record with everything in it: first from its name, in one step.

    Raises:
        ConfigError: if its run is still going on.
        MissingFileError: if it cannot be removed.
    """
    gone = folder.with_name(f".{folder.name}.old")
    try:
        with held(folder) if _LOCK_MOVES else contextlib.nullcontext():
            os.rename(folder, gone)
        shutil.rmtree(gone)
    except OSError as error:
        if isinstance(error, MissingFileError):
            raise
        raise MissingFileError(f"the record cannot be removed: {error.strerror}", where=folder) from error


def sweep(root: Path) -> None:
    """Remove what processes that were killed have left half made or half removed."""
    with contextlib.suppress(OSError), os.scandir(root) as entries:
        for entry in entries:
            name = _UNFINISHED.fullmatch(entry.name)
            if name is None or not is_id(name[1]) or not entry.is_dir(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                old = time.time() - entry.stat(follow_symlinks=False).st_mtime > _OLD
                if old and not is_locked(Path(entry.path) / LOCK):
                    shutil.rmtree(entry.path, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    with open(path, "xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Flush a folder's entries, where the system can; a record that a power cut takes is not worth an error."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
