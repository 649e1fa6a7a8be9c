"""The operations of pickles, by their codes (https://docs.python.org/3/library/pickletools.html).

Those that make dictionaries, lists, tuples, strings, bytes, numbers, None and booleans are understood, and those that
name and call what the machine knows by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chainrule.errors import FormatError
from chainrule.interchange.pickle_machine import MARK, Machine, fill

__all__ = ["OPERATIONS", "REFUSED"]

_LONGEST_NUMBER = 128  # bytes of an integer, characters of a number in text
_LONGEST_TEXT = 2**30
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.|$)", re.DOTALL)
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "r": "\r", "t": "\t"}


def _dictionary(items: tuple[Any, ...]) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    fill(made, items)
    return made


def _protocol(m: Machine) -> None:
    version = m.number("B")
    if version > 5:
        raise FormatError("pickle of an unknown protocol", expected="0 to 5", got=version)


def _integer(text: str) -> int | bool:
    if text in ("00", "01"):
        return text == "01"
    return int(text.removesuffix("L"))


def _long(m: Machine, form: str) -> int:
    size = m.number(form)
    if not 0 <= size <= _LONGEST_NUMBER:
        raise FormatError("the pickle holds too long a number", expected=f"{_LONGEST_NUMBER} bytes", got=size)
    return int.from_bytes(m.take(size), "little", signed=True)


def _quoted(text: str) -> str:
    """A string as Python 2 wrote it; its bytes as characters."""
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "\"'":
        raise FormatError("the pickle is damaged: a string without quotes")
    return _ESCAPE.sub(_unescaped, text[1:-1])


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1]
    if escape in _ESCAPES:
        return _ESCAPES[escape]
    if len(escape) != 3:
        raise FormatError("the pickle is damaged: a string with an escape that Python 2 did not write")
    return chr(int(escape[1:], 16))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogatepass")


def _extend(m: Machine) -> None:
    items = m.above_mark()
    m.top(list).extend(items)


def _append(m: Machine) -> None:
    items = m.pop(1)
    m.top(list).extend(items)


def _new(m: Machine) -> None:
    kind, args = m.pop(2)
    m.push(m.made(kind, args))


def _stack_name(m: Machine) -> None:
    m.name(*m.pop(2))


OPERATIONS: dict[bytes, Callable[[Machine], Any]] = {
    b"\x80": _protocol,
    b"\x95": lambda m: m.number("<Q"),  # a frame: how much to read ahead
    b"(": lambda m: m.push(MARK),
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
    b"S": lambda m: m.push(_quoted(m.line(_LONGEST_TEXT))),
    b"T": lambda m: m.push(m.block("<i").decode("latin-1")),
    b"U": lambda m: m.push(m.block("B").decode("latin-1")),
    b"V": lambda m: m.push(m.line(_LONGEST_TEXT).encode("latin-1").decode("raw-unicode-escape")),
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

REFUSED = {
    b"i": "INST", b"o": "OBJ", b"\x92": "NEWOBJ_EX", b"P": "PERSID", b"\x82": "EXT1", b"\x83": "EXT2", b"\x84": "EXT4",
    b"\x8f": "EMPTY_SET", b"\x90": "ADDITEMS", b"\x91": "FROZENSET", b"\x97": "NEXT_BUFFER", b"\x98": "READONLY_BUFFER",
}  # fmt: skip
