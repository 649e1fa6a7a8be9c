"""``chainrule import`` on files of other libraries."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from helpers.keras_cases import recorded

Run = Callable[..., Any]


@pytest.fixture
def weights() -> str:
    rng = np.random.default_rng(0)
    made = {"W1": rng.normal(size=(2, 3)), "b1": np.zeros(3), "W2": rng.normal(size=(3, 2)), "b2": np.ones(2)}
    Path("weights.pkl").write_bytes(pickle.dumps(made))
    return "weights.pkl"


def test_an_imported_model_is_one_of_ours(run: Run, run_json: Run, weights: str) -> None:
    shown = run("import", weights, "-o", "book.safetensors").stdout
    assert "Sigmoid" in shown
    assert "17 parameters" in shown
    assert len(list(cr.load("book.safetensors").parameters())) == 4
    document = run_json("import", weights, "-o", "book.safetensors", "--activation", "relu")
    assert document["parameters"] == 17
    assert [one["type"] for _, one in document["layers"]["layers"]] == ["Linear", "ReLU", "Linear"]
    assert "17" in run("info", "book.safetensors").stdout


def test_a_file_of_keras(run: Run) -> None:
    pytest.importorskip("h5py")
    files, rows, expected = recorded()["classes"]
    for ending, content in files.items():
        Path(f"network.{ending}").write_bytes(content)
        assert "BatchNorm1d" in run("import", f"network.{ending}", "-o", "ours.safetensors").stdout
        np.testing.assert_allclose(cr.predict_proba(cr.load("ours.safetensors"), rows), expected, rtol=1e-6, atol=1e-6)
        Path("half").write_bytes(content[: len(content) // 2])
        shown = run("import", "half", "-o", "m", code=2).stderr
        assert shown.count("\n") <= 3
        assert "Traceback" not in shown
    assert "says itself" in run("import", "network.h5", "-o", "m", "--activation", "relu", code=2).stderr


def test_refusals(run: Run, weights: str) -> None:
    assert "sigmoid" in run("import", weights, "-o", "m", "--activation", "sigmoidal", code=2).stderr
    assert "overwrite what is read" in run("import", weights, "-o", weights, code=2).stderr
    Path("notes.txt").write_text("mine")
    assert "not overwritten" in run("import", weights, "-o", "notes.txt", code=2).stderr
    assert Path("notes.txt").read_text() == "mine"
    assert "does not exist" in run("import", "weight.pkl", "-o", "m", code=2).stderr

    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, ("canary",)

    Path("evil.pkl").write_bytes(pickle.dumps(Evil()))
    assert "Nothing was executed" in run("import", "evil.pkl", "-o", "m", code=2).stderr
    assert not Path("canary").exists()
    assert not Path("m").exists()
