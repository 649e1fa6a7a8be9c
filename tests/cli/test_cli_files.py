"""What the commands write: never over what they read, in the form that its name and its source promise."""

from __future__ import annotations

import errno
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr

Run = Callable[..., Any]
ROWS = "a,b,kind\n" + "".join(f"{i},{i % 3},{'yes' if i % 2 else 'no'}\n" for i in range(40))


@pytest.fixture
def model(run: Run) -> Path:
    Path("t.csv").write_text(ROWS)
    run("fit", "t.csv", "--layers", "4", "--epochs", "1", "--quiet")
    return Path("t.safetensors")


@pytest.mark.parametrize("spelling", ["t.csv", "./t.csv", "folder/../t.csv", "link.csv", "hard.csv"])
def test_no_output_overwrites_an_input(run: Run, model: Path, spelling: str) -> None:
    Path("folder").mkdir()
    Path("link.csv").symlink_to("t.csv")
    os.link("t.csv", "hard.csv")
    before = model.read_bytes()
    for command in (["fit", "t.csv"], ["predict", model, "t.csv"], ["predict", model, Path.cwd() / "t.csv"]):
        assert "overwrite" in run(*command, "--out", spelling, code=2).stderr
    assert "overwrite" in run("predict", model, spelling, "--out", "t.csv", code=2).stderr
    Path("plain").symlink_to(model)
    assert "overwrite" in run("predict", model, "t.csv", "--out", "plain", code=2).stderr
    assert (Path("t.csv").read_text(), model.read_bytes()) == (ROWS, before)


def test_a_model_replaces_nothing_but_a_model_of_ours(run: Run, model: Path) -> None:
    Path("notes.txt").write_text("mine")
    assert "not a chainrule model" in run("fit", "t.csv", "--out", "notes.txt", code=2).stderr
    assert Path("notes.txt").read_text() == "mine"
    foreign = b'{"__metadata__":{"format":"pt"}}'
    Path("iris.safetensors").write_bytes(len(foreign).to_bytes(8, "little") + foreign)
    assert "not a chainrule model" in run("fit", "iris", code=2).stderr
    Path("empty").touch()
    run("fit", "t.csv", "--out", "empty", "--epochs", "1", "--quiet")
    assert "Replaced t.safetensors" in run("fit", "t.csv", "--epochs", "1", "--layers", "4").stdout


def test_the_suffix_decides_what_stands_between_fields(run: Run, model: Path) -> None:
    run("predict", model, "t.csv", "--out", "s.tsv")
    head, first = Path("s.tsv").read_text().splitlines()[:2]
    assert head.split("\t") == ["a", "b", "kind", "prediction", "probability_no", "probability_yes"]
    assert first.split("\t")[:3] == ["0", "0", "no"]
    run("predict", model, "s.tsv", "--out", "back.csv")
    assert Path("back.csv").read_text().startswith("a,b,kind,prediction,probability_no,probability_yes,prediction_2,")
    run("predict", model, "t.csv", "--out", "packed.csv.gz")
    assert gzip.decompress(Path("packed.csv.gz").read_bytes()).startswith(b"a,b,kind,prediction")
    for suffix in ("xlsx", "xls", "safetensors"):
        assert "Write answers.csv" in run("predict", model, "t.csv", "--out", f"answers.{suffix}", code=2).stderr


def test_workbooks_are_to_be_exported(run: Run) -> None:
    Path("t.xlsx").write_bytes(b"PK\x03\x04")
    assert "Export it as CSV" in run("fit", "t.xlsx", code=2).stderr


def test_predictions_keep_the_files_encoding(run: Run, model: Path) -> None:
    Path("mark.csv").write_bytes(b"\xef\xbb\xbf" + ROWS.encode())
    run("predict", model, "mark.csv", "--out", "out.csv")
    content = Path("out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfa,b,kind,prediction")
    assert content.count(b"\xef\xbb\xbf") == 1
    Path("korean.csv").write_bytes(ROWS.replace("kind", "종류").encode("cp949"))
    run("predict", model, "korean.csv", "--encoding", "cp949", "--out", "out.csv")
    assert Path("out.csv").read_bytes().decode("cp949").startswith("a,b,종류,prediction")
    Path("sharp.csv").write_text(ROWS.replace("yes", "漢"))
    run("fit", "sharp.csv", "--layers", "4", "--epochs", "1", "--quiet")
    Path("latin.csv").write_bytes(ROWS.replace("kind", "é").encode("latin-1"))
    result = run("predict", "sharp.safetensors", "latin.csv", "--encoding", "latin-1", "--out", "out.csv")
    assert "UTF-8" in result.stderr
    assert Path("out.csv").read_bytes().decode("utf-8-sig").startswith("a,b,é,prediction,probability_no,probability_漢")


def test_python_m_chainrule() -> None:
    sources = str(Path(cr.__file__).parents[1])
    told = subprocess.run(
        [sys.executable, "-m", "chainrule", "--version"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": sources},
        timeout=60,
    )
    assert told.stdout == f"chainrule {cr.__version__}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("command", ["info t.safetensors --json", "predict t.safetensors t.csv"])
def test_a_closed_standard_output_is_one_line(run: Run, model: Path, command: str) -> None:
    told = subprocess.run(
        f"{sys.executable} -m chainrule {command} >&-",
        shell=True,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(cr.__file__).parents[1])},
        timeout=60,
    )
    assert told.returncode == 1
    assert told.stderr == "Error: standard output is closed\n"


def test_users_that_do_not_exist(run: Run, model: Path) -> None:
    for arguments in (
        ["fit", "~nosuchuser/t.csv"],
        ["fit", "t.csv", "--out", "~nosuchuser/m.safetensors"],
        ["predict", "t.safetensors", "~nosuchuser/t.csv"],
        ["info", "~nosuchuser/t.safetensors"],
    ):
        assert "home directory" in run(*arguments, code=2).stderr


def test_a_full_disk_is_no_bad_input(run: Run, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    told = run("predict", model, "t.csv", "--out", "answers.csv", code=1).stderr
    assert os.strerror(errno.ENOSPC) in told
    assert "answers.csv" in told


def test_an_interrupt_while_the_application_is_imported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from chainrule import cli
    from chainrule.cli import encoding

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(encoding, "soften_output", interrupted)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert caught.value.code == 130
    assert capsys.readouterr().err == "Error: interrupted\n"
