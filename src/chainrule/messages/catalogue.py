"""Looking up a text and filling in its values."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from chainrule.errors import ConfigError, UnknownNameError
from chainrule.messages.language import language

__all__ = ["keys", "text"]


def text(key: str, lang: str | None = None, **values: object) -> str:
    """Return a text of the catalogue with its values filled in.

    Args:
        key: ``"topic.name"``.
        lang: "en" or "ko"; default: see `language`.
        **values: what the text's placeholders stand for.

    Raises:
        UnknownNameError: if there is no such text or language.
        ConfigError: if a value is missing, or cannot be shown as the text wants it.
    """
    chosen = language(lang)
    name, _, rest = key.partition(".")
    template = (_topic(chosen, name) if name in _topics() else {}).get(rest)
    if template is None:
        raise UnknownNameError("text", key, keys())
    try:
        return template.format(**values)
    except KeyError as error:
        raise ConfigError(f"text {key!r} lacks a value", expected=str(error), got=", ".join(values) or "none") from None
    except (ValueError, TypeError) as error:
        raise ConfigError(f"text {key!r} cannot show its values", got=str(error)) from None


def keys(lang: str = "en") -> list[str]:
    """Return the key of every text, in the order of the topics' names."""
    return [f"{topic}.{name}" for topic in _topics() for name in _topic(language(lang), topic)]


@cache
def _topics() -> tuple[str, ...]:
    package = import_module("chainrule.messages.en")
    return tuple(sorted(module.name for module in iter_modules(package.__path__)))


@cache
def _topic(lang: str, name: str) -> dict[str, str]:
    messages: dict[str, str] = import_module(f"chainrule.messages.{lang}.{name}").MESSAGES
    return messages
