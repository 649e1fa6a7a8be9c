"""Checks of files to be written, before the work whose result they take."""

from __future__ import annotations

import tempfile
from pathlib import Path

from chainrule.errors import MissingFileError

__all__ = ["check_writable", "make_folder"]


def check_writable(path: str | Path) -> Path:
    """Return `path` if a file can be written there: better to know before an hour of training than after it.

    Raises:
        MissingFileError: if the folder does not exist or cannot be written to, or a folder stands at `path`.
    """
    found = Path(path).expanduser()
    if found.is_dir():
        raise MissingFileError("cannot write a file where a folder stands", where=found, fix="Name a file in it")
    try:
        with tempfile.TemporaryFile(dir=found.parent):
            return found
    except OSError as error:
        raise MissingFileError(
            f"cannot write {found.name}: {error.strerror}", where=found.parent, fix="Name a folder that is writable"
        ) from error


def make_folder(path: str | Path) -> Path:
    """Return the folder `path`, made if need be.

    Raises:
        MissingFileError: if that is impossible, or a file stands there.
    """
    folder = Path(path).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MissingFileError(
            f"cannot make the folder: {error.strerror}", where=folder, fix="Name another folder"
        ) from error
    return folder
