"""Many features, nearly touching classes and limited time: every answer is still proved, or honestly left open."""

from __future__ import annotations

import gzip
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import ConfigError
from chainrule.explain import Separability, dividing, separability
from chainrule.explain.deadline import NEVER, Deadline
from chainrule.explain.fewest import fewest
from chainrule.explain.hulls import search
from chainrule.explain.logistic_proof import weigh
from chainrule.explain.touching import search_near
from chainrule.explain.twins import row_hashes, twins
from chainrule.explain.wide_hulls import search_wide

pytest.importorskip("scipy")


def check(found: Separability, X: np.ndarray, y: np.ndarray) -> None:
    """Verify the proofs from the data alone."""
    for division in found.divisions:
        positive = y == division.positive
        if division.hyperplane is not None:
            assert division.separable is True
            scores = X @ division.hyperplane.weights + division.hyperplane.bias
            assert ((scores > 0) == positive).all()
            nearest = np.abs(scores).min() / np.linalg.norm(division.hyperplane.weights)
            assert nearest == pytest.approx(division.hyperplane.margin, rel=1e-6)
        elif division.certificate is not None:
            assert division.separable is False
            proof = division.certificate
            assert not positive[proof.negative_rows].any()
            assert positive[proof.positive_rows].all()
            assert (proof.negative_shares >= 0).all()
            assert (proof.positive_shares >= 0).all()
            assert proof.negative_shares.sum() == pytest.approx(1, abs=1e-12)
            assert proof.positive_shares.sum() == pytest.approx(1, abs=1e-12)
            low, high = proof.negative_shares @ X[proof.negative_rows], proof.positive_shares @ X[proof.positive_rows]
            assert (np.abs(low - high) <= proof.tolerance * np.abs(X).max(axis=0)).all()
            assert proof.tolerance < 1e-12
            assert len(proof.negative_rows) + len(proof.positive_rows) <= X.shape[1] + 2
        else:
            assert division.separable is None
            assert division.undecided in {"limit", "precision"}


def plain_programme(X: np.ndarray, positive: np.ndarray) -> bool:
    """The oracle: one linear programme on all points, sᵢ(w·xᵢ + b) ≥ 1, feasible if and only if separable."""
    from scipy.optimize import linprog

    signed = np.where(positive, 1.0, -1.0)[:, None] * np.hstack([X, np.ones((len(X), 1))])
    free = [(None, None)] * signed.shape[1]
    found = linprog(np.zeros(signed.shape[1]), A_ub=-signed, b_ub=-np.ones(len(X)), bounds=free, method="highs")
    return bool(found.status == 0)


small_sets = st.integers(1, 5).flatmap(
    lambda d: st.lists(st.tuples(st.tuples(*[st.integers(-3, 3)] * d), st.booleans()), min_size=2, max_size=18).filter(
        lambda rows: len({label for _, label in rows}) == 2
    )
)


@given(small_sets)
@settings(max_examples=100, deadline=None)
def test_each_way_agrees_with_one_plain_programme(rows: list[tuple[tuple[int, ...], bool]]) -> None:
    X, positive = np.array([point for point, _ in rows], dtype=float), np.array([label for _, label in rows])
    expected = plain_programme(X, positive)
    assert separability(X, positive).separable == expected
    for way in (search, search_wide, search_near):
        found = way(X / 3, positive, NEVER)
        if way is not search_wide:  # which leaves classes that only touch to the others
            assert not found.nothing
        if not found.nothing:
            assert (found.direction is not None) == expected
        if found.direction is not None:
            scores = X @ found.direction
            assert scores[positive].min() > scores[~positive].max()


def assert_each_way_is_proved(X: np.ndarray, y: np.ndarray, expected: bool, monkeypatch: Any) -> None:
    for narrow in (0, 10**6):
        monkeypatch.setattr(dividing, "_NARROW", narrow)
        found = separability(X, y)
        assert found.separable is expected
        check(found, X, y)


