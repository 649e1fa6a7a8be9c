"""``chainrule equation`` and ``chainrule regions`` on saved models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

pytest.importorskip("sympy")

Run = Callable[..., Any]


@pytest.fixture
def and_model() -> str:
    """An AND neuron in float64: 0.5·x1 + 0.5·x2 − 0.25, with a sigmoid after it."""
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    with cr.no_grad():
        model[0].weight._assign(np.array([[0.5, 0.5]], np.float32))
        model[0].bias._assign(np.array([-0.25], np.float32))
    model.save("and.safetensors")
    return "and.safetensors"


@pytest.fixture
def iris_model() -> str:
    cr.manual_seed(0)
    splits = cr.data.load("iris").prepare(test=0)
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    cr.fit(model, splits.train, optimizer="adam", lr=0.05, epochs=20, verbose=0)
    model.save("iris.safetensors")
    return "iris.safetensors"


def test_an_equation_in_three_formats(run: Run, run_json: Run, and_model: str) -> None:
    assert run("equation", and_model).stdout.splitlines() == ["y = 1/(exp(-0.5*x1 - 0.5*x2 + 0.25) + 1)"]
    assert "\\frac{1}" in run("equation", and_model, "--format", "latex").stdout
    assert run("equation", and_model, "--format", "mathml").stdout.startswith("<math")
    document = run_json("equation", and_model, "--digits", 2)
    assert document["form"] == "closed"
    assert document["formulas"][0]["text"] == "1/(exp(-0.5*x1 - 0.5*x2 + 0.25) + 1)"
    assert run("equation", and_model, "--layered").stdout.splitlines() == [
        "z1_1 = 0.5*x1 + 0.5*x2 - 0.25",
        "y = 1/(1 + exp(-z1_1))",
    ]
    assert "did you mean 'latex'" in run("equation", and_model, "--format", "latx", code=2).stderr.lower()


def test_an_equation_in_the_datas_units_with_its_error(run: Run, iris_model: str) -> None:
    shown = run("equation", iris_model, "iris", "--digits", 3, "--lang", "en").stdout
    assert "petal" in shown
    assert "Largest difference from the model" in shown
    assert "over 150 rows" in " ".join(shown.split())
    assert "최대 차이" in run("equation", iris_model, "iris", "--digits", 3, "--lang", "ko").stdout


def test_regions_of_two_inputs(run: Run, run_json: Run, and_model: str) -> None:
    pytest.importorskip("matplotlib")
    result = run("regions", and_model, "--bounds", "-1,2,-1,2", "--out", "and.png", "--lang", "en")
    assert "one affine map: 1." in " ".join(result.stdout.split())
    assert "y = 0.5·x1 + 0.5·x2 − 0.25" in result.stdout
    assert Path("and.png").read_bytes().startswith(b"\x89PNG")
    document = run_json("regions", and_model, "and")
    (segment,) = document["boundary"]
    assert np.sum(segment, axis=1) == pytest.approx([0.5, 0.5])
    assert "결정 경계" in run("regions", and_model, "and", "--lang", "ko").stdout


def test_regions_of_two_features_of_more(run: Run, run_json: Run, iris_model: str) -> None:
    names = cr.load(iris_model).preprocessing.feature_names
    document = run_json("regions", iris_model, "iris", "--features", f"{names[2]},{names[3]}")
    assert document["names"] == names[2:]
    assert document["kind"] == "exact"
    assert len(document["polygons"]) > 1
    assert "--features" in run("regions", iris_model, code=2).stderr
    assert "feature" in run("regions", iris_model, "--features", "a,b", code=2).stderr


def test_bad_options(run: Run, and_model: str) -> None:
    assert "what part of the plane" in run("regions", and_model, code=2).stderr
    assert "bad bounds" in run("regions", and_model, "--bounds", "a,b", code=2).stderr
    assert "bad bounds" in run("regions", and_model, "--bounds", "1,0,0,1", code=2).stderr
    assert "two features" in run("regions", and_model, "--features", "x1", code=2).stderr


def test_text_files_in_another_encoding(run: Run) -> None:
    rows = [f"{i % 7},{i % 5},{'가' if i % 7 > i % 5 else '나'}" for i in range(40)]
    Path("t.csv").write_text("\n".join(["너비,높이,종류", *rows]) + "\n", encoding="cp949")
    run("fit", "t.csv", "--encoding", "cp949", "--layers", "3", "--epochs", "3", "--quiet")
    given = ("t.safetensors", "t.csv", "--encoding", "cp949")
    assert "over 40 rows" in run("equation", *given, "--digits", "3", "--lang", "en").stdout
    assert "너비" in run("regions", *given).stdout
    assert "너비" in run("perceptron", "t.csv", "--encoding", "cp949", "--epochs", "1", code=1).stdout
