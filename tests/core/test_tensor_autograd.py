"""What a tensor remembers: leaves, graphs, accumulation, hooks, modes; each as PyTorch does it."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest

from chainrule.core import create, ops
from chainrule.core.backward import backward, grad
from chainrule.core.mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ChainruleError, DTypeError, GradientError, ShapeError
from helpers.compare import assert_numbers

# Leaves and nodes ---------------------------------------------------------------------------------------------------


def test_leaves_have_no_node():
    for x in (tensor([1.0]), tensor([1.0], requires_grad=True)):
        assert x.is_leaf
        assert x.grad_fn is None
        assert x.grad is None


def test_results_have_a_named_node():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = (x * 3).exp()
    assert not y.is_leaf
    assert y.requires_grad
    assert y.grad_fn.name == "ExpBackward0"
    assert repr(y.grad_fn).startswith("<ExpBackward0 object at 0x")
    ((multiply, output),) = y.grad_fn.next_functions
    assert (multiply.name, output) == ("MulBackward0", 0)
    (accumulate, _), (constant, _) = multiply.next_functions
    assert accumulate.name == "AccumulateGrad"
    assert accumulate.variable is x
    assert constant is None


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (lambda x: x + 1, "AddBackward0"),
        (lambda x: 1 - x, "SubBackward0"),
        (lambda x: x / 2, "DivBackward0"),
        (lambda x: x**2, "PowBackward0"),
        (lambda x: -x, "NegBackward0"),
        (lambda x: x.sum(), "SumBackward0"),
        (lambda x: x.mean(), "MeanBackward0"),
        (lambda x: x.relu(), "ReluBackward0"),
        (lambda x: x.log_softmax(0), "LogSoftmaxBackward0"),
        (lambda x: x.leaky_relu() if hasattr(x, "leaky_relu") else ops.leaky_relu(x), "LeakyReluBackward0"),
        (lambda x: x.reshape(2, 1), "ReshapeBackward0"),
    ],
)
def test_node_names(expression, name: str):
    assert expression(tensor([1.0, 2.0], requires_grad=True)).grad_fn.name == name


def test_nothing_is_recorded_without_need():
    x = tensor([1.0])
    y = x * 2 + 1
    assert y.grad_fn is None
    assert y.is_leaf
    with pytest.raises(GradientError, match="does not require grad"):
        y.sum().backward()


def test_requires_grad_only_for_floats():
    for wrong in ([1, 2], [True]):
        with pytest.raises(DTypeError, match="floating point"):
            tensor(wrong, requires_grad=True)
    with pytest.raises(DTypeError, match="floating point"):
        tensor([1]).requires_grad_()


def test_requires_grad_of_a_result_cannot_be_taken_away():
    y = tensor([1.0], requires_grad=True) * 2
    with pytest.raises(GradientError, match="leaf"):
        y.requires_grad = False


@pytest.mark.parametrize("convert", ["long", "int", "bool"])
def test_integers_made_from_floats_have_no_graph(convert: str):
    x = tensor([1.5], requires_grad=True)
    y = getattr(x, convert)()
    assert not y.requires_grad
    assert y.grad_fn is None


def test_casting_to_another_float_keeps_the_graph():
    x = tensor([1.5], requires_grad=True)
    x.double().sum().backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [1.0]


def test_comparisons_have_no_graph():
    x = tensor([1.0, 2.0], requires_grad=True)
    assert not (x > 1).requires_grad
    assert not x.argmax().requires_grad


# Backward -----------------------------------------------------------------------------------------------------------


def test_gradients_accumulate():
    x = tensor([1.0, 2.0], requires_grad=True)
    for expected in ([2.0, 4.0], [4.0, 8.0], [6.0, 12.0]):
        (x * x).sum().backward()
        assert x.grad.tolist() == expected
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_accumulated_gradients_do_not_share_memory():
    x, y = tensor([1.0], requires_grad=True), tensor([1.0], requires_grad=True)
    seed = np.ones(1, np.float32)
    (x + y).backward(seed)
    x.grad.zero_()
    assert y.grad.tolist() == [1.0]
    assert seed.tolist() == [1.0]


def test_gradient_of_reshaped_and_transposed_tensors_do_not_share_memory():
    x, y = create.ones(2, 3, requires_grad=True), create.ones(3, 2, requires_grad=True)
    (x.T + y).sum().backward()
    x.grad.zero_()
    assert_numbers(y.grad, np.ones((3, 2)))


def test_backward_needs_a_scalar():
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GradientError, match="scalar outputs"):
        (x * 2).backward()
    (x * 2)[:1].backward()  # one element will do
    assert x.grad.tolist() == [2.0, 0.0]


@pytest.mark.parametrize("wrong", [[1.0], [[1.0, 1.0]], 1.0])
def test_gradient_must_fit_the_output(wrong):
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ShapeError, match=r"expected \(2,\)"):
        (x * 2).backward(wrong)


def test_second_backward_names_the_remedy():
    x = tensor(2.0, requires_grad=True)
    y = x * x
    y.backward()
    with pytest.raises(GradientError, match="retain_graph=True"):
        y.backward()
    assert x.grad.item() == 4.0


def test_retained_graph_can_be_used_again():
    x = tensor(2.0, requires_grad=True)
    y = x * x
    for expected in (4.0, 8.0, 12.0):
        y.backward(retain_graph=True)
        assert x.grad.item() == expected


def test_a_freed_part_is_noticed_from_another_output():
    x = tensor(2.0, requires_grad=True)
    shared = x * x
    (shared * 2).backward()
    with pytest.raises(GradientError, match="second time"):
        (shared * 3).backward()


def test_create_graph_makes_the_gradient_differentiable():
    x = tensor(2.0, requires_grad=True)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    first, x.grad = x.grad, None
    first.backward()
    assert x.grad.item() == 12.0


def test_backward_to_chosen_inputs():
    x, y = tensor(2.0, requires_grad=True), tensor(3.0, requires_grad=True)
    (x * y).backward(inputs=[x])
    assert (x.grad.item(), y.grad) == (3.0, None)
    (x * y).backward(inputs=y)
    assert (x.grad.item(), y.grad.item()) == (3.0, 2.0)


def test_backward_to_an_intermediate_input():
    x = tensor(2.0, requires_grad=True)
    y = x * 3
    y.retain_grad()
    (y * y).backward(inputs=[y])
    assert y.grad.item() == 12.0
    assert x.grad is None


def test_backward_of_several_roots():
    x = tensor(2.0, requires_grad=True)
    backward([x * 3, x * x], [None, tensor(2.0)])
    assert x.grad.item() == 3 + 2 * 4


def test_grad_leaves_grad_alone():
    x = tensor([1.0, 2.0], requires_grad=True)
    (g,) = grad((x * x).sum(), x)
    assert g.tolist() == [2.0, 4.0]
    assert not g.requires_grad
    assert x.grad is None


def test_grad_of_an_unused_input():
    x, y = tensor(1.0, requires_grad=True), tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GradientError, match="allow_unused"):
        grad(x * 2, [x, y])
    assert grad(x * 2, [x, y], allow_unused=True)[1] is None
    assert grad(x * 2, [x, y], materialize_grads=True)[1].tolist() == [0.0, 0.0]


def test_grad_of_a_tensor_that_needs_none():
    x, y = tensor(1.0, requires_grad=True), tensor(1.0)
    with pytest.raises(GradientError, match="does not require grad"):
        grad(x * y, y)


def test_grad_with_respect_to_an_intermediate_result_and_its_source():
    x = tensor(3.0, requires_grad=True)
    y = x * x
    gy, gx = grad(y * y, [y, x])
    assert (gy.item(), gx.item()) == (18.0, 108.0)


def test_grad_runs_and_frees_only_what_leads_to_its_inputs():
    x, w = tensor(3.0, requires_grad=True), tensor(2.0, requires_grad=True)
    y = x * x
    called = []
    y.register_hook(lambda g: called.append(g.item()))
    z = y * w.exp()
    (gw,) = grad(z, w)
    assert gw.item() == pytest.approx(9 * np.exp(2), rel=1e-6)
    assert called == []
    assert grad(y, x)[0].item() == 6.0  # y's node was not needed for w, so it is still there
    y = x * x
    (gy,) = grad(y * y, y)
    assert gy.item() == 18.0
    assert grad(y, x)[0].item() == 6.0
    with pytest.raises(GradientError, match="second time"):
        grad(y, x)


def test_grad_of_the_output_itself_is_the_seed():
    x = tensor(3.0, requires_grad=True)
    assert grad(x, x)[0].item() == 1.0
    y = x * 2
    assert grad(y, y, tensor(5.0))[0].item() == 5.0


def test_the_same_tensor_in_both_places():
    x = tensor(3.0, requires_grad=True)
    for y, expected in ((x * x, 6.0), (x / x, 0.0), (x - x, 0.0), (x + x, 2.0), (ops.maximum(x, x), 1.0)):
        assert grad(y, x)[0].item() == pytest.approx(expected, abs=1e-7)


# Hooks --------------------------------------------------------------------------------------------------------------


def test_retain_grad_of_a_result():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    assert not y.retains_grad
    y.retain_grad()
    assert y.retains_grad
    (y * y).sum().backward()
    assert y.grad.tolist() == [4.0, 8.0]
    with pytest.raises(GradientError, match="retain_grad"):
        tensor([1.0]).retain_grad()
    x.retain_grad()  # no effect on a leaf
    assert not x.retains_grad


def test_hooks_see_and_change_gradients():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    handle = x.register_hook(lambda g: g + 1)
    y.sum().backward(retain_graph=True)
    assert seen == [[1.0, 1.0]]
    assert x.grad.tolist() == [31.0, 31.0]
    handle.remove()
    handle.remove()
    x.grad = None
    y.sum().backward()
    assert x.grad.tolist() == [30.0, 30.0]


def test_hook_of_a_fan_out_sees_the_total():
    x = tensor(1.0, requires_grad=True)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    (y * 3 + y * 4).backward()
    assert seen == [7.0]


def test_hook_of_a_leaf_that_is_used_twice_sees_the_total():
    torch = pytest.importorskip("torch")

    def run(x):
        seen = []
        x.register_hook(lambda g: seen.append(g.item()))
        x.register_hook(lambda g: g.clip(-1, 1))
        (x * 3 + x * 4).backward()
        return seen, x.grad.item()

    assert run(tensor(1.0, requires_grad=True)) == run(torch.tensor(1.0, requires_grad=True))


def test_hooks_with_create_graph():
    x = tensor(2.0, requires_grad=True)
    y = x * x
    y.register_hook(lambda g: g * 2)
    (first,) = grad(y * 1.0, x, create_graph=True)
    assert first.item() == 8.0
    assert grad(first, x)[0].item() == 4.0


def test_hook_on_a_constant_is_refused():
    with pytest.raises(GradientError, match="hook"):
        tensor([1.0]).register_hook(print)


# Modes --------------------------------------------------------------------------------------------------------------


def test_no_grad_and_enable_grad_nest():
    x = tensor([1.0], requires_grad=True)
    with no_grad():
        assert not is_grad_enabled()
        assert not (x * 2).requires_grad
        with enable_grad():
            assert (x * 2).requires_grad
            with no_grad():
                assert not (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert is_grad_enabled()
    assert (x * 2).requires_grad


@pytest.mark.parametrize("decorator", [no_grad, no_grad()], ids=["bare", "called"])
def test_no_grad_decorates(decorator):
    @decorator
    def double(x, *, times=2):
        """Doc."""
        return x * times

    x = tensor([1.0], requires_grad=True)
    assert not double(x).requires_grad
    assert double(x, times=3).tolist() == [3.0]
    assert (double.__name__, double.__doc__) == ("double", "Doc.")
    assert is_grad_enabled()


def test_modes_end_with_an_exception():
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0
    assert is_grad_enabled()

    @no_grad()
    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert is_grad_enabled()


def test_one_no_grad_object_can_be_entered_again_and_within_itself():
    off = no_grad()
    with off:
        with off:
            assert not is_grad_enabled()
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_set_grad_enabled_as_manager_and_call():
    x = tensor([1.0], requires_grad=True)
    for mode in (True, False):
        with set_grad_enabled(mode):
            assert (x * 2).requires_grad is mode
        assert is_grad_enabled()
    set_grad_enabled(False)
    try:
        assert not is_grad_enabled()
    finally:
        set_grad_enabled(True)


def test_set_grad_enabled_decorates():
    @set_grad_enabled(False)
    def mode():
        return is_grad_enabled()

    assert is_grad_enabled()
    assert mode() is False
    assert is_grad_enabled()


def test_backward_works_within_no_grad():
    x = tensor(2.0, requires_grad=True)
    y = x * x
    with no_grad():
        y.backward()
    assert x.grad.item() == 4.0
    assert is_grad_enabled()


def test_the_mode_belongs_to_its_thread():
    x = tensor([1.0], requires_grad=True)
    inside, done = threading.Event(), threading.Event()
    seen = []

    def other():
        inside.wait(5)
        seen.append((x * 2).requires_grad)
        with no_grad():
            done.set()
            seen.append((x * 2).requires_grad)

    thread = threading.Thread(target=other)
    thread.start()
    with no_grad():
        inside.set()
        done.wait(5)
        thread.join(5)
        assert not is_grad_enabled()
    assert seen == [True, False]
    assert is_grad_enabled()


def test_threads_differentiate_at_the_same_time():
    failures = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(50):
            value = rng.standard_normal(8)
            x = Tensor(value, requires_grad=True)
            y = (x * x).sum()
            if seed % 2:
                with no_grad():
                    if (x * 2).requires_grad:
                        failures.append("recorded within no_grad")
            y.backward()
            if not np.allclose(x.grad._data, 2 * value):
                failures.append("wrong gradient")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []


# Detaching and changing in place ------------------------------------------------------------------------------------


def test_detach_shares_numbers_and_not_the_graph():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    d = y.detach()
    assert not d.requires_grad
    assert d._data is y._data
    (x * d).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
    y.detach_()
    assert y.is_leaf
    assert not y.requires_grad


def test_leaf_update_needs_no_grad():
    w = tensor([1.0, 2.0], requires_grad=True)
    for change in (
        lambda: w.add_(1),
        lambda: w.__iadd__(1),
        lambda: w.__isub__(tensor([1.0, 1.0])),
        lambda: w.copy_([0.0, 0.0]),
        w.zero_,
        lambda: w.__setitem__(0, 5.0),
        w.uniform_,
    ):
        with pytest.raises(GradientError, match="in-place"):
            change()
    assert w.tolist() == [1.0, 2.0]


def test_leaf_update_under_no_grad():
    w = tensor([1.0, 2.0], requires_grad=True)
    array = w._data
    (w * w).sum().backward()
    with no_grad():
        w -= 0.5 * w.grad
        w *= 2
        w[0] = 7.0
        w.add_(1, alpha=0.5)
    assert w.tolist() == [7.5, 0.5]
    assert w._data is array
    assert w.requires_grad
    assert w.is_leaf


def test_in_place_arithmetic_of_plain_tensors():
    x = tensor([4.0, 9.0])
    same = x
    x += 1
    x -= tensor([1.0, 1.0])
    x *= 2
    x /= 4
    assert x is same
    assert x.tolist() == [2.0, 4.5]
    assert x.sub_(1).mul_(2).div_(4).clamp_(0.6, 2).tolist() == [pytest.approx(0.6), 1.75]
    assert x.fill_(3).tolist() == [3.0, 3.0]


def test_in_place_cannot_change_shape_or_type():
    x = tensor([1.0, 2.0])
    with pytest.raises(ShapeError):
        x += tensor([[1.0], [2.0]])
    n = tensor([1, 2])
    with pytest.raises(DTypeError):
        n += 0.5
    with pytest.raises(ShapeError):
        x[5] = 1.0


def test_adding_a_result_in_place_rebinds():
    """``total += loss`` in a loop keeps the graph."""
    x = tensor(2.0, requires_grad=True)
    total = tensor(0.0)
    for i in range(3):
        total += x * i
    total.backward()
    assert x.grad.item() == 3.0


def test_changing_a_saved_input_is_noticed():
    w, x = tensor([2.0], requires_grad=True), tensor([3.0])
    y = (w * x).sum()
    x.add_(1)
    with pytest.raises(GradientError, match="inplace operation"):
        y.backward()

    y = (w * w).sum()
    with no_grad():
        w.add_(1)
    with pytest.raises(GradientError, match="inplace operation"):
        y.backward()


def test_changing_an_input_that_was_not_saved_is_fine():
    w, x = tensor([2.0], requires_grad=True), tensor([3.0])
    y = (w + x).sum()
    x.add_(1)
    y.backward()
    assert w.grad.tolist() == [1.0]


def test_changing_a_saved_input_by_index_is_noticed():
    w, x = tensor([2.0], requires_grad=True), tensor([3.0])
    y = (w * x).sum()
    x[0] = 9.0
    with pytest.raises(GradientError, match="inplace operation"):
        y.backward()


def test_writing_a_result_into_a_plain_tensor_is_refused():
    x = tensor([1.0], requires_grad=True)
    holder = tensor([0.0])
    with pytest.raises(GradientError, match="gradient"):
        holder[0] = x[0] * 2


def test_data_is_outside_the_graph():
    x = tensor([1.0, 2.0], requires_grad=True)
    x.data.copy_([5.0, 6.0])
    assert x.tolist() == [5.0, 6.0]
    x.data = tensor([1.0])
    assert x.tolist() == [1.0]
    assert x.requires_grad


def test_deepcopy():
    x = tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    y = copy.deepcopy(x)
    assert y.requires_grad
    assert y.tolist() == x.tolist()
    assert y.grad.tolist() == [2.0, 4.0]
    y.grad.zero_()
    with no_grad():
        y.zero_()
    assert x.tolist() == [1.0, 2.0]
    assert x.grad.tolist() == [2.0, 4.0]
    both = copy.deepcopy([x, x])
    assert both[0] is both[1]
    with pytest.raises(GradientError, match="deepcopy"):
        copy.deepcopy(x * 2)


def test_clone_copies_and_stays_on_the_graph():
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x.clone()
    assert y._data is not x._data
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_remainder_has_a_gradient():
    torch = pytest.importorskip("torch")
    x, t = tensor([5.5, -2.25], requires_grad=True), torch.tensor([5.5, -2.25], requires_grad=True)
    (x % 2 * x).sum().backward()
    (t % 2 * t).sum().backward()
    assert x.grad.tolist() == t.grad.tolist()


def test_errors_are_of_both_families():
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError):
        x.backward()
    with pytest.raises(ChainruleError):
        x.backward()
