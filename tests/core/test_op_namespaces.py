"""The same table on other arrays: JAX arrays under `jax.jit`, tensors that wrap tracers, and the strict array API."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.core import ops
from chainrule.core.backward import grad
from chainrule.core.op import OPS
from chainrule.core.tensor import Tensor
from helpers.compare import assert_close
from helpers.op_cases import CASES, Case
from helpers.op_results import differentiable, weights

pytestmark = pytest.mark.filterwarnings("ignore:Explicitly requested dtype float64")


@pytest.fixture(scope="module")
def jax():
    return pytest.importorskip("jax", reason="jax is not here: THE OPERATION TABLE WAS NOT RUN UNDER jax.jit")


def forward_and_vjps(case: Case, arrays, g) -> list:
    """The value and, by the rules themselves, the gradient of every input."""
    op = OPS[case.op]
    params = {**op.defaults, **case.params}
    y = op(*arrays, **case.params)
    return [y, *(op.vjp(i, g, y, arrays, params) for i in differentiable(case, case.inputs()))]


@pytest.mark.parametrize("name", sorted(OPS))
def test_table_under_jit(jax, name: str):
    """Every case of a row in one compiled function, float32 on both sides."""
    cases = [case for case in CASES if case.op == name]
    arguments = []
    for case in cases:
        arrays = [array.astype(np.float32) if array.dtype.kind == "f" else array for array in case.inputs()]
        g, _ = weights(case, arrays, OPS[name](*arrays, **case.params))
        arguments.append((arrays, g.astype(np.float32)))

    compiled = jax.jit(lambda given: [forward_and_vjps(case, *one) for case, one in zip(cases, given, strict=True)])(
        arguments
    )
    for case, one, found in zip(cases, arguments, compiled, strict=True):
        for i, (actual, expected) in enumerate(zip(found, forward_and_vjps(case, *one), strict=True)):
            assert isinstance(actual, jax.Array)
            assert_close(actual, np.asarray(expected, np.float32), rtol=1e-4, atol=1e-5, label=f"{case.id} {i}")


def test_boolean_mask_on_jax_arrays(jax):
    """A mask known in advance has a shape known in advance, so it works under jit, too."""
    mask = np.arange(12).reshape(3, 4) % 5 < 2
    x = np.arange(12, dtype=np.float32).reshape(3, 4)

    def masked(x):
        t = Tensor.of(x).requires_grad_()
        (gx,) = grad((t[mask] ** 2).sum(), t)
        return gx._data

    assert_close(jax.jit(masked)(x), np.where(mask, 2 * x, 0).astype(np.float32))


# A whole training step ----------------------------------------------------------------------------------------------


def mlp_step(w1, b1, w2, b2, x, labels):
    """Loss and gradients of a two-layer classifier, by tensors around whatever arrays come."""
    parameters = [Tensor.of(array).requires_grad_() for array in (w1, b1, w2, b2)]
    W1, B1, W2, B2 = parameters
    hidden = ops.gelu(ops.linear(Tensor.of(x), W1, B1))
    hidden = ops.normalize(hidden, dim=0)
    logits = ops.relu(hidden) @ W2.T + B2
    chosen = ops.gather(ops.log_softmax(logits, dim=1), dim=1, index=labels[:, None])
    loss = -chosen.mean() + 1e-3 * (W1**2).sum()
    loss.backward()
    return [loss._data, *(parameter.grad._data for parameter in parameters)]


def mlp_arguments(dtype) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    shapes = [(8, 4), (8,), (3, 8), (3,), (16, 4)]
    return [*(rng.standard_normal(shape).astype(dtype) for shape in shapes), rng.integers(0, 3, 16)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda dtype: dtype.__name__)
def test_training_step_of_an_mlp_under_jit(jax, dtype):
    arguments = mlp_arguments(dtype)
    expected = mlp_step(*arguments)
    with jax.enable_x64(dtype is np.float64):
        found = jax.jit(mlp_step)(*arguments)
        for actual, value in zip(found, expected, strict=True):
            assert isinstance(actual, jax.Array)
            assert_close(actual, np.asarray(value), *((1e-4, 1e-5) if dtype is np.float32 else (1e-10, 1e-12)))


def test_training_step_has_the_gradients_that_jax_itself_finds(jax):
    jnp = jax.numpy

    def loss(w1, b1, w2, b2, x, labels):
        hidden = jax.nn.gelu(x @ w1.T + b1, approximate=False)
        hidden = (hidden - hidden.mean(0)) / jnp.sqrt(hidden.var(0) + 1e-5)
        logs = jax.nn.log_softmax(jax.nn.relu(hidden) @ w2.T + b2)
        return -jnp.take_along_axis(logs, labels[:, None], 1).mean() + 1e-3 * (w1**2).sum()

    arguments = mlp_arguments(np.float64)
    with jax.enable_x64(True):
        value, gradients = jax.value_and_grad(loss, argnums=(0, 1, 2, 3))(*(jnp.asarray(a) for a in arguments))
    for actual, expected in zip(mlp_step(*arguments), [value, *gradients], strict=True):
        assert_close(np.asarray(actual), np.asarray(expected))


def test_a_training_loop_inside_jit(jax):
    """Gradient descent by `jax.lax.scan` over tensors around tracers reaches where NumPy's loop does."""
    x = np.linspace(-1, 1, 16, dtype=np.float32)[:, None]
    y = (2 * x - 0.5).astype(np.float32)

    def step(w, b):
        W, B = Tensor.of(w).requires_grad_(), Tensor.of(b).requires_grad_()
        loss = ((ops.linear(Tensor.of(x), W, B) - y) ** 2).mean()
        gw, gb = grad(loss, (W, B))
        return w - 0.3 * gw._data, b - 0.3 * gb._data, loss._data

    w, b = np.zeros((1, 1), np.float32), np.zeros(1, np.float32)
    reached = [w, b]
    for _ in range(30):
        *reached, _ = step(*reached)

    def scanned(carry, _):
        *new, loss = step(*carry)
        return tuple(new), loss

    (w, b), losses = jax.jit(lambda c: jax.lax.scan(scanned, c, None, length=30))(
        (jax.numpy.asarray(w), jax.numpy.asarray(b))
    )
    assert_close(w, np.asarray(reached[0]), 1e-5, 1e-6)
    assert_close(b, np.asarray(reached[1]), 1e-5, 1e-6)
    assert losses[-1] < 1e-3 < losses[0]


