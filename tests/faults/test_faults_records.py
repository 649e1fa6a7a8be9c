"""Records of runs that fail or die at any operation, several writers at once, and processes that are killed."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

import chainrule as cr
from chainrule import files, nn
from chainrule.errors import ChainruleError
from chainrule.train import Runs
from chainrule.train.runs import folder as run_folder
from chainrule.train.runs.index import INDEX
from helpers.disks import Disk, Fault

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs the system calls of POSIX")

SOURCE = str(Path(__file__).parents[2] / "src")
X = np.random.default_rng(0).standard_normal((20, 3)).astype(np.float32)
MODULES = (files, run_folder)


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def fit(root: Path, epochs: int = 2) -> cr.History:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    return cr.fit(model, (X, X[:, :1]), epochs=epochs, seed=0, engine="eager", verbose=0, record=root)


def operations() -> list[tuple[str, str]]:
    """What a whole run does to files."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        disk = Disk(patch, modules=MODULES)
        fit(Path(folder))
        return disk.done


OPERATIONS = operations() if sys.platform != "win32" else []
EACH = range(1, len(OPERATIONS) + 1)
RENAMES = [i for i in EACH if OPERATIONS[i - 1][0] == "rename"]
BEGUN = RENAMES[0] if RENAMES else 0  # the operation by which the record comes to be
ENDED = max((i for i in EACH if OPERATIONS[i - 1] == ("rename", "run.json")), default=0)


def test_a_record_is_made_as_the_tests_below_think() -> None:
    kinds = [what for what, _ in OPERATIONS]
    assert [name for what, name in OPERATIONS if what == "rename"][1:] == [
        "history.json", "metrics.json", "model.safetensors", "run.json"
    ]  # fmt: skip
    before = OPERATIONS[: BEGUN - 1]
    assert [name for what, name in before if what == "open"] == ["configuration.json", "environment.json", "run.json"]
    assert sum(what == "fsync" for what, _ in before) == 4, "three files and their folder"
    assert kinds.count("fsync") == 4 + 1 + 2 * 4


def check(root: Path, status: str | None) -> None:
    """What others find: no record, or a sound one; and the next run leaves one, too."""
    runs = Runs(root)
    found = list(runs)
    assert runs.problems == {}
    assert [run.status for run in found] == ([] if status is None else [status])
    for run in found:
        assert run.configuration["settings"]["seed"] == 0
        assert run.environment["chainrule"] == cr.__version__
        if run.has_model:
            run.load()
        if (run.path / "history.json").exists():
            assert run.history.epochs == 2
    for path in root.glob(".*"):
        os.utime(path, (time.time() - 1000,) * 2)
    fit(root)
    assert len(Runs(root)) == len(found) + 1
    assert not [path.name for path in root.glob(".*")], "what was left half made is still there"


def failing(number: int, first: bool) -> Fault:
    def fail(half: Callable[[], Any], size: int) -> NoReturn:
        if not first:
            half()
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(("number", "first"), [(errno.ENOSPC, True), (errno.EIO, False)], ids=["undone", "half-done"])
@pytest.mark.parametrize("at", EACH)
def test_an_operation_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, number: int, first: bool
) -> None:
    """Before training it is an error that leaves nothing; after it a warning, and the numbers are not lost."""
    root, said = tmp_path / "runs", ""
    with monkeypatch.context() as patch, warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        Disk(patch, at, failing(number, first), MODULES)
        try:
            assert fit(root).epochs == 2
        except (OSError, ChainruleError) as error:
            said = str(error)
    noted = " ".join(str(one.message) for one in notes if issubclass(one.category, UserWarning))
    flushed = OPERATIONS[at - 1] == ("fsync", "/")
    if at <= BEGUN and not (flushed and not said):
        assert os.strerror(number) in said
        assert not noted
        # A rename that happened, though it said that it did not, has made the record.
        found = list(Runs(root))
        assert [run.status for run in found] == (["killed"] if at == BEGUN and not first else [])
        check(root, "killed" if found else None)
    else:
        assert not said
        lost = not (flushed and at <= BEGUN + 1)
        assert ("the record of this run is incomplete" in noted and os.strerror(number) in noted) == lost
        committed = not lost or at > ENDED or (at == ENDED and not first)
        check(root, "finished" if committed else "killed")


def dies(root: Path, at: int, first: bool) -> int:
    """Train in a process that is killed in the operation number `at`; returns the signal that ended it."""

    def kill(half: Callable[[], Any], size: int) -> None:
        if not first:
            half()
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:  # nothing of the test may run on here
        try:
            with pytest.MonkeyPatch.context() as patch:
                Disk(patch, at, kill, MODULES)
                fit(root)
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("first", [True, False], ids=["before", "amid"])
@pytest.mark.parametrize("at", EACH)
def test_kill_9(tmp_path: Path, at: int, first: bool) -> None:
    assert dies(tmp_path, at, first) == signal.SIGKILL
    if at < BEGUN or (at == BEGUN and first):
        check(tmp_path, None)
    else:
        check(tmp_path, "finished" if at > ENDED or (at == ENDED and not first) else "killed")


