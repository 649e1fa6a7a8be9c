"""The perceptron set by hand, and learning step by step against a plain loop, scikit-learn and Novikoff's theorem."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError, UnknownNameError
from chainrule.explain import Perceptron

SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]
TRUTH = {"and": [0, 0, 0, 1], "nand": [1, 1, 1, 0], "or": [0, 1, 1, 1], "nor": [1, 0, 0, 0]}


def plain_learning(X: Any, t: Any, lr: float, epochs: int, batch: bool) -> list[tuple[list[int], list[float]]]:
    """The textbook's loop in plain Python: which samples, and (b, w₁, …) after them."""
    w = [0.0] * (len(X[0]) + 1)
    history = []
    for _ in range(epochs):
        before, change, rows = list(history), [0.0] * len(w), []
        for row, (x, target) in enumerate(zip(X, t, strict=True)):
            score = w[0] + sum(a * b for a, b in zip(w[1:], x, strict=True))
            if (1 if score > 0 else -1) == target:
                continue
            step = [lr * target, *(lr * target * value for value in x)]
            if batch:
                change, rows = [a + b for a, b in zip(change, step, strict=True)], [*rows, row]
            else:
                w = [a + b for a, b in zip(w, step, strict=True)]
                history.append(([row], w))
        if batch and rows:
            w = [a + b for a, b in zip(w, change, strict=True)]
            history.append((rows, w))
        if history == before:
            break
    return history


def objective(X: np.ndarray, t: np.ndarray, w: np.ndarray, b: float) -> float:
    return float(sum(max(0.0, -side * (x @ w + b)) for x, side in zip(X, t, strict=True)))


@pytest.mark.parametrize("name", TRUTH)
def test_gates_by_hand(name: str) -> None:
    assert Perceptron.gate(name)(SQUARE).tolist() == TRUTH[name]
    assert Perceptron.gate(name.upper(), signed=True)(SQUARE).tolist() == [2 * y - 1 for y in TRUTH[name]]
    assert [int(Perceptron.gate(name)(x)) for x in SQUARE] == TRUTH[name]


def test_threshold_and_bias_are_the_same_thing() -> None:
    by_threshold = Perceptron.by_hand([0.5, 0.5], threshold=0.7)
    by_bias = Perceptron.by_hand([0.5, 0.5], bias=-0.7)
    assert by_threshold.to_dict() == by_bias.to_dict()
    assert by_threshold.threshold == 0.7
    assert Perceptron.by_hand([1], threshold=0.0).threshold == 0.0
    # On the line itself the answer is the first class: w·x > θ, not ≥.
    assert Perceptron.by_hand([1, 1], threshold=1)([[0, 1], [1, 1]]).tolist() == [0, 1]


def test_the_decision_line_of_and() -> None:
    line = Perceptron.gate("and").line()
    assert line.equation == "0.5·x1 + 0.5·x2 − 0.7 = 0"
    np.testing.assert_allclose(line.normal, [0.5**0.5] * 2)
    assert line.distance == pytest.approx(-0.7 / 0.5**0.5)
    assert line.intercepts == pytest.approx((1.4, 1.4))
    vertical = Perceptron.by_hand([2, 0], bias=-1, names=["height", "width"]).line()
    assert vertical.intercepts == (0.5, None)
    assert "height" in vertical.equation
    assert "단위 법선 벡터 (1, 0)" in vertical.explain("ko")
    assert "unit normal (1, 0)" in vertical.explain("en")
    with pytest.raises(ConfigError, match="no decision line"):
        Perceptron.by_hand([0, 0], bias=1).line()


