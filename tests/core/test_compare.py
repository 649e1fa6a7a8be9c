"""The comparison helpers are given wrong answers, and must say so."""

from __future__ import annotations

import numpy as np
import pytest

from helpers.compare import assert_close, assert_numbers, numeric_gradient

RIGHT = np.array([1.0, np.nan, np.inf, 0.0])


def test_equal_arrays_pass():
    assert_close(RIGHT.copy(), RIGHT)
    assert_numbers([1.0, 2.0], np.array([1.0, 2.0], np.float32))


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([1.0 + 1e-8, np.nan, np.inf, 0.0]),
        np.array([1.0, 0.0, np.inf, 0.0]),
        np.array([1.0, np.nan, -np.inf, 0.0]),
        np.array([1.0, np.nan, np.inf, 1e-9]),
        RIGHT[None],
        RIGHT.astype(np.float32),
    ],
    ids="number nan sign zero shape dtype".split(),
)
def test_wrong_arrays_fail(wrong):
    with pytest.raises(AssertionError):
        assert_close(wrong, RIGHT)


@pytest.mark.parametrize("wrong", [[1.0, 2.1], [1.0], [[1.0, 2.0]]])
def test_wrong_numbers_fail(wrong):
    with pytest.raises(AssertionError):
        assert_numbers(wrong, [1.0, 2.0])


def test_a_scalar_does_not_pass_for_an_array_of_equal_numbers():
    with pytest.raises(AssertionError):
        assert_close(np.ones(()), np.ones(3))


def test_numeric_gradient_is_accurate():
    x, y = np.array([0.3, -1.2, 2.0]), np.array([1.0, 2.0, -0.5])
    found = numeric_gradient(lambda a, b: (np.exp(a) * np.sin(b)).sum(), [x, y], 1)
    np.testing.assert_allclose(found, np.exp(x) * np.cos(y), rtol=1e-11, atol=1e-11)
