"""A save that dies at any moment leaves the old file or the new one."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest

import chainrule
from chainrule.files import atomic_write
from chainrule.interchange import safetensors

OLD = {"w": np.zeros(1000), "b": np.zeros(3, np.float32)}
NEW = {"w": np.ones(1000), "b": np.ones(3, np.float32)}


class FailingFile:
    """A file whose writes work until one of them writes half of what it got and reports a full disk."""

    def __init__(self, file: IO[bytes], writes: int) -> None:
        self.file, self.left = file, writes

    def write(self, data: bytes) -> int:
        if self.left == 0:
            self.file.write(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left -= 1
        return self.file.write(data)


def test_every_write_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.write(path, OLD)
    before = path.read_bytes()
    writes = 0
    while True:

        @contextmanager
        def failing(target: Path, writes: int = writes) -> Iterator[FailingFile]:
            with atomic_write(target) as file:
                yield FailingFile(file, writes)

        monkeypatch.setattr(safetensors, "atomic_write", failing)
        try:
            safetensors.write(path, NEW)
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - the loop ends when no error comes
            assert path.read_bytes() == before
            assert list(tmp_path.iterdir()) == [path]
            writes += 1
        else:
            break
    assert writes == 4  # the length, the header and two tensors
    np.testing.assert_array_equal(safetensors.read(path)[0]["w"], NEW["w"])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_flush_and_rename_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "model.safetensors"
    safetensors.write(path, OLD)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="Input/output"):
            safetensors.write(path, NEW)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "model.safetensors"
    safetensors.write(path, OLD)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            safetensors.write(path, NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


SAVE_FOR_EVER = """
import itertools, sys
import numpy as np
from chainrule.interchange import safetensors

for number in itertools.count():
    array = np.full(200_000, number, np.float32)
    safetensors.write(sys.argv[1], {"a": array, "b": array}, {"number": str(number)})
    if number == 1:
        print("saving", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_kill_in_the_middle_of_saves(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    environment = {**os.environ, "PYTHONPATH": str(Path(chainrule.__file__).parents[1])}
    rng = random.Random(7)
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", SAVE_FOR_EVER, str(path)], stdout=subprocess.PIPE, env=environment
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"saving\n"
            time.sleep(rng.uniform(0, 0.03))
            child.send_signal(signal.SIGKILL)
        tensors, metadata = safetensors.read(path)
        assert metadata["number"].isdigit()
        for name in ("a", "b"):
            assert tensors[name].shape == (200_000,)
            assert (tensors[name] == int(metadata["number"])).all()
