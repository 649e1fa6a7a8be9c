"""The picture of a network's regions: one polygon per cell, the boundary as it was found, and an honest label."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, plot
from chainrule.errors import DTypeError, ShapeError
from chainrule.explain.regions import Regions, regions

pytest.importorskip("matplotlib")


def made(activation: nn.Module, outputs: int = 1) -> Regions:
    cr.manual_seed(0)
    return regions(nn.Sequential(nn.Linear(2, 6), activation, nn.Linear(6, outputs)), (-4, 4, -3, 3))


def annotations(ax: object) -> str:
    return " ".join(text.get_text() for text in ax.texts)


def test_cells_boundary_and_samples_are_drawn(tmp_path) -> None:
    found = made(nn.ReLU())
    points = np.array([[0.0, 0.0], [1.0, 1.0]])
    figure = plot.region_map(found, points, [0, 1], tmp_path / "map.png", title="A map")
    (ax,) = figure.axes
    fills, edges, halo, line, *samples = ax.collections
    assert len(fills.get_paths()) == len(found.cells)
    assert len(edges.get_paths()) == len(found)
    assert len(halo.get_segments()) == len(found.boundary)
    np.testing.assert_allclose(line.get_segments(), found.boundary)
    assert [len(one.get_offsets()) for one in samples] == [1, 1]
    assert (*ax.get_xlim(), *ax.get_ylim()) == found.bounds
    assert f"exact: {len(found)} regions" in annotations(ax)
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "decision boundary" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_smooth_networks_are_labelled_as_sampled() -> None:
    found = made(nn.Tanh())
    (ax,) = plot.region_map(found, np.zeros((3, 2)), [0, 1, 1]).axes
    assert "sampled" in annotations(ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()][:2] == ["class 0", "class 1"]


def test_a_network_that_predicts_numbers_has_a_colour_bar() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 1))
    rng = np.random.default_rng(0)
    cr.fit(model, (rng.normal(size=(20, 2)), rng.normal(size=(20, 1))), loss="mse", epochs=1, verbose=0)
    found = regions(model, (-1, 1, -1, 1))
    figure = plot.region_map(found)
    assert len(figure.axes) == 2
    values = figure.axes[0].collections[0].get_array()
    middle = found.polygons[0].mean(axis=0)
    assert values[0] == pytest.approx(found.maps[0, 0] @ [*middle, 1])


def test_bad_input() -> None:
    with pytest.raises(DTypeError, match="not regions"):
        plot.region_map("regions")
    with pytest.raises(ShapeError, match="two coordinates"):
        plot.region_map(made(nn.ReLU()), np.zeros((3, 3)))
