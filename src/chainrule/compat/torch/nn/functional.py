"""``torch.nn.functional``."""

from __future__ import annotations

from typing import Any

from chainrule.compat.torch.missing import missing
from chainrule.core.functions import one_hot as one_hot
from chainrule.nn import functional

__all__ = sorted([*functional.__all__, "one_hot"])  # noqa: PLE0605 - a list of names


def __getattr__(name: str) -> Any:
    if name not in functional.__all__:
        raise missing("torch.nn.functional", name, __all__)
    return getattr(functional, name)


def __dir__() -> list[str]:
    return __all__
