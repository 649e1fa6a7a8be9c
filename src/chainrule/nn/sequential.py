"""`Sequential`: layers one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from chainrule.errors import ShapeError
from chainrule.nn.container import ListOfModules
from chainrule.nn.module import Module

__all__ = ["Sequential"]

_WHERE = "Sequential"


class Sequential(ListOfModules):
    """Layers that are applied one after the other.

    Args:
        *args: the layers, which are then called ``"0"``, ``"1"``, …; or one mapping from names to layers.

    Example:
        >>> model = Sequential(Linear(2, 8), ReLU(), Linear(8, 1))
        >>> named = Sequential(OrderedDict(hidden=Linear(2, 8), out=Linear(8, 1)))
        >>> model[0].weight.shape
        Size([8, 2])

    Raises:
        DTypeError: if something is not a module.
        ShapeError: when called, if two layers do not fit; names both.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], Mapping):
            for name, module in args[0].items():
                self.register_module(name, module)
        else:
            self.extend(args)

    def forward(self, input: Any) -> Any:
        name = ""
        try:
            for name, module in self._modules.items():  # noqa: B007 - the handler needs to know where it stopped
                input = module(input)  # type: ignore[misc]  # None is never registered here
        except ShapeError as error:
            raise self._misfit(name, error) from error
        return input

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        shape = tuple(input_shape)
        for name, module in self.named_layers():
            try:
                shape = module.output_shape(shape)
            except ShapeError as error:
                raise self._misfit(name, error) from error
        return shape

    def _misfit(self, name: str, error: ShapeError) -> ShapeError:
        """Name the layer that failed and the one that decided the shape of what it was given."""
        if error.where == _WHERE:  # a Sequential further in has already said it
            return error
        names = list(self._modules)
        for earlier in reversed(names[: names.index(name)]):
            giver = self._modules[earlier]
            if giver is not None and not giver.keeps_shape:
                return ShapeError(
                    f"layer {name}, {_brief(self._modules[name])}, does not fit layer {earlier}, {_brief(giver)}",
                    expected=error.expected or error.problem,
                    got=error.got,
                    where=_WHERE,
                    fix="Make the sizes of the two layers agree",
                )
        return error

    def _part(self, items: list[tuple[str, Module]]) -> Self:
        return type(self)(dict(items))


def _brief(module: Module | None) -> str:
    """A leaf with its arguments; of a container only the type, which stays on one line."""
    shown = repr(module)
    return type(module).__name__ if "\n" in shown else shown
