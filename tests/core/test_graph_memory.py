"""Long graphs do not recurse, and memory goes the moment that the last tensor on a graph goes."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
import weakref

import numpy as np
import pytest

from chainrule.core import ops
from chainrule.core.backward import grad
from chainrule.core.function import Function
from chainrule.core.tensor import Tensor, tensor

LENGTHS = [100_000, pytest.param(1_000_000, marks=pytest.mark.slow)]


@pytest.fixture(scope="module", autouse=True)
def only_what_is_made_here():
    """The collector passes over what is there already: the libraries that other tests loaded would take it longest."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def no_collector():
    """Without the cycle collector, whatever goes, goes by reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Owner(np.ndarray):
    """An array that can be watched by weak references."""


def watched(shape: tuple[int, ...] = (3,)) -> Owner:
    return np.ones(shape).view(Owner)


# Length -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", LENGTHS)
def test_a_long_chain(length: int):
    """Forward, backward twice, and the end of a graph that was kept."""
    y = x = tensor(1.0, requires_grad=True)
    for _ in range(length):
        y = -y
    node = weakref.ref(y.grad_fn)
    assert y.item() == (-1.0) ** length
    y.backward(retain_graph=True)
    assert x.grad.item() == (-1.0) ** length
    del y
    assert node() is None


def test_a_long_chain_that_is_freed_by_backward():
    y = x = tensor(1.0, requires_grad=True)
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert (y.item(), x.grad.item()) == (100_001.0, 1.0)


def test_a_long_chain_does_not_depend_on_the_recursion_limit():
    limit = sys.getrecursionlimit()
    x = tensor(1.0, requires_grad=True)
    y = x
    for _ in range(5_000):
        y = ops.sin(y) * 1.01
    sys.setrecursionlimit(200)
    try:
        y.backward(retain_graph=True)
        (g,) = grad(y, x, create_graph=True)
        grad(g, x)
        del y, g
    finally:
        sys.setrecursionlimit(limit)
    assert np.isfinite(x.grad.item())


def test_a_fan_out_takes_no_exponential_time():
    x = tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):
        y = (y + y) * 0.5
    started = time.perf_counter()
    y.backward()
    assert time.perf_counter() - started < 1.0
    assert x.grad.item() == 1.0


def test_a_wide_sum():
    x = tensor(1.0, requires_grad=True)
    total = x * 0.0
    for i in range(5_000):
        total = total + x * i
    total.backward()
    assert x.grad.item() == pytest.approx(sum(range(5_000)))


def test_second_order_through_a_long_chain():
    x = Tensor(np.array(0.5), requires_grad=True)
    y = x
    for _ in range(2_000):
        y = y * 1.0
    (first,) = grad(y * y, x, create_graph=True)
    assert grad(first, x)[0].item() == pytest.approx(2.0)


# Memory -------------------------------------------------------------------------------------------------------------


def test_an_intermediate_result_goes_when_nothing_needs_it(no_collector):
    x = Tensor(np.ones(3), requires_grad=True)
    middle = Tensor.of(watched())
    seen = weakref.ref(middle._data)
    y = x + middle
    z = x * y.detach()
    del middle, y
    assert seen() is not None or z is not None  # add's node may still hold it through y's graph
    del z
    assert seen() is None


def test_a_graph_goes_with_its_last_tensor(no_collector):
    x = Tensor(np.ones(3), requires_grad=True)
    constant = Tensor.of(watched())
    seen = weakref.ref(constant._data)
    y = (x * constant).exp().sum()
    node = weakref.ref(y.grad_fn)
    del constant
    assert seen() is not None
    del y
    assert seen() is None
    assert node() is None


def test_backward_frees_what_was_saved(no_collector):
    x = Tensor(np.ones(3), requires_grad=True)
    constant = Tensor.of(watched())
    seen = weakref.ref(constant._data)
    product = x * constant
    y = product.sum()
    del constant
    y.backward()
    assert seen() is None  # although the product, and its node, are still there
    assert (product.sum().item(), y.item()) == (3.0, 3.0)


def test_retained_graphs_keep_what_was_saved(no_collector):
    x = Tensor(np.ones(3), requires_grad=True)
    constant = Tensor.of(watched())
    seen = weakref.ref(constant._data)
    y = (x * constant).sum()
    del constant
    y.backward(retain_graph=True)
    assert seen() is not None
    y.backward()
    assert seen() is None


def test_a_leaf_goes_with_its_graph(no_collector):
    x = Tensor(watched(), requires_grad=True)
    seen, tensor_seen = weakref.ref(x._data), weakref.ref(x)
    y = (x * 2).sum()
    del x
    y.backward()
    assert tensor_seen() is None
    assert seen() is None


@pytest.mark.parametrize(
    "use",
    [
        lambda x: (x.sin() * x).sum().backward(),
        lambda x: x.sum().backward(retain_graph=True),
        lambda x: grad(grad((x**3).sum(), x, create_graph=True)[0].sum(), x),
        lambda x: (x * 2).retain_grad(),
        lambda x: (x * 2).register_hook(lambda g: g * 2),
        lambda x: x.log_softmax(0)[0].backward(),
        lambda x: x.max(0).values.backward(),
        lambda x: Cube.apply(x).sum().backward(),
        lambda x: Cube.apply(x).sum(),
        lambda x: ops.normalize(x, dim=0).sum().backward(create_graph=False),
    ],
    ids="backward retained second-order retain_grad hook softmax max function function-unused normalize".split(),
)
def test_no_reference_cycles(no_collector, use):
    use(Tensor(np.ones(3), requires_grad=True))  # whatever is cached is cached now
    gc.collect()
    x = Tensor(watched(), requires_grad=True)
    seen = weakref.ref(x)
    use(x)
    del x
    assert seen() is None
    assert gc.collect() == 0


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        y = x**3
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        x, _ = ctx.saved_tensors
        return g * 3 * x * x


def training_step(w: Tensor, x: Tensor) -> None:
    loss = ((ops.tanh(x @ w) - 0.5) ** 2).mean()
    w.grad = None
    loss.backward()
    w._data = w._data - 0.01 * w.grad._data


def test_a_training_loop_does_not_grow():
    rng = np.random.default_rng(0)
    w, x = Tensor(rng.standard_normal((20, 5)), requires_grad=True), Tensor(rng.standard_normal((8, 20)))
    gc.collect()
    gc.disable()
    for _ in range(2_100):  # Python keeps up to 2,000 freed tuples of a size for later
        training_step(w, x)
    tracemalloc.start()
    try:
        training_step(w, x)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2_000):
            training_step(w, x)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        gc.enable()
        tracemalloc.stop()
    assert after - before < 10_000
    assert peak - before < 100_000


def test_memory_of_a_long_graph_returns():
    x = tensor(1.0, requires_grad=True)

    def chain() -> Tensor:
        y = x
        for _ in range(20_000):
            y = y * 1.0
        return y

    chain()  # Python keeps some of the freed tuples and dicts for later
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        y = chain()
        grown = tracemalloc.get_traced_memory()[0] - before
        del y
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown > 2_000_000
    assert left < grown / 50


def test_a_running_total_of_losses_does_not_keep_graphs(no_collector):
    """``total += loss.item()`` keeps nothing; ``total += loss`` would keep every graph."""
    x = Tensor(np.ones(3), requires_grad=True)
    total, nodes = 0.0, []
    for _ in range(5):
        loss = (x * x).sum()
        nodes.append(weakref.ref(loss.grad_fn))
        loss.backward()
        total += loss.item()
        del loss
    assert total == 15.0
    assert [node() for node in nodes] == [None] * 5
