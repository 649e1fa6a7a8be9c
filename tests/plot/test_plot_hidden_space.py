"""The picture of hidden spaces: every stage where it is, or its principal components against a direct computation."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, nn, plot
from chainrule.errors import ConfigError, DTypeError, ShapeError

pytest.importorskip("matplotlib")

XOR = cr.data.load("xor")


def network(*sizes: int) -> nn.Sequential:
    cr.manual_seed(1)
    layers = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.Tanh())]
    return nn.Sequential(*layers[:-1])


def samples(ax: Any) -> np.ndarray:
    """The drawn samples, class after class."""
    from matplotlib.collections import PathCollection

    parts = [np.asarray(one.get_offsets()) for one in ax.collections if isinstance(one, PathCollection)]
    return np.concatenate(parts)


def grids(ax: Any) -> np.ndarray:
    from matplotlib.collections import LineCollection

    return np.concatenate([one.get_segments() for one in ax.collections if isinstance(one, LineCollection)])


def test_two_units_are_drawn_as_they_are(tmp_path: Any) -> None:
    space = explain.hidden_space(network(2, 2, 1), XOR, lines=3, steps=5)
    figure = plot.hidden_space(space, XOR.targets, tmp_path / "space.png", lang="en")
    by_class = np.argsort(XOR.targets, kind="stable")
    for ax, stage in zip(figure.axes[:4], space.stages[:4], strict=True):
        np.testing.assert_allclose(samples(ax), stage.points[by_class])
        np.testing.assert_allclose(grids(ax), stage.lines)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["input", "layer 0: W·x", "layer 0: + b", "layer 1: Tanh", "layer 2: W·x", "layer 2: + b"]
    assert samples(figure.axes[-1])[:, 0] == pytest.approx(space.stages[-1].points[by_class, 0])
    assert figure.axes[0].get_xlabel() == "x1"
    assert figure.axes[1].get_ylabel() == "unit 2"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["class 0", "class 1"]
    assert (tmp_path / "space.png").stat().st_size > 1000


def test_more_units_are_seen_along_principal_components() -> None:
    x = np.random.default_rng(0).normal(size=(60, 5)) * [3, 2, 1, 1, 1]
    space = explain.hidden_space(network(5, 6, 4), x)
    figure = plot.hidden_space(space, lang="en")
    assert len(figure.axes) == len(space.stages)
    for ax, stage in zip(figure.axes, space.stages, strict=True):
        values, vectors = np.linalg.eigh(np.cov(stage.points.T))
        expected = (stage.points - stage.points.mean(axis=0)) @ vectors[:, ::-1][:, :2]
        drawn = samples(ax)
        for axis in (0, 1):  # up to the sign
            same = np.allclose(drawn[:, axis], expected[:, axis], atol=1e-6)
            assert same or np.allclose(drawn[:, axis], -expected[:, axis], atol=1e-6)
        assert ax.get_xlabel() == f"component 1 ({100 * values[-1] / values.sum():.0f} % of the variance)"
    # A shift moves nothing relative to the mean, so that its panel must look like the one before.
    np.testing.assert_allclose(samples(figure.axes[1]), samples(figure.axes[2]), atol=1e-9)


def test_a_chosen_pair_of_units() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3))
    space = explain.hidden_space(network(3, 4, 2), x)
    figure = plot.hidden_space(space, x[:, 0], units=(2, 0), lang="en")
    np.testing.assert_allclose(samples(figure.axes[0]), x[:, [2, 0]])
    assert (figure.axes[1].get_xlabel(), figure.axes[1].get_ylabel()) == ("unit 3", "unit 1")
    assert figure.axes[-1].get_ylabel() == "target"  # numbers have a colour bar
    for wrong in ((0, 3), (1, 1), (0,), "01", (0.5, 1), 1):
        with pytest.raises(ConfigError, match="bad units"):
            plot.hidden_space(space, units=wrong)


def test_a_stage_that_does_not_spread() -> None:
    model = network(3, 3)
    with cr.no_grad():
        model[0].weight._assign(np.zeros((3, 3)))
    assert plot.hidden_space(explain.hidden_space(model, np.ones((4, 3)))).axes
    assert plot.hidden_space(explain.hidden_space(network(3, 3), np.ones((1, 3))), lang="ko").axes


def test_bad_input() -> None:
    space = explain.hidden_space(network(2, 2, 1), XOR)
    with pytest.raises(DTypeError, match="not a hidden space"):
        plot.hidden_space(XOR)
    with pytest.raises(ShapeError, match="targets"):
        plot.hidden_space(space, [0, 1])
    with pytest.raises(ShapeError, match="targets"):
        plot.hidden_space(space, list("abcd"))
