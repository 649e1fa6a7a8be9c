"""Operators both ways, type promotion, comparison, reductions, indexing and conversion, against PyTorch."""

from __future__ import annotations

import itertools
import operator

import numpy as np
import pytest

from chainrule.core import create, functions, ops
from chainrule.core.mode import get_default_dtype, set_default_dtype
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ChainruleError, DTypeError, EngineError, ShapeError
from helpers.compare import assert_close, assert_numbers

DTYPES = [np.bool_, np.int32, np.int64, np.float32, np.float64]
OPERATORS = {name: getattr(operator, name) for name in "add sub mul truediv pow floordiv mod lt le gt ge eq ne".split()}


# Type promotion -----------------------------------------------------------------------------------------------------


def operands() -> dict[str, object]:
    arrays = {
        f"{np.dtype(dtype).name}{'' if shape else ' 0-d'}": np.full(shape, 1 if dtype is np.bool_ else 3, dtype)
        for dtype in DTYPES
        for shape in ((2,), ())
    }
    return {**arrays, "a bool": True, "an int": 2, "a float": 1.5}


# PyTorch gives bool for bool ** True and int64 for bool ** 2; chainrule gives NumPy's int8.
ODD = {("pow", left, right) for left in ("bool", "bool 0-d") for right in ("a bool", "an int")}


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_type_promotion_is_pytorchs(name: str):
    torch = pytest.importorskip("torch")
    function, compared = OPERATORS[name], 0
    for (left, a), (right, b) in itertools.product(operands().items(), repeat=2):
        if not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray):
            continue
        try:
            expected = function(*(torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in (a, b))).numpy()
        except (RuntimeError, NotImplementedError):
            continue  # PyTorch has no such kernel (bool - bool, …)
        found = function(*(Tensor(v) if isinstance(v, np.ndarray) else v for v in (a, b)))
        if (name, left, right) not in ODD:
            assert_close(found, expected, label=f"{left} {name} {right}")
            compared += 1
    assert compared > 90


RECORDED_PROMOTION = [
    ("float32", "int64", "float32"),
    ("float32", "float64 0-d", "float32"),
    ("float32 0-d", "float64", "float64"),
    ("float32", "float64", "float64"),
    ("int64", "a float", "float32"),
    ("float64", "a float", "float64"),
    ("float32", "an int", "float32"),
    ("int32", "int64 0-d", "int32"),
    ("int32 0-d", "int64", "int64"),
    ("bool", "an int", "int64"),
    ("bool", "int32", "int32"),
    ("bool", "float64 0-d", "float64"),
    ("bool", "a float", "float32"),
    ("int64", "float64 0-d", "float64"),
]


@pytest.mark.parametrize(("left", "right", "expected"), RECORDED_PROMOTION)
def test_recorded_type_promotion(left: str, right: str, expected: str):
    a, b = (Tensor(v) if isinstance(v, np.ndarray) else v for v in (operands()[left], operands()[right]))
    assert (a * b).dtype == expected
    assert (b * a).dtype == expected


def test_division_of_integers_gives_the_default_dtype():
    assert (tensor([1, 2]) / 2).dtype == np.float32
    assert (tensor([1, 2]) / tensor([2, 2])).tolist() == [0.5, 1.0]
    for function in (ops.exp, ops.sqrt, ops.sigmoid, ops.mean, ops.gelu):
        assert function(tensor([1, 4])).dtype == np.float32


def test_default_dtype_can_be_float64():
    assert get_default_dtype() == np.float32
    set_default_dtype("float64")
    try:
        assert tensor([1.0]).dtype == np.float64
        assert create.zeros(2).dtype == np.float64
        assert (tensor([1]) / 2).dtype == np.float64
        assert (tensor([1]) * 0.5).dtype == np.float64
    finally:
        set_default_dtype(np.float32)
    with pytest.raises(DTypeError):
        set_default_dtype(np.int64)


