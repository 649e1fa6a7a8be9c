"""The benchmarks run: at tiny sizes, with whatever rivals are installed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RUN = ROOT / "benchmarks" / "run.py"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=600,
    )


def report_of(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run(folder, "--smoke", "--json", "report.json", "--markdown", "report.md", *arguments)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (folder / "report.md").read_text(encoding="utf-8").strip() == done.stdout.strip()
    return report


def test_workloads_of_ours_run_from_any_folder(tmp_path: Path) -> None:
    report = report_of(tmp_path, "--only", "xor,tape", "--rivals", "sklearn", "--repeats", "2")
    assert report["settings"]["smoke"]
    assert report["machine"]["packages"]["chainrule"]
    measured = {(row["workload"], row["rival"]) for row in report["results"]}
    assert ("tape", None) in measured
    if importlib.util.find_spec("sklearn") is None:
        assert any("scikit-learn: not installed" in words for words in report["not_measured"])
        return
    assert ("e", "sklearn") in measured
    row = next(row for row in report["results"] if row["rival"] == "sklearn")
    assert len(row["ours"]) == len(row["theirs"]) == 2
    assert row["ratios"] == [theirs / ours for ours, theirs in zip(row["ours"], row["theirs"], strict=True)]


def test_a_rival_that_is_not_installed_is_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'torch' else find(name, *a)\n"
    )
    before = os.environ.get("PYTHONPATH")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), before))))
        report = report_of(tmp_path, "--only", "tape", "--rivals", "torch", "--repeats", "1")
    assert report["not_measured"] == ["tape: PyTorch eager: not installed (torch)"]
    assert [(row["workload"], row["rival"]) for row in report["results"]] == [("tape", None)]


def test_a_run_goes_on_where_one_ended(tmp_path: Path) -> None:
    first = report_of(tmp_path, "--only", "e", "--rivals", "eager", "--repeats", "1")
    done = run(tmp_path, "--smoke", "--resume", "--only", "e,d", "--rivals", "eager", "--json", "report.json")
    assert done.returncode == 0, done.stderr
    assert "e: in the results already" in done.stderr
    second = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [(row["workload"], row["rival"]) for row in second["results"]] == [("d", "eager"), ("e", "eager")]
    assert second["results"][1]["ours"] == first["results"][0]["ours"]
    table = run(tmp_path, "--table", "--smoke", "--json", "report.json")
    assert table.stdout == done.stdout


def test_the_engine_alone_takes_part_in_each_round(tmp_path: Path) -> None:
    from chainrule.engines import available

    if "native" not in available():
        pytest.skip("the native engine was not built")
    report = report_of(tmp_path, "--only", "d", "--rivals", "blocks,eager", "--repeats", "2")
    assert [row["rival"] for row in report["results"]] == ["blocks", "eager"]
    row = report["results"][1]
    assert len(row["ours"]) == len(row["blocks"]) == len(row["theirs"]) == 2
    assert row["blocks_ratios"] == [
        theirs / blocks for blocks, theirs in zip(row["blocks"], row["theirs"], strict=True)
    ]
    assert report["machine"]["fma_peak"]["1"] > 1e8
    reached = row["details"]["reached"]
    assert all(reached[side]["peak_mib"] > 10 for side in ("ours", "blocks", "theirs"))
    # Two epochs of 148 rows through 4-128-64-32-16-3; the inputs need no gradient.
    products = [4 * 128, 128 * 64, 64 * 32, 32 * 16, 16 * 3]
    assert reached["ours"]["flops"] == 2 * 148 * 2 * (3 * sum(products) - products[0])


def test_accuracies_and_growth_have_tables_of_their_own(tmp_path: Path) -> None:
    done = run(tmp_path, "--smoke", "--only", "iris-accuracy,cosine-accuracy,growth", "--rivals", "eager")
    assert done.returncode == 0, done.stderr
    assert "| cosine-accuracy | chainrule | mean 0." in done.stdout
    assert "| width | `fit` | chainrule eager |" in done.stdout


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    done = run(tmp_path, "--smoke", "--only", "e", "--json", "other.json")
    assert done.returncode != 0
    assert "holds no results of this program" in done.stderr
    assert (tmp_path / "other.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "xorr"), "unknown workload 'xorr'"),
        (("--rivals", "pytorch"), "unknown rival 'pytorch'"),
        (("--repeats", "0"), "must be at least 1"),
    ],
)
def test_bad_arguments_end_with_one_line(tmp_path: Path, arguments: tuple[str, str], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
