"""``torch.nn``: everything in `chainrule.nn`."""

from __future__ import annotations

from typing import Any

from chainrule import nn
from chainrule.compat.torch.missing import missing
from chainrule.compat.torch.nn import functional, init, parameter, utils

_SUBMODULES = ("functional", "init", "parameter", "utils")
__all__ = sorted({*nn.__all__, *_SUBMODULES})  # noqa: PLE0605 - a list of names


def __getattr__(name: str) -> Any:
    if name not in nn.__all__:
        raise missing("torch.nn", name, __all__)
    return getattr(nn, name)


def __dir__() -> list[str]:
    return __all__
