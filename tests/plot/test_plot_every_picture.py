"""Every picture: light and dark, English and Korean, and in each format."""

from __future__ import annotations

import logging
import re
import string
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, plot
from chainrule.explain import hidden_space, regions, trace
from chainrule.explain.landscape import Landscape
from chainrule.messages import catalogue, keys
from chainrule.plot import canvas
from chainrule.plot.themes import THEMES
from chainrule.train import compare, learning_rates
from chainrule.train.range_test import RangeTest
from chainrule.train.restarts import Restart, Restarts, Solution

matplotlib = pytest.importorskip("matplotlib")
from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: E402 - only where there is matplotlib

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(20, 2)).astype(np.float32)
LABELS = (POINTS[:, 0] > 0).astype(int)
IMAGES = RNG.random((6, 4, 4))
HISTORY = {"loss": [1.0, 0.5], "val_loss": [1.1, 0.6], "accuracy": [0.5, 0.7]}


@cache
def small() -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))


@cache
def flat() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 2), nn.Tanh())


@cache
def seeing() -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 3))


def shares(x: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-3 * x[:, 0]))
    return np.stack([1 - p, p], axis=1)


def three(x: np.ndarray) -> np.ndarray:
    scores = np.exp(np.stack([x[:, 0], x[:, 1], -x[:, 0]], axis=1))
    return scores / scores.sum(axis=1, keepdims=True)


def bowl() -> Landscape:
    x = np.linspace(-1, 1, 7)
    loss = x[None] ** 2 + x[:, None] ** 2 + 1
    return Landscape("slice", ("a", "b"), x, x, loss, (0.0, 0.0), 1.0, np.zeros((2, 2)), None, np.zeros(2))


@cache
def rates() -> Any:
    return learning_rates(nn.Linear(2, 1), (POINTS, POINTS[:, :1]), loss="mse", rates=(0.1, 0.01), steps=3, points=7)


def again() -> Restarts:
    runs = (Restart(0, True, 1.0, (0.7, 0.3), 0.5, None), Restart(1, False, 0.7, (0.8, 0.5), 0.2, None))
    found = (Solution((0,), True, 1.0, {}), Solution((1,), False, 0.7, {}))
    return Restarts(runs, found, "accuracy", 0.95, 0.5, 0.15, 0.85, 0.95)


@cache
def compared(name: str) -> Any:
    data, build = (POINTS, LABELS), {"build": lambda: nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2))}
    how: dict[str, Callable[[], Any]] = {
        "batch_norm": lambda: compare.batch_norm(data, n=2, epochs=2, **build),
        "initialisations": lambda: compare.initialisations(
            data, names=["zeros", "xavier_uniform"], hidden=(4, 4), epochs=2
        ),
        "optimizer_paths": lambda: compare.optimizer_paths(steps=3),
        "optimizers": lambda: compare.optimizers(data, ["sgd", "adam"], epochs=2, **build),
        "overfitting": lambda: compare.overfitting(data, epochs=2, patience=2, **build),
    }
    return how[name]()


@cache
def exercise() -> Any:
    return trace(small(), POINTS[:1], LABELS[:1], loss="cross_entropy").exercise()


def graph_of() -> Any:
    return (small()(cr.tensor(POINTS[:2])) ** 2).mean()


PICTURES: dict[str, Callable[..., Any]] = {
    "activation": lambda **how: plot.activation("gelu", **how),
    "activation_histograms": lambda **how: plot.activation_histograms(small(), POINTS, **how),
    "activations": lambda **how: plot.activations(functions=["relu", "tanh"], **how),
    "batch_norm": lambda **how: plot.batch_norm(compared("batch_norm"), **how),
    "confusion": lambda **how: plot.confusion([[5, 2], [1, 9]], ["a", "b"], **how),
    "decision_surface": lambda **how: plot.decision_surface(shares, POINTS, LABELS, **how),
    "decision_surface of three": lambda **how: plot.decision_surface(three, POINTS, LABELS, **how),
    "decision_surface of a quantity": lambda **how: plot.decision_surface(
        lambda x: 3 * x[:, 0], POINTS, 3 * POINTS[:, 0], **how
    ),
    "exercise_sheet": lambda **how: plot.exercise_sheet(exercise(), **how),
    "gates": lambda **how: plot.gates(["and", "xor"], **how),
    "gradient_flow": lambda **how: plot.gradient_flow({"0": 0.1, "2": 0.0, "4": [0.1, 1.0]}, **how),
    "graph": lambda **how: plot.graph(graph_of(), **how),
    "hidden_space": lambda **how: plot.hidden_space(hidden_space(flat(), POINTS, lines=3, steps=5), LABELS, **how),
    "images": lambda **how: plot.images(IMAGES, [0, 1, 0, 1, 0, 1], targets=[0, 1, 1, 1, 0, 1], **how),
    "initialisations": lambda **how: plot.initialisations(compared("initialisations"), **how),
    "landscape": lambda **how: plot.landscape(bowl(), **how),
    "learning_rates": lambda **how: plot.learning_rates(rates(), **how),
    "network": lambda **how: plot.network(small(), [1.0, -1.0], **how),
    "optimizer_paths": lambda **how: plot.optimizer_paths(compared("optimizer_paths"), **how),
    "optimizer_race": lambda **how: plot.optimizer_race(compared("optimizers"), **how),
    "overfitting": lambda **how: plot.overfitting(compared("overfitting"), **how),
    "range_test": lambda **how: plot.range_test(
        RangeTest((1e-3, 1e-2, 1e-1), (1.0, 0.5, 0.7), (1.0, 0.7, 0.75), 1e-2, 1e-1, True), **how
    ),
    "region_map": lambda **how: plot.region_map(regions(small(), (-1, 1, -1, 1)), POINTS, LABELS, **how),
    "restarts": lambda **how: plot.restarts(again(), **how),
    "runs": lambda **how: plot.runs({"a": HISTORY, "b": {"loss": [1.0, 0.4], "accuracy": [0.6, 0.8]}}, **how),
    "surface_3d": lambda **how: plot.surface_3d(shares, POINTS, LABELS, **how),
    "surface_3d of three": lambda **how: plot.surface_3d(three, POINTS, LABELS, **how),
    "surface_3d of a quantity": lambda **how: plot.surface_3d(
        lambda x: 3 * x[:, 0], POINTS, 3 * POINTS[:, 0] + 0.1, **how
    ),
    "training_curves": lambda **how: plot.training_curves(HISTORY, **how),
    "weights_image": lambda **how: plot.weights_image(seeing(), **how),
}
NO_FIGURES = {"graph_svg", "set_theme", "theme"}
WITHOUT_WORDS = {"activation"}
LOOKS = [("light", "en", "svg"), ("light", "ko", "pdf"), ("dark", "ko", "png")]
STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


