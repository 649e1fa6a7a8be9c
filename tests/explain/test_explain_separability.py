"""Every answer is proved: a hyperplane by its signs, its absence by one point in both convex hulls."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.explain import Separability, separability
from chainrule.explain.nearest import nearest_to_origin

pytest.importorskip("scipy")

SQUARE = [[0, 0], [0, 1], [1, 0], [1, 1]]


def check(found: Separability, X: Any, y: Any) -> None:
    """Verify each division's proof from the data alone, in exact arithmetic where there are signs to tell."""
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
    assert found.separable == all(division.separable for division in found.divisions)
    for division in found.divisions:
        positive = y == division.positive
        assert (division.hyperplane is None) != (division.certificate is None)
        assert division.separable == (division.hyperplane is not None)
        if division.hyperplane is not None:
            plane = division.hyperplane
            assert_divides(plane.weights, plane.bias, X, positive)
            signed = np.where(positive, 1, -1) * (X @ plane.weights + plane.bias)
            assert signed.min() / np.linalg.norm(plane.weights) == pytest.approx(plane.margin, rel=1e-6)
        else:
            proof = division.certificate
            assert proof is not None
            assert_mixes(proof.negative_rows, proof.negative_shares, X, ~positive, proof.point)
            assert_mixes(proof.positive_rows, proof.positive_shares, X, positive, proof.point)
            assert proof.residual <= proof.tolerance * np.abs(X).max()
            assert len(proof.negative_rows) + len(proof.positive_rows) <= X.shape[1] + 2


def assert_divides(weights: np.ndarray, bias: float, X: np.ndarray, positive: np.ndarray) -> None:
    if len(X) > 200:
        assert ((X @ weights + bias > 0) == positive).all()
        return
    for row, expected in zip(X.tolist(), positive, strict=True):
        score = sum(Fraction(w) * Fraction(x) for w, x in zip(weights.tolist(), row, strict=True)) + Fraction(bias)
        assert score != 0
        assert (score > 0) == expected


def assert_mixes(rows: np.ndarray, shares: np.ndarray, X: np.ndarray, allowed: np.ndarray, point: np.ndarray) -> None:
    assert allowed[rows].all()
    assert (shares > 0).all()
    assert shares.sum() == pytest.approx(1, abs=1e-12)
    assert len(rows) <= X.shape[1] + 1
    np.testing.assert_allclose(shares @ X[rows], point, rtol=0, atol=1e-11 * max(1.0, np.abs(X).max()))


def test_the_checks_can_fail() -> None:
    X = np.array(SQUARE, dtype=float)
    with pytest.raises(AssertionError):
        assert_divides(np.array([1.0, 1.0]), -1.0, X, np.array([0, 0, 0, 1], dtype=bool))
    with pytest.raises(AssertionError):
        assert_mixes(np.array([0, 3]), np.array([0.5, 0.5]), X, np.ones(4, dtype=bool), np.array([0.5, 0.6]))
    with pytest.raises(AssertionError):
        assert_mixes(np.array([0]), np.array([1.0]), X, np.zeros(4, dtype=bool), X[0])


def test_xor_has_the_middle_of_the_square_in_both_hulls() -> None:
    found = separability(SQUARE, [0, 1, 1, 0])
    check(found, SQUARE, [0, 1, 1, 0])
    assert not found.separable
    assert found.hyperplane is None
    proof = found.certificate
    assert proof is not None
    np.testing.assert_allclose(proof.point, [0.5, 0.5], rtol=0, atol=1e-15)
    np.testing.assert_allclose(proof.negative_shares, [0.5, 0.5], rtol=0, atol=1e-15)
    assert proof.negative_rows.tolist() == [0, 3]
    assert proof.positive_rows.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("labels", "weights", "bias"),
    [([0, 0, 0, 1], [2, 2], -3), ([0, 1, 1, 1], [2, 2], -1), ([1, 1, 1, 0], [-2, -2], 3), ([0, 0, 1, 1], [2, 0], -1)],
)
def test_gates_have_the_widest_line(labels: list[int], weights: list[int], bias: int) -> None:
    plane = separability(SQUARE, labels).hyperplane
    assert plane is not None
    np.testing.assert_allclose(plane.weights, weights, atol=1e-9)
    assert plane.bias == pytest.approx(bias)
    assert plane.margin == pytest.approx(1 / np.linalg.norm(weights))
    assert plane.widest


