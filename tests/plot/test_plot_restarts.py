"""The pictures of many trainings and of a range test: the records' numbers, told apart and named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import plot
from chainrule.errors import DTypeError
from chainrule.train.range_test import RangeTest
from chainrule.train.restarts import Restart, Restarts, Solution

pytest.importorskip("matplotlib")

RUNS = (
    Restart(0, True, 1.0, (0.7, 0.3, 0.001), 0.5, None),
    Restart(1, False, 0.75, (0.8, 0.5, 0.4), 0.25, None),
    Restart(2, True, 1.0, (0.9, 0.2, 0.002), 1.0, None),
    Restart(3, False, float("nan"), (), 0.1, "loss became nan"),
)
FOUND = Restarts(
    RUNS, (Solution((0, 2), True, 1.0, {}), Solution((1,), False, 0.75, {})), "accuracy", 0.95, 0.5, 0.15, 0.85, 0.95
)
RATES = (1e-3, 1e-2, 1e-1, 1.0)
TEST = RangeTest(RATES, (1.0, 0.9, 0.5, 0.7), (1.0, 0.95, 0.7, 0.75), 1e-2, 1e-1, True)


def texts(ax: Any) -> str:
    return " ".join(text.get_text() for text in ax.texts)


def test_each_run_has_its_curve_and_its_kind(tmp_path: Any) -> None:
    figure = plot.restarts(FOUND, tmp_path / "restarts.pdf", lang="en")
    curves, rate, solutions, times = figure.axes
    drawn = [tuple(line.get_ydata()) for line in curves.lines if len(line.get_ydata())]
    assert drawn == [RUNS[0].losses, RUNS[2].losses, RUNS[1].losses]
    kinds = [(line.get_color(), line.get_linestyle()) for line in curves.lines]
    assert kinds[0] == kinds[1] != kinds[2]
    assert curves.get_yscale() == "log"
    assert [text.get_text() for text in curves.get_legend().get_texts()] == ["reached (2)", "missed (2)"]
    assert "first epoch: 1" in texts(curves)
    assert figure.get_suptitle() == "2 of 4 trainings reached accuracy 0.95"
    interval, point = rate.lines
    assert interval.get_xdata().tolist() == [0.15, 0.85]
    assert list(point.get_xdata()) == [0.5]
    assert "95% interval: 15% to 85%" in texts(rate)
    assert [bar.get_width() for bar in solutions.patches] == [2, 1]
    assert [bool(bar.get_hatch()) for bar in solutions.patches] == [False, True]
    assert "seed 0, 2" in texts(solutions)
    assert solutions.get_title(loc="left") == "distinct solutions: 1; other ends: 1"
    spots = {x: y for line in times.lines for x, y in zip(*line.get_data(), strict=True)}
    assert spots == {run.seed: run.seconds for run in RUNS}
    assert (tmp_path / "restarts.pdf").read_bytes().startswith(b"%PDF")


def test_when_nothing_worked() -> None:
    lost = Restarts(RUNS[3:], (), "r2", 0.9, 0.0, 0.0, 0.79, 0.95)
    assert "0 of 1" in plot.restarts(lost, lang="en").get_suptitle()
    assert plot.restarts(lost, lang="ko", title="Mine").get_suptitle() == "Mine"


def test_many_solutions_are_cut() -> None:
    many = tuple(Solution((i,), True, 1.0, {}) for i in range(20))
    runs = tuple(Restart(i, True, 1.0, (0.5,), 0.1, None) for i in range(20))
    solutions = plot.restarts(Restarts(runs, many, "accuracy", 0.9, 1.0, 0.84, 1.0, 0.95), lang="en").axes[2]
    assert len(solutions.patches) == 8
    assert "8 of 20" in texts(solutions)


def test_range_test_marks_both_rates(tmp_path: Any) -> None:
    (ax,) = plot.range_test(TEST, tmp_path / "range.png", lang="en").axes
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_array_equal(lines["each step"].get_data(), (RATES, TEST.losses))
    np.testing.assert_array_equal(lines["smoothed"].get_data(), (RATES, TEST.smoothed))
    suggested, largest = lines["suggested: 0.01 (steepest fall)"], lines["largest: 0.1 (lowest loss)"]
    assert np.ravel(suggested.get_data()) == pytest.approx([1e-2, 0.95])
    assert np.ravel(largest.get_data()) == pytest.approx([1e-1, 0.7])
    assert ax.get_xscale() == "log"
    assert texts(ax) == "the loss blew up beyond 1"


def test_range_test_without_a_fall() -> None:
    from matplotlib.figure import Figure

    flat, into = RangeTest(RATES, (1.0,) * 4, (1.0,) * 4, None, None, False), Figure().add_subplot()
    assert plot.range_test(flat, ax=into, lang="en") is into.figure
    assert len(into.lines) == 2
    assert "no rate can be suggested" in texts(into)


def test_bad_input() -> None:
    with pytest.raises(DTypeError, match="not restarts"):
        plot.restarts([0.5])
    with pytest.raises(DTypeError, match="not a range test"):
        plot.range_test(FOUND)
