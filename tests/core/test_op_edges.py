"""Kinks, ties, infinities, NaN, huge logits and empty arrays against PyTorch; exceptions are listed with reasons."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from chainrule.core import ops
from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError
from helpers.compare import assert_numbers
from helpers.edge_cases import EDGES, Edge, edge_results
from helpers.op_cases import TORCH

GOLDEN = Path(__file__).parents[1] / "golden" / "core" / "edges.npz"

every_edge = pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.id)


def check(edge: Edge, found: dict[str, np.ndarray], expected: dict[str, np.ndarray], inputs: list[np.ndarray]) -> None:
    for key, value in expected.items():
        rtol, atol = (1e-10, 1e-12) if value.dtype == np.float64 else (2e-5, 1e-6)
        compared = ~edge.ignored(key, inputs)
        assert found[key].shape == value.shape
        np.testing.assert_allclose(
            np.where(compared, found[key], 0),
            np.where(compared, value, 0),
            rtol=rtol,
            atol=atol,
            err_msg=f"{edge.id} {key}",
        )


@every_edge
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_edges_against_torch(edge: Edge, dtype: type):
    torch = pytest.importorskip("torch")
    inputs = [array.astype(dtype) for array in edge.inputs]

    def torch_run() -> dict[str, np.ndarray]:
        tensors = [torch.from_numpy(array.copy()).requires_grad_() for array in inputs]
        y = TORCH[edge.op](torch, *tensors, **edge.params)
        y.backward(torch.ones_like(y))
        return {"y": y.detach().numpy(), **{f"d{i}": t.grad.numpy() for i, t in enumerate(tensors)}}

    check(edge, edge_results(edge, inputs), torch_run(), inputs)


@every_edge
def test_edges_against_recorded_torch(edge: Edge):
    with np.load(GOLDEN, allow_pickle=False) as stored:
        recorded = {key.split("/")[1]: stored[key] for key in stored if key.split("/")[0] == edge.id}
    assert recorded, "run tests/oracle/record_core.py"
    inputs = [recorded.pop(f"in{i}") for i in range(len(edge.inputs))]
    check(edge, edge_results(edge, inputs), recorded, inputs)


@every_edge
def test_few_edges_are_ignored(edge: Edge):
    """The list of exceptions must stay a list of exceptions."""
    for key in ["y", *(f"d{i}" for i in range(len(edge.inputs)))]:
        assert edge.ignored(key, list(edge.inputs)).mean() < 0.3


def test_step_at_its_edges():
    x = Tensor([-np.inf, -1.0, -0.0, 0.0, 1e-30, np.inf])
    assert ops.step(x).tolist() == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]
    assert ops.step(x, low=-1.0, high=1.0).tolist() == [-1.0, -1.0, -1.0, -1.0, 1.0, 1.0]


def test_ties_share_the_gradient():
    x = Tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    x.amax(1).sum().backward()
    assert_numbers(x.grad, [[0, 0.5, 0.5], [1 / 3] * 3], rtol=1e-6)
    a, b = Tensor([1.0, 2.0], requires_grad=True), Tensor([1.0, 1.0], requires_grad=True)
    ops.maximum(a, b).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([0.5, 1.0], [0.5, 0.0])


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_huge_logits_stay_finite(size: float):
    x = Tensor([[size, 0.0, -size]], dtype=np.float64, requires_grad=True)
    y = ops.log_softmax(x, dim=1)
    assert_numbers(y, [[size, 0.0, -size] - np.array([1e4])])
    y[0, 1].backward()
    assert_numbers(x.grad, [[-1.0, 1.0, 0.0] if size > 0 else [0.0, 1.0, -1.0]])
    assert_numbers(ops.logsumexp(x, dim=1), [1e4])
    assert_numbers(ops.softplus(x), [[max(size, 0.0), np.log(2), max(-size, 0.0)]])


def test_elementwise_functions_do_not_warn():
    x = Tensor(np.array([-np.inf, -1e4, -1.0, 0.0, 1.0, 1e4, np.inf, np.nan], np.float32), requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, op in OPS.items():
            if (
                op.arity == 1
                and not op.variadic
                and not set(op.param_names) - set(op.defaults)
                and name not in ("sum", "transpose")
            ):
                y = op(x)
                y.backward(np.ones(y.shape, np.float32))
        for divisor in (0, 0.0, Tensor([0.0])):
            (x / divisor).backward(np.ones(8, np.float32))


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if op.arity == 1 and not op.variadic))
def test_empty_arrays(name: str):
    """An empty array gives an empty one, or what PyTorch makes of it, never a bare NumPy error."""
    op = OPS[name]
    if set(op.param_names) - set(op.defaults):
        return
    x = Tensor(np.zeros((0, 2)), requires_grad=True)
    if name in ("max", "min"):
        with pytest.raises(ChainruleError, match=name):
            op(x)
        return
    y = op(x)
    if name in ("sum", "mean", "var"):
        np.testing.assert_array_equal(y._data, {"sum": 0.0}.get(name, np.nan))
    y.backward(np.ones(y.shape))
    assert x.grad.shape == (0, 2)


def test_mean_over_an_empty_dimension():
    x = Tensor(np.zeros((0, 3)), requires_grad=True)
    y = x.mean(0)
    assert np.isnan(y._data).all()
    assert y.shape == (3,)
    y.sum().backward()
    assert x.grad.shape == (0, 3)


def test_variance_of_one_value_is_nan():
    assert np.isnan(Tensor([3.0]).var().item())
    assert Tensor([3.0]).var(correction=0).item() == 0.0


@pytest.mark.parametrize("exponent", [2, 2.0, 0, 0.0, 1, 3, -1, 0.5, -0.5])
def test_power_by_a_number(exponent: float):
    base = np.array([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0])
    x = Tensor(base, requires_grad=True)
    (x**exponent).backward(np.ones(6))
    with np.errstate(all="ignore"):
        expected = exponent * base ** float(exponent - 1) if exponent else np.zeros(6)
    assert_numbers(x.grad, expected)


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (2, np.log(2) * 2.0 ** np.array([-1, 0, 2])),
        (0, [-np.inf, 0.0, 0.0]),
        (0.0, [-np.inf, 0.0, 0.0]),
        (-2.0, [np.nan] * 3),
    ],
)
def test_power_of_a_number(base: float, expected):
    x = Tensor(np.array([-1.0, 0.0, 2.0]), requires_grad=True)
    (base**x).backward(np.ones(3))
    assert_numbers(x.grad, expected)
    y = Tensor(np.array([-1.0, 0.0, 2.0]), requires_grad=True)
    (Tensor(np.full(3, float(base))) ** y).backward(np.ones(3))
    assert_numbers(y.grad, expected)


def test_the_deviation_of_equal_values_has_no_direction() -> None:
    x = Tensor(np.full((2, 3), 4.0), requires_grad=True)
    x.std().backward()
    assert (x.grad.numpy() == 0).all()  # PyTorch's answer, where 0/0 would be NaN
