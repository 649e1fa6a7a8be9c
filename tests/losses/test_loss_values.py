"""Worked numbers, stability at huge logits, and the losses that PyTorch does not have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import losses, nn
from chainrule.core.create import tensor
from chainrule.core.tensor import Tensor
from helpers.compare import assert_numbers, numeric_gradient

EVERY = list(losses.LOSSES)


def target_for(loss, output):
    """A target that suits a loss, for an output of shape (n, k)."""
    if loss.task == "multiclass":
        return np.arange(len(output)) % output.shape[1]
    pattern = (np.arange(output.size) % 2).reshape(output.shape).astype(output.dtype)
    return pattern if loss.task == "binary" else pattern * 3


def value_and_gradient(loss, output, target):
    z = Tensor(output, requires_grad=True)
    value = loss(z, Tensor(target))
    value.sum().backward()
    return value.detach()._data, z.grad._data


# Worked numbers -------------------------------------------------------------------------------------------------------


def test_cross_entropy_of_equal_logits_is_the_logarithm_of_the_number_of_classes():
    value, gradient = value_and_gradient(nn.CrossEntropyLoss(), np.zeros((2, 4)), np.array([1, 3]))
    assert_numbers(value, math.log(4), rtol=1e-15)
    wanted = np.full((2, 4), 0.125)
    wanted[[0, 1], [1, 3]] -= 0.5
    assert_numbers(gradient, wanted, rtol=1e-15)


def test_logits_of_zero_cost_ln_2():
    for t in (0.0, 1.0):
        value, gradient = value_and_gradient(nn.BCEWithLogitsLoss(), np.zeros((1, 1)), np.array([[t]]))
        assert_numbers(value, 0.6931471805599453, rtol=1e-15)
        assert_numbers(gradient, [[0.5 - t]], rtol=1e-15)


def test_weighted_mean_divides_by_the_weights_of_the_rows():
    z, t = np.zeros((3, 2)), np.array([0, 1, 1])
    loss = nn.CrossEntropyLoss(weight=[1.0, 3.0])
    assert_numbers(value_and_gradient(loss, z, t)[0], math.log(2), rtol=1e-15)
    z[0, 0] = 1.0
    first, rest = math.log(1 + math.exp(-1)), math.log(2)
    assert_numbers(value_and_gradient(loss, z, t)[0], (first + 3 * rest + 3 * rest) / 7, rtol=1e-15)


def test_ignored_rows_do_not_count_and_get_no_gradient():
    z = np.random.default_rng(0).normal(size=(4, 3))
    t = np.array([0, -100, 2, -100])
    value, gradient = value_and_gradient(nn.CrossEntropyLoss(), z, t)
    assert_numbers(value, value_and_gradient(nn.CrossEntropyLoss(), z[::2], t[::2])[0], rtol=1e-14)
    assert not gradient[1::2].any()
    assert gradient[::2].all()
    assert np.isnan(value_and_gradient(nn.CrossEntropyLoss(), z[1:2], t[1:2])[0])  # 0/0, as in PyTorch


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, np.uint64])
def test_class_indices_of_any_integer_dtype(dtype):
    z = np.random.default_rng(0).normal(size=(3, 3))
    expected = value_and_gradient(nn.CrossEntropyLoss(), z, np.array([2, 0, 1]))
    found = value_and_gradient(nn.CrossEntropyLoss(), z, np.array([2, 0, 1], dtype))
    for mine, other in zip(found, expected, strict=True):
        assert_numbers(mine, other)


def test_lists_and_arrays_work_as_targets_and_outputs():
    z = np.random.default_rng(0).normal(size=(3, 3))
    expected = nn.CrossEntropyLoss()(Tensor(z), Tensor(np.array([2, 0, 1]))).item()
    assert nn.CrossEntropyLoss()(Tensor(z), [2, 0, 1]).item() == expected
    assert float(nn.CrossEntropyLoss()(z, np.array([2, 0, 1]))) == pytest.approx(expected)
    assert float(nn.MSELoss()([1.0, 2.0], [0.0, 0.0])) == 2.5


def test_hinge_in_both_codings():
    z = np.array([0.3, -2.0, 1.5, 0.2])
    wanted = [0.7, 0.0, 2.5, 1.2]
    for t in ([1, -1, -1, -1], [1, 0, 0, 0]):
        value, gradient = value_and_gradient(nn.HingeLoss(reduction="none"), z, np.array(t))
        assert_numbers(value, wanted, rtol=1e-12)
        assert_numbers(gradient, [-1, 0, 1, 1])
    assert_numbers(
        nn.HingeLoss(margin=0.5)(Tensor(z), np.array([1, 0, 0, 0])).item(), (0.2 + 2.0 + 0.7) / 4, rtol=1e-12
    )


def test_hinge_equals_sklearn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(1)
    z, t = rng.normal(size=50), rng.integers(0, 2, 50)
    assert nn.HingeLoss()(Tensor(z), t).item() == pytest.approx(metrics.hinge_loss(2 * t - 1, z), rel=1e-12)


def test_perceptron_counts_only_the_misclassified():
    z = np.array([2.0, -1.0, 3.0, -0.5])
    t = np.array([1, 1, 0, 0])
    value, gradient = value_and_gradient(nn.PerceptronLoss(), z, t)
    assert_numbers(value, 1.0 + 3.0)
    assert_numbers(gradient, [0, -1, 1, 0])
    assert nn.PerceptronLoss("mean")(Tensor(z), t).item() == 1.0
    assert_numbers(nn.PerceptronLoss("none")(Tensor(z), 2 * t - 1), [0, 1, 3, 0])


def test_perceptron_learns_from_zero_weights_by_rosenblatts_rule():
    x, y = np.array([[2.0, 1.0]]), np.array([1])
    layer = nn.Linear(2, 1, bias=False).double()
    nn.init.zeros_(layer.weight)
    nn.PerceptronLoss()(layer(Tensor(x)), y[:, None]).backward()
    assert_numbers(layer.weight._data - layer.weight.grad._data, x)  # w + y·x


def test_poisson_against_the_logarithm_of_the_factorial():
    special = pytest.importorskip("scipy.special")
    t = np.array([0.0, 1.0, 10.0, 50.0])
    z = np.log([1.0, 2.0, 9.0, 60.0])
    full = nn.PoissonNLLLoss(full=True, reduction="none")(Tensor(z), t)
    exact = np.exp(z) - t * z + special.gammaln(t + 1)
    # Stirling's error is below 1/(12 t); PyTorch leaves ln t! out for t ≤ 1, where it is 0.
    np.testing.assert_allclose(full, exact, atol=1 / (12 * 10))


def test_gradient_with_respect_to_a_soft_target():
    rng = np.random.default_rng(0)
    z, t = rng.normal(size=(3, 2)), rng.uniform(size=(3, 2))
    for loss in (nn.BCEWithLogitsLoss(pos_weight=[2.0, 3.0]), nn.CrossEntropyLoss(label_smoothing=0.1), nn.MSELoss()):
        target = Tensor(t, requires_grad=True)
        value = loss.forward(Tensor(z), target)
        value.backward()
        found = numeric_gradient(lambda q, loss=loss: float(loss.forward(Tensor(z), Tensor(q)).item()), [t], 0)
        np.testing.assert_allclose(target.grad, found, rtol=1e-8, atol=1e-9)


# Stability ------------------------------------------------------------------------------------------------------------

HUGE = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name in EVERY if name not in ("bce", "nll", "poisson")])
def test_finite_at_huge_logits(name, dtype, recwarn):
    loss = losses.get(name, reduction="none")
    for sign in (1, -1):
        output = (sign * HUGE).astype(dtype)
        value, gradient = value_and_gradient(loss, output, target_for(loss, output))
        assert np.isfinite(value).all()
        assert np.isfinite(gradient).all()
        assert value.dtype == gradient.dtype == dtype
    assert not recwarn.list


def test_options_are_finite_at_huge_logits_too():
    for loss in (
        nn.CrossEntropyLoss(weight=[1.0, 2.0, 0.0], label_smoothing=0.2),
        nn.BCEWithLogitsLoss(pos_weight=[1.0, 2.0, 3.0], weight=[1.0, 0.5, 1.0]),
    ):
        value, gradient = value_and_gradient(loss, HUGE, target_for(loss, HUGE))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_probability_targets_of_zero_at_huge_logits():
    value, gradient = value_and_gradient(nn.CrossEntropyLoss(), HUGE, np.eye(4, 3))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_infinite_confidence_costs_a_hundred():
    value, gradient = value_and_gradient(
        nn.BCELoss(reduction="none"), np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    )
    assert_numbers(value, [100, 100, 0])
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_confident_and_right_is_exact_on_both_sides(dtype):
    z = np.array([30.0, -30.0], dtype)
    value, gradient = value_and_gradient(nn.BCEWithLogitsLoss(reduction="none"), z, np.array([1.0, 0.0], dtype))
    small = math.log1p(math.exp(-30))
    assert_numbers(value, [small, small], rtol=1e-6)
    assert_numbers(gradient, [-small, small], rtol=1e-6)


# Links ----------------------------------------------------------------------------------------------------------------


def test_links():
    z = np.array([[2.0, -1.0, 0.5]])
    softmax = np.exp(z) / np.exp(z).sum()
    sigmoid = 1 / (1 + np.exp(-z))
    wanted = {"cross_entropy": softmax, "bce_with_logits": sigmoid, "nll": np.exp(z), "poisson": np.exp(z)}
    wanted |= {"focal": softmax, "binary_focal": sigmoid}
    for name in EVERY:
        loss = losses.get(name)
        for value in (z, Tensor(z)):
            found = loss.link(value)
            assert type(found) is type(value)
            assert_numbers(found, wanted.get(name, z), rtol=1e-14)
        assert loss.probabilistic == (name in {*wanted, "bce"} - {"poisson"})
        assert loss.threshold == (0.0 if name in ("hinge", "perceptron") else 0.5)


def test_links_of_huge_outputs_are_silent(recwarn):
    for name in EVERY:
        losses.get(name).link(HUGE)
    assert_numbers(nn.CrossEntropyLoss().link(np.array([1e4, 0.0])), [1, 0])
    assert not recwarn.list


def test_smoothed_labels_of_two_classes_are_those_of_the_cross_entropy():
    rng = np.random.default_rng(4)
    z, y = rng.normal(0, 3, 20), rng.integers(0, 2, 20)
    pairs = tensor(np.stack([np.zeros(20), z], axis=1))
    expected = nn.CrossEntropyLoss(label_smoothing=0.3)(pairs, tensor(y)).item()
    loss = nn.BCEWithLogitsLoss(label_smoothing=0.3)
    for target in (y.astype(np.float64), y, tensor(y.astype(np.float64))):
        assert loss(tensor(z), target).item() == pytest.approx(expected, rel=1e-12)
    assert nn.BCEWithLogitsLoss()(tensor(z), tensor(y * 1.0)).item() != pytest.approx(expected, rel=1e-3)