@given(
    st.integers(1, 4).flatmap(
        lambda d: st.lists(
            st.tuples(st.tuples(*[st.integers(-3, 3)] * d), st.booleans()), min_size=2, max_size=14
        ).filter(lambda rows: len({label for _, label in rows}) == 2)
    )
)
@settings(max_examples=200, deadline=None)
def test_any_small_set_gets_a_proof(rows: list[tuple[tuple[int, ...], bool]]) -> None:
    X, y = [list(point) for point, _ in rows], [label for _, label in rows]
    found = separability(X, y)
    check(found, X, y)
    if found.hyperplane is not None:
        assert found.hyperplane.widest


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(3, 60), st.sampled_from([1e-3, 1.0, 1e5]))
@settings(max_examples=60, deadline=None)
def test_sets_made_by_a_hyperplane_are_separable(seed: int, d: int, n: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    X, w = rng.normal(size=(n, d)) * scale * 10.0 ** rng.integers(-2, 3, d), rng.normal(size=d)
    scores = X @ w
    y = scores > np.median(scores)
    found = separability(X, y)
    assert found.separable
    check(found, X, y)


def test_the_margin_is_that_of_a_support_vector_machine() -> None:
    svm = pytest.importorskip("sklearn.svm")
    rng = np.random.default_rng(3)
    for d in (1, 2, 3, 8):
        X = rng.normal(size=(80, d))
        y = (X @ np.ones(d) > 0.1).astype(int)
        plane = separability(X, y).hyperplane
        machine = svm.SVC(kernel="linear", C=1e9, tol=1e-9).fit(X, y)
        assert plane is not None
        assert plane.margin == pytest.approx(1 / np.linalg.norm(machine.coef_), rel=1e-4)
        assert set(machine.support_.tolist()) <= set(plane.support)


def test_iris_one_against_the_rest() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_iris(return_X_y=True)
    found = separability(X, y)
    check(found, X, y)
    assert [division.separable for division in found.divisions] == [True, False, False]
    assert not found.separable
    assert found.hyperplane is None
    assert found.certificate is found.divisions[1].certificate
    two = separability(X[y > 0], y[y > 0])
    check(two, X[y > 0], y[y > 0])
    assert not two.separable


@pytest.mark.parametrize("kind", ["separable", "noisy", "random"])
def test_a_hundred_thousand_rows(kind: str) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(100_000, 10))
    scores = X @ rng.normal(size=10)
    y = {
        "separable": scores > 0,
        "noisy": scores + 0.05 * rng.normal(size=len(X)) > 0,
        "random": rng.random(len(X)) > 0.5,
    }[kind]
    start = time.perf_counter()
    found = separability(X, y)
    assert time.perf_counter() - start < 20
    assert found.separable == (kind == "separable")
    check(found, X, y)


def test_one_wrong_row_among_many_is_found() -> None:
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, size=(20_000, 5))
    X = X[np.abs(X[:, 0]) > 0.05]
    y = X[:, 0] > 0
    assert separability(X, y).separable
    inside = int(np.argmin(np.abs(X - [0.5, 0, 0, 0, 0]).sum(axis=1)))
    y[inside] = False
    found = separability(X, y)
    assert not found.separable
    check(found, X, y)
    assert inside in found.certificate.negative_rows  # type: ignore[union-attr]


def test_twins_constant_columns_and_many_classes() -> None:
    X = [[1, 5.0, 0], [2, 5.0, 0], [1, 5.0, 0], [3, 5.0, 0]]
    found = separability(X, ["a", "a", "b", "b"])
    check(found, X, ["a", "a", "b", "b"])
    assert found.certificate is not None
    assert found.certificate.negative_rows.tolist() == [0]
    assert found.certificate.positive_rows.tolist() == [2]
    assert separability(X, [1, 2, 1, 2]).separable is True
    corners = [[0, 0], [0, 9], [9, 0], [9, 9]]
    found = separability(corners, [3, 1, 4, 2])
    check(found, corners, [3, 1, 4, 2])
    assert found.separable
    assert found.classes == (1, 2, 3, 4)


def test_touching_hulls_are_not_separable() -> None:
    found = separability([[0], [1], [1], [2]], [0, 0, 1, 1])
    assert not found.separable
    X = [[-1, 0], [1, 0], [0, 0], [0, 1]]
    found = separability(X, [0, 0, 1, 1])
    assert not found.separable
    check(found, X, [0, 0, 1, 1])


@pytest.mark.parametrize("digits", range(1, 14))
def test_a_narrow_gap_is_never_called_closed(digits: int) -> None:
    X = [[0.0, 0.0], [1.0, 0.0], [0.5, 10.0**-digits], [0.5, 1.0]]
    found = separability(X, [0, 0, 1, 1])
    assert found.separable
    check(found, X, [0, 0, 1, 1])
    assert found.hyperplane is not None
    assert found.hyperplane.margin == pytest.approx(10.0**-digits / 2, rel=1e-3)


