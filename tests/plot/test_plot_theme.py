"""Light and dark: which theme holds, and whether its colours can be told from the paper."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chainrule import plot
from chainrule.errors import UnknownNameError
from chainrule.plot import canvas
from chainrule.plot.themes import THEMES

matplotlib = pytest.importorskip("matplotlib")


def paper() -> str:
    return canvas.PAPER


@pytest.fixture(autouse=True)
def own_theme(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("CHAINRULE_THEME", raising=False)
    yield
    plot.set_theme(None)


def test_block_before_setting_before_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    light, dark = THEMES["light"].paper, THEMES["dark"].paper
    assert paper() == light
    monkeypatch.setenv("CHAINRULE_THEME", "Dark")
    assert paper() == dark
    plot.set_theme("light")
    assert paper() == light
    with plot.theme("dark"):
        assert paper() == dark
        with plot.theme("light"):
            assert paper() == light
        assert paper() == dark
    assert paper() == light
    plot.set_theme(None)
    assert paper() == dark


def test_a_block_ends_with_an_error_and_is_its_threads_own() -> None:
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(paper()))
    with pytest.raises(KeyError), plot.theme("dark"):
        _run_and_fail(thread)
    assert seen == [THEMES["light"].paper]
    assert paper() == THEMES["light"].paper


def _run_and_fail(thread: threading.Thread) -> None:
    thread.start()
    thread.join()
    raise KeyError


def test_unknown_themes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="light"):
        plot.set_theme("lihgt")
    with pytest.raises(UnknownNameError), plot.theme("drak"):
        pass
    monkeypatch.setenv("CHAINRULE_THEME", "sepia")
    with pytest.raises(UnknownNameError, match="CHAINRULE_THEME"):
        plot.activation("relu")
    with pytest.raises(AttributeError, match="INKK"):
        _ = canvas.INKK


def test_a_picture_takes_the_theme() -> None:
    with plot.theme("dark"):
        figure = plot.activation("relu")
    ax = figure.axes[0]
    shown = [matplotlib.colors.to_hex(one) for one in (figure.get_facecolor(), ax.get_facecolor())]
    assert shown == [THEMES["dark"].paper.lower()] * 2
    assert ax.title.get_color() == THEMES["dark"].ink
    assert ax.lines[-2].get_color() == THEMES["dark"].series[0]


def test_contrast_is_that_of_wcag() -> None:
    assert canvas.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert canvas.contrast("#777777", (1.0, 1.0, 1.0)) == pytest.approx(4.48, abs=0.005)
    assert canvas.contrast("red", "red") == 1


@pytest.mark.parametrize("name", THEMES)
def test_text_and_series_stand_out_from_the_paper(name: str) -> None:
    colors = THEMES[name]
    assert canvas.contrast(colors.ink, colors.paper) > 7
    assert canvas.contrast(colors.grey, colors.paper) > 3
    assert 1.1 < canvas.contrast(colors.faint, colors.paper) < 2
    assert len(colors.series) == len(set(colors.series)) == len(canvas.MARKERS)
    assert all(canvas.contrast(color, colors.paper) >= 3 for color in colors.series[:4])
    with plot.theme(name):
        # What is paler than that is drawn with an edge of ink.
        assert all(max(canvas.contrast(one, colors.paper) for one in (c, canvas.edge(c))) >= 3 for c in colors.series)
        assert all(canvas.contrast(canvas.readable(c), c) >= 3 for c in colors.series)
        curves = [canvas.stroke(i) for i in range(len(colors.series))]
        assert all(canvas.contrast(one, colors.paper) >= 2.98 for one in curves)  # rounded to whole levels
        assert curves[:4] == list(colors.series[:4])
        assert len(set(curves)) == len(curves)


def test_mixing_with_the_paper() -> None:
    assert canvas.lighter("#000000", 0.25) == pytest.approx((0.75, 0.75, 0.75))
    assert canvas.lighter("#0072B2", 1) == pytest.approx(matplotlib.colors.to_rgb("#0072B2"))
    with plot.theme("dark"):
        assert canvas.lighter("#FFFFFF", 0) == pytest.approx(matplotlib.colors.to_rgb(THEMES["dark"].paper))


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("ground", ["white", "black"])
def test_axes_of_another_theme_get_the_paper(name: str, ground: str) -> None:
    with matplotlib.rc_context({"figure.facecolor": ground, "axes.facecolor": ground, "text.color": "grey"}):
        figure = matplotlib.figure.Figure()
        ax = figure.add_subplot()
    with plot.theme(name):
        plot.confusion([[9, 1], [2, 8]], ax=ax, title="title")
        assert canvas.contrast(ax.get_facecolor()[:3], canvas.INK) > 7
        assert canvas.contrast(figure.get_facecolor()[:3], canvas.INK) > 7
        if (name, ground) in {("light", "black"), ("dark", "white")}:
            assert ax.xaxis.label.get_color() == ax.get_xticklabels()[0].get_color() == canvas.INK
        assert {one.get_color() for one in ax.texts[:4]} == {canvas.INK, canvas.PAPER}


def test_a_transparent_ground_stays() -> None:
    figure = matplotlib.figure.Figure(facecolor="none")
    plot.activation("relu", ax=figure.add_subplot(facecolor="none"))
    assert figure.get_facecolor()[3] == figure.axes[0].get_facecolor()[3] == 0
