"""``chainrule compare``: words, pictures, documents, refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib")

Run = Callable[..., Any]
KINDS = ("overfitting", "batch-norm", "initialisations", "optimizers", "paths", "learning-rates")


@pytest.mark.parametrize("kind", KINDS)
def test_every_comparison_prints_and_draws(run: Run, kind: str) -> None:
    result = run("compare", kind, "--epochs", 2, "--out", "a.svg", "--lang", "en")
    assert result.stdout.strip()
    assert result.stderr == "Wrote a.svg\n"
    assert Path("a.svg").read_text(encoding="utf-8").count("<svg") == 1


@pytest.mark.parametrize("kind", ["overfitting", "batch-norm", "initialisations", "optimizers", "learning-rates"])
def test_every_comparison_takes_data(run_json: Run, kind: str) -> None:
    Path("flats.csv").write_text(
        "rooms,area,rent\n" + "".join(f"{i % 5 + 1},{20 + i},{300 + 9 * i}\n" for i in range(40)), encoding="utf-8"
    )
    found = run_json("compare", kind, "flats.csv", "--target", "area", "--epochs", 2, "--lang", "ko")
    assert (found["kind"], found["data"], found["file"]) == (kind, "flats.csv", None)
    assert found["lines"]


def test_seed_and_epochs_arrive(run_json: Run) -> None:
    one, two, other = (run_json("compare", "optimizers", "iris", "--epochs", 2, "--seed", s) for s in (1, 1, 2))
    assert one["epochs"] == 2
    assert one["runs"][0]["losses"] == two["runs"][0]["losses"] != other["runs"][0]["losses"]
    assert run_json("compare", "paths", "--epochs", 7)["steps"] == 7


def test_language_and_theme(run: Run) -> None:
    result = run("compare", "overfitting", "--epochs", 2, "--lang", "ko", "--theme", "dark", "--out", "a.png")
    assert "드롭아웃" in result.stdout
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_refusals(run: Run) -> None:
    assert "overfitting" in run("compare", "overfiting", code=2).stderr
    assert "no file" in run("compare", "optimizers", "nowhere", code=2).stderr
    assert "take no data" in run("compare", "paths", "iris", code=2).stderr
    assert "Name DATA" in run("compare", "overfitting", "--target", "y", code=2).stderr
    assert "theme" in run("compare", "paths", "--theme", "blue", "--out", "a.png", code=2).stderr
    assert "picture format" in run("compare", "paths", "--out", "a.xyz", code=2).stderr
    Path("d.csv").write_text("a,b\n1,2\n2,3\n3,4\n4,5\n", encoding="utf-8")
    assert "overwrite" in run("compare", "optimizers", "d.csv", "--out", "d.csv", code=2).stderr
    assert not Path("a.png").exists()
