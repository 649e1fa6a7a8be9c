"""Hand computations with one mistake each: the mistake is found, and named at its place."""

from __future__ import annotations

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, nn
from chainrule.errors import ConfigError

X = np.array([[0.0, 1.0], [1.0, 0.5], [1.0, 1.0], [0.3, 0.8]])
Y = np.array([[1.0], [1.0], [0.0], [1.0]])


@pytest.fixture(scope="module")
def model() -> nn.Module:
    cr.manual_seed(3)
    return nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid()).double()


@pytest.fixture(scope="module")
def trace(model: nn.Module) -> explain.Trace:
    return explain.trace(model, X, Y, loss="mse", optimizer={"name": "sgd", "lr": 0.5})


class Hand:
    """The XOR network's backward pass, written out."""

    def __init__(self, model: nn.Module) -> None:
        state = {path: value.numpy() for path, value in model.state_dict().items()}
        self.w1, self.b1, self.w2, self.b2 = (state[p] for p in ("0.weight", "0.bias", "2.weight", "2.bias"))
        self.z1 = X @ self.w1.T + self.b1
        self.h = 1 / (1 + np.exp(-self.z1))
        self.z2 = self.h @ self.w2.T + self.b2
        self.p = 1 / (1 + np.exp(-self.z2))

    def w1_gradient(
        self, *, mean: float = 4, power: float = 2, out: bool = True, hidden: bool = True, weights: bool = True
    ) -> np.ndarray:
        delta = power * (self.p - Y) / mean * (self.p * (1 - self.p) if out else 1)
        back = delta @ (self.w2 if weights else np.ones_like(self.w2))
        return (back * (self.h * (1 - self.h) if hidden else 1)).T @ X


@pytest.fixture(scope="module")
def hand(model: nn.Module) -> Hand:
    return Hand(model)


def test_right_numbers_are_right(trace: explain.Trace, hand: Hand) -> None:
    for path, number in [
        ("0.weight[1,0].grad", hand.w1_gradient()[1, 0]),
        ("1.output[2,1]", hand.h[2, 1]),
        ("2.weight[0,1].after", trace.value("2.weight[0,1]") - 0.5 * trace.value("2.weight[0,1].grad")),
    ]:
        found = trace.check(path, number)
        assert found.right
        assert found.mistake is None
        assert trace.check(path, float(f"{number:.3g}")).right  # as rounded by hand
        assert "Right" in found.message("en")


def test_each_mistake_is_named_where_it_happened(trace: explain.Trace, hand: Hand) -> None:
    right = hand.w1_gradient()[1, 0]
    by_hand = {
        ("sign", None): -right,
        ("sum_for_mean", "loss"): hand.w1_gradient(mean=1)[1, 0],
        ("missing_power", "loss.pow"): hand.w1_gradient(power=1)[1, 0],
        ("missing_derivative", "3.output"): hand.w1_gradient(out=False)[1, 0],
        ("missing_weight", "2.output"): hand.w1_gradient(weights=False)[1, 0],
        ("missing_derivative", "1.output"): hand.w1_gradient(hidden=False)[1, 0],
        ("swapped", None): hand.w1_gradient()[0, 1],
    }
    for (mistake, step), number in by_hand.items():
        found = trace.check("0.weight[1,0].grad", number)
        assert not found.right
        assert (found.mistake, found.step) == (mistake, step), found


def test_two_mistakes_at_once_name_the_first(trace: explain.Trace, hand: Hand) -> None:
    found = trace.check("0.weight[1,0].grad", -hand.w1_gradient(hidden=False)[1, 0])
    assert (found.mistake, found.step) == ("missing_derivative", "1.output")


def test_mistakes_in_the_last_factor(trace: explain.Trace, hand: Hand) -> None:
    delta = 2 * (hand.p - Y) / 4 * hand.p * (1 - hand.p)
    assert trace.check("2.weight[0,1].grad", (delta * hand.h[:, 1:]).sum()).right
    assert trace.check("2.weight[0,1].grad", delta.sum()).mistake == "missing_input"
    one = trace.check("2.weight[0,1].grad", (delta * hand.h[:, 1:])[2, 0])
    assert (one.mistake, one.details["sample"]) == ("one_sample", 2)
    assert trace.check("2.weight[0,1].grad", hand.h[:, 1].sum()).mistake == "missing_upstream"


