"""The picture of learning rates: the record's paths and losses, and the words that go with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, plot
from chainrule.errors import DTypeError
from chainrule.plot.learning_rates import _at_edge

pytest.importorskip("matplotlib")

DATA = (np.array([[1.0], [-1.0]]), np.array([3.0, 1.0]))


@pytest.fixture(scope="module")
def found() -> Any:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 1)).double()
    names = ("0.weight[0,0]", "0.bias[0]")
    return cr.train.learning_rates(model, DATA, (0.02, 0.3, 1.4), steps=20, weights=names, loss="mse", points=9)


def notes(ax: Any) -> str:
    return " ".join(text.get_text() for text in ax.texts)


def test_each_rate_has_its_path(found: Any, tmp_path: Any) -> None:
    figure = plot.learning_rates(found, tmp_path / "rates.svg", lang="en")
    panels, curves = figure.axes[:3], figure.axes[-1]
    for ax, run in zip(panels, found.runs, strict=True):
        np.testing.assert_array_equal(np.array(ax.lines[0].get_data()).T, run.path[: run.left])
        assert ax.get_title(loc="left") == f"learning rate {run.lr:g}"
        assert (*ax.get_xlim(), *ax.get_ylim()) == (*found.landscape.x[[0, -1]], *found.landscape.y[[0, -1]])
    assert "too small" in notes(panels[0])
    assert "down to" in notes(panels[1])
    assert f"leaves the picture at step {found.runs[2].left}" in notes(panels[2])
    assert "leaves" not in notes(panels[1])
    for line, run in zip(curves.lines, found.runs, strict=True):
        seen = np.isfinite(line.get_ydata())
        np.testing.assert_array_equal(line.get_ydata()[seen], np.array(run.losses)[seen])
    assert np.isfinite(curves.lines[1].get_ydata()).all()
    assert not np.isfinite(curves.lines[2].get_ydata()).all()  # beyond the picture
    assert len({str(line.get_linestyle()) for line in curves.lines}) > 1
    assert (tmp_path / "rates.svg").read_text("utf-8").startswith("<?xml")


def test_korean(found: Any) -> None:
    figure = plot.learning_rates(found, lang="ko")
    assert figure.axes[0].get_title(loc="left") in {"학습률 0.02", "learning rate 0.02"}


def test_the_arrow_ends_at_the_edge(found: Any) -> None:
    x, y = found.landscape.x, found.landscape.y
    inside = np.array([x.mean(), y.mean()])
    assert _at_edge(found.landscape, inside, inside + np.array([10 * np.ptp(x), 0])) == pytest.approx([x[-1], y.mean()])
    assert _at_edge(found.landscape, inside, inside - np.array([0, 10 * np.ptp(y)])) == pytest.approx([x.mean(), y[0]])
    corner = _at_edge(found.landscape, inside, inside + np.array([np.ptp(x), 4 * np.ptp(y)]))
    assert corner == pytest.approx([x.mean() + np.ptp(x) / 8, y[-1]])


def test_one_rate_and_a_plane_of_principal_components() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    runs = cr.train.learning_rates(model, cr.data.load("xor"), (0.5,), steps=5, points=4)
    assert len(plot.learning_rates(runs).axes) == 3


def test_bad_input() -> None:
    with pytest.raises(DTypeError, match="not runs"):
        plot.learning_rates([1.0])
