"""The machine that pickles are programs for: a stack, a memo, and the few things that a program may have done.

A name is never looked up, imported or called: it is compared with a closed list, and whatever is not on the list is
refused before anything else is read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.errors import FormatError
from chainrule.interchange.pickled_arrays import Budget, brief, complete

__all__ = ["MARK", "Function", "Machine", "Persistent", "Record", "fill"]

_OBJECT = "builtins.object"
_RECONSTRUCT = "copyreg._reconstructor"
_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg"}


@dataclass
class Record:
    """An object of a class on the caller's list, taken apart: nothing but what the file says of it.

    Attributes:
        name: of its class, with the module.
        args: what its maker would have been called with.
        state: its attributes.
    """

    name: str
    args: tuple[Any, ...] = ()
    state: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class _Name:
    """A function or class that the program names; only ever compared."""

    name: str


class _Mark:
    """Where a list of operands begins on the stack."""


MARK = _Mark()

Function = Callable[[tuple[Any, ...], Budget], Any]
Persistent = Callable[[Any], Any]


class Machine:
    """The stack, the memo and the place in the program.

    Args:
        content: the program.
        where: the file, for messages.
        records: names of classes whose objects come as a `Record`.
        functions: what is done in the place of functions, by their names.
        persistent: what to make of a persistent id.
    """

    def __init__(
        self,
        content: bytes,
        where: object,
        records: frozenset[str],
        functions: Mapping[str, Function],
        persistent: Persistent | None,
    ) -> None:
        self.content, self.where, self.at = content, where, 0
        self.records, self.functions, self.persistent = records, functions, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.budget = Budget(len(content))

    # Reading

    def take(self, size: int) -> bytes:
        if size > len(self.content) - self.at:
            raise FormatError("the pickle is cut off", where=self.where)
        self.at += size
        return self.content[self.at - size : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self, longest: int = 2**16) -> str:
        end = self.content.find(b"\n", self.at, self.at + longest)
        if end < 0:
            raise FormatError("the pickle is cut off", where=self.where)
        return self.take(end + 1 - self.at)[:-1].decode("latin-1")

    def block(self, form: str) -> bytes:
        """Bytes with their length before them."""
        size = self.number(form)
        if size < 0:
            raise FormatError("the pickle is damaged: a negative length")
        return self.take(size)

    # The stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self, count: int) -> tuple[Any, ...]:
        if count > len(self.stack):
            raise FormatError("the pickle is damaged: it takes more than it made")
        values = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        if any(value is MARK for value in values):
            raise FormatError("the pickle is damaged: a mark in the wrong place")
        return tuple(map(complete, values))

    def above_mark(self) -> tuple[Any, ...]:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is MARK:
                values = self.pop(len(self.stack) - 1 - place)
                self.stack.pop()
                return values
        raise FormatError("the pickle is damaged: a mark is missing")

    def top(self, kind: type | tuple[type, ...]) -> Any:
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise FormatError("the pickle is damaged: it adds to something that takes nothing")
        return self.stack[-1]

    # What the program does

    def name(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise FormatError("the pickle is damaged: a name that is no text")
        full = f"{_RENAMED.get(module, module)}.{name}"
        if full.startswith("numpy.core."):  # as NumPy called it before version 2
            full = full.replace("numpy.core.", "numpy._core.", 1)
        if full not in self.functions and full not in self.records and full not in (_OBJECT, _RECONSTRUCT):
            raise FormatError(
                f"the pickle asks for {brief(full)}, which is not among the few names that are understood",
                where=self.where,
                fix="Nothing was executed; do not open this file with pickle unless you trust who made it",
            )
        self.push(_Name(full))

    def call(self) -> None:
        function, args = self.pop(2)
        if not isinstance(function, _Name) or not isinstance(args, tuple):
            raise FormatError("the pickle is damaged: it calls what cannot be called")
        if function.name == _RECONSTRUCT:
            self.push(self.made(args[0], ()))
        elif function.name in self.records:
            self.push(self.made(function, args))
        elif function.name in self.functions:
            self.push(self.functions[function.name](_plain(args), self.budget))
        else:
            raise FormatError(f"the pickle calls {function.name}, which cannot be called")

    def made(self, kind: object, args: object) -> Any:
        if isinstance(kind, _Name) and kind.name in self.functions and isinstance(args, tuple):
            return self.functions[kind.name](_plain(args), self.budget)
        if not isinstance(kind, _Name) or kind.name not in self.records or not isinstance(args, tuple):
            raise FormatError("the pickle is damaged: it makes an object of something that is no class")
        return Record(kind.name, _plain(args))

    def build(self) -> None:
        (state,) = self.pop(1)
        target = self.top(object)
        if hasattr(target, "build"):
            target.build(state, self)
        elif isinstance(target, Record):
            parts = state if isinstance(state, tuple) else (state,)
            for part in parts:
                if isinstance(part, dict):
                    target.state.update((key, value) for key, value in part.items() if isinstance(key, str))
        elif not isinstance(target, dict):  # an ordered dictionary may have attributes, which are left aside
            raise FormatError(f"the pickle sets attributes of a {type(target).__name__}")

    def store(self, items: tuple[Any, ...]) -> None:
        target = self.top(dict)
        fill(target, items)

    def remember(self, place: int) -> None:
        if not self.stack or self.stack[-1] is MARK or place < 0:
            raise FormatError("the pickle is damaged: it remembers nothing")
        self.memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        if place not in self.memo:
            raise FormatError("the pickle is damaged: it recalls what it never made")
        self.push(self.memo[place])

    def identify(self) -> None:
        (name,) = self.pop(1)
        if self.persistent is None:
            raise FormatError("the pickle refers to something outside it")
        self.push(self.persistent(tuple(part.name if isinstance(part, _Name) else part for part in name)))


def _plain(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with names as text: a function is told the class that it is to make by name."""
    return tuple(value.name if isinstance(value, _Name) else value for value in args)


def fill(target: dict[Any, Any], items: tuple[Any, ...]) -> None:
    if len(items) % 2:
        raise FormatError("the pickle is damaged: a key without a value")
    for key, value in zip(items[::2], items[1::2], strict=True):
        # Other keys could be made to collide, or be changed later.
        if type(key) is not str and not (type(key) is int and abs(key) < 2**60):
            raise FormatError("the pickle has a dictionary whose keys are not texts", got=type(key).__name__)
        target[key] = value
