"""Fetching a file over HTTP: with a progress report, going on where an earlier try stopped, checked by SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from chainrule.errors import DownloadError

__all__ = ["Progress", "RemoteFile", "fetch", "show_progress"]

#: Called with the file's name, the bytes that are there, and the bytes expected (0 if unknown).
Progress: TypeAlias = Callable[[str, int, int], None]

_CHUNK = 1 << 16
_TRIES = 3
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A gzip file on a server.

    Attributes:
        name: its name there and here.
        sha256: of the decompressed content.
        size: of the decompressed content, in bytes; more than that is never accepted.
    """

    name: str
    sha256: str
    size: int


def fetch(base_url: str, file: RemoteFile, folder: Path, progress: Progress | None = None) -> Path:
    """Fetch `file` from below `base_url` into `folder`, and return its path.

    What has come stays in ``NAME.part`` until the checksum is right; a later call goes on from there.

    Raises:
        DownloadError: if the server cannot be reached or what comes is not the file that was promised.
    """
    url = f"{base_url.rstrip('/')}/{file.name}"
    part = folder / f"{file.name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        resumed = part.is_file() and part.stat().st_size > 0
        _complete(url, part, file, progress)
        if resumed and _checksum(part, file) != file.sha256:  # the old part was of another file: once more from zero
            part.unlink()
            _complete(url, part, file, progress)
    except OSError as error:
        if isinstance(error, DownloadError):
            raise
        raise DownloadError(f"cannot store the download: {error.strerror or error}", where=folder) from error
    came = _checksum(part, file)
    if came != file.sha256:
        part.unlink()
        raise DownloadError(
            f"{file.name} does not have the promised checksum", expected=file.sha256, got=came, where=url,
            fix="Try again later; the server sends something else",
        )  # fmt: skip
    os.replace(part, folder / file.name)
    return folder / file.name


def show_progress(name: str, done: int, total: int) -> None:
    """Draw a bar on the standard error stream, if that is a terminal."""
    if not sys.stderr.isatty():
        return
    share = min(done / total, 1.0) if total else 0.0
    bar = "━" * round(30 * share) + "─" * (30 - round(30 * share))
    end = "\n" if total and done >= total else ""
    sys.stderr.write(f"\r{name} {bar} {done / 2**20:6.1f} MiB{end}")
    sys.stderr.flush()


def _complete(url: str, part: Path, file: RemoteFile, progress: Progress | None) -> None:
    """Extend `part` until the server says that it is all, going on after broken connections."""
    from http.client import HTTPException
    from urllib.error import HTTPError

    for attempt in range(_TRIES):
        try:
            if _extend(url, part, file, progress):
                return
            problem: object = "the connection broke off"
        except HTTPError as error:
            error.close()
            if error.code == 416 and part.exists():  # nothing lies beyond what we have: a full part, or a wrong one
                if _checksum(part, file) == file.sha256:
                    return
                part.unlink()
                problem = error
            elif error.code < 500:
                raise DownloadError(f"the server answers {error.code} {error.reason}", where=url) from error
            else:
                problem = error
        except (HTTPException, ConnectionError, TimeoutError) as error:
            if isinstance(error, DownloadError):
                raise
            problem = error
        except OSError as error:
            raise DownloadError(f"cannot fetch {file.name}: {_reason(error)}", where=url) from error
        if attempt == _TRIES - 1:
            raise DownloadError(
                f"cannot fetch {file.name}: {problem}", where=url, fix="Run it again to go on from there"
            )


def _reason(error: OSError) -> object:
    return getattr(error, "reason", None) or error.strerror or error


def _extend(url: str, part: Path, file: RemoteFile, progress: Progress | None) -> bool:
    """Ask for what is missing and append it; tell whether everything that was announced has come."""
    from urllib.request import Request, urlopen

    if not url.startswith(("http://", "https://")):
        raise DownloadError("not an address of the web", got=url, expected="http:// or https://")
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "chainrule"} | ({"Range": f"bytes={have}-"} if have else {})
    with urlopen(Request(url, headers=headers), timeout=_TIMEOUT_SECONDS) as answer:
        if not (have and answer.status == 206 and _starts_at(answer, have)):
            have = 0  # the server sends the file from its beginning
        announced = answer.headers.get("Content-Length")
        total = have + int(announced) if announced and announced.isdigit() else 0
        with open(part, "ab" if have else "wb") as out:
            while chunk := answer.read(_CHUNK):
                out.write(chunk)
                have += len(chunk)
                if have > file.size + 2**20:
                    raise DownloadError(
                        f"{file.name} is larger than promised", expected=f"{file.size} bytes", where=url
                    )
                if progress is not None:
                    progress(file.name, have, total)
    return have >= total


def _starts_at(answer: Any, offset: int) -> bool:
    return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {offset}-")


def _checksum(path: Path, file: RemoteFile) -> str:
    """Return the SHA-256 of the decompressed file, or a word for what is wrong with it."""
    digest, count = hashlib.sha256(), 0
    expander = zlib.decompressobj(wbits=31)
    with open(path, "rb") as source, contextlib.suppress(zlib.error):
        while chunk := source.read(_CHUNK):
            while chunk:  # bounded steps: a small file can expand to anything
                plain = expander.decompress(chunk, 1 << 20)
                digest.update(plain)
                count += len(plain)
                if count > file.size:
                    return "more data than promised"
                chunk = expander.unconsumed_tail
        return digest.hexdigest() if expander.eof else "a truncated gzip file"
    return "a damaged gzip file"
