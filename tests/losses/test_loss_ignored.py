"""Rows that are all ignored."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_all_ignored_the_mean_is_nan_and_its_gradient_zero(smoothing: float) -> None:
    z = cr.tensor([[1.0, 2.0], [0.5, 0.25]], requires_grad=True)
    loss = cr.nn.CrossEntropyLoss(label_smoothing=smoothing)(z, cr.tensor([-100, -100]))
    loss.backward()
    assert np.isnan(loss.item())
    np.testing.assert_array_equal(z.grad.numpy(), np.zeros((2, 2)))
