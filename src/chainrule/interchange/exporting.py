"""Networks as code: one function, and the list of what it can write."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from importlib import import_module
from typing import Any

from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.interchange.codegen.program import Program, program_of
from chainrule.nn.module import Module

__all__ = ["TARGETS", "check_arguments", "export"]

TARGETS = {
    "python": "python", "numpy": "numpy", "c": "c", "js": "javascript", "sql": "sql", "excel": "excel",
    "latex": "latex", "torch": "torch", "keras": "keras",
}  # fmt: skip
"""Names of the targets, and the files that write them."""

_C_WORDS = {
    "auto", "break", "case", "char", "const", "default", "do", "double", "else", "enum", "extern", "float", "function",
    "goto", "h", "g", "i", "inline", "int", "j", "let", "long", "main", "new", "register", "restrict", "row", "rows",
    "short", "signed", "sizeof", "static", "struct", "switch", "this", "typedef", "union", "unsigned", "var", "void",
    "volatile", "x", "y", "np", "math", "number", "erfc", "phi", "inputs", "outputs", "null", "export", "delete",
    "torch", "nn", "model", "state", "keras", "a", "p", "q", "v", "m", "s", "cut", "scaled",
}  # fmt: skip


def export(
    model: Module,
    to: str,
    *,
    name: str = "predict",
    table: str = "data",
    preprocessing: bool = True,
    link: bool = True,
    int8: bool = False,
    calibrate: Any = None,
) -> str:
    """Write a network as code that needs nothing but its language.

    Args:
        model: of the library's layers; it is taken in evaluation mode.
        to: "python", "numpy", "c" (C99, float, no malloc), "js" (ES module), "sql" (SQLite), "excel" (CSV of formulas,
            for small networks), "latex", or source that builds a ``Sequential``, without preprocessing: "torch"
            (without the link, too) or "keras".
        name: of the function.
        table: for "sql", whose rows are read.
        preprocessing: begin with the columns that the model was trained on: numbers are scaled, missing ones (None,
            NaN, NULL, an empty cell) filled with the training median; a category is its text, in C its number.
            Columns of dates cannot be.  Without it the function takes the features that the network sees.
        link: go on from the raw output to probabilities (of each class, or of the second of two), or to the target's
            own units, as `predict_proba` and `predict` do.
        int8: for "c", compute in whole numbers of 8 bits; see `int8.export_int8`, which also says what that costs.
        calibrate: for int8, rows like those that the network will see.

    Returns:
        the source.

    Raises:
        UnknownNameError: for an unknown target.
        ConfigError: for a name that cannot be a function's, and for int8 in another language or without rows.
        FormatError: for a layer or column that the target cannot have, or a network too large for it.
        DTypeError: if `model` is no module.
    """
    check_arguments(model, name)
    if to == "onnx":
        raise ConfigError("ONNX is no source code", fix="Take to_onnx(model), or save_onnx(model, path)")
    if to not in TARGETS:
        raise UnknownNameError("target", to, TARGETS)
    if int8:
        if to != "c":
            raise ConfigError("whole numbers of 8 bits are written in C alone", got=f"to={to!r} and int8")
        from chainrule.interchange.int8 import export_int8

        return export_int8(model, calibrate, name=name, preprocessing=preprocessing, link=link)[0]
    if calibrate is not None:
        raise ConfigError("calibration rows are for int8 alone", fix="Pass int8=True (--int8), too")
    target = import_module(f"chainrule.interchange.codegen.{TARGETS[to]}")
    if to == "torch":
        source: str = target.generate(model, name)
        return source
    if to == "keras":
        source = target.generate(model, name, link)
        return source
    generate: Callable[..., str] = target.generate
    program: Program = program_of(model, preprocessing, link)
    return generate(program, name, table) if to == "sql" else generate(program, name)


def check_arguments(model: object, name: str) -> None:
    """Refuse what is no network, and names that cannot be a function's.

    Raises:
        DTypeError, ConfigError: as `export` does.
    """
    if not isinstance(model, Module):
        raise DTypeError("not a model", expected="a Module", got=type(model).__name__)
    reserved = keyword.iskeyword(name) or name in _C_WORDS or (name[:1] in "WABFMSTZ" and name[1:].isdecimal())
    if not (name.isidentifier() and name.isascii()) or reserved:
        raise ConfigError("not a name for a function", got=repr(name), fix="Take letters, digits and underscores")
