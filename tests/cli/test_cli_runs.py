"""``chainrule runs``, and the record that ``chainrule fit`` leaves."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.train import Runs

Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    for name in ("CHAINRULE_RUNS", "CHAINRULE_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def three(run: Call) -> list[str]:
    """Three runs in ./runs; their IDs, the newest first."""
    run("fit", "iris", "--layers", "8", "--epochs", "4", "--quiet")
    run("fit", "iris", "--layers", "8", "--epochs", "4", "--quiet", "--lr", "0.1", "--name", "faster")
    run("fit", "xor", "--layers", "4", "--epochs", "9", "--quiet")
    return [one.id for one in Runs("runs")]


def test_fit_records_and_says_where(run: Call) -> None:
    told = run("fit", "iris", "--layers", "8", "--epochs", "4", "--validation", "0.2", "--lang", "en").stdout
    (found,) = Runs("runs")
    assert f"Recorded as {found.id} in runs (chainrule runs)" in told
    assert (found.status, found.epochs, found.settings["widths"]) == ("finished", 4, "4-8-3")
    assert {"loss", "val_accuracy", "test_accuracy", "test_loss"} <= set(found.metrics)
    assert found.higher_is_better["test_accuracy"]
    assert "test_baseline" not in found.metrics
    arguments = ["fit", "iris", "--layers", "8", "--epochs", "4", "--validation", "0.2", "--lang", "en"]
    assert found.configuration["program"]["command"] == ["chainrule", *arguments]
    assert (found.path / "model.safetensors").read_bytes() == Path("iris.safetensors").read_bytes()


def test_the_recorded_command_repeats_the_run(run: Call) -> None:
    run("fit", "iris", "--layers", "8", "--epochs", "4", "--early-stopping", "--quiet")
    command = Runs("runs")["latest"].configuration["program"]["command"]
    run(*command[1:])
    again, first = Runs("runs")
    assert dict(again.history) == dict(first.history)
    assert again.metrics == first.metrics


def test_fit_json_names_the_record(run_json: Call) -> None:
    found = run_json("fit", "xor", "--layers", "4", "--epochs", "5")
    assert found["run"] == {"id": Runs("runs")["latest"].id, "path": f"runs/{found['run']['id']}"}
    assert {"train_accuracy"} <= set(Runs("runs")["latest"].metrics)
    assert run_json("fit", "xor", "--layers", "4", "--epochs", "5", "--no-record")["run"] is None


def test_where_fit_records(run: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = ("fit", "xor", "--layers", "4", "--epochs", "2", "--quiet")
    run(*fit, "--no-record")
    assert not Path("runs").exists()
    run(*fit, "--runs", "some/where")
    monkeypatch.setenv("CHAINRULE_RUNS", "others")
    run(*fit)
    assert len(Runs("some/where")) == len(Runs("others")) == 1
    assert "others" in run("runs").stdout
    assert not Path("runs").exists()


def test_a_folder_that_cannot_be_written(run: Call) -> None:
    Path("runs").touch()
    fit = ("fit", "xor", "--layers", "4", "--epochs", "2")
    found = run(*fit)  # nobody asked for a record
    assert re.search(r"Note: this run leaves no record: cannot make the folder.*\n", found.stderr)
    assert "Recorded" not in found.stdout
    assert "cannot make the folder for records" in run(*fit, "--runs", "runs", code=2).stderr
    assert "--no-record" in run(*fit, "--runs", "a", "--no-record", code=2).stderr
    assert "bad name" in run(*fit, "--name", " ", "--runs", "a", code=2).stderr


def test_a_training_that_diverges_is_recorded_as_failed(run: Call) -> None:
    Path("t.csv").write_text("x,y\n" + "".join(f"{i},{i * i}\n" for i in range(40)))
    run("fit", "t.csv", "--optimizer", "sgd", "--lr", "3", "--epochs", "50", "--quiet", code=1)
    found = Runs("runs")["latest"]
    assert found.status == "failed"
    assert found.problem
    assert "failed" in run("runs").stdout
    assert f"Problem: {found.problem[:20]}" in run("runs", "show", "latest").stdout


def test_a_resumed_fit_goes_on_in_its_record(run: Call) -> None:
    fit = ("fit", "iris", "--layers", "4", "--quiet", "--checkpoint", "runs/iris", "--resume")
    run(*fit, "--epochs", "2")
    run(*fit, "--epochs", "4")
    (found,) = Runs("runs")
    assert (found.epochs, found.parts) == (4, 2)
    assert "Resumed: 1" in run("runs", "show", "latest").stdout


def test_listing(run: Call, run_json: Call, three: list[str]) -> None:
    told = run("runs").stdout
    assert [told.index(one[-5:]) for one in three] == sorted(told.index(one[-5:]) for one in three)
    for expected in ("Runs in runs", "finished", "iris", "4-8-3", "2-4-1", "accuracy", "faster"):
        assert expected in told
    assert max(map(len, told.splitlines())) <= 80
    assert "실행 기록" in run("runs", "--lang", "ko").stdout
    short = run("runs", "--most", "1").stdout
    assert three[0][-5:] in short
    assert three[1][-5:] not in short
    assert "… and 2 older (--most 3 for all)" in short
    found = run_json("runs")
    assert [one["id"] for one in found["runs"]] == three
    assert found["runs"][1]["settings"]["lr"] == 0.1
    assert found["damaged"] == {}


def test_a_wide_screen_shows_whole_ids(run: Call, three: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    told = run("runs").stdout
    assert all(one in told for one in three)


def test_no_runs_yet(run: Call, run_json: Call) -> None:
    assert "No runs are recorded in runs yet" in run("runs").stdout
    assert run_json("runs")["runs"] == []
    assert "no folder of runs" in run("runs", "--runs", "nowhere", code=2).stderr
    assert "no folder of runs" in run("runs", "show", "latest", code=2).stderr


def test_showing_one(run: Call, run_json: Call, three: list[str]) -> None:
    told = run("runs", "show", "faster").stdout
    for expected in ("“faster”", "4 epochs", "test_accuracy", "Linear(4→8), ReLU", cr.__version__, "Model: runs/"):
        assert expected in told
    assert "Repeat it: chainrule fit iris --layers 8 --epochs 4 --quiet --lr 0.1 --name faster" in told
    found = run_json("runs", "show", three[0][:-1] if three[0][:-1] != three[1][:-1] else three[0])
    assert found["id"] == three[0]
    assert len(found["history"]["loss"]) == 9
    assert found["environment"]["chainrule"] == cr.__version__
    assert "설정" in run("runs", "--lang", "ko", "show", "latest").stdout


def test_comparing(run: Call, run_json: Call, three: list[str]) -> None:
    told = run("runs", "compare", three[2], "faster", "--lang", "en").stdout
    rows = {line.split("│")[1].strip(): line for line in told.splitlines() if line.count("│") > 2}
    assert set(rows) >= {"lr", "loss", "test_accuracy"}
    assert "rows" not in rows
    assert "0.001" in rows["lr"] or "–" in rows["lr"]
    assert rows["loss"].count("*") == 1
    found = run_json("runs", "compare", *three)
    assert found["runs"] == three
    assert {"data", "widths"} <= {one["name"] for one in found["settings"]}
    assert "가장 좋음" in run("runs", "compare", three[2], "faster", "--lang", "ko").stdout
    assert "two or more different" in run("runs", "compare", "faster", code=2).stderr
    assert "two or more different" in run("runs", "compare", "faster", three[1], code=2).stderr


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_plotting(run: Call, run_json: Call, three: list[str], lang: str) -> None:
    pytest.importorskip("matplotlib")
    found = run("runs", "plot", *three[1:], "-o", "runs.svg", "--lang", lang)
    assert "runs.svg" in found.stderr
    picture = Path("runs.svg").read_text("utf-8")
    assert "faster: lr 0.1" in picture
    assert f"{three[2][-5:]}: lr 0.001" in picture
    assert ("best epoch" if lang == "en" else "가장 좋은 에포크") in picture
    assert run_json("runs", "plot", "faster", "-o", "one.png", "--curve", "accuracy")["file"] == "one.png"
    assert "Did you mean 'loss'" in run("runs", "plot", "faster", "-o", "x.png", "--curve", "los", code=2).stderr
    for name in ("x.csv", "iris.safetensors"):
        assert "not written as" in run("runs", "plot", "faster", "-o", name, code=2).stderr


def test_removing(run: Call, run_json: Call, three: list[str]) -> None:
    assert "--yes" in run("runs", "rm", "faster", code=2).stderr
    assert run_json("runs", "rm", "faster", three[0], "--yes") == {"removed": [three[1], three[0]]}
    assert [one.id for one in Runs("runs")] == [three[2]]


@pytest.mark.parametrize("wanted", ["../iris", "..", "/etc", "", "20261122", "nonsense", "*", "a\nb", "-"])
def test_what_is_no_run(run: Call, three: list[str], wanted: str) -> None:
    for command in ("show", "compare", "rm"):
        assert run("runs", command, "--", wanted, code=2).stderr.startswith("Error: ")
    assert len(Runs("runs")) == 3


def test_an_unknown_command(run: Call) -> None:
    assert "Did you mean 'show'" in run("runs", "shwo", code=2).stderr


def test_damaged_records_are_named_and_the_others_shown(run: Call, run_json: Call, three: list[str]) -> None:
    path = Path("runs", three[0], "run.json")
    content = path.read_text()
    for damage in ("[" * 5000, content.replace('"version": 1', '"version": 99'), "", "\0", "{}"):
        path.write_text(damage)
        found = run("runs")
        assert three[1][-5:] in found.stdout
        assert found.stderr.startswith(f"Note: {three[0]} is no sound record: ")
        assert found.stderr.count("\n") == 1
        run("runs", "show", three[0], code=2)
        assert list(run_json("runs")["damaged"]) == [three[0]]
    path.write_text(content)
    assert not run("runs").stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such characters in names")
def test_names_that_are_no_text(run: Call) -> None:
    name = os.fsdecode(b"d\xe9.csv")
    try:
        Path(name).write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(30)))
    except OSError:
        pytest.skip("this file system has no such names")
    run("fit", name, "--layers", "4", "--epochs", "2", "--quiet", "--out", "m.safetensors")
    found = Runs("runs")["latest"]
    assert found.status == "finished"
    run("runs")
    run("runs", "show", "latest")
    json.dumps(found.to_dict())
