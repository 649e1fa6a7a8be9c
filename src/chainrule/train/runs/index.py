"""`index.sqlite`: what a listing shows of every run, so that it need not open every folder.

The folders are what counts.  Every listing compares the index with them, by their files' times and sizes, and reads
anew what differs; an index that is lost, damaged, out of date or cannot be written costs time, and nothing else.  It
keeps a rollback journal, and no write-ahead log, which folders that several machines share do not allow.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import ChainruleError, FormatError
from chainrule.explain.record import plain
from chainrule.interchange import strict_json
from chainrule.train.runs.parts import is_plain_file, signature
from chainrule.train.runs.run import content_of

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["INDEX", "Index"]

INDEX = "index.sqlite"
_APPLICATION, _VERSION = 0x63725231, 1  # "crR1"
_PATIENCE = 10.0  # seconds to wait for other writers
_TABLE = "CREATE TABLE runs (id TEXT PRIMARY KEY, signature TEXT NOT NULL, content TEXT NOT NULL, sum TEXT NOT NULL)"
_PUT = "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)"
_HERE_ONLY = ":memory:"


class _ForeignError(Exception):
    """The file is another program's, or another version's: it is left alone."""


class Index:
    """The index of a folder of runs.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.path = root, root / INDEX

    def note(self, folder: Path) -> None:
        """Write down a run that has changed; if that is impossible, the next listing will."""
        import sqlite3

        with contextlib.suppress(ChainruleError, OSError, sqlite3.Error, _ForeignError):
            mark, text = signature(folder), _packed(content_of(folder))
            with self._open(self.path) as connection:
                connection.execute(_PUT, (folder.name, mark, text, _sum(text)))

    def contents(self, folders: Mapping[str, Path]) -> dict[str, Any]:
        """Bring the index up to date.

        Args:
            folders: the runs that there are, by ID.

        Returns:
            for each run what `content_of` gives, or the error that came instead.
        """
        import sqlite3

        try:
            return self._contents(self.path, folders)
        except _ForeignError:
            pass
        except sqlite3.OperationalError as error:  # read-only, full, locked for too long; or a table is not ours
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
                return self._rebuilt(folders)
        except sqlite3.DatabaseError:
            return self._rebuilt(folders)
        return self._contents(_HERE_ONLY, folders)

    def _rebuilt(self, folders: Mapping[str, Path]) -> dict[str, Any]:
        """A damaged index is put aside, in case it was somebody's, and made anew."""
        import sqlite3

        with contextlib.suppress(OSError, sqlite3.Error, _ForeignError):
            os.replace(self.path, self.path.with_suffix(".damaged"))
            for suffix in ("-journal", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    os.unlink(f"{self.path}{suffix}")
            return self._contents(self.path, folders)
        return self._contents(_HERE_ONLY, folders)

    def _contents(self, where: str | Path, folders: Mapping[str, Path]) -> dict[str, Any]:
        marks = {name: signature(folder) for name, folder in folders.items()}
        with self._open(where) as connection:
            listed = {row[0]: row[1:] for row in connection.execute("SELECT id, signature, content, sum FROM runs")}
            found, news = {}, []
            for name, folder in folders.items():
                known = _unpacked(listed.pop(name, ()), marks[name])
                if known is not None:
                    found[name] = known
                    continue
                found[name] = _read(folder)
                if not isinstance(found[name], ChainruleError):
                    packed = _packed(found[name])
                    news.append((name, marks[name], packed, _sum(packed)))
            if news or listed:
                self._update(connection, news, list(listed))
        return found

    @staticmethod
    def _update(connection: Connection, news: list[tuple[str, str, str, str]], gone: list[str]) -> None:
        import sqlite3

        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM runs WHERE id = ?", [(name,) for name in gone])
            connection.executemany(_PUT, news)
            connection.execute("COMMIT")
        except sqlite3.OperationalError:  # what was found is right all the same
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def _open(self, where: str | Path) -> Iterator[Connection]:
        import sqlite3

        if where != _HERE_ONLY and os.path.lexists(where) and not is_plain_file(Path(where)):
            raise _ForeignError
        with contextlib.closing(sqlite3.connect(where, timeout=_PATIENCE, isolation_level=None)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            _prepare(connection)
            yield connection


def _prepare(connection: Connection) -> None:
    """Make the table, if there is none, in a database that is empty or ours.

    Raises:
        _ForeignError: if it is anything else.
    """
    for attempt in range(2):
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if (application, version) == (_APPLICATION, _VERSION):
            return
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application or version or tables or attempt:
            raise _ForeignError
        connection.execute("BEGIN IMMEDIATE")  # others may have come first: then it is no longer empty
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")


def _read(folder: Path) -> Any:
    try:
        return content_of(folder)
    except ChainruleError as error:
        return error


def _packed(content: Any) -> str:
    return json.dumps(plain(content), ensure_ascii=False, allow_nan=False)


def _unpacked(row: tuple[Any, ...], wanted: str) -> Any:
    """What a row of the index holds; None unless it is of the files as they are, and undamaged."""
    mark, text, digest = row or (None, None, None)
    if mark != wanted or not isinstance(text, str) or digest != _sum(text):
        return None
    try:
        return strict_json.loads(text, "the index", INDEX)
    except FormatError:
        return None


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