def test_every_figure_of_the_package_is_drawn_here() -> None:
    assert {name.partition(" ")[0] for name in PICTURES} == set(plot.__all__) - NO_FIGURES


def words(figure: Any) -> list[Any]:
    from matplotlib.text import Text

    return [one for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]


@cache
def english() -> list[re.Pattern[str]]:
    """A pattern for every English caption that is not the same in Korean and has words of its own."""
    found = []
    for key in keys("en"):
        topic, _, name = key.partition(".")
        template = catalogue._topic("en", topic)[name]
        pieces = list(string.Formatter().parse(template))
        fixed = "".join(piece for piece, *_ in pieces)
        if template != catalogue._topic("ko", topic)[name] and re.search("[A-Za-z]{2}", fixed):
            pattern = "".join(re.escape(piece) + (".*" if field is not None else "") for piece, field, *_ in pieces)
            found.append(re.compile(pattern, re.DOTALL))
    return found


def captions(figure: Any) -> set[str]:
    shown = {one.get_text() for one in words(figure)}
    return {text for text in shown if any(pattern.fullmatch(text) for pattern in english())}


@pytest.mark.parametrize(("theme", "lang", "suffix"), LOOKS, ids=["-".join(look) for look in LOOKS])
@pytest.mark.parametrize("name", PICTURES)
def test_themes_languages_formats(
    name: str,
    theme: str,
    lang: str,
    suffix: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if lang == "ko" and canvas.hangul_font() is None:
        pytest.skip("no font with Hangul is installed: Korean labels not tested")
    path = tmp_path / f"picture.{suffix}"
    if suffix != "png":  # laying out takes most of the time, and is seen once
        monkeypatch.setattr(ConstrainedLayoutEngine, "execute", lambda *_: None)
    with (
        warnings.catch_warnings(action="error"),
        caplog.at_level(logging.WARNING, "matplotlib"),
        plot.theme(theme),
    ):
        figure = PICTURES[name](path=path, lang=lang)
    assert not caplog.records  # glyphs or fonts that are missing
    assert isinstance(figure, matplotlib.figure.Figure)
    assert path.read_bytes().startswith(STARTS[suffix])
    assert suffix != "svg" or ">$" not in path.read_text(encoding="utf-8")  # formulas that were not set
    shown = "".join(one.get_text() for one in words(figure))
    if lang == "ko":
        assert not captions(figure)
        assert bool(re.search("[가-힣]", shown)) != (name in WITHOUT_WORDS)
    else:
        assert bool(captions(figure)) != (name in WITHOUT_WORDS)
        assert not re.search("[가-힣]", shown)
    _stands_out(figure, THEMES[theme].paper)


def _stands_out(figure: Any, paper: str) -> None:
    """No text in a colour of the other theme, nor too pale; in coloured cells it may be the paper's."""
    for one in words(figure):
        color = matplotlib.colors.to_hex(one.get_color())
        assert color == paper.lower() or canvas.contrast(color, paper) >= 3, (one.get_text(), color)


def test_pale_text_would_be_seen() -> None:
    figure = plot.activation("relu", title="title")
    _stands_out(figure, THEMES["light"].paper)
    with pytest.raises(AssertionError, match="title"):
        _stands_out(figure, THEMES["dark"].paper)


def test_without_a_korean_font_one_note_and_english(monkeypatch: pytest.MonkeyPatch) -> None:
    english_words = {one.get_text() for one in words(plot.confusion([[1, 0], [2, 3]], lang="en"))}
    monkeypatch.setattr(canvas, "_further_fonts", list)
    canvas._note_missing_font.cache_clear()
    with pytest.warns(UserWarning, match="Hangul") as notes:
        drawn = [plot.confusion([[1, 0], [2, 3]], lang="ko") for _ in range(2)]
    assert len(notes) == 1
    assert all({one.get_text() for one in words(figure)} == english_words for figure in drawn)


def test_fonts_that_came_after_matplotlibs_list_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib import font_manager

    names = canvas._further_fonts()
    if not names:
        pytest.skip("no font with Hangul is installed")
    manager = font_manager.fontManager
    listed = [font for font in manager.ttflist if font.name not in names]
    monkeypatch.setattr(manager, "ttflist", listed)
    canvas._found_fonts.cache_clear()
    assert canvas.hangul_font() in names
