"""What runs are called: the second in which they began, and five letters that keep them apart."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from chainrule.errors import ConfigError, UnknownNameError

__all__ = ["LATEST", "is_id", "matching", "new_id", "timestamp"]

LATEST = "latest"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: none of them is taken for another, and they sort
_ID = re.compile(rf"[0-9]{{8}}-[0-9]{{6}}-[{_LETTERS}]{{5}}")
_DRAWN = 3
_MOST_NAMED = 4


def new_id(now: datetime) -> str:
    """Return ``"20261122-031512-d7q3f"``: UTC, so that names sort by time; two letters for 1/1024 s, three drawn.

    It need not be the only one of its kind: whoever makes the folder finds out, and asks again.
    """
    fraction = now.microsecond * 1024 // 1_000_000
    tail = _LETTERS[fraction // 32] + _LETTERS[fraction % 32]
    tail += "".join(secrets.choice(_LETTERS) for _ in range(_DRAWN))
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{tail}"


def is_id(name: str) -> bool:
    """Whether a folder of that name can be a run's; no such name leads out of its folder."""
    return _ID.fullmatch(name) is not None


def timestamp(now: datetime) -> str:
    """Return a time as records have it; such texts sort by time."""
    return now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def matching(wanted: str, known: Iterable[tuple[str, str | None]], where: object) -> str:
    """Return the run that is meant.

    Args:
        wanted: an ID, its beginning, the beginning of its last five letters, a name, or "latest".
        known: ID and name of each run, the newest first.
        where: the folder, for the message.

    Raises:
        UnknownNameError: if there is none.
        ConfigError: if there are several.
    """
    listed = list(known)
    ids = [one for one, _ in listed]
    if wanted in ids:
        return wanted
    if wanted == LATEST and ids:
        return ids[0]
    found = [one for one, name in listed if name == wanted]
    if not found and wanted:
        found = [one for one in ids if one.startswith(wanted) or one.rpartition("-")[2].startswith(wanted)]
    if not found:
        named = [name for _, name in listed if name]
        raise UnknownNameError("run", wanted[:80], [*ids, *dict.fromkeys(named)], where=where)
    if len(found) > 1:
        shown = ", ".join(found[:_MOST_NAMED]) + (f", … ({len(found)} in all)" if len(found) > _MOST_NAMED else "")
        raise ConfigError(f"{wanted[:80]!r} is not one run alone", got=shown, fix="Write more of its ID")
    return found[0]
