"""Pickles read without pickle: a small interpreter that can only build plain values and NumPy arrays.

A pickle is a program.  Of its operations the interpreter knows those that make dictionaries, lists, tuples, strings,
bytes, numbers, None and booleans (`pickle_operations`), and it knows by name the handful of functions with which
pickles of NumPy write arrays (`pickled_arrays`).  Nothing is ever looked up by its name, imported or called
(`pickle_machine`).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Mapping
from typing import Any

from chainrule.errors import FormatError
from chainrule.files import existing_file
from chainrule.interchange.pickle_machine import Function, Machine, Persistent, Record
from chainrule.interchange.pickle_operations import OPERATIONS, REFUSED
from chainrule.interchange.pickled_arrays import FUNCTIONS, brief, complete

__all__ = ["MOST_BYTES", "MOST_OPERATIONS", "Record", "load", "loads"]

MOST_BYTES = 2**30
"""Of a file; a network of 250 million numbers."""
MOST_OPERATIONS = 2**20
"""Of a program: each may cost a hundred bytes of memory, whatever its length in the file."""


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
    machine = Machine(content, where, frozenset(records), known, persistent)
    try:
        return complete(_run(machine))
    except FormatError as error:
        if error.where is not None or where is None:
            raise
        raise FormatError(str(error), where=where) from error
    except (IndexError, struct.error) as error:
        raise FormatError("the pickle is cut off or damaged", where=where) from error
    except (UnicodeError, ValueError, TypeError, OverflowError, KeyError, MemoryError, RecursionError) as error:
        raise FormatError(f"the pickle is damaged: {brief(error)}", where=where) from error


def _run(machine: Machine) -> Any:
    for _ in range(MOST_OPERATIONS):
        code = machine.take(1)
        if code == b".":
            (value,) = machine.pop(1)
            if machine.stack:
                raise FormatError("the pickle is damaged: something is left over at its end")
            return value
        operation = OPERATIONS.get(code)
        if operation is None:
            raise FormatError(
                f"the pickle uses the operation {REFUSED.get(code, code.hex())}, which no file of weights needs",
                fix="Nothing was executed",
            )
        operation(machine)
    raise FormatError("the pickle is too long a program", expected=f"at most {MOST_OPERATIONS} operations")
