"""Rows without a target: what trains on a table leaves them out, and so does what looks at the model on that table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

GONE = 4


@pytest.fixture
def trained(run: Run) -> str:
    rows = [f"{i % 7},{i % 5},{'' if i == GONE else i % 7 - i % 5}" for i in range(40)]
    Path("t.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    run("fit", "t.csv", "--layers", "3", "--epochs", "5", "--quiet")
    return "t.safetensors"


@pytest.mark.parametrize(
    "command",
    [
        ["evaluate"], ["diagnose"], ["explain", "--row", "5"], ["regions"],
        ["report", "--sections", "verdict,scores", "--out", "r.html"],
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_they_are_left_out_and_that_is_said(run: Run, trained: str, command: list[str]) -> None:
    name, *options = command
    assert "1 row without a target left out" in run(name, trained, "t.csv", *options).stderr


def test_rows_keep_their_numbers(run: Run, run_json: Run, trained: str) -> None:
    Path("rest.csv").write_text(
        "".join(line for i, line in enumerate(Path("t.csv").read_text().splitlines(True)) if i != GONE + 1)
    )
    with_gap = run("explain", trained, "t.csv", "--row", GONE + 1, "--expand", "0.output[0,0]").stdout
    without = run("explain", trained, "rest.csv", "--row", GONE, "--expand", "0.output[0,0]").stdout
    assert with_gap == without
    assert f"row {GONE} has no target" in run("explain", trained, "t.csv", "--row", GONE, code=2).stderr
    assert f"row {GONE} has no target" in run("report", trained, "t.csv", "--row", GONE, code=2).stderr


def test_pictures_leave_them_out(run: Run, trained: str) -> None:
    pytest.importorskip("matplotlib")
    for figure in ("gradients", "graph", "network", "regions"):
        assert "without a target" in run("plot", figure, trained, "t.csv", "--out", f"{figure}.svg").stderr


def test_lines_of_the_file_are_named_rightly_behind_a_gap(run: Run, trained: str) -> None:
    text = Path("t.csv").read_text().splitlines()
    text[10] = "inf" + text[10][text[10].index(",") :]
    Path("t.csv").write_text("\n".join(text) + "\n")
    assert "line 11" in run("evaluate", trained, "t.csv", code=2).stderr


def test_a_table_without_any_target_is_refused(run: Run, trained: str) -> None:
    Path("none.csv").write_text("a,b,y\n1,2,\n3,4,\n")
    assert "missing values" in run("evaluate", trained, "none.csv", code=2).stderr


def test_reports_number_rows_as_the_file_does(run_json: Run, trained: str) -> None:
    pytest.importorskip("matplotlib")
    asked = ("report", trained, "t.csv", "--row", GONE + 2, "--sections", "trace,network", "--out", "r.html")
    found = {section["name"]: section for section in run_json(*asked)["sections"]}
    assert found["trace"]["facts"]["rows"][0]["row"] == GONE + 2
    assert found["network"]["facts"]["row"] == GONE + 2
    assert f"Row {GONE + 2}" in Path("r.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    [
        ["equation", "t.safetensors"], ["diagnose", "t.safetensors"], ["plot", "gradients", "t.safetensors"],
        ["perceptron"], ["compare", "overfitting"], ["data"], ["fit"],
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_every_command_names_the_line_of_a_bad_cell(run: Run, trained: str, command: list[str]) -> None:
    pytest.importorskip("matplotlib")
    rows = [f"{i % 7},{i % 5},{i % 2}" for i in range(40)]
    Path("bad.csv").write_text("\n".join(["a,b,y", f"inf{rows[0][1:]}", *rows]) + "\n")
    out = ["--out", "a.png"] if command[0] in ("plot", "compare") else []
    error = run(*command, "bad.csv", *out, code=2).stderr
    assert "line 2" in error
    assert "row 0" not in error
