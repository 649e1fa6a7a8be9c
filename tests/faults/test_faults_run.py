"""Whole runs in processes of their own: killed, told to end, out of room, or two in one folder."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.engines import native_build
from chainrule.errors import ChainruleError, ConfigError, MissingFileError
from chainrule.files import locked
from chainrule.train import Checkpoints

SOURCE = str(Path(__file__).parents[2] / "src")
_no_native = pytest.mark.skipif(native_build.load().module is None, reason="the native engine is not built")
ENGINES = ["eager", pytest.param("native", marks=_no_native)]
_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")

# Prints a line at the start of each epoch, and at the end a checksum of everything.
CHILD = f"""
import sys; sys.path.insert(0, {SOURCE!r})
import hashlib, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, chainrule as cr
from chainrule import nn, train
engine, folder, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
X = np.random.default_rng(0).standard_normal((600, 5)).astype("float32"); y = (X[:, 0] > X[:, 1]).astype(int)
class Telling(train.Callback):
    def on_epoch_begin(self, epoch):
        print("epoch", epoch, flush=True)
        time.sleep(0.01)  # so that the run cannot be over before a busy parent has sent its signal
class Slow(nn.Module):
    keeps_shape = True
    def forward(self, x):
        time.sleep(0.0005 * self.training)
        return x
cr.manual_seed(0)
slow = [Slow()] if engine == "eager" else []
model = nn.Sequential(nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), *slow, nn.Linear(16, 2))
history = cr.fit(
    model, (X, y), epochs=epochs, batch_size=16, validation=0.2, schedule="cosine", seed=7, engine=engine, verbose=0,
    callbacks=[train.EarlyStopping(patience=500), Telling()],
    checkpoint=None if folder == "-" else train.Checkpoints(folder, every=1), resume=folder != "-",
)
digest = hashlib.sha256(repr((dict(history), history.best_epoch)).encode())
for path, value in model.state_dict().items():
    digest.update(path.encode() + value._data.tobytes())
print("interrupted" if history.stopped else digest.hexdigest(), flush=True)
"""


@contextlib.contextmanager
def running(engine: str, folder: Path | str, epochs: int = 24) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", CHILD, engine, str(folder), str(epochs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def to_the_end(engine: str, folder: Path | str) -> tuple[str, int]:
    """What the run came to, and the epoch that it began with."""
    with running(engine, folder) as child:
        out, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    lines = out.split("\n")
    return lines[-2], int(lines[0].removeprefix("epoch "))


@pytest.fixture(scope="module", params=ENGINES)
def whole(request: pytest.FixtureRequest) -> tuple[str, str]:
    """An engine, and what a run that nothing disturbs comes to with it."""
    return request.param, to_the_end(request.param, "-")[0]


def end(engine: str, folder: Path, at: int, number: int, delay: float) -> str:
    """Send a signal within an epoch; returns what the run still said after it."""
    with running(engine, folder) as child:
        assert child.stdout is not None
        while (line := child.stdout.readline()) != f"epoch {at}\n":
            assert line.startswith("epoch"), "the run was over too soon"
        time.sleep(delay)
        os.kill(child.pid, number)
        out, errors = child.communicate(timeout=60)
    assert "Traceback" not in errors
    return out.split("\n")[-2] if child.returncode == 0 else f"signal {-child.returncode}"


@_posix
def test_killed_again_and_again_within_epochs(whole: tuple[str, str], tmp_path: Path) -> None:
    engine, expected = whole
    for at, delay in ((1, 0.0), (3, 0.012), (6, 0.018), (9, 0.015)):
        assert end(engine, tmp_path, at, signal.SIGKILL, delay) == f"signal {signal.SIGKILL:d}"
        saved = Checkpoints(tmp_path).epochs
        assert saved is not None
        assert saved >= at
    found, began = to_the_end(engine, tmp_path)
    assert found == expected
    assert began >= 9


@_posix
def test_sigterm_within_an_epoch(whole: tuple[str, str], tmp_path: Path) -> None:
    engine, expected = whole
    assert end(engine, tmp_path, 4, signal.SIGTERM, 0.013) == f"signal {signal.SIGTERM:d}"
    assert to_the_end(engine, tmp_path)[0] == expected


@_posix
def test_ctrl_c_within_an_epoch(whole: tuple[str, str], tmp_path: Path) -> None:
    """The run ends by itself, with its best parameters; the checkpoint is of before that, and goes on from there."""
    engine, expected = whole
    assert end(engine, tmp_path, 4, signal.SIGINT, 0.013) == "interrupted"
    found, began = to_the_end(engine, tmp_path)
    assert found == expected
    assert 4 <= began < 24


# --------------------------------------------------------------------------------------------- two runs


def fit(folder: Path, **options: Any) -> cr.History:
    X = np.random.default_rng(0).standard_normal((20, 3))
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 40), nn.Tanh(), nn.Linear(40, 1))
    usual: dict[str, Any] = {"epochs": 3, "seed": 0, "verbose": 0, "engine": "eager"}
    return cr.fit(model, (X, X[:, 0]), checkpoint=Checkpoints(folder, every=1), **{**usual, **options})


@_posix
def test_two_runs_in_one_folder(tmp_path: Path) -> None:
    with running("eager", tmp_path, epochs=400) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(ConfigError, match=rf"in use by another run \(process {child.pid}\).*Wait for it"):
            fit(tmp_path, resume=True)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    with pytest.raises(ConfigError, match="of another run"):  # the lock is free, and the run is still that one's
        fit(tmp_path, resume=True)


def test_two_runs_in_one_process(tmp_path: Path) -> None:
    class Second(cr.train.Callback):
        def on_epoch_begin(self, epoch: int) -> None:
            with pytest.raises(ConfigError, match=rf"in use by another run \(process {os.getpid()}\)"):
                fit(tmp_path, resume=True)

    fit(tmp_path, callbacks=[Second()])


def test_the_lock_is_free_after_a_run_that_failed(tmp_path: Path) -> None:
    def fail(epoch: int, logs: Any) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fit(tmp_path, callbacks=[cr.train.LambdaCallback(on_epoch_end=fail)])
    assert fit(tmp_path, resume=True, callbacks=[cr.train.LambdaCallback()]).epochs == 3


@_posix
def test_a_child_process_that_lives_on_does_not_hold_the_lock(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with locked(tmp_path / "lock", "it"):
        child = os.fork()
        if not child:
            os.close(writing)
            os.read(reading, 1)  # until the parent closes its end
            os._exit(0)
    try:
        with locked(tmp_path / "lock", "it"):
            pass
    finally:
        os.close(writing)
        os.close(reading)
        os.waitpid(child, 0)


@_posix
def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def refuse(handle: int, what: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(MissingFileError, match=r"cannot lock .*a disk of this machine"):
        fit(tmp_path)


# --------------------------------------------------------------------------------------------- no room, no right


@_posix
def test_a_folder_that_is_read_only() -> None:
    """Root may write everywhere, and becomes nobody for this test, in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        fit(folder)
        folder.chmod(0o500)
        (folder / "lock").chmod(0o400)
        if os.geteuid():
            check_read_only(folder)
        else:
            Path(name).chmod(0o755)
            folder.chmod(0o555)
            (folder / "lock").chmod(0o444)
            assert as_nobody(lambda: check_read_only(folder)) == 0
        folder.chmod(0o700)


