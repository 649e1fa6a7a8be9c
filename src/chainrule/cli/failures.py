"""From an exception to one line on the standard error stream and an exit code; never a traceback unless asked for."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence

from chainrule.cli.screen import print_json
from chainrule.errors import (
    ChainruleError,
    DownloadError,
    EngineError,
    GradientError,
    MissingDependencyError,
    TrainingError,
)

__all__ = ["BAD_INPUT", "FAILED", "INTERRUPTED", "report", "wants_debug", "wants_json"]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

_ARGUMENT = re.compile(r'\b(encoding|delimiter|decimal|task|target|missing|engine|checkpoint)=(?:"([^" ]*)")?')

# The input was fine; something else did not work out.
# Nor is the input at fault where the disk is full or a stream is closed.
_SYSTEM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF, errno.EPIPE}
_FAILURES = (DownloadError, EngineError, GradientError, MissingDependencyError, TrainingError, MemoryError)


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Say what went wrong and return the exit code.

    Args:
        error: what was raised.
        arguments: the command line, which says whether JSON or a traceback is wanted.
    """
    message = _message(error)
    if wants_json(arguments):
        with contextlib.suppress(OSError):  # standard output itself may be what is full or closed
            print_json({"error": {"type": _name(error), "message": message}})
    if wants_debug(arguments):
        traceback.print_exception(error)
    color = sys.stderr is not None and sys.stderr.isatty() and "NO_COLOR" not in os.environ
    with contextlib.suppress(OSError, AttributeError):  # so may standard error
        sys.stderr.write(f"\033[1;31mError:\033[0m {message}\n" if color else f"Error: {message}\n")
    return _code(error)


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command line asks for JSON; looked for by hand, for it may be faulty elsewhere."""
    return "--json" in _options(arguments)


def wants_debug(arguments: Sequence[str]) -> bool:
    """Whether tracebacks are wanted."""
    return "--debug" in _options(arguments) or os.environ.get("CHAINRULE_DEBUG", "") not in {"", "0"}


def _options(arguments: Sequence[str]) -> list[str]:
    listed = list(arguments)
    return listed[: listed.index("--")] if "--" in listed else listed


def _is_usage(error: BaseException) -> bool:
    return callable(getattr(error, "format_message", None))


def _code(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt) or _name(error) == "KeyboardInterrupt":
        return INTERRUPTED
    if isinstance(error, _FAILURES) or (isinstance(error, OSError) and error.errno in _SYSTEM):
        return FAILED
    return BAD_INPUT if _is_usage(error) or isinstance(error, (ChainruleError, OSError)) else FAILED


def _name(error: BaseException) -> str:
    if type(error).__name__ == "Abort":  # what older versions of Typer make of Ctrl-C
        return "KeyboardInterrupt"
    return "UsageError" if _is_usage(error) else type(error).__name__


def _with_options(message: str) -> str:
    """Let a message for those who write Python speak of the command line's options."""
    message = message.replace("header=False", "--no-header").replace("prepare(target=…)", "--target COLUMN")
    message = message.replace("resume=True", "--resume")
    message = _ARGUMENT.sub(lambda found: f"--{found[1]} {found[2] or ''}".rstrip(), message)
    return re.sub(r'(--\w+ [^ ]+ (?:\([^)]*\) )?or )"([^" ]+)"', r"\1\2", message)


def _message(error: BaseException) -> str:
    if _name(error) == "KeyboardInterrupt":
        text = "interrupted"
    elif _is_usage(error):
        context = getattr(error, "ctx", None)
        hint = f" (see: {context.command_path} --help)" if context is not None else ""
        text = error.format_message().rstrip(".") + hint  # type: ignore[attr-defined]
    elif isinstance(error, ChainruleError):
        text = _with_options(str(error))
    elif isinstance(error, MemoryError):
        text = f"not enough memory: {error}" if str(error) else "not enough memory"
    elif isinstance(error, OSError):
        named = f": {error.filename}" if error.filename else ""
        text = f"{error.strerror or error}{named}"
    else:
        text = (
            f"unexpected {type(error).__name__}: {error}. This is a fault of chainrule; please report it with what "
            "CHAINRULE_DEBUG=1 shows"
        )
    return " ".join(text.split())
