"""Formulas as plain text, LaTeX and MathML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.explain.algebra import Affine, Piece
from chainrule.explain.formulas import import_sympy
from chainrule.explain.record import Record

__all__ = ["Formula", "latex_name", "matrix_formula"]

_LATEX_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "_": r"\_", "%": r"\%", "$": r"\$", "#": r"\#", "&": r"\&",
    "^": r"\^{}", "~": r"\~{}",
}  # fmt: skip
_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
# Names that only HTML knows are no XML.
_ENTITIES = {"&ExponentialE;": "e", "&pi;": "π", "&InvisibleTimes;": "⁢", "&lt;": "&lt;"}


@dataclass(frozen=True)
class Formula(Record):
    """``name = expression``.

    Attributes:
        name: of what is computed.
        latex_name: the same in LaTeX.
    """

    name: str
    latex_name: str
    _expression: Any = field(repr=False)
    _names: Mapping[str, str] = field(repr=False, default_factory=dict)
    _ready: tuple[str, str, str] | None = field(repr=False, default=None)

    @classmethod
    def of(cls, name: str, expression: Any, names: Mapping[str, str] | Iterable[str]) -> Formula:
        """Take an expression; `names` are those of its symbols, with their LaTeX if it is known."""
        known = dict(names) if isinstance(names, Mapping) else {one: latex_name(one) for one in names}
        return cls(name, known.get(name) or latex_name(name), expression, known)

    @property
    def expression(self) -> Any:
        """The SymPy expression."""
        return self._expression

    @property
    def text(self) -> str:
        """The right-hand side as plain text."""
        if self._ready is not None:
            return self._ready[0]
        import_sympy()
        from sympy.printing.str import StrPrinter

        return str(StrPrinter({"full_prec": False}).doprint(self._expression))

    @property
    def latex(self) -> str:
        """The right-hand side in LaTeX."""
        if self._ready is not None:
            return self._ready[1]
        sympy = import_sympy()
        names = {s: self._names[s.name] for s in self._expression.free_symbols if s.name in self._names}
        return str(sympy.latex(self._expression, full_prec=False, symbol_names=names))

    @property
    def mathml(self) -> str:
        """The whole formula as one ``<math>`` element."""
        if self._ready is not None:
            return self._ready[2]
        import_sympy()
        right = _without_entities(_presentation(self._expression))
        return f"{_MATH}<mi>{_escaped(self.name)}</mi><mo>=</mo>{right}</math>"

    @classmethod
    def json_names(cls) -> tuple[str, ...]:
        """Name, text, LaTeX and MathML."""
        return ("name", "text", "latex", "mathml")


def latex_name(name: str) -> str:
    """A name as LaTeX shows it: ``x1`` as x₁, words upright."""
    if match := re.fullmatch(r"([A-Za-z])_?(\d*)", name):
        letter, number = match.groups()
        return f"{letter}_{{{number}}}" if number else letter
    return r"\text{" + "".join(_LATEX_SPECIAL.get(character, character) for character in name) + "}"


def matrix_formula(piece: Piece, letter: str, number: int, before: str) -> Formula:
    """One layer of many neurons: the names of its matrices, and their shapes."""
    name, tex = f"{letter}{number}", rf"\mathbf{{{letter}}}_{{{number}}}"
    given = r"\mathbf{x}" if before == "x" else rf"\mathbf{{{before[0]}}}_{{{before[1:]}}}"
    if not isinstance(piece, Affine):
        plain, right = f"{piece.kind}({before})", rf"\operatorname{{{piece.kind}}}({given})"
    else:
        times = "∘" if piece.weight.ndim == 1 else "·"
        shape = " × ".join(map(str, piece.weight.shape))
        plain = f"W{number}{times}{before} + b{number}    (W{number}: {shape}, layer {piece.path})"
        operator = r"\circ" if piece.weight.ndim == 1 else ""
        right = rf"W_{{{number}}}{operator} {given} + \mathbf{{b}}_{{{number}}}"
    mathml = f"{_MATH}<mi>{name}</mi><mo>=</mo><mtext>{_escaped(plain)}</mtext></math>"
    return Formula(name, tex, None, {}, (plain, right, mathml))


def _presentation(expression: Any) -> str:
    from sympy.printing.mathml import MathMLPresentationPrinter

    class Printer(MathMLPresentationPrinter):  # type: ignore[misc]
        """SymPy's, for names with any characters, and numbers without the zeros that their precision would add."""

        def _print_Symbol(self, symbol: Any, style: str = "plain") -> Any:
            if symbol.name.isalnum() and symbol.name.isascii():
                return super()._print_Symbol(symbol, style)
            element = self.dom.createElement("mi")
            element.appendChild(self.dom.createTextNode(_escaped(symbol.name)))
            return element

        def _print_Float(self, number: Any) -> Any:
            element = self.dom.createElement("mn")
            element.appendChild(self.dom.createTextNode(f"{float(number):.15g}"))
            return element

    return str(Printer({"fold_short_frac": False}).doprint(expression))


def _without_entities(xml: str) -> str:
    for entity, character in _ENTITIES.items():
        xml = xml.replace(entity, character)
    return xml


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
