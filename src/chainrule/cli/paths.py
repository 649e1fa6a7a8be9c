"""Checks of files to be written, before the work whose result they take."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chainrule.errors import ChainruleError, ConfigError, MissingFileError
from chainrule.files import expanded

__all__ = [
    "check_is_no_input",
    "check_is_text",
    "check_may_become_model",
    "check_may_become_page",
    "check_may_become_picture",
    "check_writable",
    "make_folder",
]

_PAGES = {".html", ".htm", ""}
_NO_PICTURES = {".safetensors", ".csv", ".json", ".sqlite", ".npz"}
_NO_TEXT = {".xlsx", ".xls", ".xlsm", ".ods", ".parquet", ".pq", ".npz", ".npy", ".safetensors", ".zip", ".pdf"}


def check_writable(path: str | Path) -> Path:
    """Return `path` if a file can be written there: better to know before an hour of training than after it.

    Raises:
        MissingFileError: if the folder does not exist or cannot be written to, or a folder stands at `path`.
    """
    found = expanded(path)
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
    folder = expanded(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MissingFileError(
            f"cannot make the folder: {error.strerror}", where=folder, fix="Name another folder"
        ) from error
    return folder


def check_is_no_input(path: Path, *inputs: str | Path, option: str = "--out") -> None:
    """Let no output take the place of what it is made from, however the two are spelt.

    Args:
        path: the file to write.
        inputs: files that are read, and folders of IDX files.
        option: that names the file to write.

    Raises:
        ConfigError: if `path` is one of the inputs, or an IDX file in a folder that is one.
    """
    if not path.exists():
        return
    for source in inputs:
        found = expanded(source)
        if _is_same(found, path) or ("ubyte" in path.name and _is_same(found, path.parent)):
            raise ConfigError(
                f"{option} would overwrite what is read", got=str(path), fix=f"Name another file with {option}"
            )


def check_is_text(path: Path) -> None:
    """Refuse to write text under a name that promises something else.

    Raises:
        ConfigError: for the suffix of a workbook, a model or an array file.
    """
    if path.suffix.lower() in _NO_TEXT:
        raise ConfigError(
            f"predictions are written as text, not as {path.suffix}", fix=f"Write {path.with_suffix('.csv').name}"
        )


def _is_same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def check_may_become_page(path: Path, option: str = "--out") -> None:
    """Let a page replace nothing that is not a page: a model, or somebody's data.

    Args:
        path: the file to write.
        option: that names it.

    Raises:
        ConfigError: if something else stands at `path`, or its suffix promises something else.
    """
    if path.exists() and not (path.is_file() and not path.stat().st_size) and not _is_page(path):
        raise ConfigError(
            f"{path} exists and is no page, so it is not overwritten", fix=f"Name another file with {option}"
        )
    if path.suffix.lower() not in _PAGES:
        raise ConfigError(f"pages are written as HTML, not as {path.suffix}", fix=f"Write {path.stem}.html")


def check_may_become_picture(path: Path) -> Path:
    """Return `path` unless a model or data stand there, going by the name.

    Raises:
        ConfigError: for a suffix that no picture has.
    """
    if path.suffix.lower() in _NO_PICTURES:
        raise ConfigError(f"pictures are not written as {path.suffix}", fix=f"Write {path.stem}.png")
    return path


def _is_page(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(200).lstrip().lower().startswith((b"<!doctype html", b"<html"))
    except OSError:
        return False


def check_may_become_model(path: Path) -> None:
    """Let a model replace nothing but another model of ours, or an empty file.

    Raises:
        ConfigError: if something else stands at `path`.
    """
    from chainrule.interchange import bundle, safetensors

    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return
    try:
        ours = path.is_file() and safetensors.read_header(path).metadata.get("format") == bundle.FORMAT
    except (ChainruleError, OSError):
        ours = False
    if not ours:
        raise ConfigError(
            f"{path} exists and is not a chainrule model, so it is not overwritten", fix="Name another file with --out"
        )