@pytest.mark.parametrize("d", [2, 7, 30])
@pytest.mark.parametrize("kind", ["random", "separable", "few rows", "equal columns", "odd units", "one wrong"])
def test_both_ways_on_sets_of_all_kinds(d: int, kind: str, monkeypatch: Any) -> None:
    rng = np.random.default_rng(d)
    X = rng.normal(size=(d + 1 if kind == "few rows" else 12 * d + 20, d))
    scores = X @ np.linspace(1, 2, d)
    y = scores > np.median(scores)
    if kind in {"random", "few rows"}:
        y = np.arange(len(X)) % 2 == 0
    if kind == "equal columns":
        X = np.hstack([X, X[:, :1] * 2 + 1, np.ones((len(X), 1)), X @ rng.normal(size=(d, 2))])
    if kind == "odd units":
        X = X * 10.0 ** rng.integers(-6, 7, d) + rng.normal(size=d)
    if kind == "one wrong":
        deep = np.argsort(np.abs(X).sum(axis=1))[0]
        X[deep] = X[y].mean(axis=0)
        y[deep] = False
    assert_each_way_is_proved(X, y, kind not in {"random", "one wrong"}, monkeypatch)


@pytest.mark.parametrize("d", [3, 20, 80])
@pytest.mark.parametrize("digits", [6, 9, 11])
def test_a_tiny_gap_in_any_direction_is_found(d: int, digits: int) -> None:
    rng = np.random.default_rng(digits)
    X = rng.uniform(-1, 1, (6 * d, d))
    y = rng.random(len(X)) > 0.5
    touching = rng.random(len(X)) > 0.5
    X[:, 0] = np.where(y, 1, -1) * (np.where(touching, 0, np.abs(X[:, 0])) + 10.0**-digits)
    X = X @ np.linalg.qr(rng.normal(size=(d, d)))[0]
    found = separability(X, y)
    assert found.separable
    check(found, X, y)


@pytest.mark.parametrize("d", [3, 20, 80])
@pytest.mark.parametrize("turned", [False, True])
def test_hulls_with_one_common_point_touch(d: int, turned: bool) -> None:
    rng = np.random.default_rng(d)
    X = rng.uniform(-1, 1, (6 * d, d))
    y = np.arange(len(X)) % 2 == 0
    X[:, 0] = np.where(y, 1, -1) * (np.abs(X[:, 0]) + 0.05)
    X[[1, 3], 0] = 0
    X[0] = (X[1] + X[3]) / 2  # of class True, between two of class False
    if turned:
        X = X @ np.linalg.qr(rng.normal(size=(d, d)))[0]
    found = separability(X, y)
    assert found.separable is False
    check(found, X, y)


@pytest.mark.parametrize(
    ("n", "d", "labels", "expected", "seconds"),
    [
        (2000, 300, "random", False, 2),
        (2000, 300, "separable", True, 2),
        (900, 500, "random", True, 2),
        (60, 2000, "random", True, 2),
        (50_000, 60, "noisy", False, 5),
        (30_000, 20, "separable", True, 5),
    ],
)
def test_wide_sets_are_quick(n: int, d: int, labels: str, expected: bool, seconds: float) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, d))
    scores = X @ rng.normal(size=d) / np.sqrt(d)
    noise = {"random": 1e6, "separable": 0.0, "noisy": 0.05}[labels]
    y = scores + noise * rng.normal(size=n) > 0
    start = time.perf_counter()
    found = separability(X, y)
    assert time.perf_counter() - start < 5 * seconds  # machines differ; the linear programme alone takes far longer
    assert found.separable is expected
    check(found, X, y)


