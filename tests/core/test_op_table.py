"""Every row of the operation table against finite differences and PyTorch: value, first and second derivatives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.core import ops
from chainrule.core.backward import grad
from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor
from helpers.compare import TOLERANCE, assert_close, numeric_gradient
from helpers.op_cases import CASES, TORCH, Case
from helpers.op_results import as_dtype, chainrule_results, differentiable, torch_results, weights

GOLDEN = Path(__file__).parents[1] / "golden" / "core" / "ops.npz"

# The derivatives of binary cross-entropy are differences of large terms near p = t.
SLACK = {"binary_cross_entropy": 100.0}

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def tolerance(case: Case, value: np.ndarray) -> tuple[float, float]:
    rtol, atol = TOLERANCE[value.dtype]
    return rtol * SLACK.get(case.op, 1.0), atol * SLACK.get(case.op, 1.0)


def fd_tolerance(case: Case) -> tuple[float, float]:
    return 1e-8 * SLACK.get(case.op, 1.0), 1e-9 * SLACK.get(case.op, 1.0)


# Completeness -------------------------------------------------------------------------------------------------------


def test_every_row_has_cases_and_a_torch_call():
    tested = {case.op for case in CASES}
    assert tested == set(OPS), "add a case to helpers/op_cases.py for each new row, and drop those of removed rows"
    assert set(TORCH) == set(OPS)


def test_case_names_are_unique():
    names = [case.id for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(OPS))
def test_row_has_its_text(name):
    op = OPS[name]
    assert op.name == name
    assert op.formula
    assert op.derivative
    assert all(op.latex)
    assert name in repr(op)
    assert op.formula in op.__doc__


@pytest.mark.parametrize("name", sorted(OPS))
def test_row_has_one_rule_for_each_input(name):
    op = OPS[name]
    assert len(op.vjps) == (1 if op.variadic else op.arity)


# Value, shape and dtype ---------------------------------------------------------------------------------------------


@every_case
def test_shape_rule(case: Case):
    inputs = case.inputs()
    y = OPS[case.op](*inputs, **case.params)
    params = {**OPS[case.op].defaults, **case.params}
    assert tuple(OPS[case.op].shape(*(array.shape for array in inputs), **params)) == y.shape


@every_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_floating_types_are_kept(case: Case, dtype: type):
    if case.op == "cast":
        return
    results = chainrule_results(case, case.inputs(), dtype)
    assert {key: array.dtype for key, array in results.items()} == dict.fromkeys(results, np.dtype(dtype))


@every_case
def test_inputs_are_not_written_to(case: Case):
    inputs = case.inputs()
    for array in inputs:
        array.setflags(write=False)
    before = [array.copy() for array in inputs]
    chainrule_results(case, inputs)
    for array, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_case
def test_arrays_and_tensors_give_the_same(case: Case):
    inputs = case.inputs()
    y = OPS[case.op](*inputs, **case.params)
    assert not isinstance(y, Tensor)
    on_tensors = OPS[case.op](*(Tensor(array) for array in inputs), **case.params)
    assert isinstance(on_tensors, Tensor)
    np.testing.assert_array_equal(on_tensors._data, y)


# Derivatives against finite differences -----------------------------------------------------------------------------


@every_case
def test_gradient_against_finite_differences(case: Case):
    inputs = case.inputs()
    results = chainrule_results(case, inputs)
    g, _ = weights(case, inputs, results["y"])

    def loss(*arrays: np.ndarray) -> float:
        return float((g * OPS[case.op](*arrays, **case.params)).sum())

    for i in differentiable(case, inputs):
        assert_close(results[f"d{i}"], numeric_gradient(loss, inputs, i), *fd_tolerance(case), label=f"{case.id} d{i}")


@every_case
def test_second_order_against_finite_differences(case: Case):
    inputs = case.inputs()
    results = chainrule_results(case, inputs)
    which = differentiable(case, inputs)
    g, u = weights(case, inputs, results["y"])

    def first_order(*arrays: np.ndarray) -> float:
        """Σ uᵢ·dᵢ as a function of the inputs and, last, of the output's gradient."""
        tensors = [Tensor(array, requires_grad=i in which) for i, array in enumerate(arrays[:-1])]
        y = OPS[case.op](*tensors, **case.params)
        found = grad(y, [tensors[i] for i in which], arrays[-1])
        return float(sum((u[i] * d._data).sum() for i, d in zip(which, found, strict=True)))

    arguments = [*inputs, g]
    for i, key in [*((i, f"dd{i}") for i in which), (len(inputs), "ddg")]:
        expected = numeric_gradient(first_order, arguments, i)
        assert_close(results[key], expected, *fd_tolerance(case), label=f"{case.id} {key}")


@every_case
def test_rules_on_arrays_and_on_tensors_agree(case: Case):
    """An ordinary backward pass runs the rules on arrays, create_graph=True runs them on tensors."""
    inputs = case.inputs()
    results = chainrule_results(case, inputs)
    g, _ = weights(case, inputs, results["y"])
    which = differentiable(case, inputs)
    tensors = [Tensor(array, requires_grad=i in which) for i, array in enumerate(inputs)]
    OPS[case.op](*tensors, **case.params).backward(g)
    for i in which:
        assert_close(tensors[i].grad, results[f"d{i}"], rtol=1e-14, atol=1e-14)


def test_derivative_of_step_is_zero_but_reachable():
    x = Tensor([-1.0, 0.0, 2.0], requires_grad=True)
    ops.step(x).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


# Against PyTorch, live and recorded ---------------------------------------------------------------------------------


@every_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_against_torch(case: Case, dtype: type):
    torch = pytest.importorskip("torch")
    inputs = case.inputs()
    expected = torch_results(torch, case, inputs, dtype)
    found = chainrule_results(case, inputs, dtype)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert_close(found[key], value, *tolerance(case, value), label=f"{case.id} {key}")


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(GOLDEN, allow_pickle=False) as stored:
        return dict(stored)


def test_golden_values_cover_every_case(golden):
    recorded = {key.split("/")[0] for key in golden}
    assert recorded == {case.id for case in CASES}, "run tests/oracle/record_core.py"


@every_case
def test_against_recorded_torch(case: Case, golden):
    inputs = [golden[f"{case.id}/in{i}"] for i in range(len(case.makers))]
    found = chainrule_results(case, inputs)
    prefix = f"{case.id}/out/"
    recorded = {key.removeprefix(prefix): value for key, value in golden.items() if key.startswith(prefix)}
    assert found.keys() == recorded.keys()
    for key, value in recorded.items():
        assert_close(found[key], value, *tolerance(case, value), label=f"{case.id} {key}")


@every_case
def test_cases_draw_what_was_recorded(case: Case, golden):
    """Otherwise live and recorded runs would test different numbers."""
    for i, array in enumerate(case.inputs()):
        assert_close(array, golden[f"{case.id}/in{i}"], rtol=1e-15, atol=0)


def test_float32_inputs_are_those_of_float64():
    inputs = CASES[0].inputs()
    assert [array.dtype for array in as_dtype(inputs, np.float32)] == [np.float32] * len(inputs)
