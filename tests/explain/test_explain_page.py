"""The trace as a page: valid, self-contained, readable without scripts; formulas as MathML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, nn, optim
from chainrule.core.ops import OPS
from chainrule.explain.mathml import mathml
from chainrule.explain.substitute import substituted

VOID = {"meta", "br"}


class Balanced(HTMLParser):
    """Checks that every element that is opened is closed, and counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> dict[str, int]:
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


@pytest.fixture(scope="module")
def trace() -> explain.Trace:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1))
    return explain.trace(model, [[0.0, 1.0], [1.0, 1.0]], [[1.0], [0.0]], loss="mse", optimizer="adam")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_page_stands_alone(trace: explain.Trace, lang: str) -> None:
    page = trace.page(lang)
    seen = parsed(page)
    assert f'<html lang="{lang}">' in page
    assert seen["svg"] == 1
    assert seen["circle"] == 2 + 2 + 1
    assert seen["line"] == 2 * 2 + 2
    assert seen["details"] == 4 + 4 + 4  # forward, backward, parameters
    assert seen["math"] > 8
    assert "script" not in seen
    assert not re.search(r"(src|href)=|url\(|https?://", page)
    assert trace.lines(lang)[-1].strip() in page


def test_the_fragment_is_folded(trace: explain.Trace) -> None:
    assert parsed(trace._repr_html_())["details"] == 12
    assert "<details open" not in trace._repr_html_()


def test_a_large_network_is_drawn_in_part() -> None:
    model = nn.Sequential(nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 3))
    page = explain.trace(model, np.ones(30), 1, loss="cross_entropy").page("en")
    assert parsed(page)["svg"] == 1
    assert "shape (1, 20)" in page


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_formula_of_the_table_is_mathml(name: str) -> None:
    for latex in OPS[name].latex:
        element = ElementTree.fromstring(mathml(latex).replace("&#8289;", ""))
        shown = "".join(element.itertext())
        assert element.tag == "math"
        assert "\\" not in shown
        assert not re.search(r"frac|sqrt|mathrm|operatorname|cdot|textstyle|mathbb", shown), shown


@pytest.mark.parametrize("name", optim.NAMES)
def test_every_update_is_mathml(name: str) -> None:
    latex = optim.get(name, [cr.tensor([1.0], requires_grad=True)]).latex
    shown = "".join(ElementTree.fromstring(mathml(latex).replace("&#8289;", "")).itertext())
    assert "\\" not in shown
    assert not re.search(r"frac|sqrt|leftarrow|quad", shown), shown


def test_mathml_of_a_worked_formula() -> None:
    assert mathml(r"\frac{1}{1+e^{-x}}") == (
        "<math><mfrac><mrow><mn>1</mn></mrow><mrow><mn>1</mn><mo>+</mo>"
        "<msup><mi>e</mi><mrow><mo>-</mo><mi>x</mi></mrow></msup></mrow></mfrac></math>"
    )
    assert mathml("x_i^2") == "<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup></math>"


@pytest.mark.parametrize(
    ("name", "inputs", "output", "params", "value", "slope"),
    [
        ("sigmoid", ["-0.5"], "0.38", {}, "1/(1 + e^(-(-0.5)))", "0.38·(1 - 0.38)"),
        ("relu", ["-0.5"], "0", {}, "max(-0.5, 0)", "1 if (-0.5) > 0 else 0"),
        ("leaky_relu", ["2"], "2", {"negative_slope": 0.1}, "2 if 2 > 0 else 0.1·2", "1 if 2 > 0 else 0.1"),
        ("pow", ["-3", "2"], "9", {}, "(-3)^2", "2·(-3)^(2-1); (-3)^2·ln (-3)"),
        ("softplus", ["2"], "2.1", {"beta": 1.0}, "ln(1 + e^(1·2))/1", "σ(1·2)"),
        ("tanh", ["2"], "0.96", {}, "tanh 2", "1 - 0.96²"),
        ("binary_cross_entropy", ["0.9", "1"], "0.1", {}, "-(1·ln 0.9 + (1 - 1)·ln(1 - 0.9))", None),
    ],
)
def test_numbers_take_the_place_of_letters(
    name: str, inputs: list[str], output: str, params: dict[str, float], value: str, slope: str | None
) -> None:
    assert substituted(name, OPS[name].formula, inputs, output, params) == value
    if slope is not None:
        assert substituted(name, OPS[name].derivative, inputs, output, params) == slope


@pytest.mark.parametrize(
    "name",
    [
        "Sigmoid",
        "ReLU",
        "LeakyReLU",
        "ELU",
        "SELU",
        "Hardtanh",
        "Softplus",
        "Softmax",
        "LogSoftmax",
        "BatchNorm1d",
        "LayerNorm",
    ],
)
def test_what_is_written_can_be_worked_out(name: str) -> None:
    cr.manual_seed(5)
    layer = getattr(nn, name)(*([3] if "Norm" in name else [1] if "max" in name else []))
    model = nn.Sequential(nn.Linear(2, 3), layer, nn.Linear(3, 2))
    x, y = np.array([[0.5, -1.0], [1.5, 0.25]]), np.array([[1.0, 0.0], [0.5, 2.0]])
    trace = explain.trace(model, x, y, loss="mse", optimizer={"name": "sgd", "lr": 0.5, "momentum": 0.9})
    worked = 0
    for line in trace.lines("en"):
        *middle, result = re.split(r" = | → ", line.strip())[1:] or [""]
        if not line.startswith("  ") or not middle or not re.fullmatch(r"-?[\d.e-]+", result):
            continue
        if re.search(r"[α-ω].*=|σ|formula", line):
            continue
        code = middle[-1]
        for old, new in [
            ("e^", "E**"),
            ("^", "**"),
            ("·", "*"),
            ("[", "("),
            ("]", ")"),
            ("²", "**2"),
            ("ln", "log"),
            ("√", "sqrt"),
        ]:
            code = code.replace(old, new)
        code = code.partition(", λ")[0].replace("λ", "1.0507").replace("α", "1.6733")
        value = eval(code, {"E": np.e, "log": np.log, "sqrt": np.sqrt, "max": max, "min": min})
        assert value == pytest.approx(float(result), rel=0.01, abs=0.003), line
        worked += 1
    assert worked > 40


def test_words_in_a_formula_are_words() -> None:
    assert mathml("x, arranged anew").endswith("<mtext>&#160;arranged</mtext><mtext>&#160;anew</mtext></math>")
    assert "<mtext>" not in mathml(r"xW^\top+b")


def test_the_ends_of_wide_layers_are_drawn() -> None:
    model = nn.Sequential(nn.Linear(30, 14), nn.ReLU(), nn.Linear(14, 2))
    page = explain.trace(model, np.ones((1, 30), np.float32), np.array([1]), "cross_entropy").page()
    assert page.count("<circle") == 10 + 10 + 2
    assert page.count("<line ") == 10 * 10 + 10 * 2
    assert "⋮ 30" in page
    assert "⋮ 14" in page
    assert "0.weight[13,29] = " in page
