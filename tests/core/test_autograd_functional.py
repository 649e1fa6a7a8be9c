"""Jacobians, Hessians, products with them, and the checker of derivatives, against PyTorch and on paper."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.core import ops
from chainrule.core.function import Function
from chainrule.core.functional import hessian, jacobian, jvp, vjp
from chainrule.core.gradcheck import gradcheck, gradgradcheck
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import GradientError, ShapeError
from helpers.compare import assert_close, assert_numbers


def draws(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def one(x):
    return (x.sin() * x).exp()


def mixed(x, y):
    return x @ y, (x * x).sum()


def number(x, y):
    return ((x @ y).tanh() ** 2).sum() + x.exp().mean()


def both(torch, *arrays: np.ndarray):
    return tuple(Tensor(a) for a in arrays), tuple(torch.tensor(a) for a in arrays)


def compare(found, expected) -> None:
    if isinstance(expected, tuple):
        assert isinstance(found, tuple)
        assert len(found) == len(expected)
        for f, e in zip(found, expected, strict=True):
            compare(f, e)
    else:
        assert_close(found, expected)


def test_jacobian_against_torch():
    torch = pytest.importorskip("torch")
    (x, y), (tx, ty) = both(torch, draws(2, 3), draws(3, 2, seed=1))
    theirs = torch.autograd.functional
    compare(jacobian(one, x), theirs.jacobian(one, tx))
    compare(jacobian(mixed, (x, y)), theirs.jacobian(mixed, (tx, ty)))
    compare(jacobian(lambda a: mixed(a, a.T), x), theirs.jacobian(lambda a: mixed(a, a.T), tx))


def test_hessian_against_torch():
    torch = pytest.importorskip("torch")
    (x, y), (tx, ty) = both(torch, draws(2, 3), draws(3, 2, seed=1))
    theirs = torch.autograd.functional
    compare(hessian(number, (x, y)), theirs.hessian(number, (tx, ty)))
    compare(hessian(lambda a: one(a).sum(), x), theirs.hessian(lambda a: one(a).sum(), tx))


def test_products_against_torch():
    torch = pytest.importorskip("torch")
    (x, y, v, w), (tx, ty, tv, tw) = both(
        torch, draws(2, 3), draws(3, 2, seed=1), draws(2, 3, seed=2), draws(3, 2, seed=3)
    )
    theirs = torch.autograd.functional
    compare(vjp(one, x, v), theirs.vjp(one, tx, tv))
    compare(jvp(one, x, v), theirs.jvp(one, tx, tv))
    u = draws(2, 2, seed=4)
    compare(
        vjp(mixed, (x, y), (Tensor(u), tensor(np.float64(2.0)))),
        theirs.vjp(mixed, (tx, ty), (torch.tensor(u), torch.tensor(2.0, dtype=torch.float64))),
    )
    compare(jvp(mixed, (x, y), (v, w)), theirs.jvp(mixed, (tx, ty), (tv, tw)))


def test_on_paper():
    x = tensor([1.0, 2.0])
    assert_numbers(jacobian(lambda a: a * a, x), [[2.0, 0.0], [0.0, 4.0]])
    assert_numbers(hessian(lambda a: a[0] ** 2 * a[1], x), [[4.0, 2.0], [2.0, 0.0]])
    value, product = jvp(lambda a: a * a, x, tensor([1.0, 1.0]))
    assert (value.tolist(), product.tolist()) == ([1.0, 4.0], [2.0, 4.0])
    assert vjp(lambda a: (a * a).sum(), x)[1].tolist() == [2.0, 4.0]
    assert jvp(lambda a: a**3, tensor(2.0))[1].item() == 12.0


def test_linear_functions_have_zero_hessians():
    assert_numbers(hessian(lambda a: (3 * a).sum(), tensor([1.0, 2.0])), np.zeros((2, 2)))
    assert_numbers(hessian(lambda a, b: (a * b).sum(), (tensor([2.0]), tensor([3.0])))[0][1], [[1.0]])


def test_independent_outputs():
    x, y = tensor([1.0, 2.0]), tensor([1.0])
    _, missing = jacobian(lambda a, b: a * 2, (x, y))
    assert_numbers(missing, np.zeros((2, 1)))
    with pytest.raises(GradientError, match="independent"):
        jacobian(lambda a, b: a * 2, (x, y), strict=True)
    with pytest.raises(GradientError, match="independent"):
        jacobian(lambda a: tensor([1.0]), x, strict=True)


def test_inputs_are_left_alone():
    x = tensor([1.0, 2.0], requires_grad=True)
    jacobian(one, x)
    hessian(lambda a: one(a).sum(), x)
    assert x.grad is None
    assert not jacobian(one, x).requires_grad
    y = tensor([1.0])
    jacobian(one, y)
    assert not y.requires_grad


def test_create_graph():
    x = tensor([1.0, 2.0], requires_grad=True)
    j = jacobian(lambda a: a**3, x, create_graph=True)
    j.sum().backward()
    assert x.grad.tolist() == [6.0, 12.0]


def test_misuse():
    x = tensor([1.0, 2.0])
    with pytest.raises(ShapeError, match="single number"):
        hessian(lambda a: a * a, x)
    with pytest.raises(ShapeError, match="v is needed"):
        vjp(lambda a: a * a, x)
    with pytest.raises(ShapeError, match="v is needed"):
        jvp(lambda a: a * a, x)
    with pytest.raises(GradientError, match="tensors"):
        jacobian(lambda a: 3.0, x)


# The checker --------------------------------------------------------------------------------------------------------


class Wrong(Function):
    """x² with a derivative that is off by one part in a hundred, at one element only."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        factor = np.ones(x.shape)
        factor.reshape(-1)[-1] = 1.01
        return g * 2 * x * factor


class WrongTwice(Function):
    """The first derivative is right, the second is not: the graph is cut."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x.detach() ** 2


def test_gradcheck_passes_what_is_right():
    x, y = Tensor(draws(2, 3), requires_grad=True), Tensor(draws(3, 2), requires_grad=True)
    assert gradcheck(mixed, (x, y))
    assert gradgradcheck(mixed, (x, y))
    assert gradcheck(lambda a, n: a * n, (x, 3.0))
    assert gradcheck(ops.gelu, x)


def test_gradcheck_fails_what_is_wrong():
    x = Tensor(draws(2, 3), requires_grad=True)
    with pytest.raises(GradientError, match=r"mismatch for output 0 with respect to input 0 at \(1, 2, 1, 2\)"):
        gradcheck(Wrong.apply, x)
    assert not gradcheck(Wrong.apply, x, raise_exception=False)
    assert gradcheck(Wrong.apply, x, rtol=0.1)


def test_gradgradcheck_fails_what_is_wrong():
    x = Tensor(draws(2, 3), requires_grad=True)
    assert gradcheck(WrongTwice.apply, x)
    assert not gradgradcheck(WrongTwice.apply, x, raise_exception=False)
    with pytest.raises(GradientError, match="mismatch"):
        gradgradcheck(WrongTwice.apply, x)


def test_gradcheck_needs_float64_and_something_to_check():
    with pytest.raises(GradientError, match="float64"):
        gradcheck(one, tensor([1.0], requires_grad=True))
    with pytest.raises(GradientError, match="at least one"):
        gradcheck(one, Tensor(draws(2)))


def test_gradcheck_notices_nan():
    with pytest.raises(GradientError, match="mismatch"):
        gradcheck(ops.log, Tensor(np.array([-1.0]), requires_grad=True))