@pytest.mark.parametrize("mode", ["online", "batch"])
@pytest.mark.parametrize("lr", [1.0, 0.1])
@pytest.mark.parametrize("y", [*TRUTH.values(), [0, 1, 1, 0]])
def test_learning_is_the_textbooks_loop(y: list[int], lr: float, mode: Any) -> None:
    t = 2 * np.array(y) - 1
    found = Perceptron.fit(SQUARE, y, mode=mode, lr=lr, epochs=30, prove=False)
    expected = plain_learning(SQUARE, t.tolist(), lr, 30, mode == "batch")
    assert [list(update.samples) for update in found.updates] == [rows for rows, _ in expected]
    for update, (_, w) in zip(found.updates, expected, strict=True):
        np.testing.assert_allclose([update.bias_after, *update.weights_after], w, atol=1e-12)
    X = np.array(SQUARE, dtype=float)
    before, bias = np.zeros(2), 0.0
    for step, update in enumerate(found.updates, 1):
        assert update.step == step
        np.testing.assert_array_equal(update.weights_before, before)
        assert update.bias_before == bias
        assert update.objective_before == pytest.approx(objective(X, t, before, bias))
        before, bias = update.weights_after, update.bias_after
        assert update.objective_after == pytest.approx(objective(X, t, before, bias))
    np.testing.assert_array_equal(found.perceptron.weights, before)
    assert len(found.objectives) == len(found.mistakes) == found.epochs + 1
    assert found.mistakes[-1] == int((found.perceptron(SQUARE) != y).sum())
    assert found.converged == (y != [0, 1, 1, 0])


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(4, 40), st.sampled_from(["online", "batch"]))
@settings(max_examples=40, deadline=None)
def test_novikoffs_bound_holds(seed: int, d: int, n: int, mode: Any) -> None:
    pytest.importorskip("scipy")
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(n, d)), rng.normal(size=d)
    scores = X @ w + rng.normal() * 0.3
    X, scores = X[np.abs(scores) > 0.2], scores[np.abs(scores) > 0.2]
    y = scores > 0
    if len(set(y.tolist())) < 2:
        return
    found = Perceptron.fit(X, y, mode=mode, lr=rng.uniform(0.1, 2), epochs=5000, shuffle=True, seed=seed)
    assert found.converged
    assert (found.perceptron(X) == y).all()
    assert found.bound is not None
    assert found.n_updates <= found.bound.updates
    assert found.bound.radius == pytest.approx(np.sqrt(1 + (X**2).sum(axis=1).max()))


def test_the_margin_of_the_bound_is_the_largest() -> None:
    pytest.importorskip("scipy")
    found = Perceptron.fit(SQUARE, TRUTH["and"])
    assert found.bound is not None
    signed = np.array([-1, -1, -1, 1])[:, None] * np.hstack([np.ones((4, 1)), SQUARE])
    rng = np.random.default_rng(0)
    tried = rng.normal(size=(200_000, 3))
    best = (tried @ signed.T).min(axis=1) / np.linalg.norm(tried, axis=1)
    assert best.max() <= found.bound.margin + 1e-12
    assert found.bound.margin == pytest.approx(best.max(), rel=0.03)


def test_learning_equals_scikit_learn() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 4))
    y = X @ [1.0, -2, 0.5, 0] + 0.3 * rng.normal(size=300) > 0
    X, y = X[np.argsort(~y, kind="stable")], np.sort(y)[::-1]  # the first sample moves the weights off zero in both
    for epochs in (1, 7):
        peer = linear.Perceptron(shuffle=False, tol=None, max_iter=epochs, eta0=0.5).fit(X, y)
        found = Perceptron.fit(X, y, lr=0.5, epochs=epochs, prove=False)
        np.testing.assert_allclose(found.perceptron.weights, peer.coef_[0], rtol=1e-9, atol=1e-12)
        assert found.perceptron.bias == pytest.approx(peer.intercept_[0])


def test_it_never_goes_on_for_ever_and_says_why() -> None:
    pytest.importorskip("scipy")
    found = Perceptron.fit(SQUARE, [0, 1, 1, 0], epochs=12)
    assert not found.converged
    assert found.epochs == 12
    assert found.bound is None
    assert found.separability is not None
    assert not found.separability.separable
    assert "Not converged" in found.explain("en")
    assert "(0.5, 0.5)" in found.explain("en")
    assert "학습이 끝나지 않습니다" in found.explain("ko")