def test_far_from_the_origin_and_in_odd_units() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(50, 3)) * [1e-6, 1, 1e6] + [1.0, 1e5, -1e9]
    y = (X[:, 1] - 1e5) > 0.05
    found = separability(X, y)
    assert found.separable
    check(found, X, y)


@pytest.mark.parametrize(
    ("X", "y", "error", "match"),
    [
        ([[0, 1], [1, np.nan]], [0, 1], DataError, "not finite"),
        ([[0.0, 1], [1, 1]], [0, np.nan], DataError, "labels hold 1 value that is not finite"),
        ([[0, 1e308], [1, -1e308]], [0, 1], DataError, "too large or too small"),
        ([[0, 5e-324], [1, 0]], [0, 1], DataError, "too large or too small"),
        ([[0, 1], [1, 1]], [1, 1], DataError, "two classes"),
        (np.zeros((0, 2)), [], DataError, "no points"),
        (np.zeros((2, 0)), [0, 1], DataError, "no points"),
        ([0, 1], [0, 1], ShapeError, "table"),
        ([[0, 1], [1]], [0, 1], ShapeError, "ragged"),
        ([[0, 1], [1, 1]], [0, 1, 1], ShapeError, "labels do not fit"),
        ([["a", "b"], ["c", "d"]], [0, 1], DTypeError, "numbers"),
        ([[0, 1], [1, 1]], [0, "a", None][1:], DTypeError, "one type"),
        ([[0, 1], [1, 1]], None, DataError, "labels are missing"),
    ],
)
def test_bad_input_ends_in_one_line(X: Any, y: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match) as caught:
        separability(X, y)
    assert "\n" not in str(caught.value)


def test_data_sets_and_tensors() -> None:
    found = separability(cr.data.gates("xor"))
    assert found.classes == ("0", "1")
    assert found.names == ("x1", "x2")
    assert not found.separable
    assert separability(cr.tensor([[0.0], [1.0]]), cr.tensor([0, 1])).separable
    with pytest.raises(DataError, match="own labels"):
        separability(cr.data.gates("xor"), [0, 1, 1, 0])


def test_both_languages_tell_the_proof() -> None:
    found = separability(SQUARE, [0, 1, 1, 0])
    for lang, words in (("en", "Not linearly separable"), ("ko", "선형 분리가 불가능합니다")):
        shown = found.explain(lang)
        assert words in shown
        assert "(0.5, 0.5)" in shown
        assert "0.5·(0, 0) + 0.5·(1, 1)" in shown
    found = separability(SQUARE, [0, 0, 0, 1])
    assert "2·x1 + 2·x2 − 3 = 0" in found.explain("en")
    assert "마진: 0.3536" in found.explain("ko")
    assert "the rest" in separability([[0], [1], [2]], [0, 1, 2]).explain("en")
    assert "나머지" in separability([[0], [1], [2]], [0, 1, 2]).explain("ko")
    assert "same point" in separability([[0], [0]], [0, 1]).explain("en")
    assert json.loads(found.to_json())["divisions"][0]["hyperplane"]["margin"] == pytest.approx(0.35355339)


@given(st.lists(st.tuples(*[st.integers(-5, 5)] * 3), min_size=1, max_size=12), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_the_nearest_point_is_optimal(rows: list[tuple[int, ...]], seed: int) -> None:
    values = np.array(rows, dtype=float)
    found = nearest_to_origin(lambda w: values[np.argmin(values @ w)], values[0])
    assert found.exact
    # Optimal if and only if no corner lies nearer along the point itself; and no mixture has a smaller norm.
    assert (values @ found.point >= found.point @ found.point - 1e-9).all()
    shares = np.random.default_rng(seed).dirichlet(np.full(len(values), 0.3), size=50)
    assert (np.linalg.norm(shares @ values, axis=1) >= np.linalg.norm(found.point) - 1e-9).all()


def test_without_scipy_the_message_says_what_to_install() -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
sys.modules["scipy"] = sys.modules["scipy.optimize"] = None
from chainrule.explain import separability
try:
    separability([[0], [1]], [0, 1])
except ImportError as error:
    assert "chainrule[explain]" in str(error), error
else:
    raise SystemExit("no error")
"""
    subprocess.run([sys.executable, "-c", code, str(Path(cr.__file__).parents[1])], check=True, timeout=60)


def test_what_rounding_leaves_of_a_zero_is_written_0() -> None:
    from chainrule.explain.wording import line_equation

    assert line_equation([1.7, 2e-18], -1, ["a", "b"]) == "1.7·a + 0·b − 1 = 0"
    assert line_equation([1.7, 2e-9], -1, ["a", "b"]) == "1.7·a + 2e-09·b − 1 = 0"