def check_read_only(folder: Path) -> None:
    with pytest.raises(MissingFileError, match="cannot write lock: Permission denied"):
        fit(folder, resume=True)
    with pytest.raises(MissingFileError, match="cannot make the folder"):
        fit(folder / "inner")
    with pytest.raises(MissingFileError, match="Permission denied"):
        nn.Linear(2, 2).save(folder / "model.safetensors")


def as_nobody(do: Callable[[], None]) -> int:
    """Do something without any rights; returns 0 if it worked."""
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            do()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can become nobody")
def test_as_nobody_can_fail(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert as_nobody(lambda: (tmp_path / "x").write_text("x") and None) == 1
    assert not (tmp_path / "x").exists()


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system of its own; skips the test where that is not allowed."""
    tool = shutil.which("mount")
    if sys.platform != "linux" or tool is None:
        pytest.skip("no file system can be mounted here: a full disk and a read-only one not tested")
    made = subprocess.run([tool, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no file system may be mounted here: a full disk and a read-only one not tested")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_file_system_that_is_read_only(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=1m"):
        fit(tmp_path / "run")
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(MissingFileError, match="cannot write lock: Read-only file system"):
            fit(tmp_path / "run", resume=True)
        with pytest.raises(MissingFileError, match="cannot make the folder for checkpoints: Read-only file system"):
            fit(tmp_path / "other")


def test_a_full_disk(tmp_path: Path) -> None:
    """Whatever the size of the disk: a run that runs out of room leaves a state, and goes on when there is room."""
    expected = dict(fit(tmp_path / "whole"))
    disk = tmp_path / "disk"
    disk.mkdir()
    failures: list[str] = []
    for pages in range(1, 18, 2):
        with mounted(disk, f"size={4 * pages}k"):
            folder = disk / "run"
            try:
                fit(folder)
            except (OSError, ChainruleError) as error:
                failures.append(str(error))
            shutil.copytree(folder, tmp_path / f"rescued-{pages}")
        assert dict(fit(tmp_path / f"rescued-{pages}", resume=True)) == expected
    assert len(failures) > 2, "the disks were not small enough to test anything"
    assert all(os.strerror(errno.ENOSPC) in failure for failure in failures), failures


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on the size of files")
def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """The same without a file system of its own: the curves grow until the limit is reached."""
    import resource

    expected = dict(fit(tmp_path / "whole", epochs=30))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    fit(tmp_path / "run", epochs=1)
    limit = max(path.stat().st_size for path in (tmp_path / "run").iterdir()) + 400
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            fit(tmp_path / "run", epochs=30, resume=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    saved = Checkpoints(tmp_path / "run").epochs
    assert saved is not None
    assert 1 < saved < 30
    assert dict(fit(tmp_path / "run", epochs=30, resume=True)) == expected
