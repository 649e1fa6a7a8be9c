"""``chainrule diagnose``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    "arguments",
    [["nowhere.safetensors", "iris"], ["iris.safetensors", "nothing"], ["iris.safetensors", "iris", "--lang", "fr"]],
)
def test_bad_input_is_one_line(run: Run, network: nn.Sequential, arguments: list[str]) -> None:
    network.save("iris.safetensors")
    run("diagnose", *arguments, code=2)
