"""Activations and their derivatives: the curves are the functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule import nn, plot
from chainrule.errors import ConfigError, DTypeError, UnknownNameError

matplotlib = pytest.importorskip("matplotlib")


def curves(figure: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    function, slope = figure.axes[0].lines[-2:]
    return function.get_xdata(), function.get_ydata(), slope.get_ydata()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "elu", "selu", "softplus", "gelu", "silu", "mish", "leaky_relu"])
def test_the_derivative_is_the_slope_of_the_function(name: str) -> None:
    x, y, slope = curves(plot.activation(name, bounds=(-4, 4.02)))
    middle = (y[2:] - y[:-2]) / (x[2:] - x[:-2])
    away = np.isfinite(middle) & np.isfinite(slope[1:-1]) & (np.abs(x[1:-1]) > 0.02)
    assert away.sum() > 700
    np.testing.assert_allclose(slope[1:-1][away], middle[away], atol=2e-4)


def test_values_and_title() -> None:
    figure = plot.activation(nn.LeakyReLU(0.25))
    x, y, slope = curves(figure)
    assert (x[0], y[0], y[-1], slope[0], slope[-1]) == (-5, -1.25, 5, 0.25, 1)
    assert figure.axes[0].get_title(loc="left") == "LeakyReLU(negative_slope=0.25)"


def test_a_jump_is_no_slope() -> None:
    _, y, slope = curves(plot.activation("step"))
    assert np.isnan(y).sum() == 1
    assert set(y[~np.isnan(y)]) == {0.0, 1.0}
    assert not slope.any()


def test_all_of_them_in_one_picture(tmp_path: Path) -> None:
    figure = plot.activations(tmp_path / "all.png")
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert len(titles) == 13
    assert {"ReLU", "Sigmoid", "Mish"} <= set(titles)
    assert (tmp_path / "all.png").stat().st_size > 10_000


def test_into_given_axes() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    assert plot.activation("ReLU", ax=figure.add_subplot()) is figure


def test_refusals() -> None:
    with pytest.raises(UnknownNameError, match="sigmoid"):
        plot.activation("sigmod")
    with pytest.raises(DTypeError):
        plot.activation(nn.Softmax(1))
    with pytest.raises(DTypeError):
        plot.activation(nn.Linear(1, 1))
    with pytest.raises(ConfigError):
        plot.activation("relu", bounds=(1, 0))
