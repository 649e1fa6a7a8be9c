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
    report = report_of(tmp_path, "--workloads", "xor,tape", "--rivals", "sklearn", "--repeats", "2")
    assert report["settings"]["smoke"]
    assert report["machine"]["packages"]["chainrule"]
    measured = {(row["workload"], row["rival"]) for row in report["results"]}
    assert ("tape", None) in measured
    if importlib.util.find_spec("sklearn") is None:
        assert any("scikit-learn: not installed" in words for words in report["not_measured"])
        return
    assert ("xor", "sklearn") in measured
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
        report = report_of(tmp_path, "--workloads", "tape", "--rivals", "torch", "--repeats", "1")
    assert report["not_measured"] == ["tape: PyTorch eager: not installed (torch)"]
    assert [(row["workload"], row["rival"]) for row in report["results"]] == [("tape", None)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--workloads", "xorr"), "unknown workload 'xorr'"),
        (("--rivals", "pytorch"), "unknown rival 'pytorch'"),
        (("--repeats", "0"), "must be at least 1"),
    ],
)
def test_bad_arguments_end_with_one_line(tmp_path: Path, arguments: tuple[str, str], message: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
