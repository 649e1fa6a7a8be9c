"""``chainrule export`` on saved models."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from helpers.keras_cases import output_of

Run = Callable[..., Any]


@pytest.fixture
def model() -> str:
    cr.manual_seed(0)
    splits = cr.data.load("iris").prepare(test=0)
    made = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 3))
    cr.fit(made, splits.train, epochs=2, verbose=0)
    made.save("iris.safetensors")
    return "iris.safetensors"


def test_every_target_is_written(run: Run, run_json: Run, model: str) -> None:
    for target, sign in {"python": "def predict(row)", "numpy": "import numpy", "c": "#include <math.h>",
                         "js": "export function", "sql": "WITH", "excel": "=", "latex": "align*",
                         "torch": "from torch import nn", "keras": "keras.Sequential(["}.items():  # fmt: skip
        assert sign in run("export", model, "--to", target).stdout
        shown = run("export", model, "--to", target, "-o", "code.txt")
        assert not shown.stdout
        assert sign in Path("code.txt").read_text()
        assert sign in run_json("export", model, "--to", target)["source"]


def test_the_code_gives_what_predict_gives(run: Run, model: str) -> None:
    space: dict[str, Any] = {}
    exec(run("export", model, "--to", "python", "--name", "classify").stdout, space)
    row = [5.1, 3.5, 1.4, 0.2]
    expected = cr.predict_proba(cr.load(model), [row])[0]
    np.testing.assert_allclose(space["classify"](row), expected, rtol=1e-6, atol=1e-6)
    exec(run("export", model, "--to", "python", "--features", "--logits").stdout, space)
    with cr.no_grad():
        raw = cr.load(model)(cr.tensor([row])).numpy()[0]
    np.testing.assert_allclose(space["predict"](row), raw, rtol=1e-6, atol=1e-6)


def test_keras_writes_its_own_file(run: Run, run_json: Run, model: str) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras", exc_type=ImportError)
    rows = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    with cr.no_grad():
        raw = cr.load(model)(cr.tensor(rows)).numpy()
    for options, expected in ((("--logits",), raw), ((), np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True))):
        assert "Wrote iris.keras" in run("export", model, "--to", "keras", "-o", "iris.keras", *options).stderr
        network = keras.saving.load_model("iris.keras")
        np.testing.assert_allclose(output_of(network, rows), expected, rtol=1e-6, atol=1e-6)
    assert run_json("export", model, "--to", "keras", "-o", "iris.keras")["file"] == "iris.keras"


def test_refusals(run: Run, model: str) -> None:
    assert "Did you mean 'latex'" in run("export", model, "--to", "latx", code=2).stderr
    assert "not a name" in run("export", model, "--to", "c", "--name", "2x", code=2).stderr
    assert "overwrite what is read" in run("export", model, "--to", "c", "-o", model, code=2).stderr
    assert "does not exist" in run("export", "no.safetensors", "--to", "c", code=2).stderr


def test_whole_numbers_of_8_bits(run: Run, run_json: Run, model: str) -> None:
    shown = run("export", model, "--to", "c", "--int8", "--calibrate", "iris")
    assert "static const int8_t W" in shown.stdout
    assert "of 150 calibration rows" in shown.stderr
    assert "Same class as the float network" in shown.stdout
    assert "standardised inputs" in run("export", model, "--to", "c", "--int8", "-o", "net.c").stderr
    assert "#include <stdint.h>" in Path("net.c").read_text()
    document = run_json("export", model, "--to", "c", "--int8", "--calibrate", "iris")
    assert document["int8"]["rows"] == 150
    assert document["int8"]["same_class"] > 0.95
    assert "in C alone" in run("export", model, "--to", "js", "--int8", code=2).stderr
    assert "--int8" in run("export", model, "--to", "c", "--calibrate", "iris", code=2).stderr
    assert "do not fit" in run("export", model, "--to", "c", "--int8", "--calibrate", "xor", code=2).stderr
