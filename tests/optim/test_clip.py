"""Clipping by norm and by value is PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import optim
from chainrule.core.tensor import Tensor, tensor
from chainrule.errors import ConfigError, DTypeError, GradientError
from chainrule.optim.clip import clip_factor, total_norm
from helpers.compare import assert_close

SHAPES = [(4, 3), (3,), ()]


def gradients(scale: float = 1.0, dtype: str = "float64", seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(scale * rng.standard_normal(shape), dtype) for shape in SHAPES]


def parameters(arrays: list[np.ndarray]) -> list[Tensor]:
    params = [tensor(np.zeros_like(array), requires_grad=True) for array in arrays]
    for p, array in zip(params, arrays, strict=True):
        p.grad = tensor(array)
    return [*params, tensor([1.0], requires_grad=True)]


def test_norm_by_hand() -> None:
    p = tensor(np.zeros(2), requires_grad=True)
    p.grad = tensor(np.array([3.0, -4.0]))
    norm = optim.clip_grad_norm_(p, 1.0)
    assert norm.item() == 5.0
    assert norm.shape == ()
    np.testing.assert_allclose(p.grad.numpy(), np.array([0.6, -0.8]) * 5 / (5 + 1e-6), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3, "inf", math.inf])
def test_norm_is_pytorchs(norm_type: float, scale: float, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    arrays = gradients(scale, dtype)
    ours, theirs = parameters(arrays), [torch.zeros(shape, requires_grad=True) for shape in SHAPES]
    for i, array in enumerate(arrays):
        theirs[i] = torch.tensor(np.zeros_like(array), requires_grad=True)
        theirs[i].grad = torch.tensor(array)
    expected = torch.nn.utils.clip_grad_norm_(theirs, 0.7, norm_type=float(norm_type))
    actual = optim.clip_grad_norm_(ours, 0.7, norm_type=norm_type)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    assert_close(actual, expected, rtol=tolerance)
    for p, q in zip(ours, theirs, strict=False):
        assert_close(p.grad, q.grad, rtol=tolerance, atol=0.0)


def test_clipping_writes_into_the_gradients_memory() -> None:
    params = parameters(gradients())
    before = [p.grad for p in params]
    memory = before[0].numpy()
    optim.clip_grad_norm_(params, 1e-3)
    assert all(p.grad is grad for p, grad in zip(params, before, strict=True))
    assert before[0].numpy() is memory
    assert np.sqrt(sum((p.grad.numpy() ** 2).sum() for p in params[:-1])) == pytest.approx(1e-3, rel=1e-2)


def test_small_gradients_stay_bit_for_bit() -> None:
    arrays = gradients(dtype="float32")
    params = parameters(arrays)
    optim.clip_grad_norm_(params, 1e6)
    for p, array in zip(params, arrays, strict=False):
        assert np.array_equal(p.grad.numpy(), array)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_norms_that_are_not_finite(bad: float) -> None:
    params = parameters([np.array([1.0, bad])])
    with pytest.raises(GradientError, match="not finite"):
        optim.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert params[0].grad.numpy()[0] == 1.0
    assert not math.isfinite(optim.clip_grad_norm_(params, 1.0).item())
    # As PyTorch: an infinite norm turns finite numbers into 0 and infinite ones into NaN.
    np.testing.assert_array_equal(params[0].grad.numpy(), [0.0 if bad == math.inf else math.nan, math.nan])


def test_nothing_to_clip() -> None:
    assert optim.clip_grad_norm_([], 1.0).item() == 0
    assert optim.clip_grad_norm_([tensor([1.0], requires_grad=True)], 1.0).item() == 0
    assert float(total_norm([np.zeros(0)], math.inf)) == 0
    optim.clip_grad_value_([], 1.0)


def test_values() -> None:
    p = tensor(np.zeros(4), requires_grad=True)
    p.grad = tensor(np.array([-3.0, 0.5, 2.0, math.nan]))
    memory = p.grad.numpy()
    optim.clip_grad_value_([p], 1.5)
    np.testing.assert_array_equal(memory, [-1.5, 0.5, 1.5, math.nan])


def test_bad_limits() -> None:
    params = parameters(gradients())
    with pytest.raises(ConfigError, match="max_norm"):
        optim.clip_grad_norm_(params, -1)
    with pytest.raises(ConfigError, match="norm_type must be positive"):
        optim.clip_grad_norm_(params, 1, norm_type=0)
    with pytest.raises(DTypeError, match="norm_type"):
        optim.clip_grad_norm_(params, 1, norm_type="two")
    with pytest.raises(ConfigError, match="clip_value"):
        optim.clip_grad_value_(params, -0.1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_on_one_flat_array(dtype: str) -> None:
    arrays = gradients(dtype=dtype)
    flat = np.concatenate([array.ravel() for array in arrays])
    kept = flat.copy()
    clipped, norm = optim.clip_by_norm(flat, 0.5)
    params = parameters(arrays)
    expected = optim.clip_grad_norm_(params, 0.5)
    assert clipped.dtype == dtype
    assert norm.dtype == dtype
    assert np.array_equal(flat, kept)
    np.testing.assert_allclose(norm, expected.item(), rtol=1e-6)
    np.testing.assert_allclose(clipped, np.concatenate([p.grad.numpy().ravel() for p in params[:-1]]), rtol=1e-6)
    assert optim.clip_by_value(flat, 0.1).dtype == dtype
    assert np.abs(optim.clip_by_value(flat, 0.1)).max() == np.asarray(0.1, dtype)
    assert float(clip_factor(norm, 1e9)) == 1.0


def test_clipping_under_jit_is_numpys() -> None:
    jax = pytest.importorskip("jax")
    flat = gradients(dtype="float32")[0].ravel()
    for order in (2.0, 1.0, math.inf):
        clipped, norm = jax.jit(lambda g, order=order: optim.clip_by_norm(g, 0.5, order))(flat)
        expected, expected_norm = optim.clip_by_norm(flat, 0.5, order)
        np.testing.assert_allclose(clipped, expected, rtol=1e-5)
        np.testing.assert_allclose(norm, expected_norm, rtol=1e-5)
    np.testing.assert_array_equal(jax.jit(lambda g: optim.clip_by_value(g, 0.3))(flat), optim.clip_by_value(flat, 0.3))
