"""``chainrule explain``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr

Run = Callable[..., Any]


def test_a_row_is_explained_in_both_languages(run: Run, model: Path) -> None:
    shown = run("explain", model, "xor", "--row", 1, "--lang", "en").stdout
    assert "== Forward ==" in shown
    assert "0.output[0,0] = " in shown
    assert "∂L/∂0.weight[1,1] = " in shown
    assert "Update" not in shown
    assert "순전파" in run("explain", model, "xor", "--row", 1, "--lang", "ko", "--lr", "0.5").stdout


def test_json_holds_the_numbers(run_json: Run, model: Path) -> None:
    found = run_json("explain", model, "xor", "--row", 2, "--optimizer", "adam", "--lr", "0.01")
    network = cr.load(model)
    direct = cr.explain.trace(network, [1.0, 0.0], 1.0, optimizer={"name": "adam", "lr": 0.01}, training=False)
    assert found["trace"] == direct.to_dict()
    assert found["row"] == 2
    assert found["trace"]["update"]["optimizer"] == "adam"


def test_numbers_from_the_command_line(run_json: Run, model: Path) -> None:
    by_hand = run_json("explain", model, "--input", "1,0", "--target", "1")
    assert by_hand["trace"] == run_json("explain", model, "xor", "--row", 2)["trace"]


def test_checks_and_exercises(run: Run, run_json: Run, model: Path) -> None:
    gradient = cr.explain.trace(cr.load(model), [0.0, 1.0], 1.0, training=False).value("0.weight[1,1].grad")
    wrong = run_json("explain", model, "xor", "--row", 1, "--lang", "en", "--check", f"0.weight[1,1].grad={-gradient}")
    assert wrong["check"]["mistake"] == "sign"
    sheet = run("explain", model, "xor", "--row", 1, "--lang", "en", "--exercise", 3).stdout
    assert "____(1)" in sheet
    assert sheet.index("Solutions") > sheet.index("____(8)")


def test_one_number_is_expanded(run: Run, model: Path) -> None:
    shown = run("explain", model, "xor", "--row", 1, "--expand", "0.weight[1,1].grad").stdout
    assert shown.startswith("∂L/∂0.weight[1,1] = ")
    assert shown.count("\n") == 1


def test_a_page_is_written(run: Run, model: Path, tmp_path: Path) -> None:
    run("explain", model, "xor", "--row", 1, "--html", tmp_path / "trace.html", "--lang", "ko")
    assert '<html lang="ko">' in (tmp_path / "trace.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["xor", "--row", "4"], "no such row"),
        ([], "name either DATA or --input"),
        (["xor", "--input", "1,0"], "name either DATA or --input"),
        (["--input", "1,0"], "--target"),
        (["--input", "1,b", "--target", "1"], "'b'"),
        (["--input", "1,0,1", "--target", "1"], "expected"),
        (["xor", "--target", "1"], "--target goes with --input"),
        (["xor", "--check", "0.weight"], "PATH=NUMBER"),
        (["xor", "--check", "0.weigt[0,0]=1"], "0.weigt"),
        (["xor", "--lang", "fr"], "language"),
        (["xor", "--optimizer", "adm"], "Did you mean 'adam'"),
        (["xor", "--html", "nowhere/trace.html"], "nowhere"),
    ],
)
def test_bad_input_is_one_line(run: Run, model: Path, arguments: list[str], problem: str) -> None:
    assert problem in run("explain", model, *arguments, code=2).stderr


def test_a_page_replaces_neither_the_model_nor_data(run: Run, model: Path) -> None:
    before = model.read_bytes()
    Path("xor.csv").write_text("x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n")
    assert "overwrite" in run("explain", model, "xor", "--html", model, code=2).stderr
    assert "overwrite" in run("explain", model, "xor.csv", "--html", "xor.csv", code=2).stderr
    Path("notes.html").write_text("mine")
    assert "no page" in run("explain", model, "xor", "--html", "notes.html", code=2).stderr
    assert model.read_bytes() == before
    run("explain", model, "xor", "--html", "trace.html")
    run("explain", model, "xor", "--html", "trace.html")  # a page may be written anew


def test_a_page_is_no_pdf(run: Run, model: Path) -> None:
    assert "Write trace.html" in run("explain", model, "xor", "--html", "trace.pdf", code=2).stderr
    assert "Write report.html" in run("report", model, "xor", "--out", "report.PDF", code=2).stderr
    assert not Path("trace.pdf").exists()
