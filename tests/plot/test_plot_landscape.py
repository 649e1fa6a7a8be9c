"""The picture of a landscape: the loss that was computed, the path as it was, and what is said about the plane."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from chainrule import plot
from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.explain.landscape import Landscape
from chainrule.plot.relief import scale_of

pytest.importorskip("matplotlib")

X, Y = np.linspace(-2, 2, 9), np.linspace(-1, 3, 9)
BOWL = X[None] ** 2 + (Y[:, None] - 1) ** 2 + 1
PATH = np.array([[-1.5, 2.0], [-0.5, 1.5], [0.0, 1.0]])


def made(**changes: Any) -> Landscape:
    found = Landscape("slice", ("0.weight[0,0]", "0.bias[0]"), X, Y, BOWL, (0.0, 1.0), 1.0, PATH, None, np.zeros(3))
    return dataclasses.replace(found, **changes)


def labels(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def notes(ax: Any) -> str:
    return " ".join(text.get_text() for text in ax.texts)


def test_path_marks_and_axes_are_the_records(tmp_path: Any) -> None:
    figure = plot.landscape(made(), tmp_path / "bowl.png", title="A bowl", lang="en")
    ax, bar = figure.axes
    lines = {line.get_label(): np.array(line.get_data()).T for line in ax.lines}
    np.testing.assert_array_equal(lines["path of training"], PATH)
    np.testing.assert_array_equal(lines["start"], PATH[:1])
    np.testing.assert_array_equal(lines["end"], PATH[-1:])
    np.testing.assert_array_equal(lines["the model"], [[0.0, 1.0]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("0.weight[0,0]", "0.bias[0]")
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-2, 2, -1, 3)
    assert notes(ax) == "exact slice: all other weights stay as the model has them"
    assert bar.get_ylabel() == "loss"
    assert (tmp_path / "bowl.png").read_bytes().startswith(b"\x89PNG")


def test_levels_follow_the_range() -> None:
    narrow, broad = scale_of(BOWL), scale_of(BOWL**5)
    assert not narrow.logarithmic
    assert (narrow.levels[0], narrow.levels[-1]) == (1.0, 9.0)
    assert np.allclose(np.diff(narrow.levels), narrow.levels[1] - narrow.levels[0])
    assert broad.logarithmic
    assert np.allclose(broad.levels[1:] / broad.levels[:-1], broad.levels[1] / broad.levels[0])
    assert not scale_of(BOWL - 5).logarithmic  # negative losses have no logarithm
    zero = scale_of(np.array([[0.0, 1e-3], [1.0, np.nan]]))
    assert zero.logarithmic
    assert zero.levels[0] == pytest.approx(1e-3)
    assert np.isfinite(scale_of(np.full((2, 2), 3.0)).levels).all()
    assert len(scale_of(np.full((2, 2), np.nan)).levels) == 2


def test_what_is_not_finite_is_hatched_and_said() -> None:
    loss = BOWL.copy()
    loss[:2, :3], loss[5, 5] = np.nan, np.inf
    ax = plot.landscape(made(loss=loss), lang="en").axes[0]
    assert ax.patch.get_hatch()
    assert labels(ax)[-1] == "loss not finite"
    assert not plot.landscape(made()).axes[0].patch.get_hatch()
    assert plot.landscape(made(loss=np.full((9, 9), np.nan))).axes
    assert plot.landscape(made(loss=loss), kind="3d").axes


def test_a_path_off_the_plane_is_said_to_be_projected() -> None:
    found = made(kind="pca", explained=(0.75, 0.2), distances=np.array([0.5, 0.25, 0.0]))
    ax = plot.landscape(found, lang="en").axes[0]
    assert "75.0 % + 20.0 %" in notes(ax)
    assert "0.5 off this plane" in notes(ax)
    assert ax.get_xlabel() == "component 1"
    korean = plot.landscape(found, lang="ko").axes[0]
    assert "75.0 % + 20.0 %" in notes(korean)


def test_the_surface_carries_the_path() -> None:
    ax = plot.landscape(made(), kind="3d", lang="en").axes[0]
    line = next(line for line in ax.lines if line.get_label() == "path of training")
    x, y, z = line.get_data_3d()
    np.testing.assert_array_equal(np.array([x, y]).T, PATH)
    # These points lie on the grid, or in the middle of two of its points.
    expected = [1.5**2 + 1 + 1, 0.5**2 + 0.5**2 + 1, 1.0]
    assert z == pytest.approx(expected)
    logarithmic = plot.landscape(made(loss=BOWL**5), kind="3d").axes[0]
    line = next(line for line in logarithmic.lines if len(line.get_data_3d()[0]) == 3)
    assert line.get_data_3d()[2] == pytest.approx(5 * np.log10(expected))


def test_without_a_path_there_is_the_model_alone() -> None:
    bare = made(kind="random", path=np.zeros((0, 2)), distances=np.zeros(0))
    assert labels(plot.landscape(bare, lang="en").axes[0]) == ["the model"]
    assert plot.landscape(bare, kind="3d").axes


def test_into_given_axes() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    flat, solid = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")
    assert plot.landscape(made(), ax=flat) is figure
    assert plot.landscape(made(), kind="3d", ax=solid) is figure
    with pytest.raises(ConfigError, match="depth"):
        plot.landscape(made(), kind="3d", ax=flat)


def test_bad_input() -> None:
    with pytest.raises(DTypeError, match="not a landscape"):
        plot.landscape(BOWL)
    with pytest.raises(UnknownNameError, match="contour"):
        plot.landscape(made(), kind="contours")
