"""Image sets: real ones from a folder, made-up ones over HTTP from this very machine."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import images, load
from chainrule.data.download import RemoteFile, fetch
from chainrule.errors import DownloadError, FormatError, MissingFileError


@pytest.mark.parametrize(("name", "first"), [("fashion-mnist", 9), ("mnist", 5)])
def test_the_real_ones(data_folder: Path, name: str, first: int) -> None:
    splits = load(name, download=False)
    train, test = splits
    assert train.inputs.shape == (60_000, 28, 28)
    assert test.inputs.shape == (10_000, 28, 28)
    assert train.inputs.dtype == np.uint8
    assert train.targets.dtype == np.int64
    x, y = train[0]
    assert y == first
    assert x.dtype == np.float32
    assert x.min() >= 0
    assert x.max() == 1.0
    if name == "fashion-mnist":
        assert np.bincount(train.targets).tolist() == [6000] * 10
        assert splits.classes[9] == "Ankle boot"
    assert len(load(name, folder=data_folder).test) == len(load(name, folder=data_folder / name).test) == 10_000


FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


class Server(http.server.ThreadingHTTPServer):
    """Serves `content` by path; understands ranges, and can break off, ignore ranges or fail."""

    daemon_threads = True
    content: dict[str, bytes]
    asked: list[tuple[str, str | None]]
    break_after: int | None = None
    ranges = True
    failures = 0


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        if self.server.failures:
            self.server.failures -= 1
            self.send_error(503)
            return
        body = self.server.content.get(self.path)
        if body is None:
            self.send_error(404)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.ranges else 0
        if wanted and start >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        sent = body[start:]
        if self.server.break_after is not None:
            sent, self.server.break_after = sent[: self.server.break_after], None
        self.wfile.write(sent)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = Server(("127.0.0.1", 0), Handler)
    running.content, running.asked = {}, []
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


PLAIN = np.random.default_rng(0).bytes(300_000)
PACKED = gzip.compress(PLAIN)
FILE = RemoteFile("a.gz", hashlib.sha256(PLAIN).hexdigest(), len(PLAIN))


def test_fetches_with_progress(server: Server, tmp_path: Path) -> None:
    server.content["/a.gz"] = PACKED
    seen: list[tuple[str, int, int]] = []
    path = fetch(address(server), FILE, tmp_path / "new", lambda *report: seen.append(report))
    assert path.read_bytes() == PACKED
    assert [p.name for p in path.parent.iterdir()] == ["a.gz"]
    assert seen[-1] == ("a.gz", len(PACKED), len(PACKED))
    assert len(seen) > 2
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_goes_on_after_a_broken_connection(server: Server, tmp_path: Path) -> None:
    server.content["/a.gz"], server.break_after = PACKED, 100_000
    assert fetch(address(server), FILE, tmp_path).read_bytes() == PACKED
    assert [wanted for _, wanted in server.asked] == [None, "bytes=100000-"]


@pytest.mark.parametrize("ranges", [True, False])
def test_goes_on_from_an_earlier_run(server: Server, tmp_path: Path, ranges: bool) -> None:
    server.content["/a.gz"], server.ranges = PACKED, ranges
    (tmp_path / "a.gz.part").write_bytes(PACKED[:1000])
    assert fetch(address(server), FILE, tmp_path).read_bytes() == PACKED
    assert server.asked == [("/a.gz", "bytes=1000-")]


@pytest.mark.parametrize("part", [b"x" * 1000, b"x" * (len(PACKED) + 5), PACKED])
def test_old_parts(server: Server, tmp_path: Path, part: bytes) -> None:
    server.content["/a.gz"] = PACKED
    (tmp_path / "a.gz.part").write_bytes(part)
    assert fetch(address(server), FILE, tmp_path).read_bytes() == PACKED


def test_a_passing_failure_is_tried_again(server: Server, tmp_path: Path) -> None:
    server.content["/a.gz"], server.failures = PACKED, 2
    assert fetch(address(server), FILE, tmp_path).read_bytes() == PACKED
    (tmp_path / "a.gz").unlink()
    server.failures = 3
    with pytest.raises(DownloadError, match="503"):
        fetch(address(server), FILE, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(PLAIN[:-1] + b"?"),
        PACKED[:-100],
        b"<html>Sign in to this network</html>",
        gzip.compress(bytes(50_000_000)),
        b"",
    ],
)
def test_a_wrong_checksum_leaves_nothing(server: Server, tmp_path: Path, content: bytes) -> None:
    server.content["/a.gz"] = content
    with pytest.raises(DownloadError, match="checksum") as caught:
        fetch(address(server), FILE, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert "\n" not in str(caught.value)


def test_more_than_promised_is_not_stored(server: Server, tmp_path: Path) -> None:
    server.content["/a.gz"] = bytes(4_000_000)
    with pytest.raises(DownloadError, match="larger than promised"):
        fetch(address(server), FILE, tmp_path)


def test_missing_on_the_server_and_other_schemes(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="404"):
        fetch(address(server), FILE, tmp_path)
    with pytest.raises(DownloadError, match="address of the web"):
        fetch(f"file://{tmp_path}", FILE, tmp_path)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """Pretend that MNIST has 20 + 10 images, and that this machine has no data."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, n in (("train", 20), ("t10k", 10)):
        arrays[f"{part}-images-idx3-ubyte"] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        arrays[f"{part}-labels-idx1-ubyte"] = (np.arange(n) % 10).astype(np.uint8)
    files = {name: idx(array) for name, array in arrays.items()}
    digests = {name: hashlib.sha256(files[name]).hexdigest() for name in files}
    described = images.ImageSet("http://127.0.0.1:9/", digests, tuple("0123456789"))
    monkeypatch.setitem(images.IMAGE_SETS, "mnist", described)
    monkeypatch.delenv("CHAINRULE_DATA", raising=False)
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return files


def test_downloads_once_then_finds(
    server: Server, small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.content = {f"/mnist/{name}.gz": gzip.compress(content) for name, content in small.items()}
    monkeypatch.setenv("CHAINRULE_MIRROR", address(server))
    first = load("mnist")
    assert len(first.train) == 20
    assert first.n_classes == 10
    assert len(server.asked) == 4
    second = load("mnist", download=False)
    assert (second.test.inputs == first.test.inputs).all()
    assert len(server.asked) == 4
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "other"))
    server.content = {path.removeprefix("/mnist"): body for path, body in server.content.items()}
    assert len(load("mnist", base_url=address(server)).train) == 20


def test_offline(small: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="folder=") as caught:
        load("mnist")
    message = str(caught.value)
    assert str(tmp_path / "cache" / "mnist") in message
    assert "/usr/share/datasets/mnist" in message
    assert "CHAINRULE_DATA" in message
    assert "\n" not in message
    with pytest.raises(MissingFileError, match="not there"):
        load("mnist", download=False)
    with pytest.raises(MissingFileError, match="not there"):
        load("mnist", folder=tmp_path)


def test_folders(small: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "named" / "mnist"
    named.mkdir(parents=True)
    for name, content in small.items():
        (named / name).write_bytes(content)
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "named"))
    assert len(load("mnist", download=False).train) == 20
    (named / FILES[1]).rename(named / "train-labels.idx1-ubyte")
    assert len(load("mnist", download=False).train) == 20
    (named / FILES[3]).write_bytes(small[FILES[1]])
    with pytest.raises(FormatError, match="not mnist"):
        load("mnist", download=False)
    (named / FILES[3]).write_bytes(idx(np.full(10, 77, dtype=np.uint8)))
    with pytest.raises(FormatError, match="77"):
        load("mnist", download=False)
