"""The landscape of answers in space, and surfaces of a quantity: heights, boundary, samples."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import plot
from chainrule.errors import ConfigError, DTypeError, ShapeError
from chainrule.plot.plane import asked

matplotlib = pytest.importorskip("matplotlib")

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
WALL = 0.3


def wall(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-8 * (x[:, 0] - WALL)))


def slope(x: np.ndarray) -> np.ndarray:
    return 4 * x[:, 0] - x[:, 1]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[object, dict[str, object]]]]:
    """What is handed to matplotlib: the heights of surfaces, and the contours that come out."""
    from mpl_toolkits.mplot3d import Axes3D

    seen: dict[str, list[tuple[object, dict[str, object]]]] = {"plot_surface": [], "contour": []}
    for name in seen:
        original = getattr(Axes3D, name)

        def spy(
            self: object, *args: object, name: str = name, original: object = original, **options: object
        ) -> object:
            result = original(self, *args, **options)
            seen[name].append((args[2] if name == "plot_surface" else result, options))
            return result

        monkeypatch.setattr(Axes3D, name, spy)
    return seen


def test_the_height_is_the_probability_and_the_floor_has_the_boundary(made: dict) -> None:
    figure = plot.surface_3d(wall, XOR, [0, 0, 1, 1], classes=["no", "yes"], bounds=(-1, 2, -1, 2), lang="en")
    (ax,) = figure.axes
    ((heights, _),) = made["plot_surface"]
    across = np.linspace(-1, 2, heights.shape[1])[None].T
    np.testing.assert_allclose(heights, np.tile(wall(across), (len(heights), 1)), atol=1e-6)
    floor = ax.get_zlim()[0]
    assert floor < 0
    (_, on_floor), (_, on_surface) = made["contour"]
    assert on_floor["offset"] == floor
    assert on_floor["levels"] == [0]
    assert "offset" not in on_surface
    assert on_surface["levels"] == [0.5]
    samples = [one for one in ax.collections if type(one).__name__ == "Path3DCollection"]
    assert [one.get_label() for one in samples] == ["no", "yes"]
    assert all((np.asarray(one._offsets3d[2]) == floor).all() for one in samples)
    assert ax.get_zlabel() == "probability of class yes"
    assert "sampled" in ax.texts[0].get_text()


def test_a_surface_for_each_of_three_classes() -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        scores = np.exp(np.stack([x[:, 0], x[:, 1], -x[:, 0]], 1))
        return scores / scores.sum(1, keepdims=True)

    (ax,) = plot.surface_3d(predict, XOR, [0, 1, 2, 1], lang="en").axes
    assert sum(type(one).__name__ == "Poly3DCollection" for one in ax.collections) == 3
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0", "1", "2"]
    assert ax.get_zlabel() == "probability"


def test_measured_values_stand_at_their_height_above_and_below() -> None:
    measured = slope(XOR) + np.array([0.5, -0.5, 0.5, -0.5])
    (ax,) = plot.surface_3d(slope, XOR, measured, lang="en").axes
    below, above = [one for one in ax.collections if type(one).__name__ == "Path3DCollection"]
    assert sorted(below._offsets3d[2]) == sorted(measured[1::2])
    assert sorted(above._offsets3d[2]) == sorted(measured[::2])
    assert below.get_zorder() < above.get_zorder()
    stems = np.concatenate([np.reshape(line.get_data_3d()[2], (-1, 3)) for line in ax.lines])
    assert len(stems) == 4
    np.testing.assert_allclose(np.abs(stems[:, 0] - stems[:, 1]), 0.5, atol=0.1)  # from the nearest point of the grid
    assert ax.get_zlabel() == "predicted value"


def test_a_quantity_in_the_plane_is_a_colour_on_one_scale_with_the_measured() -> None:
    measured = slope(XOR) + 0.25
    ax, bar = plot.decision_surface(slope, XOR, measured, lang="en").axes
    (samples,) = [one for one in ax.collections if type(one).__name__ == "PathCollection"]
    np.testing.assert_allclose(samples.get_array(), measured)
    low, high = samples.get_clim()
    assert low <= min(measured)
    assert high >= max(measured)
    assert bar.get_ylabel() == "predicted value"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["measured"]


@pytest.mark.parametrize(
    ("predict", "targets", "quantity"),
    [
        (wall, [0, 0, 1, 1], False),
        (wall, [0.0, 0.0, 1.0, 1.0], False),
        (wall, [0.1, 0.2, 0.7, 0.9], True),
        (slope, [0, 0, 4, 3], True),
        (lambda x: slope(x)[:, None], [0, 0, 4, 3], True),
        (lambda x: (x[:, 0] > 0).astype(int), [0, 0, 1, 1], False),
        (lambda x: np.stack([wall(x), 1 - wall(x)], 1), [0, 0, 1, 1], False),
    ],
)
def test_what_is_a_quantity(predict: object, targets: list[float], quantity: bool) -> None:
    assert asked(predict, XOR, targets, None, None, None, 5).quantity is quantity


def test_an_estimator_that_predicts_values_will_do() -> None:
    class Estimator:
        def predict(self, x: np.ndarray) -> np.ndarray:
            return slope(x)

    assert plot.surface_3d(Estimator(), XOR, slope(XOR) + 0.5).axes


def test_the_same_answer_everywhere() -> None:
    (ax,) = plot.surface_3d(lambda x: np.full(len(x), 0.25), XOR, [0, 1, 1, 0], lang="en").axes
    assert "same answer everywhere" in ax.texts[0].get_text()
    assert plot.surface_3d(lambda x: np.full(len(x), 7.5), XOR, [7.5] * 4).axes
    assert plot.decision_surface(lambda x: np.full(len(x), 7.5), XOR, [7.5] * 4).axes


def test_refusals() -> None:
    from matplotlib.figure import Figure

    with pytest.raises(ConfigError, match="axes in space"):
        plot.surface_3d(wall, XOR, [0, 0, 1, 1], ax=Figure().add_subplot())
    with pytest.raises(ConfigError, match="view"):
        plot.surface_3d(wall, XOR, [0, 0, 1, 1], view=(30,))
    with pytest.raises(ConfigError, match="finite"):
        plot.surface_3d(lambda x: np.full(len(x), np.nan), XOR, [0, 0, 1, 1])
    with pytest.raises(ShapeError, match="two inputs"):
        plot.surface_3d(wall, np.zeros((4, 3)), [0, 0, 1, 1])
    with pytest.raises(DTypeError, match="targets"):
        plot.surface_3d(wall, XOR)
