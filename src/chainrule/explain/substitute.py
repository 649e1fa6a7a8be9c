"""A formula of the table with numbers in the place of its letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["numeral", "substituted", "term"]

# How the table's formulas write an operation's parameters.
_SYMBOLS = {
    "negative_slope": "α",
    "alpha": "α",
    "beta": "β",
    "eps": "ε",
    "min_val": "lo",
    "max_val": "hi",
    "min": "lo",
    "max": "hi",
    "low": "low",
    "high": "high",
    "correction": "c",
}
# A letter on its own; x² is one, xᵢ, x̄ and the letters of max are not.
_LETTER = re.compile(r"βx|(?<![A-Za-z_\d])(?:low|high|lo|hi|[abxyptαβεc])(?![A-Za-z_\dᵢₖⱼ\u0304])")
_DOUBLED = re.compile(r"\(\((-[^()]+)\)(?=[,)])")
# What the table calls the inputs of an operation, where it is not x or a and b.
_INPUTS = {"binary_cross_entropy": ("p", "t"), "where": ("c", "a", "b")}


def numeral(value: float, digits: int = 4) -> str:
    """A number as a person would write it."""
    return f"{value + 0.0:.{digits}g}".replace("e-0", "e-").replace("e+0", "e")


def term(shown: str) -> str:
    """A number within a formula: negative ones in parentheses."""
    return f"({shown})" if shown.startswith("-") else shown


def substituted(op: str, formula: str, inputs: list[str], output: str, params: Mapping[str, Any]) -> str:
    """The formula with the texts of the inputs, the output and the parameters in it.

    >>> substituted("sigmoid", "y·(1 - y)", ["0.3"], "0.57", {})
    '0.57·(1 - 0.57)'
    """
    names = _INPUTS.get(op) or (("x",) if len(inputs) == 1 else ("a", "b"))
    texts = dict(zip(names, inputs, strict=False))
    texts["y"] = output
    for key, symbol in _SYMBOLS.items():
        if isinstance(params.get(key), (int, float)):
            texts[symbol] = numeral(float(params[key]))
    if op == "gelu":  # the table shows both variants in one text
        exact, _, approximate = formula.partition(" (tanh: ")
        formula = approximate.removesuffix(")") if params.get("approximate") == "tanh" and approximate else exact
    filled = _LETTER.sub(_filler(texts), formula)
    return _DOUBLED.sub(_single, filled)


def _single(match: re.Match[str]) -> str:
    """max((-0.3), 0) reads better as max(-0.3, 0), ((-0.3)) as (-0.3)."""
    return f"({match.group(1)}" if match.string[match.end() : match.end() + 1] in {",", ")"} else match.group()


def _filler(texts: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    def fill(match: re.Match[str]) -> str:
        letter = match.group()
        if letter == "βx":
            return f"{texts.get('β', 'β')}·{term(texts.get('x', 'x'))}"
        return term(texts[letter]) if letter in texts else letter

    return fill
