"""Progress on the screen: a bar like Keras's in terminals and notebooks, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Literal, Protocol, TextIO

from chainrule.errors import ConfigError

__all__ = ["Progress", "Verbosity", "make_progress"]

Verbosity = Literal["auto", 0, 1, 2]

_WIDTH = 24
_NARROWEST = 8
_REFRESH = 0.08  # seconds between redrawings
_LINES = 20  # as many plain lines, at most, for a training of any length
_FEW_EPOCHS = 50  # more than these share a single bar


class Progress(Protocol):
    """What the training loop reports to."""

    def begin(self, epochs: int, steps: int) -> None: ...
    def block(self, epoch: int, step: int, values: dict[str, float]) -> None: ...
    def epoch(self, epoch: int, values: dict[str, float]) -> None: ...
    def joined(self, first: int, curves: dict[str, list[float]]) -> None: ...
    def end(self, note: str | None) -> None: ...


def make_progress(verbose: Verbosity | bool, stream: TextIO | None = None) -> Progress:
    """Choose how progress is shown.

    Args:
        verbose: 0 silent, 1 bar, 2 plain lines, "auto" a bar in a terminal or notebook and lines elsewhere.
        stream: where to write; standard output by default.

    Raises:
        ConfigError: for any other `verbose`.
    """
    if verbose not in ("auto", 0, 1, 2):
        raise ConfigError("bad verbose", expected='"auto", 0, 1 or 2', got=repr(verbose))
    out = stream or sys.stdout
    if not verbose or out is None:  # a program without a console has no standard output
        return _Silent()
    if verbose == 2 or (verbose == "auto" and not (out.isatty() or _in_notebook())):
        return _Lines(out)
    return _Bar(out)


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules


class _Silent:
    def begin(self, epochs: int, steps: int) -> None:
        pass

    def block(self, epoch: int, step: int, values: dict[str, float]) -> None:
        pass

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        pass

    def joined(self, first: int, curves: dict[str, list[float]]) -> None:
        pass

    def end(self, note: str | None) -> None:
        pass


class _Shown:
    """What bar and lines have in common: counting and clocks."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.epochs = self.steps = 1
        self.began = self.epoch_began = self.drawn = 0.0

    def begin(self, epochs: int, steps: int) -> None:
        self.epochs, self.steps = epochs, steps
        self.began = self.epoch_began = time.perf_counter()

    def joined(self, first: int, curves: dict[str, list[float]]) -> None:
        """Several epochs at once, of which only those are told that would be shown."""
        last = first + len(curves["loss"]) - 1
        for epoch in (*self.shown(range(first, last)), *([last] if last >= first else [])):
            self.epoch(epoch, {name: values[epoch - first] for name, values in curves.items()})

    def shown(self, epochs: range) -> Sequence[int]:
        """Which of these epochs have to be shown if others follow."""
        raise NotImplementedError

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        raise NotImplementedError

    def write(self, text: str) -> None:
        self.out.write(_writable(text, getattr(self.out, "encoding", None)))
        self.out.flush()


