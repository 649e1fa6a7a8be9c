"""Inputs that are mostly zero: what the native engine leaves out of a gradient's sums is nothing but zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from helpers.parity import Trained, assert_parity, needs_native, rebuilt, trained

pytestmark = needs_native

ROWS = 61


def one_hot(rng: np.random.Generator, columns: int) -> np.ndarray:
    return (rng.integers(0, columns, ROWS)[:, None] == np.arange(columns)).astype(np.float64)


def framed(rng: np.random.Generator, columns: int) -> np.ndarray:
    """Zero but for a stretch in the middle that is another one in each row; some rows are empty."""
    place, (begin, end) = np.arange(columns), np.sort(rng.integers(0, columns, (2, ROWS, 1)), axis=0)
    return np.where((place >= begin) & (place < end), rng.standard_normal((ROWS, columns)), 0.0)


def negative_zeros(rng: np.random.Generator, columns: int) -> np.ndarray:
    return framed(rng, columns) * -1.0


def dense_at_first(rng: np.random.Generator, columns: int) -> np.ndarray:
    """So that batches stop being looked at."""
    return np.where(np.arange(ROWS)[:, None] < 16, rng.standard_normal((ROWS, columns)), one_hot(rng, columns))


KINDS = (one_hot, framed, negative_zeros, dense_at_first)


def trainer(
    make: Callable[[np.random.Generator, int], np.ndarray], columns: int, dtype: str, **options: Any
) -> Callable[[str], Trained]:
    rng = np.random.default_rng(columns)
    inputs = make(rng, columns)
    inputs = (np.abs(inputs) * 60).clip(0, 255).astype("uint8") if dtype == "uint8" else inputs.astype(dtype)
    labels = rng.integers(0, 3, ROWS)

    def run(engine: str) -> Trained:
        model = rebuilt(
            lambda: nn.Sequential(nn.Linear(columns, 37), nn.ReLU(), nn.Linear(37, 3)),
            "float32" if dtype == "uint8" else dtype,
        )
        algorithm = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        history = cr.fit(
            model, (inputs, labels), optimizer=algorithm, epochs=3, batch_size=16, metrics=[], seed=5, verbose=0,
            engine=engine, **options,
        )  # fmt: skip
        return trained(model, history, algorithm)

    return run


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("columns", [1, 7, 8, 31, 33, 64, 100])
@pytest.mark.parametrize("make", KINDS)
def test_sparse_inputs(make: Callable[[np.random.Generator, int], np.ndarray], columns: int, dtype: str) -> None:
    assert_parity(trainer(make, columns, dtype), "float32" if dtype == "uint8" else dtype, (1, 2))


@pytest.mark.parametrize("make", [one_hot, framed])
def test_gradients_that_wait(make: Callable[[np.random.Generator, int], np.ndarray]) -> None:
    """Kept until all are known, for the norm; they must not be those of another batch."""
    assert_parity(trainer(make, 100, "float64", clip_norm=0.1), "float64", (1, 2))
