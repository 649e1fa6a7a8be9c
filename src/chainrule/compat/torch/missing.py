"""What to say about names of PyTorch's that do not exist here."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.errors import did_you_mean

__all__ = ["missing"]


def missing(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error for a name that PyTorch may have."""
    hint = did_you_mean(name, known).partition("Known:")[0].strip()
    text = f"chainrule.compat.{module} has no {name!r}: it holds what multilayer perceptrons need. {hint}"
    return AttributeError(text.strip())
