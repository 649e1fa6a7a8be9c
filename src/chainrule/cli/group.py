"""The group of all commands, and the one place where errors end."""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from chainrule.cli import failures

__all__ = ["Group"]


class Group(TyperGroup):
    """Runs a command and turns whatever goes wrong into one line and an exit code."""

    _arguments: tuple[str, ...] = ()

    def main(self, args: Any = None, *rest: Any, **options: Any) -> Any:
        self._arguments = tuple(sys.argv[1:] if args is None else args)
        options["standalone_mode"] = False
        try:
            code = super().main(args, *rest, **options)
            sys.stdout.flush()
        except Exception as error:
            code = failures.report(error, self._arguments)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise typer.Exit(failures.report(error, self._arguments)) from None
