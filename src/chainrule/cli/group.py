"""The group of all commands, and the one place where errors end."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from chainrule.cli import failures

__all__ = ["Group"]


class Group(TyperGroup):
    """Runs a command and turns whatever goes wrong into one line and an exit code.

    Attributes:
        arguments: the command line, without the program's name.
    """

    arguments: tuple[str, ...] = ()

    def main(self, args: Any = None, *rest: Any, **options: Any) -> Any:
        self.arguments = tuple(sys.argv[1:] if args is None else args)
        options["standalone_mode"] = False
        try:
            code = super().main(args, *rest, **options)
            _flush()
        except Exception as error:
            code = failures.report(error, self.arguments)
            _abandon_unwritten()
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise typer.Exit(failures.report(error, self.arguments)) from None


def _flush() -> None:
    """Write out what is left now, while a full disk can still be reported."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _abandon_unwritten() -> None:
    """Let go of output that cannot be written, or Python would complain of it again on its way out."""
    try:
        _flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
