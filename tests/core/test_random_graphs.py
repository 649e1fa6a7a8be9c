"""Random expressions, shapes and indices against PyTorch, and against finite differences where it is not installed."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.core import ops
from chainrule.core.backward import grad
from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor
from helpers.compare import assert_close, numeric_gradient
from helpers.op_cases import TORCH

# Smooth, and bounded on bounded arguments, so that expressions of any depth can be compared.
UNARY = "neg sin cos tanh sigmoid erf gelu silu softplus mish".split()
BINARY = "add sub mul maximum minimum".split()
ROWS = [("softmax", {"dim": -1}), ("log_softmax", {"dim": 0}), ("normalize", {"dim": -1, "eps": 0.1})]
REDUCTIONS = "sum mean var logsumexp max min".split()


@st.composite
def programs(draw) -> tuple[list[np.ndarray], list[tuple]]:
    """Leaves, and steps ``(operation, numbers of its operands, parameters)`` that each add one value."""
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    shapes = draw(st.lists(st.sampled_from([(rows, columns), (columns,), (rows, 1), ()]), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    leaves = [rng.uniform(-2, 2, shape) for shape in [(rows, columns), *shapes]]
    steps: list[tuple] = []
    full = [0]  # values of the full shape
    for _ in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from(["unary", "binary", "binary", "row", "reduced", "matmul", "index"]))
        a = draw(st.sampled_from(full))
        b = draw(st.sampled_from([*full, *range(len(leaves))]))
        if kind == "unary":
            steps.append((draw(st.sampled_from(UNARY)), (a,), {}))
        elif kind == "binary":
            steps.append((draw(st.sampled_from(BINARY)), draw(st.permutations((a, b))), {}))
        elif kind == "row":
            name, params = draw(st.sampled_from(ROWS))
            steps.append((name, (a,), params))
        elif kind == "reduced":
            name = draw(st.sampled_from(REDUCTIONS))
            params = {"dim": draw(st.sampled_from([0, 1, -1, (0, 1)])), "keepdim": True}
            steps.append((name, (a,), {**params, "correction": 0} if name == "var" else params))
            steps.append(("add", (a, len(leaves) + len(steps) - 1), {}))
        elif kind == "matmul":
            steps.append(("transpose", (a,), {"dim0": 0, "dim1": 1}))
            steps.append(("matmul", (a, len(leaves) + len(steps) - 1), {}))
            steps.append(("tanh", (len(leaves) + len(steps) - 1,), {}))
            steps.append(("matmul", (len(leaves) + len(steps) - 1, a), {}))
        else:
            index = np.array(draw(st.lists(st.integers(0, rows - 1), min_size=rows, max_size=rows)))
            steps.append(("getitem", (a,), {"index": index}))
        full.append(len(leaves) + len(steps) - 1)
    return leaves, steps


def run(leaves: list, steps: list[tuple], call) -> list:
    values = list(leaves)
    for name, operands, params in steps:
        values.append(call(name, [values[i] for i in operands], params))
    return values


def chainrule_call(name: str, operands: list, params: dict):
    return OPS[name](*operands, **params)


def loss_of(values: list):
    """Everything contributes, so that fan-out is the rule."""
    total = 0.0
    for value in values:
        total = total + (value * value).mean()
    return total


def is_tame(leaves: list[np.ndarray], steps: list[tuple]) -> bool:
    with np.errstate(all="ignore"):
        values = run(leaves, steps, chainrule_call)
    return all(np.isfinite(value).all() and np.abs(value).max() < 1e3 for value in values)


@given(programs())
def test_random_programs(program):
    leaves, steps = program
    if not is_tame(leaves, steps):
        return
    tensors = [Tensor(leaf.copy(), requires_grad=True) for leaf in leaves]
    loss = loss_of(run(tensors, steps, chainrule_call))
    loss.backward(retain_graph=True)
    if importlib.util.find_spec("torch"):
        import torch

        peers = [torch.tensor(leaf, requires_grad=True) for leaf in leaves]
        expected = loss_of(run(peers, steps, lambda name, operands, params: TORCH[name](torch, *operands, **params)))
        expected.backward(retain_graph=True)
        assert_close(loss, expected, rtol=1e-9)
        scale = max(float(peer.grad.abs().max()) for peer in peers)
        for own, peer in zip(tensors, peers, strict=True):
            assert_close(own.grad, peer.grad, rtol=1e-8, atol=1e-10 * scale)
        second_order(loss, tensors, expected, peers, torch)
    elif not {"maximum", "minimum", "max", "min"} & {name for name, *_ in steps}:
        for i, own in enumerate(tensors):
            numeric = numeric_gradient(lambda *xs: float(loss_of(run(list(xs), steps, chainrule_call))), leaves, i)
            assert_close(own.grad, numeric, rtol=1e-5, atol=1e-6 * max(1.0, np.abs(numeric).max()))


def second_order(loss, tensors, expected, peers, torch) -> None:
    own = sum((g * g).sum() for g in grad(loss, tensors, create_graph=True))
    theirs = sum((g * g).sum() for g in torch.autograd.grad(expected, peers, create_graph=True))
    found = grad(own, tensors, allow_unused=True, materialize_grads=True)
    wanted = torch.autograd.grad(theirs, peers, allow_unused=True, materialize_grads=True)
    scale = max(float(w.abs().max()) for w in wanted)
    for f, w in zip(found, wanted, strict=True):
        assert_close(f, w, rtol=1e-7, atol=1e-9 * scale)


@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=3), st.integers(0, 2**32 - 1))
def test_broadcasting_of_any_shapes(shapes, seed: int):
    """d/dx Σ g·(x·y + z): the gradient of each operand has its shape, and sums what was repeated."""
    rng = np.random.default_rng(seed)
    x, y, z = (Tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes.input_shapes)
    result = x * y + z
    assert result.shape == shapes.result_shape
    g = rng.standard_normal(shapes.result_shape)
    result.backward(g)
    for own, full in ((x, g * y._data), (y, g * x._data), (z, g)):
        shape = own.shape
        full = np.broadcast_to(full, shapes.result_shape)
        lead = full.ndim - len(shape)
        axes = tuple(i for i in range(full.ndim) if i < lead or (shape[i - lead] == 1 and full.shape[i] != 1))
        assert_close(own.grad, full.sum(axis=axes, keepdims=True).reshape(shape))


@given(
    hnp.array_shapes(min_dims=1, max_dims=4, max_side=4).flatmap(
        lambda s: st.tuples(st.just(s), hnp.basic_indices(s, allow_newaxis=True, allow_ellipsis=True))
    )
)
def test_basic_indexing(shape_and_index):
    shape, index = shape_and_index
    value = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    x = Tensor(value, requires_grad=True)
    y = x[index]
    assert_close(y, np.asarray(value[index]))
    y.backward(np.ones(y.shape))
    expected = np.zeros(shape)
    expected[index] = 1
    assert_close(x.grad, expected)


@given(
    hnp.array_shapes(min_dims=1, max_dims=3, max_side=4).flatmap(
        lambda s: st.tuples(st.just(s), hnp.integer_array_indices(s))
    )
)
def test_indexing_by_integers(shape_and_index):
    shape, index = shape_and_index
    value = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    x = Tensor(value, requires_grad=True)
    y = x[index]
    assert_close(y, value[index])
    y.backward(np.ones(y.shape))
    expected = np.zeros(shape)
    np.add.at(expected, index, 1)
    assert_close(x.grad, expected)


@given(hnp.array_shapes(min_dims=0, max_dims=4, max_side=3), st.data())
def test_reductions_over_any_dimensions(shape, data):
    value = np.random.default_rng(1).standard_normal(shape)
    dims = data.draw(
        st.one_of(
            st.none(), st.lists(st.integers(0, max(len(shape) - 1, 0)), unique=True, max_size=len(shape)).map(tuple)
        )
    )
    keepdim = data.draw(st.booleans())
    axes = tuple(range(len(shape))) if not dims else tuple(dims)
    x = Tensor(value, requires_grad=True)
    y = x.sum(dims, keepdim)
    assert_close(y, np.asarray(value.sum(axis=axes, keepdims=keepdim)))
    g = np.random.default_rng(2).standard_normal(y.shape)
    y.backward(g)
    kept = g.reshape([1 if axis in axes else size for axis, size in enumerate(shape)])
    assert_close(x.grad, np.broadcast_to(kept, shape))


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=5), elements=st.floats(width=32)))
def test_no_number_breaks_an_operation(value):
    """Infinities, NaN, subnormal and huge numbers pass through every row without an exception."""
    for name in [*UNARY, *"exp log sqrt abs sign relu leaky_relu elu selu hardtanh step log1p expm1".split()]:
        x = Tensor(value, requires_grad=True)
        y = OPS[name](x)
        assert (y.shape, y.dtype) == (value.shape, np.float32)
        y.backward(np.ones_like(value))
        assert x.grad.dtype == np.float32
    finite = np.isfinite(value)
    bounded = ops.sigmoid(Tensor(value))._data
    assert ((bounded >= 0) & (bounded <= 1))[finite].all()
    probabilities = ops.softmax(Tensor(np.where(finite, value, 0)), dim=-1)._data
    np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-5)
