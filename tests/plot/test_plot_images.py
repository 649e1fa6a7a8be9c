"""Images with predictions, and weights as images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, plot
from chainrule.data import from_arrays
from chainrule.errors import ConfigError, DTypeError, ShapeError

matplotlib = pytest.importorskip("matplotlib")

PICTURES = np.arange(3 * 12, dtype=np.uint8).reshape(3, 3, 4)


def titles(figure: object) -> list[str]:
    return [ax.get_title() or ax.get_title(loc="left") for ax in figure.axes]


def test_pixels_and_mistakes(tmp_path: Path) -> None:
    figure = plot.images(
        PICTURES, [0, 1, 1], tmp_path / "a.png", targets=[0, 1, 0], classes=["cat", "dog"], lang="en", title="Pets"
    )
    assert titles(figure) == ["cat", "dog", "dog\n(is cat)"]
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), PICTURES[1])
    assert figure.get_suptitle() == "Pets: 2 of 3 right"
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_a_network_is_asked_about_what_it_sees() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2, bias=False))
    model[1].weight.data[:] = np.array([[1, 1, 0, 0], [0, 0, 1, 1]])
    inputs = np.array([[[200, 200], [0, 0]], [[0, 0], [200, 200]], [[0, 0], [9, 9]]], np.uint8)
    data = from_arrays(inputs, np.array([0, 0, 1]), classes=["top", "bottom"])
    figure = plot.images(data, model, lang="en")
    assert titles(figure) == ["top", "bottom\n(is top)", "bottom"]
    assert titles(plot.images(inputs.reshape(3, 4), model)) == ["0", "1", "1"]


def test_flat_coloured_and_few() -> None:
    assert len(plot.images(np.zeros((9, 16)), most=4).axes) == 4
    assert plot.images(np.random.default_rng(0).random((2, 5, 4, 3))).axes[0].images[0].get_array().shape == (5, 4, 3)
    assert plot.images(np.ones((1, 6)), shape=(2, 3)).axes[0].images[0].get_array().shape == (2, 3)
    assert plot.images(np.ones((1, 1, 2, 3))).axes[0].images[0].get_array().shape == (2, 3)


def test_images_refused() -> None:
    with pytest.raises(ShapeError, match="as images"):
        plot.images(np.ones((2, 7)))
    with pytest.raises(ShapeError, match="row per image"):
        plot.images(np.ones((0, 4, 4)))
    with pytest.raises(ShapeError, match="predictions"):
        plot.images(PICTURES, [0])
    with pytest.raises(ConfigError, match="class"):
        plot.images(PICTURES, [0, 1, 2], classes=["cat", "dog"])
    with pytest.raises(DTypeError):
        plot.images(np.array([["a", "b"]]))
    with pytest.raises(ConfigError, match="number of images"):
        plot.images(PICTURES, most=0)


def test_weights_stand_at_their_pixels() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 3))
    weights = np.arange(18.0).reshape(3, 6)
    model[1].weight.data[:] = weights
    figure = plot.weights_image(model, shape=(2, 3), lang="en")
    shown = [ax.images[0] for ax in figure.axes if ax.images]
    np.testing.assert_array_equal([one.get_array() for one in shown], weights.reshape(3, 2, 3))
    low, high = shown[0].get_clim()
    assert low == -high
    few = plot.weights_image(model, shape=(2, 3), most=1, lang="en")
    assert [ax.get_title(loc="left") for ax in few.axes if ax.images] == ["2"]
    assert few.get_suptitle().endswith("1 of 3")


def test_weights_refused() -> None:
    with pytest.raises(ShapeError, match="as images"):
        plot.weights_image(nn.Linear(7, 2))
    with pytest.raises(ConfigError, match="neurons"):
        plot.weights_image(nn.Linear(4, 2), most=0)
    with pytest.raises(DTypeError):
        plot.weights_image(np.ones((2, 4)))


def test_weights_that_are_all_zero_or_not_finite() -> None:
    model = nn.Linear(4, 2)
    model.weight.data[:] = 0.0
    assert plot.weights_image(model).axes
    model.weight.data[:] = np.nan
    assert plot.weights_image(model).axes


def test_a_table_is_no_image() -> None:
    iris = cr.data.load("iris").prepare()
    with pytest.raises(ShapeError, match="table"):
        plot.images(iris.train)
    model = nn.Linear(4, 3)
    model.preprocessing = iris.train.preprocessing
    with pytest.raises(ShapeError, match="table"):
        plot.weights_image(model)
    assert plot.weights_image(model, shape=(2, 2)).axes
