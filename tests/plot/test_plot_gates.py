"""Gates' planes: the truth table and the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule import plot
from chainrule.errors import ConfigError, ShapeError, UnknownNameError
from chainrule.explain import Perceptron

matplotlib = pytest.importorskip("matplotlib")


def points(ax: object) -> tuple[list[list[float]], list[list[float]]]:
    zeros, ones = [one for one in ax.collections if len(one.get_offsets()) and one.get_label() in OUTPUTS]
    return sorted(zeros.get_offsets().tolist()), sorted(ones.get_offsets().tolist())


OUTPUTS = ("output 0", "output 1")


def test_the_truth_table_and_the_equation(tmp_path: Path) -> None:
    figure = plot.gates(["and", "xor"], path=tmp_path / "gates.svg", lang="en")
    conjunction, exclusive = figure.axes
    assert points(conjunction) == ([[0, 0], [0, 1], [1, 0]], [[1, 1]])
    assert points(exclusive) == ([[0, 0], [1, 1]], [[0, 1], [1, 0]])
    assert conjunction.texts[-1].get_text() == "0.5·x1 + 0.5·x2 − 0.7 = 0"
    assert "no line" in exclusive.texts[-1].get_text()
    assert (tmp_path / "gates.svg").stat().st_size > 1000


def test_the_drawn_line_is_the_perceptrons() -> None:
    own = Perceptron.by_hand([2.0, -1.0], bias=0.25)
    ax = plot.gates("nand", [own]).axes[0]
    drawn = np.concatenate([path.vertices for one in ax.collections[1:2] for path in one.get_paths()])
    assert len(drawn) >= 2
    np.testing.assert_allclose(own.score(drawn), 0, atol=1e-12)


def test_refusals() -> None:
    with pytest.raises(UnknownNameError):
        plot.gates(["andd"])
    with pytest.raises(ConfigError, match="no gate"):
        plot.gates([])
    with pytest.raises(ShapeError, match="one per gate"):
        plot.gates(["and"], [Perceptron.by_hand([1.0], bias=0.0)])
    with pytest.raises(ConfigError, match="no decision line"):
        plot.gates(["and"], [Perceptron.by_hand([0.0, 0.0], bias=1.0)])
