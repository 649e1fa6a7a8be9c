"""Output on terminals whose encoding does not hold every character: a formula keeps its signs."""

from __future__ import annotations

import codecs
import sys

__all__ = ["ERRORS", "soften_output"]

#: Name of the handler under which `codecs` knows it.
ERRORS = "chainrule-ascii"

_ASCII = {
    "−": "-", "–": "-", "—": "-", "·": "*", "×": "x", "σ": "sigmoid", "Σ": "sum", "√": "sqrt", "∂": "d", "→": "->",
    "←": "<-", "↓": "|", "…": "...", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "±": "+-", "°": " deg", "²": "^2",
    "³": "^3", "ⁿ": "^n", "’": "'", "‘": "'", "“": '"', "”": '"', "\N{NO-BREAK SPACE}": " ", "─": "-", "━": "-",
    "│": "|", "┃": "|", "•": "*",
}  # fmt: skip


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """What to write for characters that the encoding lacks: their likeness in ASCII, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_ASCII.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


def soften_output() -> None:
    """Let standard output and error write likenesses instead of failing at characters that they cannot hold."""
    codecs.register_error(ERRORS, _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(errors=ERRORS)
