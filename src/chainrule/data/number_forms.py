"""Numbers as people write them: ``1,234,567``, ``10,25``, ``$64.51``, ``12.3 %``, ``10,980원``.

A column is read so only if all of its cells are written in one form; the form goes into the model's file, so that
later data are read in the same way.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule.data.fields import Fields

__all__ = ["PLAIN", "NumberForm", "find_form", "needs_decimal", "number"]

_CURRENCY = "$€£¥₩₹₽₺₫฿₱₪₴￥￦"
_CODES = ("USD", "EUR", "GBP", "JPY", "KRW", "CNY", "CHF", "CAD", "AUD", "INR", "BRL")
_PREFIX = rf"(?:(?:US|CA|AU|HK|NZ|NT|R|S)?[{_CURRENCY}]|{'|'.join(_CODES)})"
_SUFFIX = rf"(?:[%‰°{_CURRENCY}]|°[CF]|[^\W\d_]{{1,5}}[²³]?|[㎡㎥㎏㎝㎞㎜])"

# How the digits may be grouped, by decimal mark.  "0,123" is no grouped number.
_DIGITS = {
    ".": r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+",
    ",": r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+),\d+|[1-9]\d{0,2}(?:\.\d{3}){2,}|\d+",
}
_ANY = rf"[+\-−]?\s?(?P<prefix>{_PREFIX})?\s?[+\-−]?(?P<digits>[\d.,]*\d[\d.,]*)\s?(?P<suffix>{_SUFFIX})?"


def number(text: str) -> float | None:
    """Return the finite or infinite number that `text` writes in the plain form, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return None if "_" in text or math.isnan(value) else value


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    Attributes:
        decimal: the decimal mark, ``"."`` or ``","``; the other one may stand between groups of three digits.  Empty
            for plain numbers, as Python writes them.
        prefix: a currency in front of each number, or nothing.
        suffix: a unit behind each number, or nothing.
    """

    decimal: str = ""
    prefix: str = ""
    suffix: str = ""

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        signs = r"(?P<minus>[+\-−]?)\s?" + re.escape(self.prefix) + r"\s?(?P<inner>[+\-−]?)"
        return re.compile(rf"{signs}(?P<digits>{_DIGITS[self.decimal]})\s?{re.escape(self.suffix)}", re.ASCII)

    def read(self, text: str) -> float | None:
        """Return the number that `text` writes in this form or in the plain one, or None."""
        found = self._pattern.fullmatch(text) if self.decimal else None
        if found is None or (found["minus"] and found["inner"]):
            return number(text)
        digits = found["digits"].replace("." if self.decimal == "," else ",", "").replace(",", ".")
        value = float(digits)
        return -value if found["minus"] + found["inner"] in {"-", "−"} else value

    def describe(self, example: str) -> str:
        """Return a note for people on how such cells are read."""
        parts = ["with decimal commas"] if self.decimal == "," else ["with commas between thousands"] * ("," in example)
        parts += [f"without the {sign!r}" for sign in (self.prefix, self.suffix) if sign]
        return f"{example!r} is read as {self.read(example):.15g}" + (f" ({', '.join(parts)})" if parts else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the form as a dictionary that JSON can hold."""
        return {"decimal": self.decimal, "prefix": self.prefix, "suffix": self.suffix}

    @classmethod
    def take(cls, fields: Fields) -> NumberForm:
        """Take a form from the field "form" of a dictionary; files without one hold plain numbers.

        Raises:
            FormatError: for anything that `to_dict` does not return.
        """
        if not fields.has("form"):
            return PLAIN
        given = Fields(fields.take("form"), f"{fields.where}'s form")
        form = cls(given.text("decimal", among=(".", ",")), given.text("prefix"), given.text("suffix"))
        given.finish()
        if (form.prefix and not re.fullmatch(_PREFIX, form.prefix)) or (
            form.suffix and not re.fullmatch(_SUFFIX, form.suffix)
        ):
            raise given.error("has an unusable prefix or suffix")
        return form


PLAIN = NumberForm()


def find_form(texts: Iterable[str], commas: str = "thousands") -> NumberForm | None:
    """Return the form in which every text is a number, or None.

    Args:
        texts: distinct cells.
        commas: "thousands" or "decimal": what ``1,234`` means where no other cell tells.
    """
    given = list(texts)
    parts = _parts(given)
    if parts is None:
        return None
    prefix, suffix, digits = parts
    marks = (",", ".") if commas == "decimal" else (".", ",")
    for mark in marks:
        pattern = re.compile(_DIGITS[mark], re.ASCII)
        if mark == "," and not any("," in text for text in digits):
            continue
        if all(pattern.fullmatch(text) for text in digits):
            form = NumberForm(mark, prefix, suffix)
            return form if all(form.read(text) is not None for text in given) else None
    return None


def needs_decimal(texts: Iterable[str]) -> str | None:
    """Return what the commas in a column of numbers show: "decimal", "thousands", "unclear", or None without any."""
    parts = _parts(texts)
    if parts is None or not any("," in text for text in parts[2]):
        return None
    possible = [mark for mark in ".," if all(re.fullmatch(_DIGITS[mark], text, re.ASCII) for text in parts[2])]
    if len(possible) == 2:
        return "unclear"
    return {".": "thousands", ",": "decimal"}[possible[0]] if possible else None


def _parts(texts: Iterable[str]) -> tuple[str, str, list[str]] | None:
    """Return the common prefix and suffix of all texts and the digits of each, or None if there is no such form."""
    matched, form = [], re.compile(_ANY)  # here and not above: an import should not wait for it
    for text in texts:
        found = form.fullmatch(text)
        if found is None:
            return None
        matched.append(found)
    signs = {(found["prefix"] or "", found["suffix"] or "") for found in matched}
    if len(signs) != 1:
        return None
    prefix, suffix = signs.pop()
    return prefix, suffix, [found["digits"] for found in matched]
