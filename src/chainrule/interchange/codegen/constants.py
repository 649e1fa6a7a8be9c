"""The network's numbers, as generated code declares them."""

from __future__ import annotations

import numpy as np

from chainrule.interchange.codegen.program import Affine, Program, digits, vectors

__all__ = ["arrays", "lists"]


def arrays(program: Program) -> dict[str, np.ndarray]:
    """All arrays by name, those of the first step being ``W1``, ``B1``, …"""
    named = {}
    for place, step in enumerate(program.steps, 1):
        if isinstance(step, Affine):
            named[f"W{place}"] = step.weight
        named.update({f"{letter}{place}": vector for letter, vector in vectors(step).items()})
    return named


def lists(program: Program, declare: str = "", end: str = "", indent: str = "    ") -> list[str]:
    """Lines that declare all arrays as lists in brackets.

    Args:
        program: what has the numbers.
        declare: stands before each name.
        end: stands after each list.
        indent: stands before each row of a matrix.
    """
    lines = []
    for name, values in arrays(program).items():
        if values.ndim == 1:
            lines.append(f"{declare}{name} = [{_listed(values, program)}]{end}")
        else:
            rows = [f"{indent}[{_listed(row, program)}]," for row in values]
            lines += [f"{declare}{name} = [", *rows, f"]{end}"]
    return lines


def _listed(values: np.ndarray, program: Program) -> str:
    return ", ".join(digits(values, program.dtype))