def test_dtypes_of_new_tensors():
    assert tensor([1.0]).dtype == np.float32
    assert tensor([1]).dtype == np.int64
    assert tensor([True]).dtype == np.bool_
    assert tensor(np.array([1.0])).dtype == np.float64
    assert tensor(np.float64(1.0)).dtype == np.float64
    assert tensor([1], dtype="float64").dtype == np.float64
    assert tensor([]).dtype == np.float32
    assert tensor([tensor(1.0), 2.0]).tolist() == [1.0, 2.0]


def test_tensor_copies_and_wrapping_shares():
    array = np.ones(2)
    assert tensor(array)._data is not array
    assert Tensor(array)._data is array
    assert create.from_numpy(array)._data is array
    assert create.as_tensor(array)._data is array
    t = tensor([1.0])
    assert tensor(t)._data is not t._data


# Operators ----------------------------------------------------------------------------------------------------------

OTHERS = [2, 2.0, np.float64(2.0), np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), [1.0, 2.0], (1.0, 2.0), tensor(2.0)]


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: type(other).__name__)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
def test_operators_work_both_ways(name: str, other):
    function = OPERATORS[name]
    value = np.array([3.0, 4.0])
    x = Tensor(value, requires_grad=True)
    plain = np.asarray(getattr(other, "_data", other), np.float64)
    for found, expected in ((function(x, other), function(value, plain)), (function(other, x), function(plain, value))):
        assert isinstance(found, Tensor)
        assert_close(found, expected, rtol=1e-15)
        found.sum().backward()
        assert x.grad.shape == (2,)


def test_matmul_works_both_ways():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    for found in (x @ y, x @ b, a @ y, x.matmul(b), x.mm(y)):
        assert isinstance(found, Tensor)
        assert found.requires_grad
        assert_close(found, a @ b)


def test_numpy_functions_do_not_swallow_tensors():
    x = Tensor(np.ones(2), requires_grad=True)
    assert isinstance(np.float32(2) * x, Tensor)
    assert isinstance(np.ones(2) + x, Tensor)
    assert (np.ones((2, 2)) @ x).requires_grad


def test_unary_operators():
    x = tensor([-1.5, 2.0])
    assert (-x).tolist() == [1.5, -2.0]
    assert (+x) is x
    assert abs(x).tolist() == [1.5, 2.0]
    assert (~tensor([True, False])).tolist() == [False, True]
    assert (~tensor([1, -2])).tolist() == [-2, 1]
    assert (tensor([True, False]) & tensor([True, True])).tolist() == [True, False]
    assert (tensor([True, False]) | True).tolist() == [True, True]
    assert (True ^ tensor([True, False])).tolist() == [False, True]


def test_comparison_with_anything():
    x = tensor([1.0, 2.0])
    assert (x == 1).tolist() == [True, False]
    assert (x != np.array([1.0, 3.0])).tolist() == [False, True]
    assert (x > 1.5).tolist() == [False, True]
    assert (np.float32(1.5) > x).tolist() == [True, False]
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert (x == "a") is False
    assert 2.0 in x
    assert 3.0 not in x
    assert None not in x
    for wrong in (None, "a"):
        with pytest.raises(TypeError):
            operator.lt(x, wrong)
    with pytest.raises(ShapeError, match=r"eq .*\(2,\) and \(3,\)"):
        operator.eq(x, [1, 2, 3])


def test_tensors_are_hashable_by_identity():
    x, y = tensor([1.0, 2.0]), tensor([1.0, 2.0])
    assert len({x, y, x}) == 2
    assert {x: 1}[x] == 1


