"""The JSON files of a record: written in one piece, read with suspicion."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.errors import FormatError, MissingFileError
from chainrule.explain.record import plain
from chainrule.files import atomic_write
from chainrule.interchange import strict_json

__all__ = ["VERSION", "encoded", "is_plain_file", "read_part", "signature", "write_part"]

VERSION = 1
#: The most bytes that each part may have.
_LONGEST = {
    "run": 2**20,
    "configuration": 16 * 2**20,
    "environment": 2**20,
    "history": 64 * 2**20,
    "metrics": 2**20,
}
_HALVES = re.compile("[\ud800-\udfff]")  # halves of surrogate pairs: bytes of names that are no UTF-8


def encoded(part: str, content: Mapping[str, Any]) -> bytes:
    """Return a part as its file has it: JSON, with what it is and in which version."""
    named = {"format": _format(part), "version": VERSION, **content}
    text = json.dumps(plain(named), ensure_ascii=False, indent=1, allow_nan=False)
    return (_HALVES.sub("\ufffd", text) + "\n").encode()


def write_part(folder: Path, part: str, content: Mapping[str, Any]) -> None:
    """Put a part into a folder, or in the place of the one there.

    Raises:
        FormatError: if something else than a file is there.
        MissingFileError: if the folder is gone or read-only.
        OSError: if the disk is full or fails.
    """
    path = folder / f"{part}.json"
    if os.path.lexists(path) and not is_plain_file(path):  # a link would lead the writing somewhere else
        raise FormatError("something that is no file stands in a run's folder", where=path)
    with atomic_write(path) as file:
        file.write(encoded(part, content))


def read_part(folder: Path, part: str) -> dict[str, Any]:
    """Return what a part holds.

    Raises:
        MissingFileError: if there is none, or it cannot be read.
        FormatError: if it is anything but that part in this version; links and pipes are not followed.
    """
    path = folder / f"{part}.json"
    found = strict_json.loads(_text(path, _LONGEST[part]), f"{part}.json", folder)
    wanted = _format(part)
    if not isinstance(found, dict) or found.pop("format", None) != wanted:
        raise FormatError("not a part of a run's record", expected=f"format {wanted!r}", where=path)
    version = found.pop("version", None)
    if type(version) is not int or version != VERSION:
        fix = "Install the chainrule that wrote it"
        raise FormatError("a record of another version", expected=VERSION, got=repr(version)[:40], where=path, fix=fix)
    return found


def signature(folder: Path) -> str:
    """Return what changes whenever a part changes that a listing shows."""
    marks = []
    for part in ("run", "configuration", "metrics"):
        try:
            found = os.lstat(folder / f"{part}.json")
        except OSError:
            marks.append("-")
        else:
            marks.append(f"{found.st_mtime_ns}.{found.st_ctime_ns}.{found.st_size}.{found.st_ino}")
    return " ".join(marks)


def is_plain_file(path: Path) -> bool:
    """Whether a file is there itself: no link, no folder, no pipe."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _format(part: str) -> str:
    return "chainrule.run" if part == "run" else f"chainrule.run.{part}"


def _text(path: Path, most: int) -> str:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if not is_plain_file(path) and os.path.lexists(path):
            raise FormatError("something that is no file stands in a run's folder", where=path)
        with contextlib.closing(os.fdopen(os.open(path, flags), "rb")) as file:
            raw = file.read(most + 1)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise MissingFileError(f"a run's folder lacks {path.name}", where=path.parent) from error
        raise MissingFileError(f"{path.name} cannot be read: {error.strerror}", where=path.parent) from error
    if len(raw) > most:
        raise FormatError(f"{path.name} is too long", expected=f"at most {most} bytes", where=path.parent)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is not UTF-8 text", where=path.parent) from error
