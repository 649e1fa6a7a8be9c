"""``perceptron``, and the proofs that ``gate`` and ``fit`` show before they try in vain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINRULE_LANG", "en")


@pytest.mark.parametrize("name", ["and", "or", "nand", "nor"])
@pytest.mark.parametrize("mode", ["online", "batch"])
def test_a_gate_is_learned_step_by_step(run: Run, run_json: Run, name: str, mode: str) -> None:
    shown = run("perceptron", name, "--mode", mode).stdout
    found = run_json("perceptron", name, "--mode", mode)
    assert found["converged"]
    assert f"{found['n_updates']}. Epoch" in shown
    assert "Decision boundary" in shown
    assert "Converged" in shown


def test_xor_is_not_learned_and_the_proof_is_shown(run: Run, run_json: Run) -> None:
    pytest.importorskip("scipy")
    shown = run("perceptron", "xor", "--epochs", "5", code=1).stdout
    assert "(0.5, 0.5)" in shown
    assert "Not converged" in shown
    assert run_json("perceptron", "xor", "--epochs", "5", code=1)["separability"]["separable"] is False


def test_korean(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "수렴했습니다" in run("perceptron", "and", "--lang", "ko").stdout
    monkeypatch.setenv("CHAINRULE_LANG", "ko")
    assert "수렴했습니다" in run("perceptron", "and").stdout
    assert "Converged" in run("perceptron", "and", "--lang", "en").stdout


def test_a_file(run: Run, run_json: Run, tmp_path: Path) -> None:
    path = tmp_path / "fruit.csv"
    path.write_text(
        "weight,red,kind\n" + "".join(f"{100 + i},{i % 2},{'apple' if i % 2 else 'pear'}\n" for i in range(20))
    )
    found = run_json("perceptron", path, "--target", "kind")
    assert found["converged"]
    assert found["perceptron"]["classes"] == ["apple", "pear"]
    assert "standardised" in run("perceptron", path).stdout
    plain = run("perceptron", path, "--scaling", "none", "--epochs", "1", code=1).stdout
    assert "standardised" not in plain
    run("perceptron", path, "--scaling", "log", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ("iris",),
        ("nothing",),
        ("and", "--mode", "both"),
        ("and", "--lr", "0"),
        ("and", "--lang", "fr"),
        ("and", "--epochs", "0"),
    ],
)
def test_bad_input_is_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    run("perceptron", *arguments, code=2)


@pytest.mark.parametrize("name", ["xor", "xnor"])
def test_gate_says_at_once_why_one_neuron_cannot_do_it(run: Run, run_json: Run, name: str) -> None:
    pytest.importorskip("scipy")
    shown = run("gate", name, "--neurons", "1", code=1).stdout
    assert "Not linearly separable" in shown
    assert shown.index("(0.5, 0.5)") < shown.index("output")
    proof = run_json("gate", name, "--neurons", "1", code=1)["separability"]
    assert proof["divisions"][0]["certificate"]["point"] == [0.5, 0.5]
    assert run_json("gate", name)["separability"] is None
    assert run_json("gate", "and")["separability"] is None


def test_proofs_speak_the_language_that_is_asked_for(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("scipy")
    path = tmp_path / "xor.csv"
    path.write_text("a,b,c\n" + "0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n" * 3)
    for command in (("gate", "xor", "--neurons", "1"), ("fit", path, "--layers", "none", "--epochs", "1")):
        code = int(command[0] == "gate")
        monkeypatch.setenv("CHAINRULE_LANG", "en")
        assert "초평면" in run(*command, "--lang", "ko", code=code).stdout
        assert "초평면" not in run(*command, code=code).stdout
        monkeypatch.setenv("CHAINRULE_LANG", "ko")
        assert "초평면" in run(*command, code=code).stdout
        assert "hyperplane" in run(*command, "--lang", "en", code=code).stdout
        assert "language" in run(*command, "--lang", "fr", code=2).stderr


def test_gate_goes_on_without_scipy(run_json: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    found = run_json("gate", "xor", "--neurons", "1", code=1)
    assert found["separability"] is None
    assert found["loss"] == pytest.approx(0.693147, abs=1e-5)


def test_fit_with_a_single_layer_says_why_it_cannot_work(run: Run, run_json: Run, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    path = tmp_path / "ring.csv"
    rows = [(x, y, "in" if x * x + y * y < 5 else "out") for x in range(-3, 4) for y in range(-3, 4)]
    path.write_text("a,b,where\n" + "".join(f"{x},{y},{place}\n" for x, y, place in rows))
    shown = " ".join(run("fit", path, "--layers", "none", "--epochs", "1").stdout.split())
    assert "no hyperplane divides out from in" in shown
    assert run_json("fit", path, "--layers", "none", "--epochs", "1")["separability"]["separable"] is False
    assert "hyperplane" not in run("fit", path, "--layers", "4", "--epochs", "1").stdout
    assert run_json("fit", path, "--layers", "4", "--epochs", "1")["separability"] is None
    assert "hyperplane" not in run("fit", "and", "--layers", "none", "--epochs", "1").stdout


@pytest.mark.parametrize("arguments", [("and",), ("xor", "--neurons", "1"), ("xor", "--neurons", "2", "--tries", "1")])
def test_a_gate_speaks_korean_throughout(run: Run, arguments: tuple[str, ...]) -> None:
    from typer.testing import CliRunner

    from chainrule.cli.app import app

    shown = CliRunner().invoke(app, ["gate", *arguments, "--lang", "ko"]).stdout
    assert "반올림" in shown
    assert "에포크" in shown
    for english in ("output", "rounded", "loss", "epochs", "learned", "one neuron", "try"):
        assert english not in shown
