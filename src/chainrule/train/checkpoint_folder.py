"""The folder of a run: checkpoint files, and one manifest that says which of them count.

A checkpoint exists from the moment on in which the manifest that names it takes the place of the one before: that
rename is the only commit point.  A file is complete and flushed to the disk before a manifest names it, and files go
only after no manifest names them any more.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import FormatError, MissingFileError
from chainrule.files import atomic_write, existing_file, expanded, locked
from chainrule.interchange import safetensors, strict_json

__all__ = ["Entry", "Folder", "Manifest"]

MANIFEST, LOCK = "manifest.json", "lock"
FORMAT, FILE_FORMAT, VERSION = "chainrule.checkpoints", "chainrule.checkpoint", 1

_LONGEST = 16 * 2**20  # bytes of a manifest
_MOST = 100_000  # entries
_NAME = re.compile(r"checkpoint-[0-9]{8,19}\.safetensors")
_LEFTOVER = re.compile(r"\.(checkpoint-[0-9]{8,19}\.safetensors|manifest\.json)\.[0-9a-f]{8}\.tmp")
_SUM = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One checkpoint, as the manifest names it.

    Attributes:
        file: its name in the folder.
        epoch: epochs finished.
        step: steps taken.
        bytes: the file's size.
        sha256: its checksum.
    """

    file: str
    epoch: int
    step: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What the folder holds.

    Attributes:
        run: description of the run, see `chainrule.train.checkpoint_run`.
        entries: the checkpoints, the newest one last.
    """

    run: dict[str, Any]
    entries: tuple[Entry, ...]


class Folder:
    """Reads and writes the checkpoints of one run.

    Args:
        path: the folder; it is made when it is first written to.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = expanded(path)

    def held(self) -> AbstractContextManager[None]:
        """Make the folder if need be, and keep other runs out of it.

        Raises:
            ConfigError: if another run is in it.
            MissingFileError: if it cannot be made or written to.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise MissingFileError(
                f"cannot make the folder for checkpoints: {reason}", where=self.path, fix="Name a folder to write to"
            ) from error
        return locked(self.path / LOCK, "the folder for checkpoints")

    # Reading

    def manifest(self) -> Manifest | None:
        """The manifest, or None if nothing was ever saved here.

        Raises:
            FormatError: if it is corrupt or of another version, or is gone while checkpoints are there.
        """
        path = self.path / MANIFEST
        if not os.path.lexists(path):
            if any(int(name[11:-12]) for name in self._names() if _NAME.fullmatch(name)):
                raise FormatError("the manifest of the checkpoints is gone", where=self.path, fix="Name another folder")
            return None
        return _parsed(_text(path), path)

    def newest(self, manifest: Manifest) -> tuple[Entry, Any, dict[str, np.ndarray]]:
        """The newest checkpoint that is intact: its entry, its state's JSON, and its arrays.

        An older one leads to the same end, so one that is damaged is only warned about.

        Raises:
            FormatError: if none is intact.
        """
        damage: list[str] = []
        for entry in reversed(manifest.entries):
            try:
                found = self._read(entry)
            except (FormatError, MissingFileError) as error:
                damage.append(str(error))
                continue
            if damage:
                warnings.warn(
                    f"{damage[0]}; going on from the checkpoint of epoch {entry.epoch}", UserWarning, stacklevel=2
                )
            return found
        raise FormatError(
            f"no checkpoint is intact: {damage[0] if damage else 'the manifest names none'}",
            where=self.path,
            fix="Name another folder to begin again",
        )

    def _read(self, entry: Entry) -> tuple[Entry, Any, dict[str, np.ndarray]]:
        path = existing_file(self.path / entry.file, "checkpoint")
        if path.stat().st_size != entry.bytes or _checksum(path) != entry.sha256:
            raise FormatError("a checkpoint is damaged: its checksum is not the manifest's", where=path)
        arrays, metadata = safetensors.read(path)
        if metadata.get("format") != FILE_FORMAT or metadata.get("version") != str(VERSION):
            raise FormatError("a checkpoint of another format or version", where=path)
        return entry, strict_json.loads(metadata.get("state", ""), "the checkpoint's state", path), arrays

    # Writing

    def save(
        self, run: dict[str, Any], kept: tuple[Entry, ...], epoch: int, step: int, state: str,
        arrays: dict[str, np.ndarray],
    ) -> tuple[Entry, ...]:  # fmt: skip
        """Write a checkpoint, commit it together with those that are `kept`, and remove the others.

        Args:
            run: description of the run.
            kept: older checkpoints that stay.
            epoch, step: how far the run is.
            state: JSON.
            arrays: what the JSON speaks of.

        Returns:
            the checkpoints that the folder has now.

        Raises:
            OSError: if the disk is full or fails.  The folder then holds what it held before, or, if only the last
                flush failed, the new checkpoint.
        """
        path = self.path / f"checkpoint-{epoch:08d}.safetensors"
        notes = {"format": FILE_FORMAT, "version": str(VERSION), "state": state}
        digest = safetensors.write(path, arrays, notes)
        entries = (*kept, Entry(path.name, epoch, step, path.stat().st_size, digest))
        described = {"format": FORMAT, "version": VERSION, "run": run, "checkpoints": [asdict(one) for one in entries]}
        text = json.dumps(described, ensure_ascii=False, indent=1, allow_nan=False)
        with atomic_write(self.path / MANIFEST) as file:
            file.write(text.encode())
        self.sweep(entries)
        return entries

    def sweep(self, entries: tuple[Entry, ...]) -> None:
        """Remove checkpoints that no manifest names, and what a process that was killed has left half written."""
        named = {entry.file for entry in entries}
        for name in self._names():
            if _LEFTOVER.fullmatch(name) or (_NAME.fullmatch(name) and name not in named):
                with contextlib.suppress(OSError):  # it takes room, and does no other harm
                    os.unlink(self.path / name)

    def _names(self) -> Iterator[str]:
        try:
            yield from sorted(os.listdir(self.path))
        except FileNotFoundError:
            return
        except OSError as error:
            raise MissingFileError(f"cannot read the folder: {error.strerror}", where=self.path) from error


def _text(path: Path) -> str:
    found = existing_file(path, "manifest")
    try:
        with open(found, "rb") as file:
            raw = file.read(_LONGEST + 1)
        if len(raw) > _LONGEST:
            raise FormatError("the manifest is too long", expected=f"at most {_LONGEST} bytes", where=path)
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FormatError("the manifest is not UTF-8 text", where=path) from error
    except OSError as error:
        raise MissingFileError(f"the manifest cannot be read: {error.strerror}", where=path) from error


def _parsed(text: str, path: Path) -> Manifest:
    found = strict_json.loads(text, "the manifest", path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise FormatError("not a manifest of checkpoints", expected=f"format {FORMAT!r}", where=path)
    if type(found.get("version")) is not int or found["version"] != VERSION:
        got = repr(found.get("version"))[:40]
        fix = "Install the chainrule that wrote it"
        raise FormatError("a manifest of another version", expected=VERSION, got=got, where=path, fix=fix)
    run, listed = found.get("run"), found.get("checkpoints")
    if set(found) != {"format", "version", "run", "checkpoints"} or not isinstance(run, dict):
        raise FormatError("the manifest is malformed", expected="format, version, run, checkpoints", where=path)
    if not isinstance(listed, list) or len(listed) > _MOST:
        raise FormatError("the manifest's list of checkpoints is malformed", where=path)
    return Manifest(run, tuple(_entry(one, path) for one in listed))


def _entry(one: Any, path: Path) -> Entry:
    sound = isinstance(one, dict) and set(one) == {"file", "epoch", "step", "bytes", "sha256"}
    sound = sound and all(type(one[key]) is int and 0 <= one[key] < 2**63 for key in ("epoch", "step", "bytes"))
    sound = sound and all(isinstance(one[key], str) for key in ("file", "sha256"))
    if not sound or not _NAME.fullmatch(one["file"]) or not _SUM.fullmatch(one["sha256"]):
        raise FormatError("the manifest names a checkpoint that cannot be", got=repr(one)[:80], where=path)
    return Entry(**one)


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise MissingFileError(f"the checkpoint cannot be read: {error.strerror}", where=path) from error
    return digest.hexdigest()
