"""A network's training step inside `jax.jit`: the modules run on tracers, their gradients equal NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.core.tensor import Tensor

R = np.random.default_rng(0)
X = R.normal(size=(6, 4)).astype(np.float32)
LABELS = R.integers(0, 3, 6)
BINARY = R.integers(0, 2, (6, 3)).astype(np.float32)
REAL = R.normal(size=(6, 3)).astype(np.float32)

LOSSES = [
    (nn.CrossEntropyLoss(), LABELS),
    (nn.CrossEntropyLoss(weight=[0.5, 1.0, 2.0], label_smoothing=0.1), LABELS),
    (nn.CrossEntropyLoss(ignore_index=1), LABELS),
    (nn.CrossEntropyLoss(), BINARY / 3),
    (nn.BCEWithLogitsLoss(), BINARY),
    (nn.BCEWithLogitsLoss(pos_weight=2.0), 0.8 * BINARY + 0.1),
    (nn.MSELoss(), REAL),
    (nn.SmoothL1Loss(), REAL),
    (nn.PoissonNLLLoss(full=True), 3 * BINARY),
    (nn.HingeLoss(), BINARY),
    (nn.PerceptronLoss(), BINARY),
]


def network():
    return nn.Sequential(
        nn.Linear(4, 5), nn.BatchNorm1d(5), nn.GELU(), nn.Linear(5, 4), nn.LayerNorm(4), nn.Tanh(), nn.Linear(4, 3)
    )


def step(model, loss, state, x, target):
    """Loss, gradients and new buffers as a pure function of the arrays."""
    tensors = [*model.parameters(), *model.buffers()]
    for tensor, value in zip(tensors, state, strict=True):
        tensor._data, tensor.grad = value, None
    value = loss.forward(model(Tensor.of(x)), target)
    value.backward()
    return value._data, [p.grad._data for p in model.parameters()], [b._data for b in model.buffers()]


def assert_same_under_jit(model, loss, target):
    jax = pytest.importorskip("jax")
    state = [np.array(tensor._data) for tensor in (*model.parameters(), *model.buffers())]
    expected = step(model, loss, [np.array(one) for one in state], X, target)
    compiled = jax.jit(lambda state, x, target: step(model, loss, state, x, target))
    found = compiled([jax.numpy.asarray(one) for one in state], X, target)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-5)
    for mine, other in zip(found[1] + found[2], expected[1] + expected[2], strict=True):
        np.testing.assert_allclose(mine, other, rtol=2e-4, atol=2e-6)


def test_training_step_under_jit():
    assert_same_under_jit(network(), nn.CrossEntropyLoss(), LABELS)


@pytest.mark.parametrize(("loss", "target"), LOSSES, ids=lambda value: getattr(value, "name", ""))
def test_loss_under_jit(loss, target):
    assert_same_under_jit(nn.Linear(4, 3), loss, target)


def test_comparison_notices_another_loss():
    class Odd(nn.MSELoss):
        def forward(self, output, target):
            scale = 1.0 if isinstance(output._data, np.ndarray) else 1.001
            return scale * super().forward(output, target)

    with pytest.raises(AssertionError):
        assert_same_under_jit(nn.Linear(4, 3), Odd(), REAL)


def test_dropout_on_jax_arrays_drops_the_same():
    jax = pytest.importorskip("jax")
    from chainrule.core import rng

    layer = nn.Dropout(0.4)
    x = np.ones((5, 6), np.float32)
    with rng.at_step(3, 2):
        expected = layer(Tensor.of(x))
    with rng.at_step(3, 2):
        found = layer(Tensor.of(jax.numpy.asarray(x)))
    np.testing.assert_allclose(np.asarray(found._data), expected, rtol=1e-6)