# Reductions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [None, 0, 1, -1, (0, 2), (-1, 0), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "amax", "amin", "logsumexp"])
def test_reductions_against_torch(name: str, dim, keepdim: bool):
    torch = pytest.importorskip("torch")
    if name == "logsumexp" and dim is None:
        return
    value = np.random.default_rng(3).standard_normal((2, 3, 4))
    x, t = Tensor(value, requires_grad=True), torch.tensor(value, requires_grad=True)
    y = getattr(x, name)(dim=dim, keepdim=keepdim)
    whole = tuple(range(3)) if dim is None else dim
    expected = getattr(t, name)(dim=whole, keepdim=keepdim)
    assert_close(y, expected)
    (y * y).sum().backward()
    (expected * expected).sum().backward()
    assert_close(x.grad, t.grad)


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("name", ["max", "min"])
def test_max_with_dim_gives_values_and_indices(name: str, dim: int, keepdim: bool):
    torch = pytest.importorskip("torch")
    value = np.random.default_rng(4).integers(0, 5, (3, 4)).astype(np.float64)
    x, t = Tensor(value, requires_grad=True), torch.tensor(value, requires_grad=True)
    found, expected = getattr(x, name)(dim, keepdim=keepdim), getattr(t, name)(dim, keepdim=keepdim)
    values, indices = found
    assert found.values is values
    assert found.indices is indices
    assert_close(values, expected.values)
    assert indices.dtype == np.int64
    assert indices.shape == tuple(expected.indices.shape)
    np.testing.assert_array_equal(
        np.take_along_axis(value, indices._data if keepdim else np.expand_dims(indices._data, dim), dim).reshape(
            values.shape
        ),
        values._data,
    )
    values.sum().backward()
    # One element of each row gets it all, unlike amax, which shares among ties.
    assert sorted(x.grad._data.reshape(-1).tolist()) == [0.0] * (12 - values.numel()) + [1.0] * values.numel()


def test_max_of_everything_and_of_two():
    x = tensor([[1.0, 5.0], [3.0, 2.0]], requires_grad=True)
    assert x.max().item() == 5.0
    assert x.min().item() == 1.0
    assert x.max(tensor(2.5)).tolist() == [[2.5, 5.0], [3.0, 2.5]]
    assert functions.max(x, 1).indices.tolist() == [1, 0]
    assert functions.argmax(x).item() == 1
    assert x.argmin(0, keepdim=True).tolist() == [[0, 1]]


@pytest.mark.parametrize(("dim", "keepdim"), [(None, False), (0, False), (-1, True)])
def test_all_and_any(dim, keepdim: bool):
    value = np.array([[True, False], [True, True]])
    assert_close(Tensor(value).all(dim, keepdim), np.asarray(value.all(dim, keepdims=keepdim)))
    assert_close(Tensor(value).any(dim, keepdim), np.asarray(value.any(dim, keepdims=keepdim)))


def test_sum_of_truth_values_counts_them():
    y = tensor([True, True, False]).sum()
    assert (y.item(), y.dtype) == (2, np.int64)


@pytest.mark.parametrize("p", [1, 2, 3, float("inf")])
def test_norms(p: float):
    torch = pytest.importorskip("torch")
    value = np.random.default_rng(5).standard_normal((3, 4))
    assert_close(Tensor(value).norm(p), torch.tensor(value).norm(p))
    assert_close(Tensor(value).norm(p, 1, True), torch.tensor(value).norm(p, 1, True))


# Indexing -----------------------------------------------------------------------------------------------------------

INDICES = [
    0,
    -1,
    slice(1, None),
    slice(None, None, 2),
    (slice(None), 1),
    (0, 1, 2),
    Ellipsis,
    (Ellipsis, 0),
    (0, Ellipsis, slice(1, 3)),
    None,
    (slice(None), None, 0),
    np.array([2, 0, 0]),
    (slice(None), np.array([0, 1, 1])),
    (np.array([0, 2]), np.array([1, 1])),
    (np.array([[0], [2]]), slice(None), np.array([[1, 3]])),
    np.random.default_rng(0).random((3, 2, 4)) < 0.4,
    np.array([True, False, True]),
    (slice(None), np.array([False, True])),
    np.zeros(3, bool),
    slice(3, 3),
]


