"""Every exception that chainrule raises on purpose.

A message says what was expected, what came, where, and how to repair it, in one line.  Each class also
derives from the built-in exception that a Python user would have caught (`ValueError`, `TypeError`, …), so
ordinary `except` clauses keep working.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "ChainruleError",
    "ConfigError",
    "DTypeError",
    "DataError",
    "DownloadError",
    "EngineError",
    "FormatError",
    "GradientError",
    "MissingDependencyError",
    "MissingFileError",
    "ShapeError",
    "TrainingError",
    "UnknownNameError",
    "did_you_mean",
]


class ChainruleError(Exception):
    """Base of all errors raised on purpose.

    Args:
        problem: what is wrong, as one sentence without a full stop.
        expected: what would have been accepted.
        got: what came instead.
        where: the layer, file, row or argument concerned.
        fix: what to do about it, as an imperative.

    The parts that are given are joined into one line::

        targets do not fit the loss: expected class indices from 0 to 2, got 7 (in row 12). Pass classes=8 …
    """

    def __init__(
        self,
        problem: str,
        *,
        expected: object = None,
        got: object = None,
        where: object = None,
        fix: str | None = None,
    ) -> None:
        line = problem
        if expected is not None and got is not None:
            line += f": expected {expected}, got {got}"
        elif expected is not None:
            line += f": expected {expected}"
        elif got is not None:
            line += f": got {got}"
        if where is not None:
            line += f" (in {where})"
        if fix:
            line += f". {fix}"
        if "\n" in line:  # arrays, for one, are printed on several lines
            line = " ".join(part.strip() for part in line.splitlines())
        super().__init__(line)
        self.problem, self.expected, self.got, self.where, self.fix = problem, expected, got, where, fix


class ShapeError(ChainruleError, ValueError):
    """Arrays or layers whose shapes do not fit each other."""


class DTypeError(ChainruleError, TypeError):
    """A value of the wrong type or dtype."""


class GradientError(ChainruleError, RuntimeError):
    """Differentiation asked for something that the graph cannot give (a freed graph, no gradient, …)."""


class DataError(ChainruleError, ValueError):
    """A user's data cannot be used as they are: empty, ragged, constant, not finite, …"""


class FormatError(ChainruleError, ValueError):
    """A file is corrupt, truncated, of another format, or of a version that is not supported."""


class MissingFileError(ChainruleError, FileNotFoundError):
    """A file or folder that was named does not exist or cannot be read."""


class DownloadError(ChainruleError, ConnectionError):
    """A data set could not be fetched, or what came does not have the promised checksum."""


class MissingDependencyError(ChainruleError, ImportError):
    """An optional package is needed for what was asked and is not installed."""


class ConfigError(ChainruleError, ValueError):
    """An argument has a value that makes no sense (a negative learning rate, an empty network, …)."""


class EngineError(ChainruleError, RuntimeError):
    """An engine cannot run the plan that it was given; the message names the layer and the reason."""


class TrainingError(ChainruleError, RuntimeError):
    """Training went wrong in a way that cannot go on (a loss that is not a number, …)."""


class UnknownNameError(ChainruleError, ValueError, KeyError):
    """A name that is not in a list of names (a loss, a column, a data set, a layer, …).

    Args:
        kind: what the name stands for, e.g. ``"loss"``.
        name: the name that came.
        options: the names that exist; the nearest one is offered as "did you mean".
        where: optional place, e.g. the file.
    """

    def __init__(self, kind: str, name: object, options: Iterable[object], where: object = None) -> None:
        known = [str(option) for option in options]
        super().__init__(f"unknown {kind} {name!r}", where=where, fix=did_you_mean(str(name), known))
        self.kind, self.name, self.options = kind, name, known

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[object, ...]]:
        return type(self), (self.kind, self.name, self.options, self.where)  # what `raise` was given, not its message

    def __str__(self) -> str:  # KeyError would print the repr of the message
        return str(self.args[0])


def did_you_mean(name: str, options: Iterable[str], limit: int = 12) -> str:
    """Return ``"Did you mean 'relu'? Known: …"`` for the option nearest to `name`."""
    import difflib

    known = list(options)
    folded = {option.lower(): option for option in known}
    nearest = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.5)
    listed = ", ".join(known[:limit]) + (f", … ({len(known)} in all)" if len(known) > limit else "")
    hint = f"Did you mean {folded[nearest[0]]!r}? " if nearest else ""
    return f"{hint}Known: {listed}" if known else hint or "There are none"
