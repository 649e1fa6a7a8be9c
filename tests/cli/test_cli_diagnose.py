"""``chainrule diagnose``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

Run = Callable[..., Any]


@pytest.fixture
def network() -> nn.Sequential:
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 3))
    cr.fit(model, cr.data.load("iris").prepare(seed=0), lr=0.02, epochs=40, verbose=0)
    return model


def test_a_healthy_model(run: Run, run_json: Run, network: nn.Sequential, tmp_path: Path) -> None:
    network.save(tmp_path / "iris.safetensors")
    assert "No findings" in run("diagnose", "iris.safetensors", "iris", "--lang", "en").stdout
    assert "문제가 없습니다" in run("diagnose", "iris.safetensors", "iris", "--lang", "ko").stdout
    found = run_json("diagnose", "iris.safetensors", "iris")
    assert found["findings"] == []
    assert [layer["path"] for layer in found["layers"]] == ["0", "1", "2"]
    assert found["loss"] < 0.25 * found["baseline"]


def test_a_sick_model(run: Run, run_json: Run, network: nn.Sequential, tmp_path: Path) -> None:
    network[0].bias._data[:] = -100
    network.save(tmp_path / "dead.safetensors")
    shown = run("diagnose", "dead.safetensors", "iris", "--lang", "en").stdout
    assert "1. Dead ReLUs in layer 1" in shown
    assert "10 of 10 units (100%)" in shown
    found = run_json("diagnose", "dead.safetensors", "iris", "--lang", "ko")["findings"][0]
    assert found["kind"] == "dead_relu"
    assert found["evidence"]["dead"] == 10
    assert "죽은 ReLU" in found["texts"]["title"]


@pytest.fixture
def noise(tmp_path: Path) -> str:
    """Rows whose target has nothing to do with the inputs: what is learned of them is learned by heart."""
    random = np.random.default_rng(0)
    rows = [",".join(f"{value:.3f}" for value in random.normal(size=9)) for _ in range(150)]
    (tmp_path / "noise.csv").write_text("\n".join([",".join("abcdefgh") + ",y", *rows]) + "\n")
    return "noise.csv"


def test_held_out_rows_of_fit_are_recognised(run: Run, run_json: Run, noise: str) -> None:
    fitted = run_json("fit", noise, "--target", "y", "--epochs", "150")
    found = run_json("diagnose", "noise.safetensors", noise)
    assert [finding["kind"] for finding in found["findings"]] == ["overfitting_held_out"]
    evidence = found["findings"][0]["evidence"]
    assert evidence["held_out"] == pytest.approx(fitted["evaluation"]["scores"]["loss"], rel=1e-5)
    assert (evidence["trained_rows"], evidence["held_out_rows"]) == (120, 30)
    assert found["notes"] == []
    shown = run("diagnose", "noise.safetensors", noise, "--lang", "en").stdout
    assert "Overfitting" in shown
    assert "30 rows that were held out" in " ".join(shown.split())


def test_another_division_has_to_be_told(run: Run, run_json: Run, noise: str) -> None:
    fitted = run_json("fit", noise, "--target", "y", "--epochs", "150", "--seed", "5", "--drop", "b")
    found = run_json("diagnose", "noise.safetensors", noise)
    assert [note["kind"] for note in found["notes"]] == ["overfitting_not_judged"]
    assert found["notes"][0]["text"].startswith("Overfitting not judged")
    assert found["findings"] == []
    told = run_json("diagnose", "noise.safetensors", noise, "--seed", "5")["findings"][0]
    assert told["evidence"]["held_out"] == pytest.approx(fitted["evaluation"]["scores"]["loss"], rel=1e-5)
    refused = run("diagnose", "noise.safetensors", noise, "--seed", "6", code=2).stderr
    assert "not trained on these rows" in refused
    named = run_json("diagnose", "noise.safetensors", noise, "--held-out", noise)
    assert named["findings"] == named["notes"] == []
    run("diagnose", "noise.safetensors", noise, "--held-out", noise, "--seed", "5", code=2)


@pytest.mark.parametrize(
    "arguments",
    [["nowhere.safetensors", "iris"], ["iris.safetensors", "nothing"], ["iris.safetensors", "iris", "--lang", "fr"]],
)
def test_bad_input_is_one_line(run: Run, network: nn.Sequential, arguments: list[str]) -> None:
    network.save("iris.safetensors")
    run("diagnose", *arguments, code=2)
