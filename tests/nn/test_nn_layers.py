"""What the comparison with PyTorch does not cover: arguments, errors, shapes, dropout, step, initial values."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.core import rng
from chainrule.core.mode import no_grad, set_default_dtype
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, DataError, DTypeError, ShapeError
from chainrule.nn.registry import LAYERS
from helpers.nn_cases import LAYERS as CASES
from helpers.nn_cases import Draw, chainrule_library


def rows(*shape, dtype=np.float32):
    return Tensor(np.random.default_rng(0).normal(size=shape).astype(dtype))


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Linear(0, 1),
        lambda: nn.Linear(2, -1),
        lambda: nn.Linear(2.5, 1),
        lambda: nn.Linear(True, 1),
        lambda: nn.Linear(2, 1, dtype="int64"),
        lambda: nn.Linear(2, 1, dtype="flaot"),
        lambda: nn.Linear(2, 1, device="cuda"),
        lambda: nn.BatchNorm1d(0),
        lambda: nn.BatchNorm1d(2, momentum="x"),
        lambda: nn.LayerNorm([]),
        lambda: nn.LayerNorm("a"),
        lambda: nn.Dropout(1.5),
        lambda: nn.Dropout(-0.1),
        lambda: nn.Dropout(float("nan")),
        lambda: nn.Dropout("half"),
        lambda: nn.GELU("tan"),
        lambda: nn.Hardtanh(1, -1),
        lambda: nn.SmoothClip(0),
        lambda: nn.SmoothClip(float("nan")),
        lambda: nn.Scale(0),
        lambda: nn.Scale("three"),
        lambda: nn.Softplus(0),
        lambda: nn.Softmax(1.5),
        lambda: nn.ELU(None),
    ],
)
def test_bad_arguments(make):
    with pytest.raises(ChainruleError) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_linear_input_errors():
    layer = nn.Linear(3, 2)
    for wrong in (rows(5, 4), Tensor(np.float32(1)), rows(3, 1)):
        with pytest.raises(ShapeError, match="Linear"):
            layer(wrong)


@pytest.mark.parametrize("wrong", ["text", None, [1.0, 2.0, 3.0]])
@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(3, 2),
        nn.BatchNorm1d(3),
        nn.LayerNorm(3),
        nn.Flatten(),
        nn.Dropout(),
        nn.Softmax(),
        nn.Sequential(nn.Flatten()),
    ],
)
def test_inputs_that_are_no_tensors(layer, wrong):
    with pytest.raises(DTypeError, match="tensor or an array"):
        layer(wrong)


def test_linear_takes_arrays_and_follows_the_default_dtype():
    assert nn.Linear(3, 2)(np.ones((4, 3), np.float32)).shape == (4, 2)
    set_default_dtype(np.float64)
    try:
        assert nn.Linear(3, 2).weight.dtype == np.float64
        assert nn.BatchNorm1d(3).running_var.dtype == np.float64
    finally:
        set_default_dtype(np.float32)
    assert nn.Linear(3, 2, dtype="float64").bias.dtype == np.float64


def test_linear_starts_within_its_bound_from_the_seed():
    rng.manual_seed(3)
    first = nn.Linear(25, 400)
    rng.manual_seed(3)
    second = nn.Linear(25, 400)
    np.testing.assert_array_equal(first.weight._data, second.weight._data)
    for values in (first.weight._data, first.bias._data):
        assert np.abs(values).max() <= 0.2
        assert np.abs(values).max() > 0.19
        assert abs(values.std() - 0.2 / np.sqrt(3)) < 0.01


def test_same_numbers_in_either_dtype():
    rng.manual_seed(3)
    single = nn.Linear(4, 3)
    rng.manual_seed(3)
    double = nn.Linear(4, 3, dtype=np.float64)
    np.testing.assert_array_equal(double.weight._data.astype(np.float32), single.weight._data)


# Shapes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_output_shape_is_that_of_the_output(name):
    case = CASES[name](Draw(name))
    module = case.make(chainrule_library().nn)
    if len(case.shape) < 2 or name == "flatten_part":
        return
    assert module.output_shape(case.shape[1:]) == tuple(module(rows(*case.shape)).shape[1:])


def test_flatten_of_the_batch_dimension_has_no_shape_without_it():
    with pytest.raises(ShapeError, match="batch"):
        nn.Flatten(0).output_shape((3, 4))
    with pytest.raises(ShapeError):
        nn.Flatten(2, 1)(rows(2, 3, 4))
    with pytest.raises(ShapeError):
        nn.Flatten(1, 5)(rows(2, 3, 4))


# Step --------------------------------------------------------------------------------------------------------------


def test_step():
    x = Tensor([-1.0, 0.0, 2.0])
    assert nn.Step()(x).tolist() == [0, 0, 1]
    assert nn.Step(signed=True)(x).tolist() == [-1, -1, 1]
    assert nn.Step(low=3, high=5)(x).tolist() == [3, 3, 5]
    assert repr(nn.Step(signed=True)) == "Step(low=-1.0, high=1.0)"
    x = Tensor([2.0], requires_grad=True)
    nn.Step()(x).sum().backward()
    assert x.grad.tolist() == [0]


# Dropout -----------------------------------------------------------------------------------------------------------


def test_dropout_keeps_the_mean_and_drops_its_share():
    rng.manual_seed(0)
    x = Tensor(np.ones((200, 500), np.float32))
    y = np.array(nn.Dropout(0.3)(x))
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    # Standard deviation of the share of 100,000 draws: 0.0015.
    assert abs((y == 0).mean() - 0.3) < 0.006
    assert y.dtype == np.float32


def test_dropout_gradient_passes_where_the_output_does():
    x = Tensor(np.ones((20, 30)), requires_grad=True)
    y = nn.Dropout(0.5)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, y.detach())


def test_dropout_limits_and_evaluation():
    x = rows(3, 4)
    assert nn.Dropout(0.0)(x) is x
    assert not np.array(nn.Dropout(1.0)(x)).any()
    assert nn.Dropout(0.9).eval()(x) is x


def test_dropout_masks_are_a_function_of_seed_step_and_layer():
    net = nn.Sequential(nn.Dropout(0.5), nn.Dropout(0.5))
    x = Tensor(np.ones((10, 10)))

    def at(seed, step):
        with rng.at_step(seed, step):
            return np.array(net(x))

    np.testing.assert_array_equal(at(1, 5), at(1, 5))
    assert (at(1, 5) != at(1, 6)).any()
    assert (at(1, 5) != at(2, 5)).any()
    # Two equal masks would leave 4 in half of the places; independent ones in a quarter.
    assert abs((at(1, 5) == 4).mean() - 0.25) < 0.15

    rng.manual_seed(7)
    first = np.array(net(x))
    second = np.array(net(x))
    rng.manual_seed(7)
    np.testing.assert_array_equal(np.array(net(x)), first)
    assert (first != second).any()


# Batch normalisation -----------------------------------------------------------------------------------------------


def test_batch_norm_refuses_a_batch_of_one_in_training_only():
    layer = nn.BatchNorm1d(3)
    for model in (layer, nn.Sequential(nn.Linear(3, 3), layer)):
        with pytest.raises(DataError, match=r"^Expected more than 1 value per channel when training"):
            model(rows(1, 3))
    assert layer(rows(1, 3, 2)).shape == (1, 3, 2)
    assert layer.eval()(rows(1, 3)).shape == (1, 3)


def test_batch_norm_worked_numbers():
    layer = nn.BatchNorm1d(1, eps=0.0)
    y = layer(Tensor([[1.0], [3.0]]))
    assert y.tolist() == [[-1.0], [1.0]]  # mean 2, variance 1
    assert layer.running_mean.tolist() == pytest.approx([0.2])
    assert layer.running_var.tolist() == pytest.approx([0.9 + 0.1 * 2])  # unbiased variance 2
    assert layer.num_batches_tracked.item() == 1
    layer.reset_running_stats()
    assert layer.running_var.tolist() == [1]


@pytest.mark.parametrize("shape", [(4,), (4, 2), (4, 3, 2, 2), (4, 2, 3)])
def test_batch_norm_shapes(shape):
    with pytest.raises(ShapeError, match=r"BatchNorm1d\(3"):
        nn.BatchNorm1d(3)(rows(*shape))


def test_layer_norm_shapes():
    with pytest.raises(ShapeError, match=r"\(…, 3, 2\)"):
        nn.LayerNorm((3, 2))(rows(4, 2, 3))


def test_running_statistics_do_not_join_the_graph():
    layer = nn.BatchNorm1d(2)
    layer(rows(4, 2)).sum().backward()
    assert layer.running_mean.grad_fn is None
    assert not layer.running_mean.requires_grad


def test_running_statistics_ignore_infinities_silently(recwarn):
    layer = nn.BatchNorm1d(1)
    with no_grad():
        layer(Tensor([[np.inf], [1.0]]))
    assert not recwarn.list


# Softmax without a dimension ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "dim"), [((4,), 0), ((3, 4), 1), ((2, 3, 4), 0), ((2, 2, 3, 4), 1)])
def test_softmax_chooses_torchs_dimension(shape, dim):
    x = rows(*shape)
    np.testing.assert_array_equal(nn.Softmax()(x), nn.Softmax(dim)(x))
    np.testing.assert_array_equal(nn.LogSoftmax()(x), nn.LogSoftmax(dim)(x))


def test_every_layer_is_compared_with_torch():
    tested = "".join(repr(case(Draw(name)).make(nn)) for name, case in CASES.items())
    own = {"Step", "Dropout", "Scale", "SmoothClip"}  # no counterpart; other random numbers
    assert [name for name in LAYERS if name not in own and f"{name}(" not in tested] == []
