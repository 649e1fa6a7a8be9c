"""``chainrule plot``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

pytest.importorskip("matplotlib")

Run = Callable[..., Any]


WITH_DATA = ["network", "confusion", "histograms", "gradients", "graph", "surface", "surface-3d", "regions"]
WITH_DATA += ["landscape", "landscape-3d", "hidden-space", "exercise"]


@pytest.mark.parametrize("figure", WITH_DATA)
def test_figures_of_a_model_and_data(run: Run, model: Path, figure: str) -> None:
    result = run("plot", figure, model, "xor", "--out", "a.svg", "--lang", "en", "--title", "Heading")
    assert result.stderr == "Wrote a.svg\n"
    page = Path("a.svg").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert "Heading" in page


def test_the_row_is_what_is_drawn(run: Run, model: Path) -> None:
    run("plot", "network", model, "xor", "--row", 2, "--out", "a.svg")
    with cr.no_grad():
        output = cr.load(model).eval()(cr.tensor([[1.0, 0.0]])).item()
    assert f">{output:.3g}<".replace("-", "−") in Path("a.svg").read_text(encoding="utf-8")


def test_figures_without_a_model(run: Run, run_json: Run) -> None:
    run("plot", "activations", "--out", "a.png")
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    found = run_json("plot", "gates", "--out", "g.pdf")
    assert found == {"figure": "gates", "model": None, "data": None, "file": "g.pdf"}
    assert Path("g.pdf").read_bytes().startswith(b"%PDF")


def test_images_and_weights(run: Run, tmp_path: Path) -> None:
    inputs = np.random.default_rng(0).integers(0, 255, (20, 4, 5), dtype=np.uint8)
    np.savez(tmp_path / "pictures.npz", x=inputs, y=np.arange(20) % 2)
    network = nn.Sequential(nn.Flatten(), nn.Linear(20, 2))
    cr.fit(network, cr.data.read(tmp_path / "pictures.npz"), epochs=1, verbose=0)
    network.save(tmp_path / "m.safetensors")
    run("plot", "weights", "m.safetensors", "--out", "w.png")
    run("plot", "images", "m.safetensors", "pictures.npz", "--most", 3, "--out", "i.png")
    assert Path("w.png").stat().st_size > 1000
    assert Path("i.png").stat().st_size > 1000


def test_figures_of_a_model_alone(run: Run, model: Path) -> None:
    for figure in ("activations", "curves", "network"):
        run("plot", figure, model, "--out", f"{figure}.svg", "--title", "Heading", "--lang", "en")
        assert "Heading" in Path(f"{figure}.svg").read_text(encoding="utf-8")
    page = Path("activations.svg").read_text(encoding="utf-8")
    assert "Sigmoid" in page
    assert "ReLU" not in page
    run("plot", "regions", model, "--bounds", "0,1,0,1", "--out", "r.svg")
    assert "needs data" in run("plot", "surface", model, "--out", "a.png", code=2).stderr


def test_a_model_without_curves(run: Run, tmp_path: Path) -> None:
    nn.Sequential(nn.Linear(2, 1)).save(tmp_path / "new.safetensors")
    assert "training curves" in run("plot", "curves", "new.safetensors", "--out", "a.png", code=2).stderr


def test_the_theme_is_that_of_one_picture(run: Run, model: Path) -> None:
    pages = {}
    for theme in ("light", "dark"):
        run("plot", "curves", model, "--theme", theme, "--out", f"{theme}.svg")
        pages[theme] = Path(f"{theme}.svg").read_text(encoding="utf-8")
    paper = "#1c1e22"
    assert paper in pages["dark"]
    assert paper not in pages["light"]
    run("plot", "curves", model, "--out", "after.svg")
    assert paper not in Path("after.svg").read_text(encoding="utf-8")
    assert "theme" in run("plot", "curves", model, "--theme", "night", "--out", "a.png", code=2).stderr


def test_a_slice_of_the_landscape(run: Run, model: Path) -> None:
    names = ("--weight", "0.weight[0,0]", "--weight", "2.bias[0]")
    run("plot", "landscape", model, "xor", *names, "--out", "a.svg")
    page = Path("a.svg").read_text(encoding="utf-8")
    assert "0.weight[0,0]" in page
    assert "2.bias[0]" in page
    assert "two weights" in run("plot", "landscape", model, "xor", *names[:2], "--out", "b.png", code=2).stderr
    wrong = ("--weight", "0.wight[0]")
    assert "0.wight" in run("plot", "landscape", model, "xor", *names[2:], *wrong, "--out", "b.png", code=2).stderr


def test_options_of_other_figures_are_refused(run: Run, model: Path) -> None:
    for figure, *options in (
        ("network", "--bounds", "0,1,0,1"), ("curves", "--row", 1), ("surface", "--most", 3),
        ("surface", "--features", "a,b"), ("graph", "--weight", "a"), ("graph", "--seed", 1),
    ):  # fmt: skip
        found = run("plot", figure, model, "xor", *options, "--out", "a.png", code=2).stderr
        assert f"{figure} takes no {options[0]}" in found


def test_korean_without_a_font_is_one_note(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.plot import canvas

    monkeypatch.setattr(canvas, "_further_fonts", list)
    canvas._note_missing_font.cache_clear()
    notes = run("plot", "activations", "--lang", "ko", "--out", "a.png").stderr
    assert notes.count("참고: ") == 1
    assert "Hangul" in notes


def test_refusals(run: Run, model: Path) -> None:
    assert "network" in run("plot", "netwrk", model, "--out", "a.png", code=2).stderr
    assert "--out" in run("plot", "gates", code=2).stderr
    assert "needs a model" in run("plot", "network", "--out", "a.png", code=2).stderr
    assert "needs data" in run("plot", "graph", model, "--out", "a.png", code=2).stderr
    assert "no such row" in run("plot", "network", model, "xor", "--row", 9, "--out", "a.png", code=2).stderr
    assert "--row needs data" in run("plot", "network", model, "--row", 1, "--out", "a.png", code=2).stderr
    assert "picture format" in run("plot", "gates", "--out", "a.docx", code=2).stderr
    assert "images" in run("plot", "weights", model, "--out", "a.png", code=2).stderr
    assert "overwrite" in run("plot", "network", model, "--out", model, code=2).stderr
    assert not Path("a.png").exists()
