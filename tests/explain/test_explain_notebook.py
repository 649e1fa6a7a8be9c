"""What notebooks show of records: escaped, accessible, in the language of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, messages, nn
from chainrule.explain.notebook import fragment
from chainrule.explain.record import Record

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    messages.set_language("en")
    yield
    messages.set_language(None)


def network() -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))


def trace() -> explain.Trace:
    return explain.trace(network(), [[0.0, 1.0]], [[1.0]], "bce_with_logits")


SHOWN: dict[str, tuple[Callable[[], Any], str, str]] = {
    "ArrayProducts": (lambda: explain.array_products([1, 2], [3, 4]), "a * b", "a * b"),
    "Check": (lambda: trace().check("loss", 0.1), "is not 0.1", "아닙니다"),
    "Collapse": (lambda: explain.collapse(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))), "W2·W1", "중첩의 원리"),
    "Composition": (explain.xor_from_gates, "Truth table", "진리표"),
    "DecisionLine": (lambda: explain.Perceptron(np.array([1.0, 1.0]), -1.5).line(), "Decision boundary", "결정 경계"),
    "Diagnosis": (lambda: explain.diagnose(network(), None, {"loss": [1, float("nan")]}), "Findings: 1", "학습률"),
    "Exercise": (lambda: trace().exercise(1), "Fill in the blanks", "빈칸 채우기"),
    "ForwardPass": (explain.three_layer_forward, "0.31682708", "0.69627909"),
    "Learning": (lambda: explain.Perceptron.fit(*XOR, epochs=3, prove=False), "w before", "갱신 전 w"),
    "LineRegions": (lambda: explain.line_regions([[1, 0, 0], [0, 1, 0]]), "4 regions", "영역 4개"),
    "Neuron": (lambda: explain.neuron([3, -2], 1), "x2 = 1.5·x1 + 0.5", "판단이 갈리는"),
    "Projection": (lambda: explain.projection([1, 2], [3, 4]), "2.2", "정사영"),
    "Regions": (lambda: explain.regions(network(), (0, 1, 0, 1)), "without a grid", "결정 경계"),
    "SoftmaxOverflow": (explain.softmax_overflow, "709.78", "오버플로"),
    "Trace": (trace, "Forward", "순전파"),
}
NEEDING = {
    "Equation": (lambda: explain.equation(network(), digits=3), "<math", "유효 숫자", "sympy"),
    "Separability": (lambda: explain.separability(*XOR), "(0.5, 0.5)", "볼록 껍질", "scipy"),
}


class Checked(HTMLParser):
    """Every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        if tag not in ("br", "path", "circle", "line", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "circle", "line", "rect"):
            assert self.open.pop() == tag


def tags(html: str) -> list[str]:
    parser = Checked()
    parser.feed(html)
    assert parser.open == []
    return parser.seen


def test_the_check_of_tags_can_fail() -> None:
    with pytest.raises(AssertionError):
        tags("<p><b></p></b>")
    with pytest.raises(AssertionError):
        tags("<p>")


def check(record: Any, english: str, korean: str) -> None:
    html = record._repr_html_()
    assert english in html
    assert {"section"} <= set(tags(html))
    assert "script" not in tags(html)
    messages.set_language("ko")
    translated = record._repr_html_()
    assert korean in translated
    if not isinstance(record, explain.Trace):
        assert 'lang="en"' in html
        assert 'lang="ko"' in translated


@pytest.mark.parametrize("name", SHOWN)
def test_records_are_shown_in_two_languages(name: str) -> None:
    make, english, korean = SHOWN[name]
    check(make(), english, korean)


@pytest.mark.parametrize("name", NEEDING)
def test_records_that_need_a_package(name: str) -> None:
    make, english, korean, package = NEEDING[name]
    pytest.importorskip(package)
    check(make(), english, korean)


def test_the_learning_table_has_every_update_and_its_numbers() -> None:
    learning = explain.Perceptron.fit(XOR[0], [0, 0, 0, 1], prove=False)
    html = learning._repr_html_()
    assert tags(html).count("tr") == 1 + learning.n_updates
    assert html.count('<th scope="col">') == 7
    last = learning.updates[-1]
    weights = ", ".join(f"{w:g}".replace("-", "−") for w in (last.bias_after, *last.weights_after))
    assert f"<td>({weights})</td>" in html
    assert "Converged" in html
    many = explain.Perceptron.fit(*XOR, epochs=40, prove=False)
    assert f"and {many.n_updates - 50} more updates" in many._repr_html_()


def test_the_truth_table_is_a_table() -> None:
    html = explain.xor_from_gates()._repr_html_()
    assert "<tr><td>1</td><td>0</td><td>1</td><td>1</td><td>1</td></tr>" in html
    assert tags(html).count("tr") == 5


def test_solutions_of_an_exercise_are_folded() -> None:
    sheet = trace().exercise(1)
    before, _, after = sheet._repr_html_().partition("<details>")
    solution = f"{sheet.blanks[0].solution:.6g}"
    assert solution in after
    assert solution not in before


def test_names_of_somebodys_data_are_escaped() -> None:
    evil = "<script>alert(1)</script>&"
    separable = explain.Perceptron(np.array([1.0, 1.0]), -1.5, names=(evil, "b"))
    html = separable.line()._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    pytest.importorskip("sympy")
    formula = explain.equation(network(), names=[evil, "b"])._repr_html_()
    assert "<script>" not in formula


def test_latex_is_there_for_programs_that_print() -> None:
    pytest.importorskip("sympy")
    found = explain.equation(network(), digits=3)
    assert found._repr_latex_().startswith(r"$\begin{aligned}")


def test_records_without_words_are_left_to_repr() -> None:
    @dataclass(frozen=True)
    class Silent(Record):
        number: int

    assert Silent(1)._repr_html_() is None
    assert explain.plane_of_features(["a", "b"], "a", "b")._repr_html_() is None


def test_a_language_may_be_given() -> None:
    assert "진리표" in str(fragment(explain.xor_from_gates(), "ko"))


@pytest.mark.parametrize(
    ("weights", "bias", "expected"),
    [
        ([3, -2], 1, ["z = 3·x1 − 2·x2 + 1;", "x2 = 1.5·x1 + 0.5", "x1 at −0.3333", "axis of x2 at 0.5", "z > 0"]),
        ([1, 0], -1, ["vertical", "axis of x1 at 1", "does not meet the axis of x2", "is 1 away", "z < 0"]),
        ([1, 1, 1], 0, ["goes through the origin"]),
    ],
)  # fmt: skip
def test_a_neuron_in_words(weights: list[float], bias: float, expected: list[str]) -> None:
    shown = explain.neuron(weights, bias).explain("en")
    for part in expected:
        assert part in shown


def test_wide_neurons_are_cut_short() -> None:
    assert len(explain.neuron(np.ones(784), 1).explain("en")) < 1500
