"""Atomic writing under injected failures, and the search for a file that is not there."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chainrule.errors import ChainruleError, ConfigError, MissingFileError
from chainrule.files import atomic_write, existing_file, locked

# Not strict, since newer Pythons answer some of these paths by themselves.


def save(path: Path | str, content: bytes) -> None:
    with atomic_write(path) as file:
        file.write(content)


def failing_with(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")
    return path


def only_the_old_file(target: Path) -> bool:
    return target.read_bytes() == b"old" and list(target.parent.iterdir()) == [target]


# --------------------------------------------------------------------------------------------- success


def test_a_new_file(tmp_path: Path) -> None:
    save(tmp_path / "new.bin", b"content")
    assert (tmp_path / "new.bin").read_bytes() == b"content"
    assert [entry.name for entry in tmp_path.iterdir()] == ["new.bin"]


def test_replacing_a_file(target: Path) -> None:
    save(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("form", [str, Path])
def test_paths_in_both_forms(target: Path, form: Callable[[Path], Path | str]) -> None:
    save(form(target), b"new")
    assert target.read_bytes() == b"new"


def test_the_old_content_stands_until_the_end(target: Path) -> None:
    with atomic_write(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"


def test_the_file_is_flushed_before_it_is_renamed_and_the_folder_after(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    fsync, replace = os.fsync, os.replace

    def spying_fsync(handle: int) -> None:
        happened.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def spying_replace(source: Path, destination: Path) -> None:
        assert source.read_bytes() == b"new"
        happened.append("rename")
        replace(source, destination)

    monkeypatch.setattr(os, "fsync", spying_fsync)
    monkeypatch.setattr(os, "replace", spying_replace)
    save(target, b"new")
    assert happened == ["file", "rename"] + ["folder"] * (sys.platform != "win32")


def test_writers_at_the_same_time_do_not_mix(target: Path) -> None:
    contents = [bytes([number]) * 50_000 for number in range(8)]
    threads = [threading.Thread(target=save, args=(target, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() in contents
    assert list(target.parent.iterdir()) == [target]


# --------------------------------------------------------------------------------------------- failure


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt(), SystemExit(1)])
def test_an_exception_in_the_block_leaves_the_old_file(target: Path, error: BaseException) -> None:
    def interrupted() -> None:
        with atomic_write(target) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)) as caught:
        interrupted()
    assert caught.value is error
    assert only_the_old_file(target)


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failing_disk_leaves_the_old_file(
    target: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing_with(number))
        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            save(target, b"new")
    assert caught.value.errno == number
    assert only_the_old_file(target)
    save(target, b"new")
    assert target.read_bytes() == b"new"


def test_a_failing_flush_of_the_folder_is_no_failure(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        # Some network file systems cannot open folders; the rename has happened all the same.
        patch.setattr(os, "open", failing_with(errno.EINVAL))
        save(target, b"new")
    assert target.read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not flushed there")
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_while_the_folder_is_flushed_is_told(
    target: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing_with(number))
        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            save(target, b"new")
    assert caught.value.filename == str(target.parent)
    assert target.read_bytes() == b"new"


def test_a_failure_while_cleaning_up_does_not_hide_the_first(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", failing_with(errno.ENOSPC))
        patch.setattr(Path, "unlink", failing_with(errno.EIO))
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            save(target, b"new")
    assert target.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on the size of files")
def test_a_full_disk_during_the_writes(target: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)) as caught:
            save(target, b"x" * 200_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.filename == str(target)
    assert only_the_old_file(target)


def refused(path: Path | str) -> str:
    with pytest.raises(MissingFileError) as caught:
        save(path, b"new")
    assert isinstance(caught.value, ChainruleError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    message = refused(tmp_path / "missing" / "model.bin")
    assert message == (
        f"cannot write model.bin: No such file or directory (in {tmp_path / 'missing'}). Name a folder that is writable"
    )


def test_a_folder_that_is_a_file(target: Path) -> None:
    assert "cannot write x.bin" in refused(target / "x.bin")
    assert only_the_old_file(target)


def test_a_target_that_is_a_folder(tmp_path: Path) -> None:
    assert "a folder stands" in refused(tmp_path)
    assert "a folder stands" in refused("")


# The name of the temporary file is 14 characters longer than the target's own, of which most systems allow 255.
@pytest.mark.parametrize(
    "name",
    [
        "x" * 300,
        "a\0b",
    ],
)
def test_a_name_that_cannot_be(tmp_path: Path, name: str) -> None:
    assert "cannot write" in refused(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@contextlib.contextmanager
def permissions(path: Path, mode: int, denied: int) -> Iterator[None]:
    """Take away rights to `path` for a while; skip the test if this user keeps those `denied` all the same."""
    path.chmod(mode)
    try:
        if os.access(path, denied):
            pytest.skip("this user may read and write everything")
        yield
    finally:
        path.chmod(0o700)


def test_a_read_only_folder(target: Path) -> None:
    with permissions(target.parent, 0o500, os.W_OK):
        assert "Permission denied" in refused(target)
        assert only_the_old_file(target)


# --------------------------------------------------------------------------------------------- looking for a file


def test_a_file_that_exists(target: Path) -> None:
    assert existing_file(target) == existing_file(str(target)) == target


def test_the_home_folder(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(target.parent))
    monkeypatch.setenv("USERPROFILE", str(target.parent))
    assert existing_file("~/model.bin") == target


def missing(path: Path | str, kind: str = "file") -> str:
    with pytest.raises(MissingFileError) as caught:
        existing_file(path, kind)
    assert isinstance(caught.value, FileNotFoundError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_near_miss_is_offered(target: Path) -> None:
    near = target.with_name("modle.bin")
    assert missing(near, "model") == f"model does not exist: {near}. Did you mean {str(target)!r}?"


def test_nothing_near(target: Path) -> None:
    assert missing(target.with_name("zzz")).endswith("zzz. Check the name and the folder")
    assert missing(target.parent / "no folder" / "zzz").endswith("Check the name and the folder")


def test_a_folder_instead_of_a_file(tmp_path: Path) -> None:
    assert missing(tmp_path, "table") == f"expected a table, got a folder (in {tmp_path})"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a\0b",
        "x" * 5000,
        "~nobody-of-that-name/x",
    ],
)
def test_a_path_that_cannot_be(path: str) -> None:
    missing(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "got a device or pipe" in missing(tmp_path / "pipe")


def test_a_file_that_may_not_be_read(target: Path) -> None:
    with permissions(target, 0, os.R_OK):
        assert "permission denied" in missing(target)


def test_a_folder_that_may_not_be_listed(target: Path) -> None:
    with permissions(target.parent, 0o300, os.R_OK):
        missing(target.with_name("modle.bin"))


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "model.bin", tmp_path / "latest.bin"
    target.write_bytes(b"old")
    link.symlink_to(target)
    save(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_dangling_link_is_filled(tmp_path: Path) -> None:
    link = tmp_path / "latest.bin"
    link.symlink_to(tmp_path / "model.bin")
    save(link, b"new")
    assert (tmp_path / "model.bin").read_bytes() == b"new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "device or pipe" in refused(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


# --------------------------------------------------------------------------------------------- locks


def test_a_lock_is_held_by_one_and_is_free_after_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for _ in range(2):
        with locked(path, "the folder"):
            used = rf"the folder is in use by another run \(process {os.getpid()}\)"
            with pytest.raises(ConfigError, match=used), locked(path, "the folder"):
                raise AssertionError
            assert path.read_text() == f"{os.getpid()}\n"


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="broken"), locked(tmp_path / "lock", "it"):
        raise RuntimeError("broken")
    with locked(tmp_path / "lock", "it"):
        pass


def test_what_others_wrote_into_a_lock_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, "it"):
        path.write_text("\x1b[31m no number " * 100)
        with pytest.raises(ConfigError, match=r"^it is in use by another run \(in "), locked(path, "it"):
            raise AssertionError


@pytest.mark.parametrize("name", ["no-such-folder/lock", "a\0b", "."])
def test_a_lock_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingFileError, match="cannot write"), locked(tmp_path / name, "it"):
        raise AssertionError
