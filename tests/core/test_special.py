"""The error function against the C library's, over its whole range."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.core import ops

GRID = np.concatenate([np.linspace(-7, 7, 28_001), np.linspace(-0.51, 0.51, 2_001), np.logspace(-300, 1.5, 500)])
EXACT = np.array([math.erf(x) for x in GRID])


def test_erf_float64():
    assert np.abs(ops.erf(GRID) - EXACT).max() <= 4e-16


def test_erf_float32():
    grid = GRID.astype(np.float32)
    exact = np.array([math.erf(float(x)) for x in grid])
    found = ops.erf(grid)
    assert found.dtype == np.float32
    assert np.abs(found - exact).max() <= 2e-7


def test_erf_keeps_relative_accuracy_near_zero():
    x = np.logspace(-300, -1, 300)
    exact = np.array([math.erf(value) for value in x])
    np.testing.assert_allclose(ops.erf(x), exact, rtol=1e-15)


def test_erf_is_odd_and_bounded():
    np.testing.assert_array_equal(ops.erf(-GRID), -ops.erf(GRID))
    assert np.abs(ops.erf(GRID)).max() <= 1.0
    with np.errstate(all="ignore"):
        found = ops.erf(np.array([0.0, np.inf, -np.inf, 1e300, -1e300]))
    np.testing.assert_array_equal(found, [0, 1, -1, 1, -1])
    assert np.isnan(ops.erf(np.array(np.nan)))


def test_erf_on_jax_arrays():
    jax = pytest.importorskip("jax")
    grid = np.linspace(-5, 5, 1001).astype(np.float32)
    exact = np.array([math.erf(float(x)) for x in grid])
    assert np.abs(np.asarray(jax.jit(ops.erf)(grid)) - exact).max() <= 5e-7