def test_mistakes_on_the_way_forward(trace: explain.Trace, hand: Hand) -> None:
    assert trace.check("0.output[1,1]", (hand.z1 - hand.b1)[1, 1]).mistake == "bias_forgotten"
    assert trace.check("0.output[1,1]", (X @ hand.w1 + hand.b1)[1, 1]).mistake == "transposed"
    forgotten = trace.check("2.output[1,0]", (hand.z1 @ hand.w2.T + hand.b2)[1, 0])
    assert (forgotten.mistake, forgotten.step) == ("skipped", "1.output")
    assert trace.check("loss", 4 * trace.loss).mistake == "sum_for_mean_value"


def test_mistakes_in_the_update(model: nn.Module, trace: explain.Trace) -> None:
    path = "2.weight[0,1]"
    before, g = trace.value(path), trace.value(f"{path}.grad")
    assert trace.check(f"{path}.after", before + 0.5 * g).mistake == "uphill"
    assert trace.check(f"{path}.after", before - g).mistake == "lr_forgotten"
    assert trace.check(f"{path}.after", before).mistake == "not_updated"
    adam = explain.trace(model, X, Y, loss="mse", optimizer={"name": "adam", "lr": 0.1})
    assert adam.check(f"{path}.after", before - 0.1 * g).mistake == "moments_forgotten"
    found = adam.check(f"{path}.after", before - 0.1 * 0.1 * g / (np.sqrt(0.001 * g * g) + 1e-8))
    assert found.mistake == "no_bias_correction"


def test_a_normalisation_whose_statistics_were_taken_for_constants() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 1)).double()
    trace = explain.trace(model, X, Y, loss="mse")
    value = trace.step("1.normalize")
    z = trace.value("0.output")
    wrong = value.upstream / np.sqrt(z.var(axis=0) + 1e-5)
    assert trace.check("0.output[1,2].grad", wrong[1, 2]).mistake == "statistics_constant"


def test_a_forgotten_branch() -> None:
    w = cr.tensor([1.5], requires_grad=True)
    with explain.tracing() as t:
        y = (w * w + w.exp()).sum()
    found = t.trace(y).check("w[0].grad", 2 * 1.5)
    assert found.mistake in {"branch_missing", "branch_only"}
    assert found.expected == pytest.approx(3 + np.exp(1.5))


def test_nonsense_fits_no_mistake(trace: explain.Trace) -> None:
    found = trace.check("0.weight[1,0].grad", 123.456)
    assert (found.right, found.mistake) == (False, None)
    assert "123.456" in found.message("en")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_mistake_has_its_words(trace: explain.Trace, lang: str) -> None:
    path, expected = "0.weight[1,0].grad", trace.value("0.weight[1,0].grad")
    seen = set()
    for name in trace.names():
        for what in ("", ".grad"):
            shape = np.shape(trace.value(name + what))
            at = name + (f"[{','.join('0' * len(shape))}]" if shape else "") + what
            from chainrule.explain.mistakes import _slips

            where = trace.where(at)
            for slip in _slips(trace, where, trace.at(where)):
                check = explain.Check(path, 1.0, expected, False, slip.kind, slip.step, slip.details)
                assert not re.search(r"[{}]", check.message(lang))
                seen.add(slip.kind)
    assert len(seen) > 15


def test_an_exercise_is_the_same_for_a_seed_and_hides_its_solutions(trace: explain.Trace) -> None:
    exercise = trace.exercise(4)
    assert exercise == trace.exercise(4) != trace.exercise(5)
    assert len(exercise.blanks) == 8
    sheet = "\n".join(exercise.lines("en"))
    for blank in exercise.blanks:
        assert blank.label in sheet
        pattern = re.compile(re.escape(blank.path.removesuffix(".grad")) + r" = [^\n]*= -?[\d.e-]+$", re.MULTILINE)
        if not blank.path.endswith(".grad") and not blank.path.endswith(".after"):
            assert not pattern.search(sheet.partition("== Backward ==")[0])
    answers = {str(n + 1): blank.solution for n, blank in enumerate(exercise.blanks)}
    assert all(check.right for check in exercise.check(answers))
    assert not exercise.check({"1": exercise.blanks[0].solution + 1})[0].right
    assert len(exercise.solutions("ko")) == 9
    assert exercise.to_dict()["blanks"][0]["path"] == exercise.blanks[0].path
    for wrong in (-1, "a", True):
        with pytest.raises(ConfigError):
            trace.exercise(wrong)
