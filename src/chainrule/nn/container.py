"""Modules that hold modules: `ModuleList` and `ModuleDict`, and the list behaviour that `Sequential` shares."""

from __future__ import annotations

import operator
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self, cast, overload

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.nn.module import Module

__all__ = ["ListOfModules", "ModuleDict", "ModuleList"]


class ListOfModules(Module):
    """Python's list protocol over child modules, which are called ``"0"``, ``"1"``, … unless they were given names."""

    _modules: dict[str, Module | None]

    def named_layers(self) -> Iterator[tuple[str, Module]]:
        """``(name, module)`` in order; a module that is used twice comes twice, unlike in `named_children`."""
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def register_module(self, name: str, module: Module | None) -> None:
        if module is None:
            raise DTypeError(f"{type(self).__name__} takes modules only", expected="a Module", got=f"None for {name!r}")
        super().register_module(name, module)

    def append(self, module: Module) -> Self:
        name = len(self._modules)
        while str(name) in self._modules:
            name += 1
        self.register_module(str(name), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        if not isinstance(modules, Iterable):
            raise DTypeError("extend takes several modules", got=type(modules).__name__)
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`; numbered modules behind it move up."""
        where = slice(index, index).indices(len(self))[0]
        self.append(module)
        items = list(self._modules.items())
        self._rebuild([*items[:where], items[-1], *items[where:-1]])
        return self

    def pop(self, index: int = -1) -> Module:
        """Take a module out and return it; numbered modules behind it move down."""
        module = self[index]
        del self[index]
        return module

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module | Self:
        if isinstance(index, slice):
            return self._part(list(self.named_layers())[index])
        return cast(Module, self._modules[self._name_at(index)])

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [self._name_at(index)]
        self._rebuild([(name, module) for name, module in self._modules.items() if name not in names])

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return (module for _, module in self.named_layers())

    def __contains__(self, module: object) -> bool:
        return any(module is own for own in self)

    def _part(self, items: list[tuple[str, Module]]) -> Self:
        return type(self)([module for _, module in items])  # type: ignore[call-arg]

    def _name_at(self, index: Any) -> str:
        try:
            return list(self._modules)[operator.index(index)]
        except TypeError as error:
            raise DTypeError(
                f"{type(self).__name__} is indexed by position", expected="an integer or a slice", got=repr(index)
            ) from error
        except IndexError as error:
            raise IndexError(f"index {index} is out of range for {len(self)} modules") from error

    def _rebuild(self, items: Iterable[tuple[str, Module | None]]) -> None:
        """Take over modules in a new order, numbering anew those that have numbers for names."""
        renamed = {str(position) if name.isdigit() else name: module for position, (name, module) in enumerate(items)}
        self._modules.clear()
        self._modules.update(renamed)


class ModuleList(ListOfModules):
    """A list whose modules belong to the module that it is an attribute of.

    Args:
        modules: to begin with.
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)


class ModuleDict(Module):
    """A dictionary whose modules belong to the module that it is an attribute of.

    Args:
        modules: to begin with; names have no dots.
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        super().__init__()
        self.update(modules)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        for name, module in dict(modules).items():
            self[name] = module

    def __getitem__(self, name: str) -> Module:
        found = self._modules.get(name)
        if found is None:
            raise UnknownNameError("module", name, self._modules)
        return found

    def __setitem__(self, name: str, module: Module) -> None:
        if not isinstance(name, str):
            raise ConfigError("bad name", expected="a text", got=repr(name))
        self.register_module(name, module)

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def pop(self, name: str) -> Module:
        """Take a module out and return it."""
        module = self[name]
        del self._modules[name]
        return module

    def keys(self) -> KeysView[str]:
        return self._modules.keys()

    def values(self) -> ValuesView[Module]:
        return cast(ValuesView[Module], self._modules.values())

    def items(self) -> ItemsView[str, Module]:
        return cast(ItemsView[str, Module], self._modules.items())

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules
