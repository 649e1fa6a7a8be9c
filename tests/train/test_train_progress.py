"""What people see: a bar in a terminal, few plain lines elsewhere, nothing on request."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError
from chainrule.train import loop as loop_module
from chainrule.train import progress as progress_module
from chainrule.train.progress import make_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, epochs: int = 3, **options: Any) -> str:
    cr.manual_seed(0)
    X = np.random.default_rng(0).standard_normal((16, 2))
    monkeypatch.setattr(sys, "stdout", stream)
    model = nn.Sequential(nn.Linear(2, 1))
    cr.fit(model, (X, X[:, 0]), **{"epochs": epochs, "seed": 0, "batch_size": 16, **options})
    return stream.getvalue()


def test_plain_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(io.StringIO(), monkeypatch, validation=0.25).splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("Epoch 3/3 - ")
    assert all(name in lines[2] for name in ("/epoch", "loss: ", "mae: ", "val_loss: ", "val_mae: "))
    assert "lr" not in lines[2]


@pytest.mark.parametrize("epochs", [1, 2, 19, 20, 21, 39, 40, 59, 61, 999, 10_001])
def test_about_twenty_lines_for_any_number_of_epochs(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(io.StringIO(), monkeypatch, epochs, metrics=[])
    lines = out.splitlines()
    assert min(epochs, 10) <= len(lines) <= 22
    assert lines[0].startswith(f"Epoch 1/{epochs} ")
    assert lines[-1].startswith(f"Epoch {epochs}/{epochs} ")
    assert len(set(lines)) == len(lines)
    assert "\033" not in out
    assert "\r" not in out


def test_the_last_epoch_of_a_training_that_was_stopped_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopping(cr.train.Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == 44:
                self.training.stop("enough")

    lines = shown(io.StringIO(), monkeypatch, 1000, callbacks=Stopping()).splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Epoch 1/1000", "Epoch 45/1000", "Stopped: enough."]


def test_silence(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert shown(Terminal(), monkeypatch, verbose=0) == ""
    assert shown(io.StringIO(), monkeypatch, verbose=False, validation=0.25, epochs=60) == ""
    assert capfd.readouterr() == ("", "")


def drawn(text: str) -> list[str]:
    """The lines as a terminal would leave them: a carriage return starts the line over."""
    lines = []
    for line in text.split("\n"):
        cells: list[str] = []
        for part in line.split("\r"):
            cells[: len(part)] = part
        lines.append("".join(cells).rstrip())
    return lines


def test_a_bar_for_each_epoch_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "_REFRESH", 0.0)
    monkeypatch.setattr(loop_module, "first_block", lambda *_: 1)  # the bar moves within an epoch
    out = shown(Terminal(), monkeypatch, batch_size=4)
    lines = drawn(out)
    assert lines[0::2] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3", ""]
    for line in lines[1::2]:
        assert line.startswith(f"4/4 {'━' * 24} ")
        assert "/step - loss: " in line
        assert "mae: " in line
    assert "\033" not in out
    assert "left" in out


def test_a_single_bar_for_many_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(shown(Terminal(), monkeypatch, 2000, metrics=[]))
    assert len(lines) == 2
    assert lines[0].startswith(f"2000/2000 {'━' * 24} epochs ")
    assert "/epoch - loss: " in lines[0]


def test_a_longer_line_leaves_nothing_behind() -> None:
    stream = Terminal()
    bar = make_progress(1, stream)
    bar.begin(100, 1)
    bar.epoch(0, {"loss": 1.0, "a_metric_with_a_long_name": 2.0})
    bar.drawn = 0.0  # type: ignore[attr-defined]
    bar.epoch(1, {"loss": 1.0})
    bar.end(None)
    line = drawn(stream.getvalue())[0]
    assert line.startswith("  2/100")
    assert line.endswith("loss: 1.0000")


def test_a_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = drawn(shown(Terminal(), monkeypatch, 70, validation=0.25))
    assert max(map(len, lines)) < 40


def test_the_note_says_why_and_what_the_model_has(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = cr.train.EarlyStopping("loss", patience=2)
    for stream in (io.StringIO(), Terminal()):
        out = shown(stream, monkeypatch, 5000, optimizer="sgd", lr=0.9, callbacks=stopping, shuffle=False)
        assert "Stopped: loss has not improved for 2 epochs." in drawn(out)[-2]


@pytest.mark.parametrize("verbose", [3, -1, "loud", None, 0.5, [1]])
def test_other_verbosity(verbose: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match='bad verbose: expected "auto", 0, 1 or 2'):
        shown(io.StringIO(), monkeypatch, verbose=verbose)


def test_a_stream_that_lacks_the_bars_characters() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    bar = make_progress(1, stream)
    bar.begin(100, 1)
    bar.epoch(0, {"loss": 0.5, "exactitude_é": 1.0})
    bar.end("Stopped: µ.")
    text = raw.getvalue().decode("ascii")
    assert "1/100 ........................ epochs" in text
    assert "exactitude_?: 1.0000" in text
    assert "Stopped: ?.\n" in text


def test_a_program_without_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    cr.fit(nn.Linear(2, 1), (np.eye(2), [1.0, 2.0]), epochs=2)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_a_real_terminal() -> None:
    import pty
    import subprocess

    code = (
        "import numpy as np, chainrule as cr; from chainrule import nn; X = np.eye(4);"
        "cr.fit(nn.Linear(4, 1), (X, X[:, 0] * 2.5), epochs=2, batch_size=2, seed=0)"
    )
    parent, child = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "120"}
    subprocess.run([sys.executable, "-c", code], stdout=child, check=True, env=environment, timeout=60)
    os.close(child)
    with os.fdopen(parent, "rb") as file:
        out = os.read(file.fileno(), 100_000).decode()
    assert "Epoch 2/2\r\n" in out
    assert f"2/2 {'━' * 24}" in out
    assert "\033" not in out


def test_durations_and_numbers() -> None:
    duration, number = progress_module._duration, progress_module._number
    assert [duration(s) for s in (5e-6, 0.02, 3.4, 75, 3600, 90_061)] == [
        "5us",
        "20ms",
        "3s",
        "1m15s",
        "1h00m",
        "25h01m",
    ]
    assert [number(v) for v in (0.0, 0.5, 1e-4, 123456.0, float("nan"))] == [
        "0.0000", "0.5000", "1.000e-04", "1.235e+05", "nan",
    ]  # fmt: skip
