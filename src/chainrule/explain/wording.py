"""Numbers, points and lines as a reader writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

__all__ = ["line_equation", "mixture", "number", "vector"]

_MOST = 8
_ROUNDING = 1e-16


def number(value: Any, digits: int = 4) -> str:
    """``0.7``, ``−1.5``, ``2.5e-07``: `digits` significant digits, a true minus sign, no −0; ``∞``, ``NaN``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    shown = f"{float(value):.{digits}g}"
    return "0" if float(shown) == 0 else shown.replace("-", "−", 1) if shown[0] == "-" else shown


def vector(values: Iterable[Any], digits: int = 4) -> str:
    """``(0.5, 0.5)``; of a long one the first numbers."""
    listed = list(values)
    shown = [number(value, digits) for value in listed[:_MOST]]
    return f"({', '.join(shown)}{', …' if len(listed) > _MOST else ''})"


def mixture(shares: Iterable[Any], points: Iterable[Iterable[Any]]) -> str:
    """``0.5·(0, 0) + 0.5·(1, 1)``."""
    terms = [f"{number(share)}·{vector(point)}" for share, point in zip(shares, points, strict=True)]
    return " + ".join(terms[:_MOST]) + (" + …" if len(terms) > _MOST else "")


def line_equation(weights: Iterable[Any], offset: Any, names: Iterable[str]) -> str:
    """``0.5·x1 − 2·x2 − 0.7 = 0``; what is left of a zero after rounding is written 0."""
    values = [float(weight) for weight in weights]
    least = _ROUNDING * max(map(abs, values), default=0.0)
    terms = [(value if abs(value) > least else 0.0, f"·{name}") for value, name in zip(values, names, strict=True)]
    shown = [*terms[:_MOST], (float(offset), "")]
    text = ""
    for value, name in shown:
        sign = "−" if value < 0 else "+"
        text += f" {sign} {number(abs(value))}{name}"
        if name == terms[min(_MOST, len(terms)) - 1][1] and len(terms) > _MOST:
            text += " + …"
    text = text.strip()
    return ("−" + text[2:] if text[0] == "−" else text[2:]) + " = 0"
