"""Which commit of a Git repository a program runs from, read from Git's own files.

The program ``git`` is not asked: it would run whatever the repository's configuration names (hooks, a file system
monitor), and need not be installed.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["commit_of"]

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH = re.compile(r"refs/[A-Za-z0-9_./+@-]{1,200}")
_LONGEST = 16 * 2**20


def commit_of(folder: Path) -> dict[str, str] | None:
    """Return the commit and the branch that are checked out where `folder` lies; None outside of repositories."""
    try:
        place = folder.resolve()
        found = next((one / ".git" for one in (place, *place.parents) if (one / ".git").exists()), None)
        return None if found is None else _head(_git_folder(found))
    except (OSError, ValueError, RuntimeError):
        return None


def _git_folder(path: Path) -> Path:
    """The folder itself, or the one that the file of a worktree or submodule names."""
    if path.is_dir():
        return path
    return (path.parent / _read(path).removeprefix("gitdir:").strip()).resolve()


def _head(folder: Path) -> dict[str, str] | None:
    head = _read(folder / "HEAD").strip()
    if _COMMIT.fullmatch(head):
        return {"commit": head}
    name = head.removeprefix("ref:").strip()
    if not _BRANCH.fullmatch(name) or ".." in name:
        return None
    common = folder / "commondir"
    shared = (folder / _read(common).strip()).resolve() if common.is_file() else folder
    commit = next((one for one in (_loose(folder, name), _loose(shared, name), _packed(shared, name)) if one), None)
    return None if commit is None else {"commit": commit, "branch": name.removeprefix("refs/heads/")}


def _loose(folder: Path, name: str) -> str | None:
    path = folder / name
    found = _read(path).strip() if path.is_file() else ""
    return found if _COMMIT.fullmatch(found) else None


def _packed(folder: Path, name: str) -> str | None:
    path = folder / "packed-refs"
    for line in _read(path).splitlines() if path.is_file() else ():
        commit, _, named = line.partition(" ")
        if named == name and _COMMIT.fullmatch(commit):
            return commit
    return None


def _read(path: Path) -> str:
    with open(path, "rb") as file:
        return file.read(_LONGEST).decode("utf-8", "replace")
