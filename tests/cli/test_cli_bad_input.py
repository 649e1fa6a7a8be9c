"""Every kind of bad input ends in one line, exit code 2, and no traceback."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]

GOOD = "a,b,kind\n" + "".join(f"{i},{i % 3},{'yes' if i % 2 else 'no'}\n" for i in range(20))

FILES: list[tuple[str, str, bytes, list[str], str]] = [
    ("empty", "t.csv", b"", [], "empty"),
    ("header-only", "t.csv", b"a,b,kind\n", [], "no rows"),
    ("unknown-target", "t.csv", GOOD.encode(), ["--target", "kinds"], "Did you mean 'kind'"),
    ("constant-target", "t.csv", b"a,kind\n1,x\n2,x\n3,x\n", [], "constant"),
    ("all-missing-column-target", "t.csv", b"a,b\n1,\n2,\n3,\n", ["--target", "b"], "no values"),
    ("all-missing-column-only-input", "t.csv", b"a,b\n,1\n,2\n,4.5\n", [], "every value is missing"),
    ("ragged", "t.csv", b"a,b\n1,2\n1,2,3\n", [], "line 3 has 3 fields"),
    ("utf-16", "t.csv", GOOD.encode("utf-16"), [], "UTF-16"),
    ("not-utf-8", "t.csv", "a,b\n1,é\n2,è\n".encode("latin-1"), [], "not UTF-8"),
    ("infinite-target", "t.csv", b"a,y\n1,0.5\n2,inf\n3,1.5\n4,2.5\n", [], "inf"),
    ("one-row", "t.csv", b"a,y\n1,2\n", [], "1 row"),
    ("binary-file", "t.csv", b"PK\x03\x04\x14" + bytes(range(1, 60)), [], "archive"),
    ("unknown-suffix", "t.docx", GOOD.encode(), [], "kind of file"),
    ("empty-npz", "t.npz", b"", [], ""),
    ("bad-parquet", "t.parquet", b"PAR1nothing", [], ""),
    ("bad-idx", "t-idx3-ubyte", b"\x00\x00\x08\x03\x00", [], ""),
    ("too-much-held-out", "t.csv", GOOD.encode(), ["--test", "0.6", "--validation", "0.6"], "leaves none"),
    ("bad-share", "t.csv", GOOD.encode(), ["--test", "many"], "--test"),
    ("negative-share", "t.csv", GOOD.encode(), ["--test", "-1"], "test"),
    ("bad-layers", "t.csv", GOOD.encode(), ["--layers", "12,x"], "--layers"),
    ("bad-activation", "t.csv", GOOD.encode(), ["--activation", "rleu"], "Did you mean 'relu'"),
    ("bad-loss", "t.csv", GOOD.encode(), ["--loss", "crossentropy"], "Did you mean 'cross_entropy'"),
    ("unfit-loss", "t.csv", GOOD.encode(), ["--loss", "mse"], "does not suit"),
    ("bad-optimizer", "t.csv", GOOD.encode(), ["--optimizer", "adan"], "Did you mean 'adam'"),
    ("bad-rate", "t.csv", GOOD.encode(), ["--lr", "-1"], "lr"),
    ("bad-dropout", "t.csv", GOOD.encode(), ["--dropout", "1.5"], "dropout"),
    ("bad-schedule", "t.csv", GOOD.encode(), ["--schedule", "cosin"], "Did you mean 'cosine'"),
    ("bad-engine", "t.csv", GOOD.encode(), ["--engine", "egar"], "engine"),
    ("bad-task", "t.csv", GOOD.encode(), ["--task", "guess"], "task"),
    ("bad-encoding", "t.csv", GOOD.encode(), ["--encoding", "klingon"], "encoding"),
    ("bad-delimiter", "t.csv", GOOD.encode(), ["--delimiter", "ab"], "delimiter"),
    ("bad-epochs", "t.csv", GOOD.encode(), ["--epochs", "0"], "--epochs"),
    ("bad-patience", "t.csv", GOOD.encode(), ["--early-stopping", "-3"], "--early-stopping"),
    ("no-validation", "t.csv", GOOD.encode(), ["--early-stopping", "--validation", "0"], "--validation"),
    ("unknown-option", "t.csv", GOOD.encode(), ["--layer", "3"], "--layers"),
]


@pytest.mark.parametrize(("name", "content", "options", "expected"), [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_fit_refuses_in_one_line(run: Run, name: str, content: bytes, options: list[str], expected: str) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    Path(name).write_bytes(content)
    result = run("fit", name, "--quiet", *options, code=2)
    assert expected.lower() in result.stderr.lower()
    assert result.stdout == ""
    assert [path.name for path in Path().iterdir()] == [name]


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (np.array([0.5, np.nan, 1.5, 2.5]), "not finite"),
        (np.array([0.5, np.inf, 1.5, 2.5]), "not finite"),
        (np.array([0, 1, -1, 1]), "negative"),
        (np.array([0, 0, 0, 0]), "class"),
        (np.array([0, 1, 1]), "length"),
    ],
    ids=["nan", "inf", "negative", "one-class", "length"],
)
def test_fit_refuses_bad_labels_in_arrays(run: Run, targets: np.ndarray, expected: str) -> None:
    np.savez("t.npz", x=np.zeros((4, 2), np.float32), y=targets)
    assert expected in run("fit", "t.npz", code=2).stderr


def test_what_does_not_exist(run: Run) -> None:
    assert "does not exist" in run("fit", "nowhere.csv", code=2).stderr
    assert "Did you mean 'penguins'" in run("fit", "pengins", code=2).stderr
    assert "does not exist" in run("info", "nowhere.safetensors", code=2).stderr
    assert "does not exist" in run("predict", "nowhere.safetensors", "iris", code=2).stderr
    assert "Missing argument" in run("fit", code=2).stderr
    assert "bogus" in run("bogus", code=2).stderr
    assert "gate" in run("gate", "xorr", code=2).stderr
    assert "--neurons" in run("gate", "xor", "--neurons", "3", code=2).stderr
    assert "Did you mean 'moons'" in run("data", "moon", code=2).stderr


def test_a_folder_where_a_file_belongs(run: Run) -> None:
    Path("folder").mkdir()
    assert "folder" in run("fit", "folder", code=2).stderr
    assert "folder" in run("info", "folder", code=2).stderr
    assert "folder" in run("fit", "iris", "--out", "folder", code=2).stderr


@pytest.mark.parametrize("command", [["fit", "iris"], ["demo"]])
@pytest.mark.parametrize("folder", ["nowhere/m", "file/m", "/proc/m"])
def test_places_that_cannot_be_written(run: Run, command: list[str], folder: str) -> None:
    Path("file").write_text("")
    if command == ["demo"] and folder == "nowhere/m":
        pytest.skip("the demonstration makes its folder")
    if folder.startswith("/proc") and not Path("/proc").is_dir():
        pytest.skip("this system has no /proc")
    assert "cannot" in run(*command, "--out", folder, code=2).stderr


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(run: Run) -> None:
    Path("closed").mkdir(mode=0o500)
    assert "Permission denied" in run("fit", "iris", "--out", "closed/m", code=2).stderr


def test_model_files_that_are_none(run: Run) -> None:
    run("fit", "iris", "--epochs", "1", "--layers", "4", "--quiet")
    whole = Path("iris.safetensors").read_bytes()
    Path("cut").write_bytes(whole[: len(whole) // 2])
    Path("text").write_text("species,island\n")
    Path("empty").write_bytes(b"")
    Path("zip").write_bytes(b"PK\x03\x04" + bytes(40))
    for name in ("cut", "text", "empty", "zip"):
        for command in (["info", name], ["evaluate", name, "iris"], ["predict", name, "iris"]):
            run(*command, code=2)


def test_data_that_do_not_fit_the_model(run: Run) -> None:
    run("fit", "iris", "--epochs", "1", "--layers", "4", "--quiet")
    Path("t.csv").write_text(GOOD)
    assert "lack" in run("predict", "iris.safetensors", "t.csv", code=2).stderr
    told = run("evaluate", "iris.safetensors", "penguins", code=2).stderr
    assert "do not look like" in told
    assert "'petal_length_cm'" in told
    assert "Did you mean" not in told
    run("predict", "iris.safetensors", "iris", "--out", "nowhere/x.csv", code=2)


def test_options_that_do_not_go_with_the_data(run: Run) -> None:
    assert "takes no --target" in run("fit", "xor", "--target", "y", code=2).stderr
    assert "column" in run("fit", "iris", "--target", "petal", code=2).stderr
    run("fit", "iris", "--encoding", "cp949", code=2)


def test_divergence_fails_with_code_1_and_saves_nothing(run: Run) -> None:
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},{i * i}.5\n" for i in range(40)))
    result = run("fit", "t.csv", "--optimizer", "sgd", "--lr", "1e30", "--quiet", code=1)
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert not Path("t.safetensors").exists()


def test_json_errors_are_one_document_too(run: Run) -> None:
    result = run("fit", "nowhere.csv", "--json", code=2)
    found = json.loads(result.stdout)
    assert found["error"]["type"] == "MissingFileError"
    assert found["error"]["message"] in result.stderr
    assert json.loads(run("fit", "--bogus", "--json", code=2).stdout)["error"]["type"] == "UsageError"


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from chainrule.cli.app import app

    assert "Traceback" in CliRunner().invoke(app, ["--debug", "info", "nowhere"]).stderr
    monkeypatch.setenv("CHAINRULE_DEBUG", "1")
    assert "Traceback" in CliRunner().invoke(app, ["info", "nowhere"]).stderr


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError("Unable to allocate 9 TiB"), 1, "not enough memory: Unable to allocate 9 TiB"),
        (PermissionError(13, "Permission denied", "x.csv"), 2, "Permission denied: x.csv"),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
        (ZeroDivisionError("division\nby zero"), 1, "unexpected ZeroDivisionError: division by zero"),
    ],
)
def test_whatever_is_raised_ends_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("chainrule.interchange.bundle.load", fail)
    result = run("info", "x", code=code)
    assert result.stderr.startswith(f"Error: {words}")
    assert result.stderr.count("\n") == 1
