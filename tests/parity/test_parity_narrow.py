"""Linear layers with few outputs and many inputs have kernels of their own in the native engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from helpers.parity import Trained, assert_parity, needs_native, rebuilt, trained

pytestmark = needs_native

ROWS = 45


def trainer(
    inputs: int, outputs: int, dtype: str, *, between: Callable[[int], nn.Module] = nn.ReLU, bias: bool = True,
    **options: Any,
) -> Callable[[str], Trained]:  # fmt: skip
    rng = np.random.default_rng(inputs)
    X = rng.standard_normal((ROWS, 6)).astype(dtype)
    y = np.tanh(X[:, :1] * np.arange(1, outputs + 1)).astype(dtype)

    def run(engine: str) -> Trained:
        middle = between(inputs) if between is nn.BatchNorm1d else between()
        model = rebuilt(
            lambda: nn.Sequential(nn.Linear(6, inputs), middle, nn.Linear(inputs, outputs, bias=bias)), dtype
        )
        algorithm = optim.Adam(model.parameters(), lr=0.01, eps=1e-4, weight_decay=0.01)
        history = cr.fit(
            model, (X, y), loss="mse", optimizer=algorithm, epochs=3, batch_size=16, metrics=[], seed=5, verbose=0,
            engine=engine, **options,
        )  # fmt: skip
        return trained(model, history, algorithm)

    return run


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("outputs", [1, 2, 3, 4])
@pytest.mark.parametrize("inputs", [15, 16, 17, 31, 32, 47, 64, 71, 100])
def test_sizes(inputs: int, outputs: int, dtype: str) -> None:
    assert_parity(trainer(inputs, outputs, dtype), dtype, (1, 2))


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("options", [{"clip_norm": 0.05}, {"clip_value": 0.01}, {"bias": False}], ids=str)
def test_options(options: dict[str, Any], outputs: int) -> None:
    assert_parity(trainer(71, outputs, "float64", **options), "float64", (1, 2))


@pytest.mark.parametrize("between", [nn.BatchNorm1d, nn.Sigmoid, nn.Softplus])
def test_layers_before_it_whose_outputs_are_not_zero_where_they_only_fill_a_vector(between: Any) -> None:
    assert_parity(trainer(71, 1, "float64", between=between), "float64", (1, 2))


def test_one_linear_alone() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((ROWS, 70)), rng.standard_normal((ROWS, 1))

    def run(engine: str) -> Trained:
        model = rebuilt(lambda: nn.Sequential(nn.Linear(70, 1)), "float64")
        algorithm = optim.SGD(model.parameters(), lr=0.01)
        history = cr.fit(
            model, (X, y), loss="mse", optimizer=algorithm, epochs=3, batch_size=16, metrics=[], seed=5, verbose=0,
            engine=engine,
        )  # fmt: skip
        return trained(model, history, algorithm)

    assert_parity(run, "float64", (1, 2))


@pytest.mark.parametrize("rows", [1, 3, 300])
@pytest.mark.parametrize("outputs", [1, 2, 4])
def test_inference(outputs: int, rows: int) -> None:
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(6, 90), nn.ReLU(), nn.Linear(90, outputs)).eval()
    X = np.random.default_rng(2).standard_normal((rows, 6)).astype(np.float32)
    with cr.no_grad():
        wanted = model(cr.tensor(X)).numpy()
    np.testing.assert_allclose(cr.compile(model)(X), wanted, 1e-5, 1e-6)
