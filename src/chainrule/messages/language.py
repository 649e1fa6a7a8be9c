"""Which language a person reads."""

from __future__ import annotations

import os

from chainrule.errors import UnknownNameError

__all__ = ["LANGUAGES", "language", "set_language"]

LANGUAGES = ("en", "ko")

_chosen: str | None = None


def language(lang: str | None = None) -> str:
    """Return the language to use: ``"en"`` or ``"ko"``.

    The first of these that is given decides: the argument, `set_language`, the environment variable
    ``CHAINRULE_LANG``, the locale (``LC_ALL``, then ``LC_MESSAGES``, then ``LANG``). A variable that names any
    other language means English.

    Args:
        lang: "en" or "ko"; longer forms as "ko_KR.UTF-8" and "en-GB" are understood.

    Raises:
        UnknownNameError: if `lang` is neither.
    """
    if lang is not None:
        return _known(lang)
    if _chosen is not None:
        return _chosen
    for variable in ("CHAINRULE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if setting := os.environ.get(variable):
            return "ko" if _short(setting) == "ko" else "en"
    return "en"


def set_language(lang: str | None) -> None:
    """Use a language from here on, whatever the environment says; None leaves it to the environment again.

    Raises:
        UnknownNameError: if `lang` is neither "en" nor "ko".
    """
    global _chosen
    _chosen = None if lang is None else _known(lang)


def _known(lang: str) -> str:
    short = _short(str(lang))
    if short not in LANGUAGES:
        raise UnknownNameError("language", lang, LANGUAGES)
    return short


def _short(locale: str) -> str:
    return locale.strip().lower().partition(".")[0].replace("-", "_").partition("_")[0]
