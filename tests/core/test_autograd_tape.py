"""`GradientTape`: TensorFlow's documented examples and rules."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.core import create
from chainrule.core.mode import is_grad_enabled, no_grad
from chainrule.core.tape import GradientTape
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ChainruleError, DTypeError, GradientError
from helpers.compare import assert_numbers


def test_ordinary_tensors_must_be_watched():
    x, w = tensor(3.0), tensor(2.0, requires_grad=True)
    with GradientTape() as tape:
        y = x * w
    gx, gw = tape.gradient(y, [x, w])
    assert gx is None
    assert gw.item() == 3.0
    with GradientTape() as tape:
        tape.watch(x)
        y = x * w
    gx, gw = tape.gradient(y, [x, w])
    assert (gx.item(), gw.item()) == (2.0, 3.0)


def test_watching_leaves_the_tensor_as_it_was():
    x = tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert not x.requires_grad
    assert x.grad is None
    assert tape.gradient(y, x).item() == 6.0
    assert not x.requires_grad
    assert x.grad is None
    assert not (x * 2).requires_grad


def test_watching_ends_with_an_exception():
    x = tensor(3.0)
    with pytest.raises(GradientError), GradientTape() as tape:
        tape.watch([x, None])
    assert not x.requires_grad
    assert is_grad_enabled()


def test_structures_of_sources():
    x, y = tensor(2.0), tensor(3.0)
    with GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = x * x * y
    assert tape.gradient(z, x).item() == 12.0
    assert [g.item() for g in tape.gradient(z, (x, y))] == [12.0, 4.0]
    found = tape.gradient(z, {"x": x, "more": [y]})
    assert found["x"].item() == 12.0
    assert found["more"][0].item() == 4.0


def test_several_targets_add_up():
    x = tensor(2.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = [x * x, x * 3]
        z = create.ones(3) * x
    assert tape.gradient(y, x).item() == 7.0
    assert tape.gradient(z, x).item() == 3.0
    assert tape.gradient(z, x, output_gradients=tensor([1.0, 2.0, 3.0])).item() == 6.0


def test_unconnected_sources():
    x, y = tensor([1.0, 2.0]), tensor(1.0)
    with GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = y * 2
    assert tape.gradient(z, x) is None
    assert tape.gradient(z, x, unconnected_gradients="zero").tolist() == [0.0, 0.0]
    with pytest.raises(ChainruleError):
        tape.gradient(z, x, unconnected_gradients="zeros")


def test_without_accessed_variables():
    a, b = tensor(2.0, requires_grad=True), tensor(3.0, requires_grad=True)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    ga, gb = tape.gradient(y, [a, b])
    assert ga.item() == 3.0
    assert gb is None


def test_intermediate_sources():
    x = tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert tape.gradient(z, y).item() == 18.0


def test_third_derivative_by_three_tapes():
    x = tensor(2.0, requires_grad=True)
    with GradientTape() as third, GradientTape() as second:
        with GradientTape() as first:
            y = x**4
        d1 = first.gradient(y, x)
        d2 = second.gradient(d1, x)
    assert (d1.item(), d2.item(), third.gradient(d2, x).item()) == (32.0, 48.0, 48.0)


def test_nested_tapes_on_watched_tensors():
    x = tensor(1.0)
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = x * x * x
        first = inner.gradient(y, x)
    assert first.item() == 3.0
    assert outer.gradient(first, x).item() == 6.0


def test_gradient_of_a_gradient_inside_the_same_persistent_tape():
    x = tensor(2.0)
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**3
        first = tape.gradient(y, x)
    assert tape.gradient(first, x).item() == 12.0


def test_control_flow_is_recorded_as_it_ran():
    x = tensor(2.0)
    for steps, expected in ((1, 4.0), (3, 8 * 2.0**7)):
        with GradientTape() as tape:
            tape.watch(x)
            y = x
            for _ in range(steps):
                y = y * y
        assert tape.gradient(y, x).item() == expected


def test_jacobian():
    x = tensor([1.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert_numbers(tape.jacobian(y, x), [[2.0, 0.0], [0.0, 4.0]])


def test_tape_records_within_no_grad():
    x = tensor(3.0)
    with no_grad(), GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x).item() == 6.0
    assert is_grad_enabled()


def test_reset():
    x = tensor(3.0)
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.reset()
        tape.watch(x)
        z = x * 2
    assert tape.gradient(z, x).item() == 2.0
    assert not x.requires_grad
    assert y.item() == 9.0


def test_a_training_loop_on_the_tape():
    rng = np.random.default_rng(0)
    inputs = Tensor(rng.standard_normal((32, 2)))
    targets = inputs @ np.array([[2.0], [-1.0]]) + 0.5
    w, b = Tensor(np.zeros((2, 1)), requires_grad=True), Tensor(np.zeros(1), requires_grad=True)
    for _ in range(200):
        with GradientTape() as tape:
            loss = ((inputs @ w + b - targets) ** 2).mean()
        gw, gb = tape.gradient(loss, [w, b])
        with no_grad():
            w -= 0.1 * gw
            b -= 0.1 * gb
    assert_numbers(w.detach(), [[2.0], [-1.0]], rtol=1e-4)
    assert_numbers(b.detach(), [0.5], rtol=1e-4)


def test_misuse():
    x = tensor(3.0)
    with pytest.raises(GradientError, match="inside"):
        GradientTape().watch(x)
    with GradientTape() as tape:
        with pytest.raises(GradientError, match="tensors"):
            tape.watch(3.0)
        with pytest.raises(DTypeError, match="floating point"):
            tape.watch(tensor(3))
