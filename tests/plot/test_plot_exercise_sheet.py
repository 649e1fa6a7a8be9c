"""The printed exercise: every line is on some page, blanks stay blank, solutions are where they were asked for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, plot
from chainrule.errors import ConfigError, DTypeError, UnknownNameError
from chainrule.explain.exercise import Exercise
from chainrule.explain.substitute import numeral
from chainrule.plot import canvas
from chainrule.plot.pages import HIGH, MARGIN, WIDE, Line, Setter, paginate

pytest.importorskip("matplotlib")

XOR = cr.data.load("xor")


def made(hidden: int = 2, rows: int = 1, blanks: int = 6, optimizer: Any = "sgd") -> Exercise:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, hidden), nn.Sigmoid(), nn.Linear(hidden, 1))
    start = 1 if rows == 1 else 0
    x, y = XOR.inputs[start : start + rows], XOR.targets[start : start + rows]
    return cr.explain.trace(model, x, y, loss="bce_with_logits", optimizer=optimizer).exercise(3, blanks)


@pytest.fixture(scope="module")
def short() -> Exercise:
    return made()


def written(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.texts]


def joined(figure: Any) -> str:
    return re.sub(r"\s+", "", "".join(written(figure)))


def test_every_line_of_the_exercise_is_written(short: Exercise) -> None:
    whole = joined(plot.exercise_sheet(short, lang="en")).replace("________(", "____(")
    for line in short.lines("en")[2:]:
        shown = re.sub(r"\s+", "", line.strip("= "))
        assert shown in whole, line
    assert "Fillintheblanks(exercise3)" in whole
    assert "trainedby" not in whole  # the search can fail


def test_no_solution_stands_on_the_sheet(short: Exercise) -> None:
    bare = joined(plot.exercise_sheet(short, solutions=None, lang="en"))
    numbers = set(re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", bare))
    assert numeral(short.trace.loss) in numbers  # the search can succeed
    for i, blank in enumerate(short.blanks):
        assert f"________({i + 1})" in bare
        assert numeral(blank.solution) not in numbers, blank


def test_solutions_on_a_page_of_their_own_or_upside_down(short: Exercise) -> None:
    answers = [re.sub(r"\s+", "", line.lstrip("_")) for line in short.solutions("en")]
    pages = plot.exercise_sheet(short, lang="en")
    bare = plot.exercise_sheet(short, solutions=None, lang="en")
    assert pages.get_size_inches()[1] == pytest.approx(bare.get_size_inches()[1] + HIGH)
    count = round(pages.get_size_inches()[1] / HIGH)
    last = joined(plot.exercise_sheet(short, page=count, lang="en"))
    assert all(answer in last for answer in answers)
    assert not any(answer in joined(bare) for answer in answers[1:])
    turned = plot.exercise_sheet(short, solutions="upside down", lang="en")
    foot = "".join(text.get_text() for text in turned.texts if text.get_rotation() == 180)
    assert all(answer in re.sub(r"\s+", "", foot) for answer in answers)


def test_pages_are_a4_and_all_in_one_pdf(short: Exercise, tmp_path: Any) -> None:
    figure = plot.exercise_sheet(short, tmp_path / "sheet.pdf", lang="en")
    count = round(figure.get_size_inches()[1] / HIGH)
    content = (tmp_path / "sheet.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", content)) == count
    boxes = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+) ?\]", content)
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {(595, 842)}
    one = plot.exercise_sheet(short, tmp_path / "first.png", page=1, lang="en")
    assert tuple(one.get_size_inches()) == pytest.approx((WIDE, HIGH))
    assert f"page 1 of {count}" in written(one)


def test_nothing_is_written_beyond_the_margins() -> None:
    figure = plot.exercise_sheet(made(hidden=4, rows=4), page=1, lang="en")
    figure.set_dpi(72)
    assert len(figure.texts) > 30
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= 72 * (MARGIN - 0.02)
        assert box.x1 <= 72 * (WIDE - MARGIN + 0.1), text.get_text()
        assert 0.3 * 72 < box.y0 < box.y1 < (HIGH - MARGIN + 0.1) * 72


def test_the_network_is_drawn_if_it_can_be(short: Exercise) -> None:
    (ax,) = plot.exercise_sheet(short, lang="en").axes
    from matplotlib.patches import Circle

    assert sum(isinstance(patch, Circle) for patch in ax.patches) == 5
    assert "hidden 1: 2\nSigmoid" in [text.get_text() for text in ax.texts]
    assert not plot.exercise_sheet(made(hidden=20), lang="en").axes


def test_formulas_stand_beside_the_layers(short: Exercise) -> None:
    from matplotlib.patches import PathPatch

    def formulas(figure: Any) -> int:
        return sum(isinstance(artist, PathPatch) for artist in figure.artists)

    shown = formulas(plot.exercise_sheet(short, page=1, lang="en"))
    assert shown >= 4
    with canvas.drawing():
        setter = Setter()
        assert setter.behind("x", Line("x", formula=r"\frac{1}{n}")) is not None
        assert setter.behind("x", Line("x", formula=r"\nonsense{x}")) is None
        assert setter.behind("x", Line("x", formula="+".join(["x"] * 200))) is None


def test_korean(short: Exercise) -> None:
    if canvas.hangul_font() is None:
        pytest.skip("no font with Hangul is installed")
    whole = joined(plot.exercise_sheet(short, lang="ko"))
    assert "순전파" in whole
    assert "정답" in whole
    assert "Forward" not in whole


def test_lines_are_broken_and_titles_stay_with_their_text() -> None:
    with canvas.drawing():
        setter = Setter()
        rows = setter.rows(Line(" ".join(["word"] * 200)))
        assert len(rows) > 3
        assert " ".join(rows).split() == ["word"] * 200
        assert all(setter.width(row, 8.5) <= WIDE - 2 * MARGIN for row in rows)
        lines = [Line("x")] * 48 + [Line("title", together=2), Line("y"), Line("z")]
        for start in np.linspace(1, 3, 40):
            pages = paginate(lines, setter, float(start))
            where = {placed.text: i for i, page in enumerate(pages) for placed in page}
            assert where["title"] == where["z"]
            assert [placed.text for page in pages for placed in page] == [line.text for line in lines]


def test_bad_input(short: Exercise, tmp_path: Any) -> None:
    with pytest.raises(DTypeError, match="not an exercise"):
        plot.exercise_sheet(short.trace)
    with pytest.raises(UnknownNameError, match="upside down"):
        plot.exercise_sheet(short, solutions="below")
    for page in (99, True):
        with pytest.raises(ConfigError, match="no such page"):
            plot.exercise_sheet(short, page=page)
    with pytest.raises(UnknownNameError, match="format"):
        plot.exercise_sheet(short, tmp_path / "sheet.docx")
