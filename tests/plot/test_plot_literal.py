"""Dollar signs in somebody's names are no mathematics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from chainrule import plot

NAMES = ["$x$", "$\\frac{$", "cost ($) of $"]


def test_names_with_dollar_signs_stand_as_they_are(tmp_path: Path) -> None:
    plot.confusion(np.eye(3, dtype=int), NAMES, tmp_path / "a.svg", title="$\\badly{$")
    page = (tmp_path / "a.svg").read_text(encoding="utf-8")
    for name in [*NAMES, "$\\badly{$"]:
        assert f">{name}<" in page


def test_figures_that_are_not_written_are_literal_too() -> None:
    figure = plot.confusion(np.eye(3, dtype=int), NAMES)
    figure.draw_without_rendering()


def test_powers_of_ten_are_still_typeset(tmp_path: Path) -> None:
    plot.gradient_flow({"0": 1e-3, "$\\frac{$": 1.0}, tmp_path / "a.svg")
    page = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert ">$\\mathdefault" not in page
    assert ">−</tspan>" in page  # of 10⁻³
    assert ">$\\frac{$<" in page
