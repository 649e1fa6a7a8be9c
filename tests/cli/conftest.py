"""Running commands inside the test process."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule import nn

pytest.importorskip("typer")
pytest.importorskip("rich")

Run = Callable[..., Any]


@pytest.fixture(scope="session", autouse=True)
def _commands_made_once() -> Iterator[None]:
    """typer makes the commands anew for every call, which takes ten times as long as most of them do."""
    import typer.main
    import typer.testing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command runs in a folder of its own, 80 columns wide and without colours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "CHAINRULE_DEBUG", "CHAINRULE_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def run() -> Run:
    """Run a command line and check its exit code; gives the result with `stdout` and `stderr`."""
    from typer.testing import CliRunner

    from chainrule.cli.app import app

    def run(*arguments: object, code: int = 0) -> Any:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        if code == 2:
            assert result.stderr.startswith("Error: ")
            assert result.stderr.count("\n") == 1
        return result

    return run


@pytest.fixture
def run_json(run: Run) -> Run:
    """Run a command with ``--json`` and give the document."""

    def run_json(*arguments: object, code: int = 0) -> Any:
        return json.loads(run(*arguments, "--json", code=code).stdout)

    return run_json


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small network for XOR, in a file."""
    cr.manual_seed(1)
    network = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1))
    cr.fit(network, cr.data.load("xor"), optimizer="adam", lr=0.1, epochs=5, verbose=0)
    network.save(tmp_path / "xor.safetensors")
    return tmp_path / "xor.safetensors"
