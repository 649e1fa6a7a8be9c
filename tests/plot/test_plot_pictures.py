"""Pictures: what is drawn, what is written, what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from chainrule import plot
from chainrule.errors import (
    ChainruleError,
    ConfigError,
    DataError,
    DTypeError,
    MissingDependencyError,
    MissingFileError,
    ShapeError,
    UnknownNameError,
)

matplotlib = pytest.importorskip("matplotlib")

HISTORY = {
    "loss": [1.0, 0.5, 0.25],
    "accuracy": [0.5, 0.75, 0.9],
    "val_loss": [1.1, 0.4, 0.6],
    "val_accuracy": [0.4, 0.8, 0.7],
    "lr": [0.1, 0.1, 0.1],
}
XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)


def labels_of(ax: object) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_curves_have_a_panel_each_and_mark_the_best_epoch() -> None:
    figure = plot.training_curves(HISTORY)
    loss, accuracy = figure.axes
    assert [loss.get_title(loc="left"), accuracy.get_title(loc="left")] == ["loss", "accuracy"]
    assert labels_of(loss) == ["training", "validation", "best: 0.4, epoch 2"]
    assert labels_of(accuracy) == ["training", "validation", "best: 0.8, epoch 2"]
    assert loss.lines[0].get_ydata().tolist() == HISTORY["loss"]
    assert loss.lines[1].get_ydata().tolist() == HISTORY["val_loss"]
    assert loss.lines[0].get_linestyle() != loss.lines[1].get_linestyle()
    assert loss.get_yscale() == "linear"


def test_a_loss_over_decades_is_drawn_logarithmically() -> None:
    assert plot.training_curves({"loss": [10.0, 1.0, 0.01]}).axes[0].get_yscale() == "log"


def test_curves_with_values_that_are_not_finite() -> None:
    nan = float("nan")
    assert plot.training_curves({"loss": [1.0, nan], "val_loss": [nan, nan]}).axes


def test_curves_into_given_axes() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.add_subplot()
    assert plot.training_curves(HISTORY, ax=ax) is figure
    assert ax.lines


def test_curves_of_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="no finished epoch"):
        plot.training_curves({})
    with pytest.raises(DataError, match="no finished epoch"):
        plot.training_curves({"loss": []})
    with pytest.raises(ShapeError, match="differ in length"):
        plot.training_curves({"loss": [1.0], "accuracy": [1.0, 2.0]})


def test_confusion_shows_counts_and_classes() -> None:
    ax = plot.confusion([[3, 1], [0, 1200]], ["no", "yes"]).axes[0]
    assert [text.get_text() for text in ax.texts] == ["3", "1", "1,200", "1,203 of 1,204 right (99.9%)"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["no", "yes"]


def test_confusion_colours_hits_and_mistakes_differently() -> None:
    pixels = np.asarray(plot.confusion([[1, 1], [0, 1]]).axes[0].images[0].get_array())
    hit, mistake, nothing = pixels[0, 0], pixels[0, 1], pixels[1, 0]
    assert hit[2] > hit[0]
    assert mistake[0] > mistake[2]
    assert nothing.tolist() == [1, 1, 1]


def test_confusion_of_many_classes_leaves_the_numbers_out() -> None:
    ax = plot.confusion(np.eye(40, dtype=int)).axes[0]
    assert len(ax.texts) == 1


@pytest.mark.parametrize("matrix", [[[1, 2, 3]], [1, 2], np.zeros((0, 0))])
def test_confusion_refuses_what_is_not_square(matrix: object) -> None:
    with pytest.raises(ShapeError, match="square"):
        plot.confusion(matrix)


def test_confusion_refuses_classes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match="2 names"):
        plot.confusion([[1, 0], [0, 1]], ["a"])


def boundary_of(ax: object) -> np.ndarray:
    lines = [c for c in ax.collections if type(c).__name__ == "QuadContourSet" and not c.filled]
    assert len(lines) == 1
    return np.concatenate([path.vertices for path in lines[0].get_paths()])


def test_surface_draws_the_boundary_where_the_probability_is_one_half() -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-8 * (x[:, 0] - 0.3)))

    ax = plot.decision_surface(predict, XOR, [0, 0, 1, 1], classes=["no", "yes"], feature_names=["a", "b"]).axes[0]
    np.testing.assert_allclose(boundary_of(ax)[:, 0], 0.3, atol=0.01)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")
    assert labels_of(ax) == ["no", "yes"]
    assert any("sampled" in text.get_text() for text in ax.texts)


def test_surface_without_a_decision_has_no_boundary() -> None:
    ax = plot.decision_surface(lambda x: np.full(len(x), 0.5) + 1e-6 * x[:, 0], XOR, [0, 1, 1, 0]).axes[0]
    assert any("same answer everywhere" in text.get_text() for text in ax.texts)
    with pytest.raises(AssertionError):
        boundary_of(ax)


@pytest.mark.parametrize("form", ["column", "shares", "indices"])
def test_surface_takes_every_form_of_prediction(form: str) -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        p = (x[:, 0] > 0.5).astype(np.float64)
        return {"column": p[:, None], "shares": np.stack([1 - p, p], 1), "indices": p.astype(int)}[form]

    ax = plot.decision_surface(predict, XOR, [0, 0, 1, 1], bounds=(-1, 2, -1, 2)).axes[0]
    np.testing.assert_allclose(boundary_of(ax)[:, 0], 0.5, atol=0.02)
    assert ax.get_xlim() == (-1, 2)


def test_surface_of_three_classes() -> None:
    def predict(x: np.ndarray) -> np.ndarray:
        scores = np.exp(np.stack([x[:, 0], x[:, 1], -x[:, 0]], 1))
        return scores / scores.sum(1, keepdims=True)

    ax = plot.decision_surface(predict, XOR, [0, 1, 2, 1]).axes[0]
    assert labels_of(ax) == ["0", "1", "2"]
    assert len(ax.images) == 1


def test_surface_refuses_what_it_cannot_draw() -> None:
    with pytest.raises(ShapeError, match="two inputs"):
        plot.decision_surface(lambda x: x, np.zeros((4, 3)), [0, 1, 1, 0])
    with pytest.raises(ShapeError, match="numbers for every point"):
        plot.decision_surface(lambda x: x[:3, 0], XOR, [0, 1, 1, 0])
    with pytest.raises(ConfigError, match="bounds"):
        plot.decision_surface(lambda x: x[:, 0], XOR, [0, 1, 1, 0], bounds=(1, 0, 0, 1))


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures_are_written(tmp_path: object, suffix: str, start: bytes) -> None:
    path = tmp_path / f"picture.{suffix}"
    plot.confusion([[1]], path=path)
    assert path.read_bytes().startswith(start)


def test_pictures_that_cannot_be_written_are_refused_in_one_line(tmp_path: object) -> None:
    with pytest.raises(UnknownNameError, match="picture format"):
        plot.confusion([[1]], path=tmp_path / "picture.xyz")
    with pytest.raises(MissingFileError):
        plot.confusion([[1]], path=tmp_path / "nowhere" / "picture.png")


def test_settings_of_the_program_are_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    plot.training_curves(HISTORY)
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_touched_and_matplotlib_is_imported_late() -> None:
    code = (
        "import sys; from chainrule import plot; assert 'matplotlib' not in sys.modules; "
        "plot.training_curves({'loss': [1.0, 2.0]}); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingDependencyError, match=r"pip install \"chainrule\[plot\]\""):
        plot.training_curves(HISTORY)


def test_surface_takes_estimators_and_data_sets() -> None:
    from chainrule.data import load

    class Estimator:
        def predict_proba(self, x: np.ndarray) -> np.ndarray:
            return np.stack([1 - x[:, 0], x[:, 0]], 1).clip(0, 1)

    ax = plot.decision_surface(Estimator(), load("xor")).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x1", "x2")
    np.testing.assert_allclose(boundary_of(ax)[:, 0], 0.5, atol=0.01)
    with pytest.raises(DTypeError, match="targets"):
        plot.decision_surface(Estimator(), XOR)


def test_networks_are_told_what_to_pass() -> None:
    from chainrule import nn

    model = nn.Sequential(nn.Linear(2, 1))
    with pytest.raises(DTypeError, match=r"lambda z: cr\.predict_proba"):
        plot.decision_surface(model, XOR, [0, 1, 1, 0])
    with pytest.raises(DTypeError, match="confusion_matrix"):
        plot.confusion(model, ["a"])


@pytest.mark.parametrize("bad", [[[1, 2], [3]], [[np.nan, 1.0], [0.0, 1.0]], [["a", "b"], ["c", "d"]]])
def test_what_is_no_confusion_matrix(bad: object) -> None:
    with pytest.raises(ChainruleError):
        plot.confusion(bad)


@pytest.mark.parametrize("bad", [None, "xor", np.zeros((2, 2)), [[1, 2], [3]], object(), {1: [0.5]}])
def test_what_is_no_history(bad: object) -> None:
    with pytest.raises(DTypeError, match="history"):
        plot.training_curves(bad)


def test_images_of_several_sizes() -> None:
    with pytest.raises(ShapeError, match="one size"):
        plot.images([[1, 2], [3]])
