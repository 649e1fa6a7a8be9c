"""Options that several commands share."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from chainrule.errors import ConfigError

__all__ = ["Columns", "Decimal", "Delimiter", "Encoding", "Json", "Lang", "NoHeader", "Quiet", "Seed", "TextFile"]

_TEXT = "Text files"

Json = Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON document and nothing else.")]
Lang = Annotated[
    str | None, typer.Option("--lang", help="en or ko; default: CHAINRULE_LANG, or what the system speaks.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", metavar="", help="Print nothing but errors.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result, bit for bit.")]
Encoding = Annotated[
    str | None, typer.Option("--encoding", rich_help_panel=_TEXT, help="As utf-16, cp949, latin-1; default: UTF-8.")
]
Delimiter = Annotated[
    str | None,
    typer.Option("--delimiter", rich_help_panel=_TEXT, help="What stands between fields; default: found out."),
]
Decimal = Annotated[
    str | None, typer.Option("--decimal", rich_help_panel=_TEXT, help="The decimal mark: . or ,; default: found out.")
]
NoHeader = Annotated[
    bool, typer.Option("--no-header", metavar="", rich_help_panel=_TEXT, help="The first line holds data, not names.")
]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a table's columns are, where the guess is wrong.

    Attributes:
        drop: columns to leave out, each text one or several with commas between.
        kinds: texts of the form ``column=kind``.
        missing: further texts that mean "no value".
    """

    drop: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def asked(self) -> dict[str, Any]:
        """What differs from the defaults, as `data.read` calls it.

        Raises:
            ConfigError: for a kind without its column.
        """
        kinds = {name.strip(): "ignore" for row in csv.reader(self.drop) for name in row}
        for text in self.kinds:
            name, equals, kind = text.rpartition("=")
            if not equals or not name:
                raise ConfigError("bad --kind", expected="COLUMN=KIND", got=repr(text))
            kinds[name] = kind
        wanted = {"kinds": kinds, "missing": self.missing}
        return {name: value for name, value in wanted.items() if value}


@dataclass(frozen=True, slots=True)
class TextFile:
    """How a text file is to be read."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    no_header: bool = False

    @property
    def asked(self) -> dict[str, Any]:
        """What differs from the defaults, as `data.read_csv` calls it."""
        wanted: dict[str, Any] = {}
        if self.encoding is not None:
            wanted["encoding"] = self.encoding
        if self.delimiter is not None:
            wanted["delimiter"] = "\t" if self.delimiter in {"\\t", "tab"} else self.delimiter
        if self.decimal is not None:
            wanted["decimal"] = self.decimal
        if self.no_header:
            wanted["header"] = False
        return wanted
