"""Files that are cut off, changed, swapped for something else, or made to exhaust: one clear line of ours, or a value.

`helpers.doors` lists every way in; tests/fuzz looks behind the same doors for longer.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import data, nn
from chainrule.errors import ChainruleError, MissingFileError
from chainrule.interchange import nested, pickles, read, safetensors
from chainrule.train import Checkpoints
from helpers.bombs import BOMBS
from helpers.doors import DOORS

ROOT = Path(__file__).resolve().parents[2]
SLOW = {"checkpoint", "checkpoint-state", *(name for name in DOORS if name.startswith("run-"))}  # they train, or index
DAMAGED = sorted(set(DOORS) - {"import-hdf5"})
"""The library below h5py hangs or dies on damaged files, which no code around it in the same process can help."""
CHECKED = {
    "model",
    "safetensors",
    "nested",
    "checkpoint",
    "manifest",
    "idx",
    "npz",
    "npz-array",
    "import-torch",
    "pickle",
}
"""Here what is cut off cannot be taken for something shorter, or be gone round."""


@functools.cache
def seeds(name: str) -> list[bytes]:
    found = DOORS[name].seeds()
    return sorted(found, key=len)


def opens(name: str, content: bytes, folder: Path) -> bool:
    """Whether the content is taken; if not, it is refused in one line."""
    try:
        DOORS[name].open(content, folder)
    except ChainruleError as error:
        message = str(error)
        assert "\n" not in message, message
        assert 10 < len(message) < 2000, message
        return False
    return True


@pytest.mark.parametrize("name", DOORS)
def test_sound_files_are_opened(name: str, tmp_path: Path) -> None:
    if not seeds(name):
        pytest.skip(f"the package that writes {name} files is not here: not tested")
    assert all(opens(name, content, tmp_path) for content in seeds(name))


@pytest.mark.parametrize("name", DOORS)
def test_cut_off_anywhere(name: str, tmp_path: Path) -> None:
    """At every byte, where files are short; the larger ones at some hundred places."""
    for content in seeds(name)[:2]:
        most = 40 if name in SLOW else 100 if len(content) > 5000 else 300
        lengths = sorted({0, *np.linspace(0, len(content) - 1, min(len(content), most)).astype(int).tolist()})
        taken = [length for length in lengths if opens(name, content[:length], tmp_path)]
        if name == "checkpoint":  # the one before it is gone back to
            assert len(taken) == len(lengths)
        elif name in CHECKED:
            assert not taken
        else:
            assert len(taken) < len(lengths) or name.startswith("run-")  # which are listed without what is damaged


@pytest.mark.parametrize("name", DAMAGED)
def test_bytes_that_changed(name: str, tmp_path: Path) -> None:
    """One byte after the other, in one of several ways; inserted and left out, too."""
    changes: list[Callable[[int], bytes]] = [
        lambda old: bytes([old ^ 0xFF]), lambda old: bytes([old ^ 1]), lambda old: bytes([old ^ 0x80]),
        lambda old: b"", lambda old: b"\0", lambda old: b"9", lambda old: bytes([old, old]), lambda old: b"-",
    ]  # fmt: skip
    for content in seeds(name)[:2]:
        most = 40 if name in SLOW else 100 if len(content) > 5000 else 250
        places = np.linspace(0, len(content) - 1, min(len(content), most)).astype(int).tolist()
        for number, place in enumerate(places):
            change = changes[number % len(changes)](content[place])
            opens(name, content[:place] + change + content[place + 1 :], tmp_path)


@functools.cache
def smallest(folder: Path) -> bytes:
    nn.Sequential(nn.Linear(1, 1)).save(folder / "smallest")
    return (folder / "smallest").read_bytes()


def test_every_byte_of_a_model_in_every_way(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    content = smallest(folder)
    for place, old in enumerate(content):
        for new in {old ^ (1 << bit) for bit in range(8)} | {0, 255, old ^ 255, ord("9"), ord('"'), ord("}")}:
            opens("model", content[:place] + bytes([new]) + content[place + 1 :], folder)


@pytest.mark.parametrize("name", sorted(set(DAMAGED) - SLOW))
def test_files_spliced_at_random(name: str, tmp_path: Path) -> None:
    if not seeds(name):
        pytest.skip(f"the package that writes {name} files is not here: not tested")

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(st.data())
    def splice(drawn: st.DataObject) -> None:
        content = drawn.draw(st.sampled_from(seeds(name)))
        for _ in range(drawn.draw(st.integers(1, 4))):
            start = drawn.draw(st.integers(0, len(content)))
            stop = drawn.draw(st.integers(start, min(start + 16, len(content))))
            piece = drawn.draw(st.binary(max_size=12) | st.sampled_from(PIECES))
            content = content[:start] + piece + content[stop:]
        opens(name, content, tmp_path)

    splice()


PIECES = [
    b"-1", b"1e999", b"NaN", b"Infinity", b"9" * 40, b"../../etc/passwd", b'"\\ud800"', b"null", b"true", b"[" * 500,
    b'{"a":' * 500, b"\xff" * 8, b"\0" * 8, b"\x7f" * 8, b"\xff\xff\xff\x7f", b'"' * 3, b"\n" * 5, b",,,,", b"\x80\x04",
]  # fmt: skip


# Names and places ----------------------------------------------------------------------------------------------------


OPENERS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "load": (cr.load, "a.safetensors"),
    "read": (read, "a.pkl"),
    "pickles": (pickles.load, "a.pkl"),
    "safetensors": (safetensors.read, "a.safetensors"),
    "nested": (nested.load, "a.pt"),
    **{
        f"data {name}": (data.read, name)
        for name in ("a.csv", "a.tsv", "a.txt", "a.csv.gz", "a.parquet", "a.npz", "a.idx", "a-idx3-ubyte", "a.gz")
    },
    "manifest": (lambda path: Checkpoints(path.parent).epochs, "manifest.json"),
}


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_loop(path: Path) -> None:
    path.with_name("other").symlink_to(path)
    path.symlink_to("other")


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def a_socket(path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.fspath(path))


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links")
@pytest.mark.parametrize("make", [a_folder, a_pipe, a_device, a_loop, a_link_to_nothing, a_socket])
@pytest.mark.parametrize("name", OPENERS)
def test_what_is_no_file(name: str, make: Callable[[Path], None], tmp_path: Path) -> None:
    """A pipe would wait for ever, a device never end."""
    opener, file = OPENERS[name]
    make(tmp_path / file)
    with pytest.raises(MissingFileError) as caught:
        opener(tmp_path / file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in OPENERS if name != "manifest"])
def test_paths_that_cannot_be(name: str, tmp_path: Path) -> None:
    opener, file = OPENERS[name]
    for path in (tmp_path / ("x" * 300 + file), tmp_path / ("a\0" + file), tmp_path / file / file):
        with pytest.raises(MissingFileError) as caught:
            opener(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["../escaped", "/tmp/escaped", "..\\escaped", "a/../../escaped", "~/escaped", "C:escaped"]
)
def test_names_in_files_are_never_paths(name: str, tmp_path: Path) -> None:
    """Tensors, layers and entries of archives may be called what they like; nothing is written there."""
    inner = tmp_path / "inner"
    inner.mkdir()
    tensors = {f"{name}.weight": np.ones((2, 3), np.float32)}
    safetensors.write(inner / "a.safetensors", tensors, {name: "x"})
    assert set(safetensors.read(inner / "a.safetensors")[0]) == set(tensors)
    from helpers.doors import npy_file, torch_file, zipped

    for content in (
        zipped({f"{name}/data.pkl": b"}.", f"{name}/data/0": b""}), torch_file(storages={name: b"x"}),
        zipped({f"{name}.npy": npy_file(np.ones(3)), "x.npy": npy_file(np.ones((2, 2)))}),
    ):  # fmt: skip
        for file in ("a.pt", "a.npz"):
            (inner / file).write_bytes(content)
        for opener, file in ((read, "a.pt"), (data.read, "a.npz")):
            with contextlib.suppress(ChainruleError):
                opener(inner / file)
    assert {path.name for path in tmp_path.rglob("*")} == {"inner", "a.safetensors", "a.pt", "a.npz"}
    assert not Path("/tmp/escaped").exists()


# Files that are made to exhaust --------------------------------------------------------------------------------------

# They are made outside of the limit, and opened inside of it.
BOUNDED = """
import json, resource, sys, time
sys.path[:0] = {paths!r}
from pathlib import Path
from chainrule.errors import ChainruleError
from helpers.doors import DOORS, books
door, folder = DOORS[sys.argv[1]], Path(sys.argv[2])
door.open(books()[2] if sys.argv[1] == "import" else door.seeds()[0], folder)  # imports what is needed
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
for file in sys.argv[3:]:
    content = (folder / file).read_bytes()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2 * len(content) + {room}, -1))
    began, said = time.process_time(), "it was taken"
    try:
        door.open(content, folder)
    except ChainruleError as error:
        said = f"{{type(error).__name__}}: {{error}}"
    del content
    print(json.dumps([said, time.process_time() - began]), flush=True)
"""
ROOM = 400 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the address space")
@pytest.mark.parametrize("door", sorted({door for door, _ in BOMBS.values()}))
def test_files_made_to_exhaust(door: str, tmp_path: Path) -> None:
    if door == "parquet":
        pytest.importorskip("pyarrow")
    names = [name for name, (its, _) in BOMBS.items() if its == door]
    files = [f"bomb-{number}" for number in range(len(names))]
    for name, file in zip(names, files, strict=True):
        (tmp_path / file).write_bytes(BOMBS[name][1]())
    script = BOUNDED.format(paths=[str(ROOT / "src"), str(ROOT / "tests")], room=ROOM)
    command = [sys.executable, "-c", script, door, str(tmp_path), *files]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lines = found.stdout.splitlines()
    assert not found.returncode, f"{names[len(lines) :][:1]}: {found.stderr[-2000:]}"
    for name, (said, seconds) in zip(names, map(json.loads, lines), strict=True):
        assert said.startswith(("FormatError: ", "DataError: ")), f"{name}: {said}"
        assert "memory" not in said.lower(), f"{name}: it was refused for the limit alone"
        assert seconds < 10, name
