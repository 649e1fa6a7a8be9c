"""Light and dark pictures: which colours stand for ink, paper and series, and which theme holds."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass

from chainrule.errors import UnknownNameError

__all__ = ["THEMES", "Theme", "current", "set_theme", "theme"]


@dataclass(frozen=True)
class Theme:
    """The colours of a picture.

    Attributes:
        ink: text and sharp lines.
        paper: the ground.
        grey: axes, and what stands back.
        faint: grid lines.
        series: one colour per class or curve. The first four have a contrast of 3:1 and more against the paper, as
            WCAG 2.2 asks of graphics (1.4.11); the others get an edge of ink where they have less.
        wash: how strongly an area is coloured in which a model is sure of a class, so that samples still stand out.
    """

    ink: str
    paper: str
    grey: str
    faint: str
    series: tuple[str, ...]
    wash: float


# Okabe and Ito's colours, *Color Universal Design*, 2008: blue, vermillion, green, purple, orange, sky, yellow. On dark
# paper their blue would be lost; a lighter one takes its place, and a paler sky keeps its distance from that.
_ORIGINAL = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
_ON_DARK = ("#3FA0E0", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#A9DCF7", "#F0E442")

THEMES = {
    "light": Theme("#222222", "#FFFFFF", "#8A8A8A", "#E5E5E5", _ORIGINAL, wash=0.6),
    "dark": Theme("#E9E9E6", "#1C1E22", "#9A9DA3", "#3A3D43", _ON_DARK, wash=0.45),
}
_VARIABLE = "CHAINRULE_THEME"

_within: ContextVar[str | None] = ContextVar("theme", default=None)
_chosen: str | None = None


def set_theme(name: str | None) -> None:
    """Draw in a theme from here on, whatever the environment says; None leaves it to the environment again.

    Args:
        name: "light" or "dark".

    Raises:
        UnknownNameError: for any other name.
    """
    global _chosen
    _chosen = None if name is None else _known(name)


@contextlib.contextmanager
def theme(name: str) -> Iterator[None]:
    """Draw in a theme within a block; other threads and tasks are left alone.

    >>> with theme("dark"):
    ...     current().paper
    '#1C1E22'

    Args:
        name: "light" or "dark".

    Raises:
        UnknownNameError: for any other name.
    """
    before = _within.set(_known(name))
    try:
        yield
    finally:
        _within.reset(before)


def current() -> Theme:
    """Return the theme that holds: that of the block, of `set_theme`, of ``CHAINRULE_THEME``, or else the light one.

    Raises:
        UnknownNameError: if the environment variable names none.
    """
    name = _within.get() or _chosen
    if name is None:
        name = _known(os.environ.get(_VARIABLE) or "light", where=_VARIABLE)
    return THEMES[name]


def _known(name: str, where: str | None = None) -> str:
    short = str(name).strip().lower()
    if short not in THEMES:
        raise UnknownNameError("theme", name, list(THEMES), where=where)
    return short
