"""Gradient norms and activation histograms, layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, plot
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError

matplotlib = pytest.importorskip("matplotlib")


def test_norms_on_a_logarithmic_scale(tmp_path: Path) -> None:
    ax = plot.gradient_flow({"0": 1e-6, "2": [1e-3, 1e-2, 1e-1], "4": 1.0}, tmp_path / "flow.pdf").axes[0]
    assert ax.get_yscale() == "log"
    assert ax.lines[0].get_ydata().tolist() == [1e-6, 1e-2, 1.0]
    (low, high) = ax.collections[0].get_segments()[0][:, 1]
    assert (low, high) == (1e-3, 1e-1)
    assert [one.get_text() for one in ax.get_xticklabels()] == ["0", "2", "4"]


def test_gradients_of_a_network() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with pytest.raises(DataError, match="no gradients"):
        plot.gradient_flow(model)
    model(cr.ones(4, 2)).sum().backward()
    model[2].weight.grad = cr.tensor([[3.0, 0.0, 4.0]])
    ax = plot.gradient_flow(model).axes[0]
    assert [one.get_text() for one in ax.get_xticklabels()] == ["0", "2"]
    assert ax.lines[0].get_ydata()[1] == 5


def test_zero_and_infinite_gradients_are_named() -> None:
    ax = plot.gradient_flow({"a": 0.0, "b": 1.0, "c": float("nan")}, lang="en").axes[0]
    assert [one.get_text() for one in ax.texts] == ["0: no gradient", "not finite"]
    assert plot.gradient_flow({"a": 0.0}).axes


def test_a_harmless_factor_does_not_fill_the_axis() -> None:
    low, high = plot.gradient_flow({"0": 0.05, "2": 0.03}).axes[0].get_ylim()
    assert low <= 0.01
    assert high >= 1
    assert high / low == pytest.approx(1000)


def test_norms_refused() -> None:
    with pytest.raises(DataError):
        plot.gradient_flow({})
    with pytest.raises(DTypeError, match="mapping"):
        plot.gradient_flow([1.0])
    with pytest.raises(DTypeError, match="numbers"):
        plot.gradient_flow({"a": "much"})
    with pytest.raises(ShapeError):
        plot.gradient_flow({"a": [[1.0]]})


def test_histograms_of_a_network_count_what_it_makes() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 1, bias=False), nn.ReLU())
    model[1].weight.data[:] = 2.0
    figure = plot.activation_histograms(model, np.array([[-1.0], [-1.0], [1.0], [3.0]]), bins=4, lang="en")
    linear, relu = figure.axes
    assert [ax.get_title(loc="left") for ax in (linear, relu)] == ["1 Linear", "2 ReLU"]
    assert [bar.get_height() for bar in linear.patches] == [2, 0, 1, 1]
    assert sum(bar.get_height() for bar in relu.patches) == 2
    assert relu.texts[0].get_text() == "mean 2, std 2.45; 50% zero"


def test_histograms_of_arrays(tmp_path: Path) -> None:
    values = {"a": np.zeros((3, 4)), "b": [1.0, np.inf, np.nan], "c": cr.ones(2, 2)}
    assert len(plot.activation_histograms(values, path=tmp_path / "h.png").axes) == 3


def test_histograms_refused() -> None:
    with pytest.raises(ConfigError, match="inputs"):
        plot.activation_histograms(nn.Linear(1, 1))
    with pytest.raises(DataError):
        plot.activation_histograms({})
    with pytest.raises(DataError):
        plot.activation_histograms({"a": []})
    with pytest.raises(DTypeError):
        plot.activation_histograms({"a": ["x"]})
    with pytest.raises(DTypeError):
        plot.activation_histograms([1.0])
    with pytest.raises(ConfigError, match="bins"):
        plot.activation_histograms({"a": [1.0]}, bins=0)
