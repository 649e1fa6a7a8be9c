"""Packages whose names load the files that hold them when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType

__all__ = ["lazily"]


def lazily(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package.

    Args:
        package: its ``__name__``.
        homes: public name -> file of the package that holds it; a name that is its own home may be a package inside.
    """
    module = sys.modules[package]

    class Face(ModuleType):
        """Keeps a file that bears the name of its function from taking the function's place when it is imported."""

        def __setattr__(self, name: str, value: object) -> None:
            if name not in homes or not isinstance(value, ModuleType):
                super().__setattr__(name, value)

    module.__class__ = Face

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = import_module(f"{package}.{homes[name]}")
        value: object = getattr(home, name, home)
        vars(module)[name] = value
        return value

    def names() -> list[str]:
        return sorted({*vars(module), *homes})

    return load, names