@pytest.mark.parametrize("index", INDICES, ids=lambda index: str(index).replace("\n", "")[:40])
def test_indexing_against_torch(index):
    torch = pytest.importorskip("torch")
    value = np.random.default_rng(6).standard_normal((3, 2, 4))
    x, t = Tensor(value, requires_grad=True), torch.tensor(value, requires_grad=True)
    own, theirs = (
        tuple(convert(p) if isinstance(p, np.ndarray) else p for p in index)
        if isinstance(index, tuple)
        else convert(index)
        if isinstance(index, np.ndarray)
        else index
        for convert in (Tensor, torch.from_numpy)
    )
    y, expected = x[own], t[theirs]
    assert_close(y, expected)
    (y * y).sum().backward()
    (expected * expected).sum().backward()
    assert_close(x.grad, t.grad)
    assert_close(x[index], expected)  # with NumPy arrays as indices, too


def test_indexing_by_tensors_and_lists():
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x[[1, 0]].tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert x[tensor(1)].tolist() == [3.0, 4.0]
    assert x[x > 2].tolist() == [3.0, 4.0]
    assert x[0][1].item() == 2.0
    assert [1, 2, 3][tensor(1)] == 2
    assert x[::-1].tolist() == [[3.0, 4.0], [1.0, 2.0]]  # PyTorch has no negative steps


def test_assignment_by_index():
    x = create.zeros(2, 3)
    x[0] = 1
    x[:, 2] = tensor([7.0, 8.0])
    x[x > 7] = -1.0
    x[1, [0, 1]] = np.array([5.0, 6.0])
    assert x.tolist() == [[1.0, 1.0, 7.0], [5.0, 6.0, -1.0]]


@pytest.mark.parametrize("wrong", [5, (0, 0, 0), 0.5, "a", np.array([5]), np.array([True, False, True])])
def test_impossible_indices(wrong):
    x = create.zeros(2, 3)
    with pytest.raises(ChainruleError):
        x[wrong]


# Shape --------------------------------------------------------------------------------------------------------------


def test_shapes():
    x = create.zeros(2, 3, 4)
    assert x.shape == (2, 3, 4)
    assert x.shape.numel() == 24
    assert repr(x.shape) == "Size([2, 3, 4])"
    assert (x.size(), x.size(-1), x.dim(), x.ndim, x.numel(), x.nelement()) == ((2, 3, 4), 4, 3, 3, 24, 24)
    assert x.view(6, -1).shape == (6, 4)
    assert x.reshape((4, 6)).shape == (4, 6)
    assert x.flatten().shape == (24,)
    assert x.flatten(1).shape == (2, 12)
    assert x.flatten(0, 1).shape == (6, 4)
    assert x.flatten(-2).shape == (2, 12)
    assert x.T.shape == (4, 3, 2)
    assert x.mT.shape == (2, 4, 3)
    assert x.permute(2, 0, 1).shape == (4, 2, 3)
    assert x.transpose(0, -1).shape == (4, 3, 2)
    assert x.unsqueeze(-1).squeeze(-1).shape == (2, 3, 4)
    assert x[:1].expand(5, -1, 4).shape == (5, 3, 4)
    assert x[:1].expand_as(x).shape == x.shape
    assert x.view_as(create.zeros(24)).shape == (24,)
    assert create.zeros(3).t().shape == (3,)
    assert tensor(1.0).flatten().shape == (1,)


def test_cat_and_stack():
    a, b = tensor([[1.0, 2.0]], requires_grad=True), tensor([[3.0, 4.0]], requires_grad=True)
    assert functions.cat([a, b]).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert functions.cat((a, b), dim=-1).tolist() == [[1.0, 2.0, 3.0, 4.0]]
    y = functions.stack([a, b], dim=1)
    assert y.shape == (1, 2, 2)
    (y * tensor([[[1.0, 2.0], [3.0, 4.0]]])).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([[1.0, 2.0]], [[3.0, 4.0]])
    assert functions.cat([tensor([1]), tensor([0.5])]).tolist() == [1.0, 0.5]


