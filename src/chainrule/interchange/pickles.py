"""Pickles read without pickle: a small interpreter that can only build plain values and NumPy arrays.

A pickle is a program.  Of its operations (https://docs.python.org/3/library/pickletools.html) the interpreter knows
those that make dictionaries, lists, tuples, strings, bytes, numbers, None and booleans, and it knows by name the
handful of functions with which NumPy pickles write arrays.  A name is never looked up, imported or called: it is
compared with a closed list, and whatever is not on the list is refused before anything else is read.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.errors import FormatError
from chainrule.files import existing_file
from chainrule.interchange.pickled_arrays import FUNCTIONS, Budget, brief, complete

__all__ = ["MOST_BYTES", "MOST_OPERATIONS", "Record", "load", "loads"]

MOST_BYTES = 2**30
"""Of a file; a network of 250 million numbers."""
MOST_OPERATIONS = 2**20
"""Of a program: each may cost a hundred bytes of memory, whatever its length in the file."""

_LONGEST_NUMBER = 128  # bytes of an integer, characters of a number in text
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


_MARK = _Mark()

Function = Callable[[tuple[Any, ...], Budget], Any]
Persistent = Callable[[Any], Any]


def load(path: str | os.PathLike[str], **options: Any) -> Any:
    """Read the pickle in a file; see `loads` for the options.

    Raises:
        MissingFileError: if there is no such file.
        FormatError: as `loads` does, and for a file beyond `MOST_BYTES`.
    """
    file = existing_file(path, "pickle")
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise FormatError("the pickle is too large", expected=f"at most {MOST_BYTES} bytes", got=size, where=file)
    return loads(file.read_bytes(), where=file, **options)


def loads(
    content: bytes,
    *,
    where: object = None,
    records: Collection[str] = (),
    functions: Mapping[str, Function] | None = None,
    persistent: Persistent | None = None,
) -> Any:
    """Read a pickle of protocol 0 to 5 that holds plain values and NumPy arrays.

    Args:
        content: the pickle.
        where: the file, for messages.
        records: names of classes, as ``"package.module.Class"``, whose objects are to come as a `Record`.
        functions: further functions by name; called with the arguments and a `Budget` of memory.
        persistent: what to make of a persistent id; without it they are refused.

    Returns:
        what was pickled.  Arrays may be read-only.

    Raises:
        FormatError: if it is cut off or damaged, or needs anything else; which is named.
    """
    known: dict[str, Function] = {**FUNCTIONS, **(functions or {})}
    machine = _Machine(content, where, frozenset(records), known, persistent)
    try:
        return complete(machine.run())
    except FormatError as error:
        if error.where is not None or where is None:
            raise
        raise FormatError(str(error), where=where) from error
    except (IndexError, struct.error) as error:
        raise FormatError("the pickle is cut off or damaged", where=where) from error
    except (UnicodeError, ValueError, TypeError, OverflowError, KeyError, MemoryError, RecursionError) as error:
        raise FormatError(f"the pickle is damaged: {brief(error)}", where=where) from error


class _Machine:
    """The stack, the memo and the place in the program."""

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

    def run(self) -> Any:
        for _ in range(MOST_OPERATIONS):
            code = self.take(1)
            if code == b".":
                (value,) = self.pop(1)
                if self.stack:
                    raise FormatError("the pickle is damaged: something is left over at its end")
                return value
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise FormatError(
                    f"the pickle uses the operation {_REFUSED.get(code, code.hex())}, which no file of weights needs",
                    fix="Nothing was executed",
                )
            operation(self)
        raise FormatError("the pickle is too long a program", expected=f"at most {MOST_OPERATIONS} operations")

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
        if any(value is _MARK for value in values):
            raise FormatError("the pickle is damaged: a mark in the wrong place")
        return tuple(map(complete, values))

    def above_mark(self) -> tuple[Any, ...]:
        for place in range(len(self.stack) - 1, -1, -1):
            if self.stack[place] is _MARK:
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
        _fill(target, items)

    def remember(self, place: int) -> None:
        if not self.stack or self.stack[-1] is _MARK or place < 0:
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


def _fill(target: dict[Any, Any], items: tuple[Any, ...]) -> None:
    if len(items) % 2:
        raise FormatError("the pickle is damaged: a key without a value")
    for key, value in zip(items[::2], items[1::2], strict=True):
        # Other keys could be made to collide, or be changed later.
        if type(key) is not str and not (type(key) is int and abs(key) < 2**60):
            raise FormatError("the pickle has a dictionary whose keys are not texts", got=type(key).__name__)
        target[key] = value


def _dictionary(items: tuple[Any, ...]) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    _fill(made, items)
    return made


def _protocol(m: _Machine) -> None:
    version = m.number("B")
    if version > 5:
        raise FormatError("pickle of an unknown protocol", expected="0 to 5", got=version)


def _integer(text: str) -> int | bool:
    if text in ("00", "01"):
        return text == "01"
    return int(text.removesuffix("L"))


def _long(m: _Machine, form: str) -> int:
    size = m.number(form)
    if not 0 <= size <= _LONGEST_NUMBER:
        raise FormatError("the pickle holds too long a number", expected=f"{_LONGEST_NUMBER} bytes", got=size)
    return int.from_bytes(m.take(size), "little", signed=True)


def _quoted(text: str) -> str:
    """A string as Python 2 wrote it; its bytes as characters."""
    import codecs

    if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'":
        raise FormatError("the pickle is damaged: a string without quotes")
    return codecs.escape_decode(text[1:-1].encode("latin-1"))[0].decode("latin-1")


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


def _extend(m: _Machine) -> None:
    items = m.above_mark()
    m.top(list).extend(items)


def _append(m: _Machine) -> None:
    items = m.pop(1)
    m.top(list).extend(items)


def _new(m: _Machine) -> None:
    kind, args = m.pop(2)
    m.push(m.made(kind, args))


def _stack_name(m: _Machine) -> None:
    m.name(*m.pop(2))


_OPERATIONS: dict[bytes, Callable[[_Machine], Any]] = {
    b"\x80": _protocol,
    b"\x95": lambda m: m.number("<Q"),  # a frame: how much to read ahead
    b"(": lambda m: m.push(_MARK),
    b"0": lambda m: m.stack.pop(),
    b"1": lambda m: m.above_mark(),
    b"2": lambda m: m.push(m.top(object)),
    # Constants and numbers
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": lambda m: m.push(_integer(m.line(_LONGEST_NUMBER))),
    b"L": lambda m: m.push(_integer(m.line(_LONGEST_NUMBER))),
    b"J": lambda m: m.push(m.number("<i")),
    b"K": lambda m: m.push(m.number("B")),
    b"M": lambda m: m.push(m.number("<H")),
    b"\x8a": lambda m: m.push(_long(m, "B")),
    b"\x8b": lambda m: m.push(_long(m, "<i")),
    b"F": lambda m: m.push(float(m.line(_LONGEST_NUMBER))),
    b"G": lambda m: m.push(m.number(">d")),
    # Text and bytes
    b"S": lambda m: m.push(_quoted(m.line(MOST_BYTES))),
    b"T": lambda m: m.push(m.block("<i").decode("latin-1")),
    b"U": lambda m: m.push(m.block("B").decode("latin-1")),
    b"V": lambda m: m.push(m.line(MOST_BYTES).encode("latin-1").decode("raw-unicode-escape")),
    b"X": lambda m: m.push(_text(m.block("<I"))),
    b"\x8c": lambda m: m.push(_text(m.block("B"))),
    b"\x8d": lambda m: m.push(_text(m.block("<Q"))),
    b"B": lambda m: m.push(m.block("<I")),
    b"C": lambda m: m.push(m.block("B")),
    b"\x8e": lambda m: m.push(m.block("<Q")),
    b"\x96": lambda m: m.push(m.block("<Q")),
    # Containers
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b")": lambda m: m.push(()),
    b"l": lambda m: m.push(list(m.above_mark())),
    b"d": lambda m: m.push(_dictionary(m.above_mark())),
    b"t": lambda m: m.push(m.above_mark()),
    b"\x85": lambda m: m.push(m.pop(1)),
    b"\x86": lambda m: m.push(m.pop(2)),
    b"\x87": lambda m: m.push(m.pop(3)),
    b"a": _append,
    b"e": _extend,
    b"s": lambda m: m.store(m.pop(2)),
    b"u": lambda m: m.store(m.above_mark()),
    # The memo
    b"p": lambda m: m.remember(int(m.line(_LONGEST_NUMBER))),
    b"q": lambda m: m.remember(m.number("B")),
    b"r": lambda m: m.remember(m.number("<I")),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"g": lambda m: m.recall(int(m.line(_LONGEST_NUMBER))),
    b"h": lambda m: m.recall(m.number("B")),
    b"j": lambda m: m.recall(m.number("<I")),
    # Names: compared, never looked up
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": _stack_name,
    b"R": lambda m: m.call(),
    b"\x81": _new,
    b"b": lambda m: m.build(),
    b"Q": lambda m: m.identify(),
}

_REFUSED = {
    b"i": "INST", b"o": "OBJ", b"\x92": "NEWOBJ_EX", b"P": "PERSID", b"\x82": "EXT1", b"\x83": "EXT2", b"\x84": "EXT4",
    b"\x8f": "EMPTY_SET", b"\x90": "ADDITEMS", b"\x91": "FROZENSET", b"\x97": "NEXT_BUFFER", b"\x98": "READONLY_BUFFER",
}  # fmt: skip