# --------------------------------------------------------------------------------------------- several writers

WRITER = f"""
import sys; sys.path.insert(0, {SOURCE!r})
import os; os.fsync = lambda handle: None
import numpy as np, chainrule as cr
from chainrule import nn
root, count = sys.argv[1], int(sys.argv[2])
X = np.random.default_rng(0).standard_normal((4, 2)).astype("float32")
print("begins", flush=True)
for i in range(count):
    history = cr.fit(nn.Linear(2, 1), (X, X[:, :1]), epochs=1, engine="eager", verbose=0, record=root)
    print(history.run.name, flush=True)
"""


def writer(root: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", WRITER, str(root), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def writers() -> Iterator[list[subprocess.Popen[str]]]:
    found: list[subprocess.Popen[str]] = []
    yield found
    for one in found:
        one.kill()
        one.communicate()


def rows(root: Path) -> int:
    connection = sqlite3.connect(root / INDEX)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize("lost", [False, True], ids=["", "index lost meanwhile"])
def test_four_processes_with_twenty_runs_each(tmp_path: Path, writers: list[subprocess.Popen[str]], lost: bool) -> None:
    writers += [writer(tmp_path, 20) for _ in range(4)]
    for one in writers:
        assert one.stdout is not None
        assert one.stdout.readline() == "begins\n"
    while any(one.poll() is None for one in writers):  # somebody looks on
        runs = Runs(tmp_path)
        assert all(run.status in ("running", "finished") for run in runs)
        assert runs.problems == {}
        if lost:
            (tmp_path / INDEX).unlink(missing_ok=True)
    names: list[str] = []
    for one in writers:
        out, errors = one.communicate(timeout=60)
        assert one.returncode == 0, errors
        names += out.split()
    assert len(set(names)) == 80
    runs = Runs(tmp_path)
    found = [run.to_dict() for run in runs]
    assert {run["id"] for run in found} == set(names)
    assert {run["status"] for run in found} == {"finished"}
    assert rows(tmp_path) == 80
    (tmp_path / INDEX).unlink()
    assert [run.to_dict() for run in Runs(tmp_path)] == found
    assert rows(tmp_path) == 80


def test_writers_that_are_killed(tmp_path: Path, writers: list[subprocess.Popen[str]]) -> None:
    """Whenever they are killed, also within SQLite: what is listed is sound, and nothing that ended is lost."""
    done: set[str] = set()
    for i in range(5):
        writers += [one := writer(tmp_path, 500)]
        assert one.stdout is not None
        done |= {one.stdout.readline().strip() for _ in range(3 + i)} - {"begins"}
        time.sleep(0.003 * i)
        one.kill()
        done |= {line for line in one.communicate()[0].split() if len(line) == 21} - {"begins"}
        runs = Runs(tmp_path)
        statuses = {run.id: run.status for run in runs}
        assert runs.problems == {}
        assert {statuses[name] for name in done} == {"finished"}
        assert set(statuses.values()) <= {"finished", "killed"}
        assert rows(tmp_path) == len(statuses)


def test_a_run_is_seen_running_and_then_killed(tmp_path: Path, writers: list[subprocess.Popen[str]]) -> None:
    slow = WRITER.replace("epochs=1,", "epochs=10**6, batch_size=1,")
    command = [sys.executable, "-c", slow, str(tmp_path), "1"]
    writers += [one := subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)]
    until = time.monotonic() + 60
    while not (found := list(Runs(tmp_path))):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert found[0].status == "running"
    while not (found[0].path / "history.json").exists():  # the curves so far
        assert time.monotonic() < until
        time.sleep(0.05)
    os.kill(one.pid, signal.SIGKILL)
    one.wait()
    run = Runs(tmp_path)["latest"]
    assert (run.status, run.ended) == ("killed", None)
    assert run.history["loss"]


# --------------------------------------------------------------------------------------------- no right to write


def as_nobody(do: Callable[[], None]) -> int:
    """Do something in a process without root's rights; returns its exit code."""
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            do()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("index", ["there", "stale", "gone"])
def test_a_folder_that_may_only_be_read(index: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "runs"
        first = fit(root).run
        if index == "gone":
            (root / INDEX).unlink()
        if index == "stale":
            assert first is not None
            os.utime(first / "run.json")

        def look() -> None:
            assert [run.path for run in Runs(root)] == [first]
            with pytest.raises(ChainruleError, match="Permission denied"):
                fit(root)

        Path(name).chmod(0o755)
        root.chmod(0o555)
        if os.geteuid():
            look()
        else:
            assert as_nobody(look) == 0
        root.chmod(0o755)
