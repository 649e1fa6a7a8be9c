"""Formulas of one number, written once and printed in every language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from chainrule.errors import FormatError

__all__ = ["Dialect", "Expression", "call", "constant", "equals", "filled", "is_missing", "variable", "where"]

Operand: TypeAlias = "Expression | float"


@dataclass(frozen=True)
class Expression:
    """An operation and its operands: variables as text, numbers, or expressions."""

    operation: str
    operands: tuple[Any, ...]

    def __add__(self, other: Operand) -> Expression:
        return Expression("add", (self, _wrapped(other)))

    def __radd__(self, other: float) -> Expression:
        return Expression("add", (_wrapped(other), self))

    def __sub__(self, other: Operand) -> Expression:
        return Expression("sub", (self, _wrapped(other)))

    def __rsub__(self, other: float) -> Expression:
        return Expression("sub", (_wrapped(other), self))

    def __mul__(self, other: Operand) -> Expression:
        return Expression("mul", (self, _wrapped(other)))

    def __rmul__(self, other: float) -> Expression:
        return Expression("mul", (_wrapped(other), self))

    def __truediv__(self, other: Operand) -> Expression:
        return Expression("div", (self, _wrapped(other)))

    def __rtruediv__(self, other: float) -> Expression:
        return Expression("div", (_wrapped(other), self))

    def __neg__(self) -> Expression:
        return Expression("neg", (self,))


def _wrapped(value: Operand) -> Expression:
    return value if isinstance(value, Expression) else constant(value)


def constant(value: float) -> Expression:
    """A number.

    Raises:
        FormatError: for an infinite one, which not every language can write.
    """
    if not math.isfinite(value):
        raise FormatError("generated code cannot have a layer with an option that is not finite", got=value)
    return Expression("number", (float(value),))


def variable(name: str) -> Expression:
    """A variable, as the language spells it."""
    return Expression("variable", (name,))


def call(function: str, *operands: Operand) -> Expression:
    """A function: exp, log, log1p, tanh, sqrt, abs, max, min, or phi (the standard normal distribution)."""
    return Expression(function, tuple(map(_wrapped, operands)))


def where(left: Operand, right: Operand, then: Operand, otherwise: Operand) -> Expression:
    """`then` where left > right, else `otherwise`."""
    return Expression("where", tuple(map(_wrapped, (left, right, then, otherwise))))


def is_missing(name: str) -> Expression:
    """1 where an input has no value, else 0."""
    return Expression("missing", (name,))


def filled(name: str, value: float) -> Expression:
    """An input, or a number where it has no value."""
    return Expression("filled", (name, float(value)))


def equals(name: str, text: str, index: int) -> Expression:
    """1 where an input is a category, else 0.

    Args:
        name: of the variable.
        text: the category, for languages that have text.
        index: its place among the categories, for the others.
    """
    return Expression("equals", (name, text, index))


class Dialect:
    """How a language writes the operations.

    Args:
        forms: operation -> format string of its operands, where it differs from most languages.
    """

    forms: Mapping[str, str] = {
        "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
        "exp": "exp({0})", "log": "log({0})", "log1p": "log1p({0})", "tanh": "tanh({0})", "sqrt": "sqrt({0})",
        "abs": "abs({0})", "max": "max({0}, {1})", "min": "min({0}, {1})", "phi": "phi({0})",
    }  # fmt: skip

    def __init__(self, forms: Mapping[str, str]) -> None:
        self.forms = {**self.forms, **forms}

    def write(self, expression: Expression) -> str:
        """The expression in this language."""
        kind, operands = expression.operation, expression.operands
        if kind == "number":
            return self.number(operands[0])
        if kind == "variable":
            return str(operands[0])
        if kind in ("missing", "filled", "equals"):
            texts = [self.text(one) if isinstance(one, str) else self.number(one) for one in operands[1:]]
            return self.forms[kind].format(operands[0], *texts)
        return self.forms[kind].format(*map(self.write, operands))

    def number(self, value: float) -> str:
        """A number with all its digits."""
        shown = repr(float(value)).removesuffix(".0")
        return f"({shown})" if shown.startswith("-") else shown

    def text(self, value: str) -> str:
        """A text between quotes."""
        import json

        return json.dumps(value)
