"""Forward and backward hooks, against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.core.tensor import Tensor
from helpers.compare import array_of

X = np.random.default_rng(0).normal(size=(4, 3))


def test_forward_hooks_see_and_change():
    layer = nn.Identity()
    x = Tensor(np.ones(2))
    before = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
    after = layer.register_forward_hook(lambda module, args, output: output * args[0])
    assert layer(x).tolist() == [4, 4]
    before.remove()
    assert layer(x).tolist() == [1, 1]
    after.remove()
    assert layer(x) is x


def test_hooks_that_return_nothing_change_nothing():
    seen = []
    layer = nn.Linear(3, 2).double()
    expected = layer(Tensor(X)).tolist()
    layer.register_forward_pre_hook(lambda module, args: seen.append(args))
    layer.register_forward_hook(lambda module, args, output: seen.append(output))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_output))
    y = layer(Tensor(X))
    y.sum().backward()
    assert y.tolist() == expected
    assert len(seen) == 3


class Two:
    """A module with two inputs and two outputs, in either library."""

    def __new__(cls, base):
        class Module(base):
            def forward(self, a, b):
                return a * b, a + b.sum()

        return Module()


def watched(base, tensor, needs):
    seen = []
    module = Two(base)

    def hook(module, grad_input, grad_output):
        seen.append([None if g is None else np.array(array_of(g)) for g in (*grad_input, *grad_output)])
        return tuple(None if g is None else 2 * g for g in grad_input)

    module.register_full_backward_hook(hook)
    a, b = tensor(X, needs[0]), tensor(X + 1, needs[1])
    p, q = module(a, b)
    (p.sum() + (q * q).sum()).backward()
    return seen, [None if one.grad is None else np.array(array_of(one.grad)) for one in (a, b)]


@pytest.mark.parametrize("needs", [(True, True), (True, False), (False, True)])
def test_backward_hook_equals_torch(needs):
    torch = pytest.importorskip("torch")
    ours = watched(nn.Module, lambda array, flag: Tensor(array, requires_grad=flag), needs)
    theirs = watched(torch.nn.Module, lambda array, flag: torch.tensor(array, requires_grad=flag), needs)
    for mine, other in zip([*ours[0][0], *ours[1]], [*theirs[0][0], *theirs[1]], strict=True):
        if mine is None:  # where PyTorch has zeros for an input that needs no gradient
            assert other is None or not other.any()
        else:
            np.testing.assert_allclose(mine, other, rtol=1e-12)
    assert len(ours[0]) == len(theirs[0]) == 1


def test_backward_hook_of_a_first_layer_gets_no_input_gradient():
    seen = []
    layer = nn.Linear(3, 2).double()
    handle = layer.register_full_backward_hook(
        lambda module, grad_input, grad_output: seen.append((grad_input, grad_output))
    )
    layer(Tensor(X)).sum().backward()
    ((grad_input, grad_output),) = seen
    assert grad_input == (None,)
    np.testing.assert_array_equal(grad_output[0], np.ones((4, 2)))
    reference = np.array(layer.weight.grad)
    handle.remove()
    layer.zero_grad()
    layer(Tensor(X)).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad, reference)


def test_backward_hook_sees_complete_gradients_after_broadcasting():
    seen = []
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_output[0].tolist()))
    x = Tensor(np.zeros(2), requires_grad=True)
    y = layer(x)
    (y + np.ones((3, 2))).sum().backward()
    assert seen == [[3.0, 3.0]]
    assert x.grad.tolist() == [3.0, 3.0]


def test_backward_hook_on_the_graph_of_the_derivative():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 1.0,))
    x = Tensor(np.array([0.3]), requires_grad=True)
    layer(x).sum().backward(create_graph=True)
    gradient = x.grad
    x.grad = None
    gradient.sum().backward()
    t = np.tanh(0.3)
    np.testing.assert_allclose(x.grad, -2 * t * (1 - t * t), rtol=1e-12)
