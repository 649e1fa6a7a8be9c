"""The table's LaTeX as MathML, which browsers show and screen readers read without any script.

A converter for what the formulas of the table use, no more: fractions, roots, powers and indices, named functions,
Greek letters and a few symbols.  What it does not know it shows as it stands.
"""

from __future__ import annotations

import re
from html import escape

__all__ = ["mathml"]

# Four letters and more are a word; fewer may be factors.
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|[A-Za-z]{4,}|[A-Za-zα-ωΑ-Ωθ]|\S|\s+")
_SYMBOLS = {
    "cdot": "·", "sum": "∑", "leftarrow": "←", "le": "≤", "lnot": "¬", "top": "⊤", "lvert": "|", "rvert": "|",
    "times": "×", "mid": "|",
}  # fmt: skip
_LETTERS = {
    "alpha": "α", "beta": "β", "lambda": "λ", "sigma": "σ", "Phi": "Φ", "varphi": "φ", "varepsilon": "ε", "mu": "μ",
    "eta": "η", "theta": "θ", "tau": "τ", "rho": "ρ", "epsilon": "ε", "delta": "δ", "Delta": "Δ", "pi": "π",
    "gamma": "γ",
}  # fmt: skip
_FUNCTIONS = frozenset("ln exp sin cos tanh max min log".split())
_SPACES = frozenset(("quad", "textstyle", "displaystyle", ",", ";", "!", ":", " ", "left", "right"))
_FRACTIONS = frozenset(("frac", "tfrac", "dfrac"))
_ACCENTS = {"bar": "¯", "overline": "¯", "hat": "^"}
_FONTS = {"mathrm": "normal", "operatorname": "normal", "mathbb": "double-struck", "text": "normal"}


def mathml(latex: str) -> str:
    """A ``<math>`` element for a formula.

    >>> mathml("e^{-x}")
    '<math><msup><mi>e</mi><mrow><mo>-</mo><mi>x</mi></mrow></msup></math>'
    """
    return f"<math>{_Reader(latex).row()}</math>"


class _Reader:
    """Reads tokens from the left; each method gives the MathML of what it read."""

    def __init__(self, latex: str) -> None:
        self.tokens = [token for token in _TOKEN.findall(latex) if not token.isspace()]
        self.place = 0

    def row(self) -> str:
        """Everything up to the end or the closing brace."""
        parts = []
        while self.place < len(self.tokens) and self.tokens[self.place] != "}":
            parts.append(self.scripted())
        return "".join(parts)

    def scripted(self) -> str:
        """An atom with what stands above and below it."""
        base = self.atom()
        below = above = ""
        while self.place < len(self.tokens) and self.tokens[self.place] in {"^", "_"}:
            mark = self.tokens[self.place]
            self.place += 1
            if mark == "^":
                above = self.argument()
            else:
                below = self.argument()
        if above and below:
            return f"<msubsup>{base}{below}{above}</msubsup>"
        return f"<msup>{base}{above}</msup>" if above else f"<msub>{base}{below}</msub>" if below else base

    def argument(self) -> str:
        """One token, or a group in braces as one element."""
        if self.place < len(self.tokens) and self.tokens[self.place] == "{":
            return self.group()
        return self.atom()

    def group(self) -> str:
        self.place += 1
        inside = self.row()
        self.place += 1
        return f"<mrow>{inside}</mrow>"

    def atom(self) -> str:
        if self.place >= len(self.tokens):
            return "<mrow></mrow>"
        token = self.tokens[self.place]
        if token == "{":
            return self.group()
        self.place += 1
        if token.startswith("\\"):
            return self.command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if len(token) > 1:
            return f"<mtext>&#160;{token}</mtext>"
        if token in "()[]":  # one with an index would shrink to the index's size
            return f'<mo stretchy="false">{token}</mo>'
        return f"<mi>{token}</mi>" if token.isalpha() else f"<mo>{escape(token)}</mo>"

    def command(self, name: str) -> str:
        if name in _FRACTIONS:
            return f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
        if name == "sqrt":
            return f"<msqrt>{self.argument()}</msqrt>"
        if name in _ACCENTS:
            return f"<mover>{self.argument()}<mo>{_ACCENTS[name]}</mo></mover>"
        if name in _FONTS:
            return f'<mi mathvariant="{_FONTS[name]}">{self.plain()}</mi>'
        if name in _LETTERS:
            return f"<mi>{_LETTERS[name]}</mi>"
        if name in _FUNCTIONS:
            return f"<mi>{name}</mi><mo>&#8289;</mo>" if name not in {"max", "min"} else f"<mi>{name}</mi>"
        if name in _SPACES:
            return '<mspace width="0.2em"></mspace>'
        return f"<mo>{escape(_SYMBOLS.get(name, name))}</mo>"

    def plain(self) -> str:
        """A group's letters as they stand, for names."""
        if self.place < len(self.tokens) and self.tokens[self.place] == "{":
            end = self.tokens.index("}", self.place) if "}" in self.tokens[self.place :] else len(self.tokens)
            word = "".join(self.tokens[self.place + 1 : end])
            self.place = end + 1
            return escape(word)
        return self.atom()
