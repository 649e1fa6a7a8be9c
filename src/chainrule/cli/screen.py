"""Where commands write: text for people through Rich, one JSON document for machines."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

from rich.console import Console, RenderableType
from rich.text import Text

__all__ = ["Screen", "print_json", "standard_output"]


class Screen:
    """What a command shows.

    Args:
        as_json: nothing is shown but what `document` gets.
        quiet: nothing is shown at all.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.silent = as_json or quiet
        self.console = Console(highlight=False, quiet=self.silent)

    @property
    def verbosity(self) -> Literal["auto", 0]:
        """How `fit` should show its progress."""
        return 0 if self.silent else "auto"

    @property
    def is_terminal(self) -> bool:
        """Whether somebody watches."""
        return self.console.is_terminal

    @property
    def is_narrow(self) -> bool:
        """Whether a wide table would not fit."""
        return self.console.width < 76

    @property
    def is_unicode(self) -> bool:
        """Whether more than ASCII can be shown."""
        return self.console.encoding.lower().startswith("utf")

    def show(self, *what: RenderableType) -> None:
        """Show text (with Rich's markup), tables or panels, one below the other."""
        for item in what:
            self.console.print(item)

    def say(self, text: str, style: str = "") -> None:
        """Show text that may hold anything: brackets in it are no markup."""
        self.console.print(Text(text, style=style))

    def line(self, text: str, style: str = "") -> None:
        """Show one line that is not wrapped, so that it can be copied as it stands."""
        self.console.print(Text(text, style=style), soft_wrap=True)

    def heading(self, text: str) -> None:
        """Show a heading over a part of the output."""
        self.console.print()
        self.console.rule(Text(text, style="bold cyan"), align="left", style="dim", characters="─")

    def document(self, content: Mapping[str, Any]) -> None:
        """Write the JSON document, if one is wanted."""
        if self.as_json:
            print_json(content)


def standard_output() -> TextIO:
    """Return standard output.

    Raises:
        OSError: if the program was started without one (``>&-``).
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    return sys.stdout


def print_json(content: Mapping[str, Any]) -> None:
    """Write JSON to standard output; numbers that JSON does not have become null."""
    stream = standard_output()
    unicode = (stream.encoding or "").lower().startswith("utf")
    text = json.dumps(_plain(content), ensure_ascii=not unicode, indent=2, allow_nan=False)
    # Half of a surrogate pair stands for a byte of a file name that is no UTF-8.
    stream.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
    stream.flush()


def _plain(value: Any) -> Any:
    """Make JSON's types of NumPy's, of paths and of tuples."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
