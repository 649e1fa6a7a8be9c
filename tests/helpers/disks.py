"""A disk on which every operation is counted, and one of them fails."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chainrule import files

Happening = tuple[str, str]
"""What is done, and to what: "write", "fsync", "rename", "unlink" or "open"; the file's name, "/" for the folder."""
Fault = Callable[[Callable[[], Any], int], Any]


class Disk:
    """Passes everything on, until `fault` is due.

    Args:
        fault: called in place of the operation number `at`, with what does the operation (half of it, for a write), and
            with how many bytes were to be written.
        at: counted from 1; 0 for never.
        modules: those that open files to write them.
    """

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        at: int = 0,
        fault: Fault | None = None,
        modules: tuple[ModuleType, ...] = (files,),
    ) -> None:
        self.at, self.fault, self.done = at, fault, list[Happening]()
        self.names: dict[int, str] = {}
        fsync, replace, rename = os.fsync, os.replace, os.rename
        unlink, path_unlink = os.unlink, Path.unlink
        disk = self

        class Raw(io.FileIO):
            def write(self, piece: Any) -> int:
                half = bytes(piece[: len(piece) // 2])
                whole = super().write
                name = disk.short(self.name)
                return int(disk.happens("write", name, lambda: whole(piece), lambda: whole(half), len(piece)))

        def opening(path: Any, mode: str) -> Any:
            if mode != "xb":
                return open(path, mode)
            raw = self.happens("open", self.short(path), lambda: Raw(path, "xb"))
            self.names[raw.fileno()] = self.short(path)
            return io.BufferedWriter(raw)

        def syncing(handle: int) -> None:
            name = "/" if stat.S_ISDIR(os.fstat(handle).st_mode) else self.names.get(handle, "?")
            self.happens("fsync", name, lambda: fsync(handle))

        for module in modules:
            patch.setattr(module, "open", opening, raising=False)
        patch.setattr(os, "fsync", syncing)
        patch.setattr(os, "replace", lambda a, b: self.happens("rename", self.short(b), lambda: replace(a, b)))
        patch.setattr(os, "rename", lambda a, b: self.happens("rename", self.short(b), lambda: rename(a, b)))
        patch.setattr(os, "unlink", lambda a, **how: self.happens("unlink", self.short(a), lambda: unlink(a, **how)))
        patch.setattr(Path, "unlink", lambda a: self.happens("unlink", self.short(a), lambda: path_unlink(a)))

    @staticmethod
    def short(path: Any) -> str:
        name = os.path.basename(os.fspath(path))
        return re.sub(r"\.[0-9a-f]{8}\.tmp$", ".tmp", name)

    def happens(
        self, what: str, name: str, do: Callable[[], Any], half: Callable[[], Any] | None = None, size: int = 0
    ) -> Any:
        self.done.append((what, name))
        if len(self.done) == self.at and self.fault is not None:
            return self.fault(half or do, size)
        return do()
