"""`Scale` and `SmoothClip`: their formulas, gradients, extremes and errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.core.gradcheck import gradcheck
from chainrule.core.tensor import Tensor
from chainrule.errors import FormatError, ShapeError
from chainrule.interchange import to_torch
from chainrule.nn.registry import describe, parameter_count


def test_scale_multiplies_each_feature_by_its_own_factor() -> None:
    layer = nn.Scale(3)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(layer(Tensor.of(x)).detach().numpy(), x)
    with cr.no_grad():
        layer.weight._assign(np.array([2.0, 0.0, -0.5], np.float32))
    y = layer(Tensor.of(x))
    np.testing.assert_array_equal(y.detach().numpy(), x * [2.0, 0.0, -0.5])
    y.sum().backward()
    assert layer.weight.grad is not None
    np.testing.assert_allclose(layer.weight.grad.numpy(), x.sum(axis=0), rtol=1e-6)


def test_smooth_clip_keeps_small_numbers_and_bounds_large_ones() -> None:
    x: np.ndarray = np.array([0.0, 1e-3, -1e-3, 1.0, -2.0, 3.0, 1e3])
    expected = [0.0, 1e-3, -1e-3, 1 / np.sqrt(1 + 1 / 9), -2 / np.sqrt(1 + 4 / 9), 3 / np.sqrt(2), 3.0]
    np.testing.assert_allclose(nn.SmoothClip()(Tensor.of(x)).numpy(), expected, rtol=2e-5)
    np.testing.assert_allclose(nn.SmoothClip(1.0)(Tensor.of(x)).numpy(), x / np.sqrt(1 + x**2), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_smooth_clip_of_numbers_whose_square_overflows(dtype: type) -> None:
    largest = np.finfo(dtype).max
    x: np.ndarray = np.array([largest, -largest, largest**0.6, np.inf, -np.inf], dtype)
    y = nn.SmoothClip()(Tensor.of(x)).numpy()
    assert y.dtype == dtype
    np.testing.assert_allclose(y, [3, -3, 3, 3, -3], rtol=1e-6)
    assert np.isnan(nn.SmoothClip()(Tensor.of(np.array([np.nan], dtype))).numpy()).all()


@pytest.mark.parametrize("make", [lambda: nn.Scale(4, dtype=np.float64), lambda: nn.SmoothClip(0.7)])
def test_gradients_against_finite_differences(make: Callable[[], nn.Module]) -> None:
    layer = make()
    x = cr.tensor(np.random.default_rng(1).normal(0, 2, (3, 4)), requires_grad=True)
    assert gradcheck(layer, (x,))


def test_sizes_are_checked_and_counted() -> None:
    layer = nn.Scale(3)
    with pytest.raises(ShapeError, match="Scale"):
        layer(Tensor.of(np.zeros((2, 4), np.float32)))
    with pytest.raises(ShapeError, match="Scale"):
        layer.output_shape((4,))
    assert layer.output_shape((7, 3)) == (7, 3)
    model = nn.Sequential(nn.SmoothClip(), layer, nn.Linear(3, 2))
    assert parameter_count(describe(model)) == 3 + 8
    assert nn.summary(model).input_shape == (3,)


@pytest.mark.parametrize("layer", [nn.Scale(2), nn.SmoothClip()])
def test_pytorch_has_no_such_layer(layer: nn.Module) -> None:
    pytest.importorskip("torch")
    with pytest.raises(FormatError, match=f"PyTorch has no {type(layer).__name__}"):
        to_torch(nn.Sequential(layer, nn.Linear(2, 1)))
