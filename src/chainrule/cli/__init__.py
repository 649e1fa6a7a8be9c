"""The command line, ``chainrule``.

Exit codes: 0 success, 1 failed (training diverged or missed its goal, something is not installed, …), 2 bad input,
130 interrupted.  With ``--json``, standard output holds exactly one JSON document, in case of an error
``{"error": {"type": …, "message": …}}``; the one-line message also goes to standard error as without it.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that the program's arguments name, and end the process with its exit code."""
    try:
        _run()
    except KeyboardInterrupt:  # before the application could take it, as while it is imported
        if sys.stderr is not None:
            sys.stderr.write("Error: interrupted\n")
        raise SystemExit(130) from None


def _run() -> None:
    try:
        from chainrule.cli.app import app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"typer", "rich"}:
            raise
        print('chainrule\'s command line needs typer and rich: pip install "chainrule[cli]"', file=sys.stderr)
        raise SystemExit(2) from None
    from chainrule.cli.encoding import soften_output

    soften_output()
    app()
