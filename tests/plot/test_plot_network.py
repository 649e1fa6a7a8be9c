"""The network diagram: which neurons, which weights, which values."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from chainrule import nn, plot
from chainrule.errors import ConfigError, DTypeError, ShapeError

matplotlib = pytest.importorskip("matplotlib")


def xor() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    model[0].weight.data[:] = np.array([[1.0, 1.0], [1.0, 1.0]])
    model[0].bias.data[:] = np.array([0.0, -1.0])
    model[2].weight.data[:] = np.array([[1.0, -2.0]])
    model[2].bias.data[:] = np.array([0.25])
    return model


def texts(figure: object) -> list[str]:
    return [one.get_text() for one in figure.axes[0].texts]


def test_weights_biases_and_values_stand_in_the_picture() -> None:
    shown = texts(plot.network(xor(), [1.0, 1.0]))
    assert shown.count("−2") == 1
    assert [one for one in shown if one.startswith("b = ")] == ["b = 0", "b = −1", "b = 0.25"]
    # inputs 1, 1; hidden 2, 1 after ReLU; output 2 − 2 + 0.25
    assert "0.25" in shown
    assert shown.count("2") == 1
    assert "hidden 1: 2\nReLU" in shown


def test_sign_is_colour_and_dash_and_size_is_width() -> None:
    from matplotlib.colors import to_hex

    lines = plot.network(xor()).axes[0].collections
    assert [to_hex(one.get_colors()[0]) if len(one.get_segments()) else "" for one in lines] == [
        "#0072b2",
        "",
        "#0072b2",
        "#d55e00",
    ]
    assert lines[3].get_linewidths()[0] > lines[2].get_linewidths()[0]
    assert len(lines[0].get_segments()) == 4


def test_wide_layers_are_elided_and_say_their_size() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    figure = plot.network(model, np.ones((28, 28), np.float32))
    shown = texts(figure)
    assert shown.count("⋮") == 2
    assert "input: 784" in shown
    assert len(figure.axes[0].patches) == 9 + 9 + 10
    assert len(plot.network(model, most=4).axes[0].patches) == 3 * 3


def test_values_are_those_in_evaluation_mode_and_the_mode_stays() -> None:
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Dropout(0.9), nn.Linear(1, 1, bias=False))
    model[0].weight.data[:] = 3.0
    model[2].weight.data[:] = 5.0
    assert texts(plot.network(model, [1.0])).count("15") == 1
    assert model.training
    assert model[1].training


def test_names() -> None:
    shown = texts(plot.network(xor(), input_names=["a", "b"], output_names=["a xor b"]))
    assert {"a", "b", "a xor b"} <= set(shown)
    with pytest.raises(ShapeError, match="input_names"):
        plot.network(xor(), input_names=["a"])


def test_a_single_layer_and_weights_that_are_not_finite() -> None:
    model = nn.Linear(3, 2)
    model.weight.data[0, 0] = np.nan
    assert plot.network(model, [1, 2, 3]).axes


def test_refusals() -> None:
    with pytest.raises(DTypeError):
        plot.network(lambda x: x)
    with pytest.raises(ConfigError, match="no Linear"):
        plot.network(nn.Sequential(nn.ReLU()))
    with pytest.raises(ConfigError, match="do not follow"):
        plot.network(nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)))
    with pytest.raises(ShapeError, match="sample"):
        plot.network(xor(), [1.0, 2.0, 3.0])
    with pytest.raises(DTypeError, match="numbers"):
        plot.network(xor(), ["a", "b"])
    with pytest.raises(ConfigError, match="number of neurons"):
        plot.network(xor(), most=1)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_written_to_a_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"net.{suffix}"
    plot.network(xor(), path=path)
    assert path.stat().st_size > 1000


def test_korean_needs_a_font_with_hangul(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.plot import canvas

    monkeypatch.setattr(canvas, "_further_fonts", list)
    canvas._note_missing_font.cache_clear()
    with pytest.warns(UserWarning, match="Hangul"):
        assert canvas.caption("input", "ko") == "input"
    with warnings.catch_warnings(action="error"):
        assert canvas.caption("output", "ko") == "output"
    monkeypatch.setattr(canvas, "_further_fonts", lambda: ["NanumGothic"])
    assert canvas.caption("input", "ko") == "입력층"
    assert canvas.hangul_font() == "NanumGothic"


def test_numbers_on_the_lines_do_not_cover_each_other() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1))
    figure = plot.network(model)
    boxes = [one.get_position() for one in figure.axes[0].texts if one.get_bbox_patch() is not None]
    assert len(boxes) == 9
    near = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if abs(a[0] - b[0]) < 0.6 and abs(a[1] - b[1]) < 0.2]
    assert not near