class _Lines(_Shown):
    """One line per epoch, or about twenty evenly spaced ones if there are many."""

    left_out: tuple[int, float, dict[str, float]] | None = None  # the last epoch, if it got no line

    def block(self, epoch: int, step: int, values: dict[str, float]) -> None:
        pass

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        self.left_out = (epoch, time.perf_counter(), values)
        if self.shown(range(epoch, epoch + 1)) or epoch == self.epochs - 1:
            self._write_line()

    def shown(self, epochs: range) -> Sequence[int]:
        every = -(-self.epochs // _LINES)
        first = [0] if 0 in epochs else []
        return [*first, *range(max(epochs.start + -(epochs.start + 1) % every, 1), epochs.stop, every)]

    def end(self, note: str | None) -> None:
        if self.left_out is not None:
            self._write_line()
        if note:
            self.write(f"{note}\n")

    def _write_line(self) -> None:
        assert self.left_out is not None
        (epoch, now, values), self.left_out = self.left_out, None
        took = (now - self.began) / (epoch + 1)
        self.write(f"Epoch {epoch + 1}/{self.epochs} - {_duration(took)}/epoch - {_values(values)}\n")


class _Bar(_Shown):
    """A bar for each epoch; a single one for all of them if they are many and short."""

    single = open = False
    length = 0  # of the bar that stands on the line
    undrawn: tuple[int, dict[str, float]] | None = None  # the last epoch, if the single bar does not show it yet

    def begin(self, epochs: int, steps: int) -> None:
        super().begin(epochs, steps)
        self.single = epochs > _FEW_EPOCHS

    def block(self, epoch: int, step: int, values: dict[str, float]) -> None:
        now = time.perf_counter()
        if now - self.drawn < _REFRESH:
            return
        self.drawn = now
        if self.single:
            self._draw_single(epoch + step / self.steps, now, values)
            return
        self._title(epoch)
        rate = (now - self.epoch_began) / max(step, 1)
        self._draw(step, self.steps, f"{_duration(rate * (self.steps - step))} left {_duration(rate)}/step", values)

    def shown(self, epochs: range) -> Sequence[int]:
        return () if self.single else epochs

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        now = time.perf_counter()
        if self.single:
            self.undrawn = (epoch + 1, values)
            if now - self.drawn >= _REFRESH:
                self.drawn = now
                self._draw_single(epoch + 1, now, values)
            return
        self._title(epoch)
        took = now - self.epoch_began
        self._draw(self.steps, self.steps, f"{_duration(took)} {_duration(took / self.steps)}/step", values)
        self._break()
        self.open = False
        self.epoch_began = now

    def end(self, note: str | None) -> None:
        if self.undrawn is not None:
            self._draw_single(self.undrawn[0], time.perf_counter(), self.undrawn[1])
        if self.length:
            self._break()
        if note:
            self.write(f"{note}\n")

    def _break(self) -> None:
        self.write("\n")
        self.length = 0

    def _title(self, epoch: int) -> None:
        if not self.open:
            self.write(f"Epoch {epoch + 1}/{self.epochs}\n")
            self.open = True

    def _draw_single(self, done: float, now: float, values: dict[str, float]) -> None:
        rate = (now - self.began) / max(done, 1e-9)
        left = f"{_duration(rate * (self.epochs - done))} left" if done < self.epochs else _duration(now - self.began)
        self._draw(int(done), self.epochs, f"epochs {left} {_duration(rate)}/epoch", values)
        self.undrawn = None

    def _draw(self, done: int, total: int, timing: str, values: dict[str, float]) -> None:
        count, text = f"{done:>{len(str(total))}}/{total}", f"{timing} - {_values(values)}"
        # A line that wraps cannot be drawn over: in a narrow terminal first the bar gives way, then the text's end.
        from shutil import get_terminal_size

        room = get_terminal_size((200, 24)).columns - 1 - len(count) - 2
        width = max(_NARROWEST, min(_WIDTH, room - len(text)))
        filled = width * done // max(total, 1)
        line = f"{count} {'━' * filled}{'─' * (width - filled)} {text[: max(room - width, 0)]}"
        # Spaces over what a longer line left, for not everything that shows a bar knows escape sequences.
        self.write(f"\r{line:<{self.length}}")
        self.length = len(line)


_ASCII = str.maketrans("━─", "=.")


def _writable(text: str, encoding: str | None) -> str:
    """The text, with what an encoding does not have replaced."""
    if encoding is None or text.isascii():
        return text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    return text


def _values(values: dict[str, float]) -> str:
    return " - ".join(f"{name}: {_number(value)}" for name, value in values.items())


def _number(value: float) -> str:
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.3e}"


def _duration(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f}us"
    if seconds < 1:
        return f"{seconds * 1e3:.0f}ms"
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}h{minutes % 60:02d}m" if minutes >= 60 else f"{minutes}m{rest:02d}s"
