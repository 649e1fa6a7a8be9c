"""A checkpoint's save that fails at any of its operations leaves the old state or the new one, never neither.

Every system call that a save makes on a file goes through here and is counted.  For each N the N-th one fails, or the
process dies in it; what a new process then finds is compared with what was saved.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from chainrule import files
from chainrule.errors import ChainruleError
from chainrule.train.checkpoint_folder import Entry, Folder
from chainrule.train.checkpoint_values import pack, unpack
from helpers.disks import Disk, Fault, Happening

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the system calls of POSIX")

RUN = {"seed": 1}


def state(number: int) -> dict[str, Any]:
    """One of several states that cannot be mistaken for each other."""
    return {"epoch": number, "weights": np.full((300, 20), float(number)), "bias": np.arange(7) + number}


def save(folder: Folder, number: int, kept: tuple[Entry, ...], most: int = 2) -> tuple[Entry, ...]:
    text, arrays = pack(state(number))
    return folder.save(RUN, kept[-(most - 1) :] if most > 1 else (), number, number, text, arrays)


def no_snapshot(*_: object) -> NoReturn:
    raise AssertionError


def found(path: Path) -> int:
    """The number of the state that a new process finds; all of it has to be there."""
    folder = Folder(path)
    with folder.held():
        manifest = folder.manifest()
        assert manifest is not None
        folder.sweep(manifest.entries)
        entry, packed, arrays = folder.newest(manifest)
        assert manifest.entries[-1] == entry, "the newest checkpoint is damaged"
        loaded = unpack(packed, arrays, no_snapshot)
    expected = state(entry.epoch)
    assert loaded["epoch"] == expected["epoch"]
    for name in ("weights", "bias"):
        np.testing.assert_array_equal(loaded[name], expected[name])
    names = {one.name for one in path.iterdir()} - {"lock", "manifest.json"}
    assert names == {one.file for one in manifest.entries}, "a save left something behind"
    return entry.epoch


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, tuple[Entry, ...]]:
    """A folder with the states 1 and 2; the next save will drop 1."""
    folder = Folder(tmp_path)
    with folder.held():
        entries = save(folder, 2, save(folder, 1, ()))
    return tmp_path, entries


def operations() -> list[Happening]:
    """What a save does, in its order."""
    import tempfile

    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Folder(name)
        with folder.held():
            entries = save(folder, 2, save(folder, 1, ()))
            disk = Disk(patch)
            save(folder, 3, entries)
    return disk.done


OPERATIONS = operations() if sys.platform != "win32" else []
EACH = range(1, len(OPERATIONS) + 1)
COMMIT = OPERATIONS.index(("rename", "manifest.json")) + 1 if OPERATIONS else 0


def test_a_save_is_what_the_tests_below_think_it_is() -> None:
    kinds = [what for what, _ in OPERATIONS]
    assert kinds.count("open") == kinds.count("rename") == 2
    assert kinds.count("fsync") == 4
    assert kinds.count("write") >= 3
    assert kinds.count("unlink") == 1
    assert OPERATIONS.count(("rename", "manifest.json")) == 1, "one commit point"


def test_nothing_is_named_before_it_is_on_the_disk() -> None:
    """After a power cut only what was flushed is there: content before its name, a file before the manifest."""
    content, name = "checkpoint-00000003.safetensors", "manifest.json"
    order = [one for one in OPERATIONS if one[0] != "write"]
    assert order == [
        ("open", f".{content}.tmp"),
        ("fsync", f".{content}.tmp"),
        ("rename", content),
        ("fsync", "/"),
        ("open", f".{name}.tmp"),
        ("fsync", f".{name}.tmp"),
        ("rename", name),
        ("fsync", "/"),
        ("unlink", "checkpoint-00000001.safetensors"),
    ]
    for file in (content, name):
        writes = [i for i, one in enumerate(OPERATIONS) if one == ("write", f".{file}.tmp")]
        assert writes
        assert max(writes) < OPERATIONS.index(("fsync", f".{file}.tmp"))


def failing(number: int, first: bool) -> Fault:
    """An operation that fails with an error number: having done nothing, or (half of) its work."""

    def fail(half: Callable[[], Any], size: int) -> NoReturn:
        if not first:
            half()
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("first", [True, False], ids=["undone", "half-done"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
@pytest.mark.parametrize("at", EACH)
def test_an_operation_that_fails(
    saved: tuple[Path, tuple[Entry, ...]], monkeypatch: pytest.MonkeyPatch, at: int, number: int, first: bool
) -> None:
    path, entries = saved
    folder = Folder(path)
    with folder.held(), monkeypatch.context() as patch:
        Disk(patch, at, failing(number, first))
        if OPERATIONS[at - 1][0] == "unlink":  # room that is not given back harms nobody
            save(folder, 3, entries)
        else:
            with pytest.raises((OSError, ChainruleError)) as caught:
                save(folder, 3, entries)
            assert os.strerror(number) in str(caught.value)
    committed = at > COMMIT or (at == COMMIT and not first)
    assert found(path) == (3 if committed else 2)
    with folder.held():  # and the next save works
        save(folder, 4, entries)
    assert found(path) == 4


@pytest.mark.parametrize("at", [i for i in EACH if OPERATIONS[i - 1][0] == "write"])
def test_a_short_write_is_gone_on_with(
    saved: tuple[Path, tuple[Entry, ...]], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    path, entries = saved
    folder = Folder(path)
    with folder.held(), monkeypatch.context() as patch:
        Disk(patch, at, lambda half, size: half())
        save(folder, 3, entries)
    assert found(path) == 3


@pytest.mark.parametrize(
    "at", [i for i in EACH if OPERATIONS[i - 1] == ("write", ".checkpoint-00000003.safetensors.tmp")]
)
def test_a_write_that_lies_is_noticed(
    saved: tuple[Path, tuple[Entry, ...]], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """The disk says that it wrote all, and did not: the checksum is of what was meant, so the older state is found."""
    path, entries = saved
    folder = Folder(path)

    def lie(half: Callable[[], Any], size: int) -> int:
        half()
        return size

    with folder.held(), monkeypatch.context() as patch:
        Disk(patch, at, lie)
        save(folder, 3, entries)
    manifest = folder.manifest()
    assert manifest is not None
    assert manifest.entries[-1].epoch == 3
    with pytest.warns(UserWarning, match="its checksum is not the manifest's"):
        assert folder.newest(manifest)[0].epoch == 2


def dies(at: int, path: Path, entries: tuple[Entry, ...], first: bool, number: int = 3) -> int:
    """Save in a process that is killed in the operation number `at`; returns the signal that ended it."""

    def kill(half: Callable[[], Any], size: int) -> None:
        if not first:
            half()
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:  # nothing of the test may run on here
        try:
            folder = Folder(path)
            with folder.held(), pytest.MonkeyPatch.context() as patch:
                Disk(patch, at, kill)
                save(folder, number, entries)
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("first", [True, False], ids=["before", "amid"])
@pytest.mark.parametrize("at", EACH)
def test_kill_9(saved: tuple[Path, tuple[Entry, ...]], at: int, first: bool) -> None:
    path, entries = saved
    assert dies(at, path, entries, first) == signal.SIGKILL
    committed = at > COMMIT or (at == COMMIT and not first)
    assert found(path) == (3 if committed else 2)
    with Folder(path).held():  # the dead process does not hold the lock
        save(Folder(path), 4, entries)
    assert found(path) == 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("first", [True, False], ids=["before", "amid"])
def test_kill_9_in_the_first_save_of_all(tmp_path: Path, first: bool) -> None:
    for at in EACH[:-1]:  # there is nothing to unlink yet
        path = tmp_path / str(at)
        assert dies(at, path, (), first, number=0) == signal.SIGKILL
        if at < COMMIT or (at == COMMIT and first):
            assert Folder(path).manifest() is None
            with Folder(path).held():
                save(Folder(path), 1, ())
            assert found(path) == 1
        else:
            assert found(path) == 0


@pytest.fixture(autouse=True)
def _no_fault_survives() -> Iterator[None]:
    before = os.fsync, os.replace, os.unlink, Path.unlink
    yield
    assert (os.fsync, os.replace, os.unlink, Path.unlink) == before
    assert "open" not in vars(files)
