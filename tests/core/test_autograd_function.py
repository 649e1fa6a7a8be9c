"""Operations of the user's own: `Function`, against PyTorch's where both are here."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.core import create
from chainrule.core.backward import grad
from chainrule.core.function import Function
from chainrule.core.gradcheck import gradcheck, gradgradcheck
from chainrule.core.mode import is_grad_enabled, no_grad
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import GradientError, ShapeError


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 * x


class Exp(Function):
    """Saves its output, as PyTorch's own example does."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Scale(Function):
    """A constant argument, which gets no gradient."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor, None


class SumAndProduct(Function):
    @staticmethod
    def forward(ctx, a, b):
        product = a * b
        ctx.save_for_backward(a, b, product)
        return a + b, product

    @staticmethod
    def backward(ctx, g_sum, g_product):
        a, b, _ = ctx.saved_tensors
        return g_sum + g_product * b, g_sum + g_product * a


class Modern(Function):
    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0], output)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * 3 * y / x


def point(*values: float) -> Tensor:
    return Tensor(np.array(values), requires_grad=True)


@pytest.mark.parametrize("function", [Square, Exp, Modern])
def test_first_and_second_derivatives(function):
    assert gradcheck(function.apply, (point(0.5, -1.5, 2.0),))
    assert gradgradcheck(function.apply, (point(0.5, -1.5, 2.0),))


def test_functions_of_several_inputs_and_outputs():
    assert gradcheck(SumAndProduct.apply, (point(0.5, -1.5), point(2.0, 3.0)))
    assert gradgradcheck(SumAndProduct.apply, (point(0.5, -1.5), point(2.0, 3.0)))
    assert gradcheck(lambda x: Scale.apply(x, 3.0), (point(1.0, 2.0),))


def test_one_of_two_outputs():
    a, b = point(2.0), point(5.0)
    total, product = SumAndProduct.apply(a, b)
    assert total.grad_fn.name == "SumAndProductBackward"
    product.sum().backward(retain_graph=True)
    assert (a.grad.item(), b.grad.item()) == (5.0, 2.0)
    (total * 2 + product * product).sum().backward()
    assert a.grad.item() == 5.0 + 2.0 + 2 * 10 * 5


def test_output_used_as_saved_output_and_again():
    """Second order through a saved output of a function with two outputs."""

    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            e, s = x.exp(), x.sin()
            ctx.save_for_backward(x, e)
            return e, s

        @staticmethod
        def backward(ctx, ge, gs):
            x, e = ctx.saved_tensors
            return ge * e + gs * x.cos()

    assert gradgradcheck(Both.apply, (point(0.3, -0.7),))
    x = point(0.3)
    e, _ = Both.apply(x)
    (first,) = grad(e, x, create_graph=True)
    del e, _
    assert grad(first, x)[0].item() == pytest.approx(np.exp(0.3))


def test_forward_is_not_recorded_and_backward_is():
    modes = []

    class Spy(Function):
        @staticmethod
        def forward(ctx, x):
            modes.append(is_grad_enabled())
            return x * 2

        @staticmethod
        def backward(ctx, g):
            modes.append(is_grad_enabled())
            return g * 2

    x = point(1.0)
    y = Spy.apply(x)
    y.backward(retain_graph=True)
    grad(y, x, create_graph=True)
    assert modes == [False, False, True]
    assert y.grad_fn.name == "SpyBackward"


def test_no_graph_without_need():
    assert Square.apply(tensor([1.0])).grad_fn is None
    with no_grad():
        assert not Square.apply(point(1.0)).requires_grad


def test_saved_tensors_are_freed():
    x = point(2.0)
    y = Square.apply(x)
    y.backward()
    with pytest.raises(GradientError, match=r"SquareBackward.*freed"):
        y.backward()


def test_needs_input_grad():
    seen = []

    class Watch(Function):
        @staticmethod
        def forward(ctx, a, b, c):
            seen.append(ctx.needs_input_grad)
            return a + b

        @staticmethod
        def backward(ctx, g):
            return g, g, None

    Watch.apply(point(1.0), tensor([1.0]), 3)
    assert seen == [(True, False, False)]


def test_gradients_of_two_inputs_do_not_share_memory():
    class Same(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a + b

        @staticmethod
        def backward(ctx, g):
            h = g * 1
            return h, h

    a, b = point(1.0), point(1.0)
    Same.apply(a, b).backward()
    a.grad.mul_(5)
    assert b.grad.tolist() == [1.0]


def test_unused_outputs_get_zeros_or_none():
    got = []

    class Pair(Function):
        materialize = True

        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(Pair.materialize)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, g1, g2):
            got.append(g2 if g2 is None else g2.tolist())
            return g1

    for materialize, expected in ((True, [0.0]), (False, None)):
        Pair.materialize = materialize
        Pair.apply(point(1.0))[0].backward()
        assert got.pop() == expected


def test_non_differentiable_outputs():
    class Sort(Function):
        @staticmethod
        def forward(ctx, x):
            order = tensor(np.argsort(x._data))
            ctx.mark_non_differentiable(order)
            ctx.order = order
            return x[order], order

        @staticmethod
        def backward(ctx, g, _):
            back = np.empty_like(ctx.order._data)
            back[ctx.order._data] = np.arange(len(back))
            return g[back]

    x = point(3.0, 1.0, 2.0)
    values, order = Sort.apply(x)
    assert not order.requires_grad
    (values * tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [3.0, 1.0, 2.0]


def test_an_input_returned_unchanged():
    class Reverse(Function):
        """Gradient reversal (Ganin & Lempitsky 2015)."""

        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return -g

    x = point(1.0, 2.0)
    y = Reverse.apply(x)
    assert y is not x
    y.sum().backward()
    assert x.grad.tolist() == [-1.0, -1.0]
    assert x.is_leaf


def test_wrong_returns():
    class TooFew(Function):
        forward = staticmethod(lambda ctx, a, b: a + b)
        backward = staticmethod(lambda ctx, g: g)

    class WrongShape(Function):
        forward = staticmethod(lambda ctx, a: a * 1)
        backward = staticmethod(lambda ctx, g: g[:1])

    class NotATensor(Function):
        forward = staticmethod(lambda ctx, a: 3.0)
        backward = staticmethod(lambda ctx, g: g)

    with pytest.raises(GradientError, match=r"TooFew.*number of gradients"):
        TooFew.apply(point(1.0), point(1.0)).backward()
    with pytest.raises(ShapeError, match=r"WrongShape.*shape"):
        WrongShape.apply(point(1.0, 2.0)).sum().backward()
    with pytest.raises(GradientError, match="return tensors"):
        NotATensor.apply(point(1.0))
    with pytest.raises(NotImplementedError):
        Function.apply(point(1.0))


def test_the_same_class_text_runs_on_torch():
    """A function written for PyTorch, given both libraries' base classes and tensors."""
    torch = pytest.importorskip("torch")

    def make(base):
        class LeakyClip(base):
            @staticmethod
            def forward(ctx, x, slope):
                ctx.save_for_backward(x)
                ctx.slope = slope
                return x.clamp(min=0) + slope * x.clamp(max=0)

            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return g * (x > 0) + g * ctx.slope * (x < 0), None

        return LeakyClip

    value = np.array([-2.0, -0.5, 0.5, 3.0])
    own, peer = Tensor(value, requires_grad=True), torch.tensor(value, requires_grad=True)
    for base, x in ((Function, own), (torch.autograd.Function, peer)):
        (make(base).apply(x, 0.1) ** 2).sum().backward()
    np.testing.assert_allclose(own.grad.numpy(), peer.grad.numpy())


def test_broadcast_gradients_are_summed():
    class Add(Function):
        forward = staticmethod(lambda ctx, a, b: a + b)
        backward = staticmethod(lambda ctx, g: (g, g))

    a, b = create.ones(3, 2, requires_grad=True), create.ones(2, requires_grad=True)
    Add.apply(a, b).sum().backward()
    assert b.grad.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("pair", [False, True])
def test_outputs_that_are_broadcast_and_used_again_get_fitted_gradients(pair):
    class Doubled(Function):
        @staticmethod
        def forward(ctx, x):
            return (x * 2, x * 3) if pair else x * 2

        @staticmethod
        def backward(ctx, g, *rest):
            seen.append(tuple(g.shape))
            return 2 * g

    seen = []
    x = Tensor(np.ones(2), requires_grad=True)
    y = Doubled.apply(x)
    y = y[0] if pair else y
    ((y + np.ones((3, 2))).sum() + y.sum()).backward()
    assert seen == [(2,)]
    assert x.grad.tolist() == [8.0, 8.0]  # 2·(3 + 1)
