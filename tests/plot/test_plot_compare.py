"""Pictures of comparisons: what is drawn is what was measured, in both languages and themes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot
from chainrule.errors import DTypeError
from chainrule.plot import canvas

pytest.importorskip("matplotlib")
compare = cr.train.compare
IRIS = cr.data.load("iris")


@pytest.fixture(scope="module")
def records() -> dict[str, Any]:
    return {
        "overfitting": compare.overfitting(epochs=8, patience=2),
        "batch_norm": compare.batch_norm(IRIS, n=2, epochs=3),
        "initialisations": compare.initialisations(IRIS, hidden=(8, 8), activation="relu", epochs=2),
        "optimizer_race": compare.optimizers(IRIS, epochs=4),
        "optimizer_paths": compare.optimizer_paths(),
    }


def words(figure: Any) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize(("theme", "lang"), [("light", "en"), ("dark", "ko")])
@pytest.mark.parametrize("name", ["overfitting", "batch_norm", "initialisations", "optimizer_race", "optimizer_paths"])
def test_every_picture_in_both_languages_and_themes(
    records: dict[str, Any], name: str, lang: str, theme: str, tmp_path: Any
) -> None:
    from matplotlib.colors import to_hex

    with plot.theme(theme):
        figure = getattr(plot, name)(records[name], tmp_path / "p.svg", lang=lang, title="Heading")
        paper, ink = canvas.PAPER.lower(), canvas.INK.lower()
    assert to_hex(figure.get_facecolor()) == paper
    assert all(to_hex(ax.get_facecolor()) == paper and to_hex(ax.xaxis.label.get_color()) == ink for ax in figure.axes)
    assert "Heading" in (tmp_path / "p.svg").read_text(encoding="utf-8")
    hangul = any("가" <= letter <= "힣" for letter in words(figure))
    assert hangul == (lang == "ko" and canvas.hangul_font() is not None)


@pytest.mark.parametrize("name", ["overfitting", "batch_norm", "initialisations", "optimizer_race", "optimizer_paths"])
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(DTypeError, match=r"train\.compare"):
        getattr(plot, name)({"loss": [1.0]})


def test_overfitting_draws_the_curves_and_marks_what_was_kept(records: dict[str, Any]) -> None:
    record = records["overfitting"]
    panels = plot.overfitting(record, lang="en").axes
    for ax, run in zip(panels, record.runs, strict=True):
        training, validation, lowest, *kept = ax.lines
        assert tuple(training.get_ydata()) == run.losses
        assert tuple(validation.get_ydata()) == run.val_losses
        assert (lowest.get_xdata()[0], lowest.get_ydata()[0]) == (run.best_epoch, min(run.val_losses))
        assert [line.get_xdata()[0] for line in kept] == [run.kept_epoch] * (run.kept_epoch != run.epochs)
        assert f"{run.score:.1%}" in ax.texts[0].get_text()
    assert training.get_linestyle() != validation.get_linestyle()


def test_batch_norm_draws_each_seed_and_the_median(records: dict[str, Any]) -> None:
    record = records["batch_norm"]
    losses, scores, spreads = plot.batch_norm(record, lang="en").axes
    first, second, middle = (line.get_ydata() for line in losses.lines[:3])
    assert tuple(first) == record.plain[0].losses
    np.testing.assert_allclose(middle, np.median([first, second], axis=0))
    assert tuple(scores.lines[0].get_ydata()) == record.plain[0].scores
    np.testing.assert_allclose(spreads.lines[2].get_ydata(), 1, atol=0.1)  # with, before training


def test_initialisations_draw_a_histogram_per_start_and_layer(records: dict[str, Any]) -> None:
    record = records["initialisations"]
    figure = plot.initialisations(record, lang="en")
    panels = figure.axes
    assert len(panels) == 5 * 2 + 3
    assert panels[2].patches[0].get_data().values.tolist() == list(record.starts[1].layers[0].counts)
    spreads = panels[10].lines[1].get_ydata()
    np.testing.assert_allclose(spreads, [layer.std for layer in record.starts[1].layers])
    assert "Xavier" in words(figure)
    alone = compare.initialisations(np.ones((5, 4)), hidden=(3,), names=["zeros"])
    assert len(plot.initialisations(alone).axes) == 1 + 1


def test_the_race_is_drawn_by_epochs_and_seconds(records: dict[str, Any]) -> None:
    record = records["optimizer_race"]
    by_epoch, by_second = plot.optimizer_race(record, lang="en").axes
    for i, run in enumerate(record.runs):
        assert tuple(by_epoch.lines[i].get_ydata()) == (run.start, *run.losses)
        assert tuple(by_second.lines[i].get_xdata()) == (0, *run.seconds)
        assert by_epoch.lines[i].get_markevery() == ([] if run.goal_epoch is None else [run.goal_epoch])
    assert len({(line.get_color(), line.get_linestyle()) for line in by_epoch.lines[:5]}) == 5


def test_curves_that_diverge_are_cut_off() -> None:
    x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    race = compare.optimizers((x, 3 * x[:, 0]), ["sgd", "adam"], lr={"sgd": 1e30}, epochs=4, loss="mse")
    figure = plot.optimizer_race(race, lang="en")
    assert figure.axes[0].get_ylim()[1] < 1e3
    assert "diverged" in words(figure)


def test_paths_are_drawn_on_the_contours(records: dict[str, Any]) -> None:
    record = records["optimizer_paths"]
    panels = plot.optimizer_paths(record, lang="en").axes
    assert len(panels) == 4
    for ax, path in zip(panels, record.paths, strict=True):
        np.testing.assert_array_equal(ax.lines[1].get_xydata(), path.points)
        assert path.title in ax.get_title(loc="left")
        assert len(ax.collections) == 1
    three = plot.optimizer_paths(compare.optimizer_paths(names=["sgd", "adam", "adagrad"]))
    assert [ax.get_visible() for ax in three.axes] == [True, True, True, False]
    flat = compare.optimizer_paths(lambda x, y: 0 * x + 0 * y, names=["sgd"])
    assert plot.optimizer_paths(flat).axes