def test_second_derivatives_under_jit(jax):
    def curvature(x):
        t = Tensor.of(x).requires_grad_()
        (first,) = grad((ops.tanh(t) ** 3).sum(), t, create_graph=True)
        (second,) = grad(first.sum(), t)
        return second._data

    x = np.linspace(-1, 1, 5, dtype=np.float32)
    assert_close(jax.jit(curvature)(x), np.asarray(curvature(x)), 1e-4, 1e-5)


def test_type_promotion_of_jax_arrays_is_pytorchs(jax):
    x = Tensor.of(jax.numpy.ones(3, np.float32))
    counts = Tensor.of(jax.numpy.arange(3))
    assert (x * counts).dtype == np.float32
    assert (counts / 2).dtype == np.float32
    assert (x * np.float64(2)).dtype == np.float32


# The strict array API -----------------------------------------------------------------------------------------------

# Indexing with arrays, and the item size of a dtype, are beyond the standard that array-api-strict holds one to …
VALUE_BEYOND_STANDARD = {"getitem", "scatter", "gather", "erf", "gelu", "cast"}
# … and so is multiplying by a boolean mask, which is the fast way to write these derivatives.
RULE_BEYOND_STANDARD = {"relu", "hardtanh", "maximum", "minimum", "clip", "max", "min", "concatenate", "stack"}


@pytest.mark.parametrize("case", [c for c in CASES if c.op not in VALUE_BEYOND_STANDARD], ids=lambda case: case.id)
def test_table_on_strict_arrays(case: Case):
    xp = pytest.importorskip("array_api_strict")
    inputs = case.inputs()
    strict = [xp.asarray(array) for array in inputs]
    expected = OPS[case.op](*inputs, **case.params)
    assert_close(np.asarray(OPS[case.op](*strict, **case.params)), np.asarray(expected))
    if case.op in RULE_BEYOND_STANDARD:
        return
    g, _ = weights(case, inputs, np.asarray(expected))
    found = forward_and_vjps(case, strict, xp.asarray(g))
    for actual, value in zip(found, forward_and_vjps(case, inputs, g), strict=True):
        assert_close(np.asarray(actual), np.asarray(value))