def test_real_images_one_against_the_rest(data_folder: Path) -> None:
    name = str(data_folder / "mnist" / "t10k-{}-ubyte.gz")
    with gzip.open(name.format("images-idx3")) as images, gzip.open(name.format("labels-idx1")) as labels:
        X = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 784)[:2000] / 255.0
        y = np.frombuffer(labels.read(), np.uint8, offset=8)[:2000]
    check(separability(X, y == 8), X, y == 8)
    # Pixels that only one image uses keep that image out of every common point, and must not keep it from being found.
    wrong = np.random.default_rng(0).random(len(y)) < 0.5
    found = separability(X, wrong)
    assert found.separable is False
    check(found, X, wrong)


def test_a_limit_leaves_an_honest_gap() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(3000, 400)), rng.integers(0, 3, 3000)
    start = time.perf_counter()
    found = separability(X, y, limit=1e-6)
    assert time.perf_counter() - start < 5
    assert found.separable is None
    assert found.hyperplane is None
    assert found.certificate is None
    assert [division.undecided for division in found.divisions] == ["limit"] * 3
    assert "not decided in the time allowed" in found.explain("en")
    assert "제한 시간" in found.explain("ko")
    assert separability([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], limit=60).separable is False
    for limit in (0, -1, float("nan"), "1", True):
        with pytest.raises(ConfigError, match="limit"):
            separability([[0], [1]], [0, 1], limit=limit)  # type: ignore[arg-type]


def test_one_undecided_class_does_not_hide_a_proof() -> None:
    X = np.array([[0.0], [1.0], [2.0], [0.0]])
    found = separability(X, [0, 1, 2, 2], limit=1e-9)
    assert found.separable is False  # the twins 0 and 3 are found at any limit
    assert found.divisions[0].certificate is not None


def test_deadlines() -> None:
    assert NEVER.left is None
    assert not NEVER.passed
    assert NEVER.part(3).left is None
    assert Deadline(1e-9).passed
    assert 8 < (Deadline(30).part(3).left or 0) <= 10


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(2, 120))
@settings(max_examples=60, deadline=None)
def test_few_rows_mix_the_same_point(seed: int, d: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.hstack([rng.integers(-2, 3, (n, d)), np.ones((n, 1))]).astype(float)
    shares = rng.dirichlet(np.full(n, 0.5))
    few = fewest(rows, shares)
    assert (few >= 0).all()
    assert (few > 0).sum() <= d + 1
    np.testing.assert_allclose(few @ rows, shares @ rows, rtol=0, atol=1e-12)


def test_the_regression_s_shares_solve_the_equations() -> None:
    signed = np.array([[0, 0, -1], [1, 1, -1], [0, 1, 1], [1, 0, 1]], dtype=float)
    signed[:2] *= [-1, -1, 1]
    found = weigh(signed, np.zeros(3), NEVER)
    assert found.direction is None
    assert found.shares is not None
    np.testing.assert_allclose(found.shares @ signed, 0, atol=1e-15)
    assert weigh(signed[:3], np.zeros(3), NEVER).direction is not None


def test_twins_are_found_among_whole_numbers_and_zeros_of_either_sign() -> None:
    rng = np.random.default_rng(0)
    values = rng.permutation(4096)[:, None] // np.array([1, 16, 256]) % 16 * 1.0
    assert len(np.unique(row_hashes(values))) == 4096
    labels = rng.random(4096) > 0.5
    assert twins(values, row_hashes(values), labels) is None
    values[7], values[9], labels[7], labels[9] = [0.0, -0.0, 3], [-0.0, 0.0, 3], False, True
    values[100] = [99, 99, 99]
    pair = twins(values, row_hashes(values), labels)
    assert pair is not None
    assert (values[pair[0]] == values[pair[1]]).all()
    assert labels[pair].tolist() == [False, True]


def test_exact_arithmetic_agrees_in_many_dimensions() -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(90, 60))
    y = rng.random(90) > 0.5
    plane = separability(X, y).hyperplane
    assert plane is not None
    for row, positive in zip(X.tolist(), y, strict=True):
        score = sum(Fraction(w) * Fraction(x) for w, x in zip(plane.weights.tolist(), row, strict=True))
        assert (score + Fraction(plane.bias) > 0) == positive
