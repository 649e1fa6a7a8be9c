"""Whole trainings on each engine are PyTorch's: loss curves, learning rates, final parameters and statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.parity import needs_native
from helpers.train_cases import CASES, TOLERANCE, TrainCase, run, run_torch

GOLDEN = Path(__file__).parents[1] / "golden" / "train" / "curves.npz"

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
each_engine = pytest.mark.parametrize("engine", ["eager", pytest.param("native", marks=needs_native)])
each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN, allow_pickle=False) as file:
        return dict(file)


def compare(dtype: str, actual: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    for name, values in expected.items():
        tolerance = TOLERANCE[dtype]
        np.testing.assert_allclose(actual[name], values, rtol=tolerance, atol=tolerance, err_msg=name)


@each_engine
@each_dtype
@each_case
def test_the_recorded_curve(case: TrainCase, dtype: str, engine: str, golden: dict[str, np.ndarray]) -> None:
    prefix = f"{case.id}/{dtype}/"
    expected = {key.removeprefix(prefix): value for key, value in golden.items() if key.startswith(prefix)}
    assert "loss" in expected
    actual = run(case, dtype, engine)
    assert dtype == "float32" or set(expected) == set(actual)
    compare(dtype, actual, expected)


@each_engine
@each_case
def test_the_live_curve(case: TrainCase, engine: str) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # more would wait for each other on arrays this small
    expected = run_torch(case, "float64", torch)
    actual = run(case, "float64", engine)
    assert set(actual) == set(expected)
    compare("float64", actual, expected)


def test_the_comparison_can_fail(golden: dict[str, np.ndarray]) -> None:
    actual = run(CASES[0], "float64")
    other = {key.split("/", 2)[2]: value for key, value in golden.items() if key.startswith("activation-GELU/float64/")}
    with pytest.raises(AssertionError):
        compare("float64", actual, other)


def test_the_trainings_learn(golden: dict[str, np.ndarray]) -> None:
    curves = {key: value for key, value in golden.items() if key.endswith("float64/loss")}
    assert len(curves) == len(CASES)
    assert all(curve[-1] < curve[0] for curve in curves.values())
