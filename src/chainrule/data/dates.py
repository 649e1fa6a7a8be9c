"""Reading dates as people write them."""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterable

__all__ = ["ORDERS", "find_order", "parse_dates"]

_TIME = (
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(?P<name>" + "|".join(_MONTHS) + r")[a-z]*\.?"


#: Ways to write a date.  ``ymd`` covers ISO 8601 (2024-01-31T09:30Z), 2024/1/31, 2024. 1. 31. and 2024년 1월 31일;
#: ``dmy`` 31/1/2024, 31-01-2024 and 31.1.2024; ``mdy`` 1/31/2024; ``named`` 31 Jan 2024 and January 31, 2024.
ORDERS: dict[str, tuple[str, ...]] = {
    "ymd": (
        r"(?P<year>\d{4})(?P<mark>[-/.])\s?(?P<month>\d{1,2})(?P=mark)\s?(?P<day>\d{1,2})\.?",
        r"(?P<year>\d{4})년\s?(?P<month>\d{1,2})월\s?(?P<day>\d{1,2})일",
    ),
    "mdy": (r"(?P<month>\d{1,2})(?P<mark>[-/])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{4})",),
    "dmy": (r"(?P<day>\d{1,2})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4})",),
    "named": (
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[- ]" + _NAME + r",?[- ](?P<year>\d{4})",
        _NAME + r" (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>\d{4})",
    ),
}


def parse_dates(texts: Iterable[str], order: str) -> dict[str, datetime.datetime | None]:
    """Read each text as a date written in `order` (ISO dates always pass); None where it is none.  Times are UTC."""
    patterns = _patterns(order) if order == "ymd" else (*_patterns(order), _patterns("ymd")[0])
    return {text: next((d for p in patterns if (d := _read(text, p)) is not None), None) for text in texts}


def find_order(texts: Iterable[str]) -> str | None:
    """Return the first of `ORDERS` in which every text is a date, or None."""
    distinct = list(texts)
    return next((order for order in ORDERS if _all(distinct, _patterns(order))), None)


@functools.cache
def _patterns(order: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(date + _TIME, re.ASCII | re.IGNORECASE) for date in ORDERS[order])


def _all(texts: list[str], patterns: tuple[re.Pattern[str], ...]) -> bool:
    return all(any(_read(text, pattern) is not None for pattern in patterns) for text in texts)


def _read(text: str, pattern: re.Pattern[str]) -> datetime.datetime | None:
    found = pattern.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    month = _MONTHS.index(part["name"].lower()) + 1 if part.get("name") else int(part["month"])
    micro = int((part["fraction"] or "0").ljust(6, "0")[:6])
    clock = (int(part["hour"] or 0), int(part["minute"] or 0), int(part["second"] or 0), micro)
    try:
        moment = datetime.datetime(int(part["year"]), month, int(part["day"]), *clock)
        return moment - _offset(part["zone"])
    except (ValueError, OverflowError):
        return None


def _offset(zone: str | None) -> datetime.timedelta:
    if zone is None or zone in "Zz":
        return datetime.timedelta(0)
    digits = zone[1:].replace(":", "")
    offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset
