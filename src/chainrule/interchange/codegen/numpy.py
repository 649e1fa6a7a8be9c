"""NumPy: one function of many rows at once."""

from __future__ import annotations

from chainrule.interchange.codegen.constants import lists
from chainrule.interchange.codegen.expression import Dialect
from chainrule.interchange.codegen.program import Affine, Elementwise, Normalise, Program, Scale, Step, feature
from chainrule.interchange.codegen.python import docstring

__all__ = ["generate"]

_DIALECT = Dialect(
    {
        **{name: f"np.{name}({{0}})" for name in ("exp", "log", "log1p", "tanh", "sqrt", "abs")},
        "max": "np.maximum({0}, {1})",
        "min": "np.minimum({0}, {1})",
        "where": "np.where({0} > {1}, {2}, {3})",
        "variable": "number({0})",
        "missing": "np.isnan(number({0})).astype(float)",
        "filled": "np.where(np.isnan(number({0})), {1}, number({0}))",
        "equals": "({0} == {1}).astype(float)",
        "phi": "(0.5 * erfc({0} / -1.4142135623730951))",
    }
)


def generate(program: Program, name: str) -> str:
    """A module with one function, ``name(rows) -> array``."""
    lines = ["import math", "", "import numpy as np", "", *lists(program), "", ""]
    lines += ["def number(column):", "    return np.asarray(column, dtype=float)", "", ""]
    lines += ["erfc = np.vectorize(math.erfc, otypes=[float])", "", "", f"def {name}(rows):"]
    lines += docstring(program, f"rows: an array (N, {len(program.inputs)}) with these columns")
    if program.encodes:
        names = [f"rows[:, {place}]" for place in range(len(program.inputs))]
        lines += ["    rows = np.asarray(rows)", "    h = np.stack(["]
        lines += [f"        {_DIALECT.write(feature(one, names))} + np.zeros(len(rows))," for one in program.features]
        lines.append("    ], axis=1)")
    else:
        lines.append("    h = number(rows)")
    lines += [f"    {line}" for place, step in enumerate(program.steps, 1) for line in _step(step, place)]
    return "\n".join([*lines, "    return h", ""])


def _step(step: Step, place: int) -> list[str]:
    if isinstance(step, Affine):
        return [f"h = h @ np.array(W{place}).T + np.array(B{place})"]
    if isinstance(step, Scale):
        return [f"h = h * np.array(A{place}) + np.array(B{place})"]
    if isinstance(step, Elementwise):
        return ["x = h", f"h = {_DIALECT.write(step.formula)}  # {step.name}"]
    if isinstance(step, Normalise):
        return [
            "c = h - h.mean(axis=1, keepdims=True)",
            f"h = c / np.sqrt((c * c).mean(axis=1, keepdims=True) + {step.eps!r}) * A{place} + B{place}",
        ]
    lines = ["h = h - h.max(axis=1, keepdims=True)", "s = np.exp(h).sum(axis=1, keepdims=True)"]
    return [*lines, "h = h - np.log(s)" if step.log else "h = np.exp(h) / s"]
