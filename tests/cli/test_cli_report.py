"""``chainrule report``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("matplotlib")
pytest.importorskip("sympy")
pytest.importorskip("scipy")

Run = Callable[..., Any]


def test_a_page_in_korean_with_some_sections(run: Run, model: Path) -> None:
    result = run("report", model, "xor", "-o", "a.html", "--lang", "ko", "--sections", "verdict, trace", "--row", 2)
    assert result.stderr.startswith("a.html 파일을 만들었습니다")
    page = Path("a.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    assert "보고서: xor" in page
    assert "2번 행" in page
    assert "xor.safetensors" not in page  # only the overview names it
    run("report", model, "xor", "-o", "a.html", "--lang", "en", "--sections", "overview")
    assert "xor.safetensors" in Path("a.html").read_text(encoding="utf-8")


def test_json_has_the_facts_and_the_times(run_json: Run, model: Path) -> None:
    found = run_json("report", model, "xor", "-o", "a.html", "--sections", "verdict,curves,equation")
    assert found["file"] == "a.html"
    assert [one["name"] for one in found["sections"]] == ["verdict", "curves", "equation"]
    assert found["sections"][1]["facts"]["epochs"] == 5
    assert found["seconds"] > 0


def test_verbose_names_every_section(run: Run, model: Path) -> None:
    result = run("report", model, "xor", "-o", "a.html", "--sections", "verdict,scores", "-v")
    assert [line.split()[-1] for line in result.stderr.splitlines()[:2]] == ["verdict", "scores"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "a.html", "--sections", "veridct"), "Did you mean 'verdict'"),
        (("-o", "a.html", "--row", "9"), "a row from 0 to 3"),
        (("-o", "nowhere/a.html"), "cannot write"),
        (("-o", "data.csv"), "is no page"),
    ],
)
def test_bad_arguments_end_in_one_line(run: Run, model: Path, arguments: tuple[str, ...], message: str) -> None:
    Path("data.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    result = run("report", model, "xor", *arguments, code=2)
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert Path("data.csv").read_text(encoding="utf-8") == "a,b\n1,2\n"


def test_the_model_is_not_overwritten(run: Run, model: Path) -> None:
    before = model.read_bytes()
    run("report", model, "xor", "-o", model, code=2)
    assert model.read_bytes() == before


def test_a_messy_table_with_korean_names(run: Run, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    lines = ["나이,도시,가입일,소득(만원),구매액"]
    for i in range(80):
        city = ["서울", "부산", '"<b>대구</b>, ""달서"""'][i % 3]
        age = "" if i % 11 == 0 else random.integers(18, 70)
        lines.append(f'{age},{city},2023-0{i % 9 + 1}-10,"{1000 + 20 * i:,}",{i * 3 + random.normal():.1f}')
    Path("구매.csv").write_text("\n".join(lines), encoding="cp949")
    trained = ("--target", "구매액", "--layers", 6, "--epochs", 20, "-o", "m.safetensors")
    run("fit", "구매.csv", "--encoding", "cp949", *trained)
    result = run(
        "report", "m.safetensors", "구매.csv", "--encoding", "cp949", "--lang", "ko", "-o", "r.html",
        "--sections", "overview,scores,network,equation,decision,trace",
    )  # fmt: skip
    assert "Note:" not in result.stderr
    page = Path("r.html").read_text(encoding="utf-8")
    assert "소득(만원)" in page
    assert "<b>대구" not in page
    assert "평균 절대 오차" in page


def test_diagnose_reads_the_curves_in_the_file(run_json: Run, model: Path) -> None:
    network = cr.load(model)
    network.history = {"loss": [1.0, 5.0, 50.0, 500.0, 5000.0, 9000.0]}
    network.save(model)
    assert "diverging" in [one["kind"] for one in run_json("diagnose", model, "xor")["findings"]]