def test_both_languages_show_the_steps() -> None:
    pytest.importorskip("scipy")
    found = Perceptron.fit(SQUARE, TRUTH["and"], lr=0.5)
    step = "w (0, 0, 0) → (0.5, 0.5, 0.5), J 0 → 2.5"
    english, korean = found.explain("en"), found.explain("ko")
    assert f"1. Epoch 1, misclassified: 3; {step}" in english
    assert f"1. 에포크 1, 오분류 표본: 3; {step}" in korean
    assert "Novikoff's theorem" in english
    assert "노비코프 정리" in korean
    assert "수렴했습니다" in korean
    assert json.loads(found.to_json())["updates"][0]["weights_after"] == [0.5, 0.5]


def test_large_sets_keep_few_updates_and_start_where_told() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(20_000, 10))
    y = np.where(X @ rng.normal(size=10) + rng.normal(size=len(X)) > 0, "yes", "no")
    found = Perceptron.fit(X, y, epochs=2, keep=5, prove=False)
    assert found.n_updates > 1000
    assert len(found.updates) == 5
    assert set(found.perceptron(X).tolist()) == {"yes", "no"}
    assert (found.perceptron(X) == y).mean() > 0.6
    again = Perceptron.fit(SQUARE, TRUTH["and"], start=Perceptron.gate("and"))
    assert again.converged
    assert (again.epochs, again.n_updates, again.bound) == (0, 0, None)


def test_data_sets_bring_their_labels() -> None:
    found = Perceptron.fit(cr.data.gates("or"), prove=False)
    assert found.converged
    assert found.perceptron.classes == ("0", "1")
    assert found.perceptron.names == ("x1", "x2")
    if (proof := Perceptron.fit(cr.data.gates("xor"), epochs=1).separability) is not None:
        assert proof.classes == ("0", "1")


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: Perceptron.gate("xor"), ConfigError, "no single perceptron is XOR"),
        (lambda: Perceptron.gate("andd"), UnknownNameError, "'and'"),
        (lambda: Perceptron.by_hand([1, 1]), ConfigError, "threshold or a bias"),
        (lambda: Perceptron.by_hand([1, 1], threshold=1, bias=1), ConfigError, "threshold or a bias"),
        (lambda: Perceptron.by_hand([[1, 1]], bias=1), ShapeError, "row"),
        (lambda: Perceptron.by_hand([], bias=1), ShapeError, "row"),
        (lambda: Perceptron.by_hand([1, np.inf], bias=1), DataError, "not finite"),
        (lambda: Perceptron.by_hand(["a"], bias=1), DTypeError, "numbers"),
        (lambda: Perceptron.by_hand([1, 1], bias=1, names=["a"]), ShapeError, "2 names"),
        (lambda: Perceptron.gate("and")([1, 1, 1]), ShapeError, "do not fit"),
        (lambda: Perceptron.gate("and")([[1, np.nan]]), DataError, "not finite"),
        (lambda: Perceptron.fit(SQUARE, [0, 1, 2, 0]), DataError, "two classes"),
        (lambda: Perceptron.fit(SQUARE, [0, 0, 0, 0]), DataError, "two classes"),
        (lambda: Perceptron.fit(SQUARE, [0, 0, 1]), ShapeError, "labels"),
        (lambda: Perceptron.fit(SQUARE, TRUTH["and"], lr=0), ConfigError, "lr"),
        (lambda: Perceptron.fit(SQUARE, TRUTH["and"], lr=float("nan")), ConfigError, "lr"),
        (lambda: Perceptron.fit(SQUARE, TRUTH["and"], epochs=0), ConfigError, "epochs"),
        (lambda: Perceptron.fit(SQUARE, TRUTH["and"], mode="both"), UnknownNameError, "mode"),  # type: ignore[arg-type]
        (lambda: Perceptron.fit(SQUARE, TRUTH["and"], start=Perceptron.by_hand([1], bias=0)), ShapeError, "starting"),
    ],
)
def test_mistakes_end_in_one_line(call: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)