def test_where_method():
    x = tensor([1.0, -2.0], requires_grad=True)
    y = x.where(x > 0, 0.5)
    assert (y.tolist(), y.dtype) == ([1.0, 0.5], np.float32)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]
    assert ops.where(x > 0, 1.0, 0.0).dtype == np.float32


# Python's protocols -------------------------------------------------------------------------------------------------


def test_length_and_iteration():
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(x) == 2
    first, second = x
    assert second.tolist() == [3.0, 4.0]
    (first * second).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    for function in (len, list):
        with pytest.raises(DTypeError, match="0-d"):
            function(tensor(1.0))


def test_conversion_to_numbers():
    assert float(tensor([2.5])) == 2.5
    assert int(tensor(2.9)) == 2
    assert bool(tensor(0.0)) is False
    assert bool(tensor([[True]])) is True
    assert range(5)[tensor(3)] == 3
    assert isinstance(tensor(1).item(), int)
    assert isinstance(tensor(1.0).item(), float)
    assert isinstance(tensor(True).item(), bool)
    assert f"{tensor(0.126):.2f}" == "0.13"
    for function in (float, int, bool, lambda x: x.item()):
        with pytest.raises(ChainruleError):
            function(tensor([1.0, 2.0]))
    with pytest.raises(DTypeError):
        range(5)[tensor(1.0)]


def test_conversion_to_numpy():
    x = tensor([1.0, 2.0])
    assert x.numpy() is x._data
    assert np.asarray(x) is x._data
    copied = np.array(x)
    assert copied is not x._data
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    x.requires_grad_()
    for function in (lambda: x.numpy(), lambda: np.asarray(x)):
        with pytest.raises(RuntimeError, match="detach"):
            function()
    assert x.detach().numpy().tolist() == [1.0, 2.0]
    assert x.tolist() == [1.0, 2.0]


def test_to():
    x = tensor([1.5])
    assert x.to("cpu") is x
    assert x.to(np.float32) is x
    assert x.to(np.float64).dtype == np.float64
    assert x.to("cpu", np.int64).tolist() == [1]
    assert x.to(tensor([1])).dtype == np.int64
    assert (x.float() is x, x.double().dtype, x.long().dtype) == (True, np.float64, np.int64)
    assert x.cpu() is x
    with pytest.raises(EngineError, match="CPU"):
        x.to("cuda")
    with pytest.raises(DTypeError, match="foo"):
        x.to("foo")


def test_creation():
    assert create.zeros(2, 3).tolist() == [[0.0] * 3] * 2
    assert create.ones((2,)).tolist() == [1.0, 1.0]
    assert create.full((2,), 7).dtype == np.int64
    assert create.full((2,), 7.0).dtype == np.float32
    assert create.zeros_like(tensor([1, 2])).dtype == np.int64
    assert create.ones_like(tensor([1.0]), requires_grad=True).requires_grad
    assert create.full_like(tensor([1.0]), 3).tolist() == [3.0]
    assert create.arange(3).tolist() == [0, 1, 2]
    assert create.arange(1, 2, 0.5).dtype == np.float32
    assert create.linspace(0, 1, 3).tolist() == [0.0, 0.5, 1.0]
    assert create.eye(2).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert create.empty(2).shape == (2,)
    assert create.rand(5).dtype == np.float32
    assert create.randn(2, 3, requires_grad=True).requires_grad
    assert sorted(create.randperm(5).tolist()) == [0, 1, 2, 3, 4]
    assert set(create.randint(0, 3, (50,)).tolist()) == {0, 1, 2}
    with pytest.raises(DTypeError, match="from_numpy"):
        create.from_numpy([1.0])


def test_comparison_functions():
    assert functions.allclose(tensor([1.0]), tensor([1.0 + 1e-7]))
    assert not functions.allclose(tensor([1.0]), tensor([1.1]))
    assert functions.equal(tensor([1.0]), tensor([1.0]))
    assert not functions.equal(tensor([1.0]), tensor([1.0, 1.0]))
    assert_numbers(ops.std(tensor([1.0, 2.0, 3.0])), np.array(1.0))
