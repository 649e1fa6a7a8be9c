"""Numbers worked out on paper, which every automatic differentiation must give."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.core import create, ops
from chainrule.core.backward import grad
from chainrule.core.tape import GradientTape
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import GradientError
from helpers.compare import assert_numbers


def test_mean_of_a_cube():
    x = create.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y**3
    out = z.mean()
    y.retain_grad()
    z.retain_grad()
    out.backward(retain_graph=True)
    assert out.item() == 27.0
    assert_numbers(x.grad, np.full((2, 2), 6.75))
    assert_numbers(y.grad, np.full((2, 2), 6.75))
    assert_numbers(z.grad, np.full((2, 2), 0.25))
    out.backward()
    assert_numbers(x.grad, np.full((2, 2), 13.5))
    with pytest.raises(GradientError, match="second time"):
        out.backward()


def test_vector_jacobian_product():
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    y.backward([0.1, 1, 0.0001])
    assert_numbers(x.grad, np.array([0.2, 2, 0.0002]), rtol=1e-6)
    x.grad = None
    (x * 2).backward(tensor([0.1, 1, 0.0001]))
    assert_numbers(x.grad, np.array([0.2, 2, 0.0002]), rtol=1e-6)


def test_tape_sum_then_square():
    x = create.ones(2, 2)
    with GradientTape() as tape:
        tape.watch(x)
        y = x.sum()
        z = y * y
    assert_numbers(tape.gradient(z, x), np.full((2, 2), 8.0))


def test_tape_gradient_of_an_intermediate_result():
    x = create.ones(2, 2)
    with GradientTape() as tape:
        tape.watch(x)
        y = x.sum()
        z = y * y
    assert_numbers(tape.gradient(z, y), np.array(8.0))


def test_persistent_tape_gives_two_gradients():
    x = tensor(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert tape.gradient(z, x).item() == 108.0
    assert tape.gradient(y, x).item() == 6.0


def test_tape_that_is_not_persistent_works_once():
    x = tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x).item() == 6.0
    with pytest.raises(GradientError, match="non-persistent"):
        tape.gradient(y, x)


def test_nested_tapes_give_the_second_derivative():
    x = tensor(1.0, requires_grad=True)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x * x * x
        first = inner.gradient(y, x)
    assert first.item() == 3.0
    assert outer.gradient(first, x).item() == 6.0


def test_second_derivative_by_grad():
    x = tensor(1.0, requires_grad=True)
    (first,) = grad(x**3, x, create_graph=True)
    (second,) = grad(first, x, create_graph=True)
    (third,) = grad(second, x)
    assert [first.item(), second.item(), third.item()] == [3.0, 6.0, 6.0]


def test_multiply_rule_swaps_the_factors():
    a, b = tensor(2.0, requires_grad=True), tensor(5.0, requires_grad=True)
    (a * b).backward(tensor(3.0))
    assert (a.grad.item(), b.grad.item()) == (15.0, 6.0)


def test_add_rule_passes_the_gradient_on():
    a, b = tensor(2.0, requires_grad=True), tensor(5.0, requires_grad=True)
    (a + b).backward(tensor(3.0))
    assert (a.grad.item(), b.grad.item()) == (3.0, 3.0)


def test_sigmoid_rule():
    x = tensor(0.0, requires_grad=True)
    y = x.sigmoid()
    y.backward(tensor(2.0))
    assert (y.item(), x.grad.item()) == (0.5, 0.5)


def test_max_rule_routes_the_gradient():
    a, b = tensor(2.0, requires_grad=True), tensor(5.0, requires_grad=True)
    ops.maximum(a, b).backward(tensor(3.0))
    assert (a.grad.item(), b.grad.item()) == (0.0, 3.0)


def test_fan_out_adds_up():
    x = tensor(3.0, requires_grad=True)
    y = x * 2
    (y * 5 + y * y + x).backward()
    assert x.grad.item() == 10 + 2 * 2 * 6 + 1


def test_one_sigmoid_neuron():
    """The two-input neuron of many lecture notes: w = (2, -3), bias -3, x = (-1, -2)."""
    w = [tensor(v, requires_grad=True) for v in (2.0, -3.0, -3.0)]
    x = [tensor(v, requires_grad=True) for v in (-1.0, -2.0)]
    y = (w[0] * x[0] + w[1] * x[1] + w[2]).sigmoid()
    y.backward()
    s = 1 / (1 + np.exp(-1.0))
    assert y.item() == pytest.approx(s, rel=1e-6)
    found = [v.grad.item() for v in (*w, *x)]
    assert found == pytest.approx([s * (1 - s) * d for d in (-1, -2, 1, 2, -3)], rel=1e-5)


def test_xor_loss_at_one_half():
    """Four outputs of one half cost ln 2 each: where one neuron ends on XOR."""
    p = Tensor(np.full(4, 0.5))
    assert ops.binary_cross_entropy(p, Tensor([0.0, 1.0, 1.0, 0.0])).mean().item() == pytest.approx(0.6931471805599453)
