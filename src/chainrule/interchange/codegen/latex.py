"""LaTeX: the network as matrices, layer by layer, for amsmath's ``align*``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import FormatError
from chainrule.interchange.codegen.expression import Dialect
from chainrule.interchange.codegen.program import (
    Affine,
    Elementwise,
    Normalise,
    Program,
    Scale,
    Step,
    digits,
    feature,
)

__all__ = ["generate"]

_MOST_NUMBERS = 2000
_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_SPECIAL |= {"\\": r"\textbackslash{}", "\n": " ", "\r": " "}


class _Formulas(Dialect):
    def number(self, value: float) -> str:
        mantissa, _, exponent = f"{value:.9g}".partition("e")
        return mantissa + (rf" \cdot 10^{{{int(exponent)}}}" if exponent else "")

    def text(self, value: str) -> str:
        return rf"\text{{{_escaped(value)}}}"


_DIALECT = _Formulas(
    {
        "add": "{0} + {1}",
        "sub": r"{0} - \left({1}\right)",
        "mul": r"\left({0}\right) \left({1}\right)",
        "div": r"\frac{{{0}}}{{{1}}}",
        "neg": r"-\left({0}\right)",
        "exp": "e^{{{0}}}",
        "log": r"\ln\left({0}\right)",
        "log1p": r"\ln\left(1 + {0}\right)",
        "tanh": r"\tanh\left({0}\right)",
        "sqrt": r"\sqrt{{{0}}}",
        "abs": r"\left|{0}\right|",
        "max": r"\max\left({0}, {1}\right)",
        "min": r"\min\left({0}, {1}\right)",
        "phi": r"\Phi\left({0}\right)",
        "where": r"\begin{{cases}} {2} & {0} > {1} \\ {3} & \text{{otherwise}} \end{{cases}}",
        "missing": r"\left[{0} \text{{ missing}}\right]",
        "filled": "{0}",
        "equals": r"\left[{0} = {1}\right]",
    }
)


def generate(program: Program, name: str) -> str:
    """An ``align*`` of what goes in, every layer, the formulas of its activations, and what comes out."""
    held = sum(step.weight.size for step in program.steps if isinstance(step, Affine))
    if held > _MOST_NUMBERS:
        raise FormatError(
            "the network is too large for a formula", expected=f"at most {_MOST_NUMBERS} weights", got=held
        )
    names = [rf"\text{{{_escaped(one)}}}" for one in program.inputs]
    features = [_DIALECT.write(feature(one, names)) for one in program.features]
    lines = [f"h_0 &= {_column(features)}"]
    formulas: dict[str, str] = {}
    for place, step in enumerate(program.steps, 1):
        if isinstance(step, Elementwise):
            formulas[step.name] = _DIALECT.write(step.formula)
        lines.append(f"h_{{{place}}} &= {_right_side(step, 'h_{' + str(place - 1) + '}', program.dtype)}")
    lines += [rf"\operatorname{{{one}}}(x) &= {written}" for one, written in formulas.items()]
    outputs = _column([rf"\text{{{_escaped(one)}}}" for one in program.outputs])
    lines.append(rf"{outputs} &= h_{{{len(program.steps)}}}")
    return "\\begin{align*}\n" + " \\\\\n".join(lines) + "\n\\end{align*}\n"


def _right_side(step: Step, h: str, dtype: np.dtype[Any]) -> str:
    if isinstance(step, Affine):
        return f"{_matrix(step.weight, dtype)} {h} + {_matrix(step.bias[:, None], dtype)}"
    if isinstance(step, Scale):
        return rf"{_matrix(step.factor[:, None], dtype)} \odot {h} + {_matrix(step.shift[:, None], dtype)}"
    if isinstance(step, Normalise):
        a, b = _matrix(step.weight[:, None], dtype), _matrix(step.bias[:, None], dtype)
        eps = _DIALECT.number(step.eps)
        root = rf"\sqrt{{\operatorname{{var}}({h}) + {eps}}}"
        return rf"{a} \odot \frac{{{h} - \operatorname{{mean}}({h})}}{{{root}}} + {b}"
    if isinstance(step, Elementwise):
        return rf"\operatorname{{{step.name}}}({h})"
    return rf"\ln \operatorname{{softmax}}({h})" if step.log else rf"\operatorname{{softmax}}({h})"


def _matrix(values: np.ndarray, dtype: np.dtype[Any]) -> str:
    rows = [" & ".join(_DIALECT.number(float(one)) for one in digits(row, dtype)) for row in values]
    return _column(rows)


def _column(parts: Sequence[str]) -> str:
    listed = r" \\ ".join(parts)
    return rf"\begin{{bmatrix}} {listed} \end{{bmatrix}}"


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in text)
