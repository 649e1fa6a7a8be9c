"""Hidden space: every stage is what the layers up to it give, and a grid bends only where it must."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError
from chainrule.explain.hidden import hidden_space, weight_images
from chainrule.explain.planes import plane_of_features


def test_stages_are_the_layers_outputs() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Dropout(0.5), nn.Linear(3, 1, bias=False), nn.Sigmoid()).eval()
    x = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    found = hidden_space(model, x)
    assert [(stage.path, stage.move) for stage in found.stages] == [
        ("", "input"), ("0", "linear"), ("0", "shift"), ("1", "Tanh"), ("3", "linear"), ("4", "Sigmoid"),
    ]  # fmt: skip
    with cr.no_grad():
        after = cr.tensor(x)
        for name, layer in model.named_layers():
            after = layer(after)
            if name != "2":
                np.testing.assert_allclose(found.after(name).points, after.numpy(), atol=1e-6)
    linear = found.stages[1].points
    np.testing.assert_allclose(linear, x.astype(float) @ model[0].weight.detach().numpy().T.astype(float))


def test_the_grid_covers_the_data_and_moves_as_points_do() -> None:
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    found = hidden_space(model, cr.data.gates("xor"), lines=5, steps=7)
    grid = found.stages[0].lines
    assert grid.shape == (10, 7, 2)
    np.testing.assert_allclose(grid.reshape(-1, 2).min(axis=0), -0.1)
    np.testing.assert_allclose(grid.reshape(-1, 2).max(axis=0), 1.1)
    assert (np.ptp(grid[:5, :, 0], axis=1) == 0).all()
    assert (np.ptp(grid[5:, :, 1], axis=1) == 0).all()
    again = hidden_space(model, grid.reshape(-1, 2))
    np.testing.assert_allclose(found.after("1").lines.reshape(-1, 2), again.after("1").points)
    assert hidden_space(model, grid[0], (0, 1, 0, 1)).stages[0].lines.min() == 0
    assert found.to_dict()["stages"][0]["move"] == "input"


def test_slices_and_more_inputs() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    x = np.zeros((4, 2, 3))
    assert hidden_space(model, x).after("1").lines.shape[0] == 0
    plane = plane_of_features(list("abcdef"), "a", "c", fixed=np.ones(6))
    lines = hidden_space(model, x, (0, 1, 0, 1), plane, lines=2, steps=3).stages[0].lines
    assert lines.shape == (4, 3, 6)
    assert (lines[..., [1, 3, 4, 5]] == 1).all()
    with pytest.raises(ConfigError, match="bounds"):
        hidden_space(model, x, None, plane)


def test_weights_as_images() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 1))
    images = weight_images(model, (3, 4))
    assert images.shape == (5, 3, 4)
    assert images[2, 1, 3] == model[1].weight._data[2, 7]
    assert weight_images(nn.Linear(9, 2)).shape == (2, 3, 3)
    with pytest.raises(ShapeError, match="no image"):
        weight_images(model)
    with pytest.raises(ConfigError, match="Linear"):
        weight_images(nn.Sequential(nn.BatchNorm1d(4)))


def test_bad_input() -> None:
    model = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(ShapeError, match="do not fit"):
        hidden_space(model, np.zeros((3, 3)))
    with pytest.raises(ConfigError, match="at least 2"):
        hidden_space(model, np.zeros((3, 2)), lines=1)
    with pytest.raises(ConfigError, match="moves anything"):
        hidden_space(model, np.zeros((3, 2))).after("7")


def test_pairs_and_bad_data() -> None:
    model, x = nn.Sequential(nn.Linear(2, 3), nn.ReLU()), np.array([[0.0, 1.0], [1.0, 0.5]])
    plain, pair = hidden_space(model, x), hidden_space(model, (x, np.array([0, 1])))
    np.testing.assert_array_equal(plain.stages[-1].points, pair.stages[-1].points)
    for bad, kind in [
        ([[1, 2], [3]], ShapeError), (np.zeros((0, 2)), ShapeError), (np.zeros((3, 5)), ShapeError),
        ([["a", "b"]], DTypeError), ("xor", DTypeError), (object(), DTypeError), (None, DTypeError),
        ([[np.nan, 1.0]], DataError),
    ]:  # fmt: skip
        with pytest.raises(kind):
            hidden_space(model, bad)
    for shape in ("xy", [[1, 2]], object(), (1.5, 2)):
        with pytest.raises(ShapeError, match="image"):
            weight_images(model, shape)
