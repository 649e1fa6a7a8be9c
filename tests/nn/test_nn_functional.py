"""`nn.functional` says the same as the layers and losses; `nn.utils`; the names of the package."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from chainrule import nn
from chainrule.core import rng
from chainrule.core.tensor import Tensor
from chainrule.errors import ConfigError, ShapeError
from chainrule.nn import functional as F
from chainrule.nn import utils

R = np.random.default_rng(0)
X, Y = Tensor(R.normal(size=(4, 3))), Tensor(R.normal(size=(4, 3)))
P, B = X.sigmoid(), (Y > 0).double()
CLASSES = Tensor(np.array([0, 2, 1, 0]))
W = [0.5, 1.0, 2.0]

PAIRS = [
    (lambda: F.relu(X), nn.ReLU()),
    (lambda: F.relu6(X), nn.ReLU6()),
    (lambda: F.leaky_relu(X, 0.2), nn.LeakyReLU(0.2)),
    (lambda: F.elu(X, 0.5), nn.ELU(0.5)),
    (lambda: F.selu(X), nn.SELU()),
    (lambda: F.gelu(X, "tanh"), nn.GELU("tanh")),
    (lambda: F.silu(X), nn.SiLU()),
    (lambda: F.softplus(X, 2.0, 3.0), nn.Softplus(2.0, 3.0)),
    (lambda: F.mish(X), nn.Mish()),
    (lambda: F.hardtanh(X, -0.5, 0.5), nn.Hardtanh(-0.5, 0.5)),
    (lambda: F.sigmoid(X), nn.Sigmoid()),
    (lambda: F.tanh(X), nn.Tanh()),
    (lambda: F.softmax(X, 0), nn.Softmax(0)),
    (lambda: F.softmax(X), nn.Softmax()),
    (lambda: F.log_softmax(X, dim=1), nn.LogSoftmax(1)),
    (lambda: F.step(X, low=-1), nn.Step(-1)),
    (lambda: F.layer_norm(X, (3,)), nn.LayerNorm(3)),
    (lambda: F.batch_norm(X, None, None, training=True), nn.BatchNorm1d(3)),
]
LOSSES = [
    (lambda: F.mse_loss(X, Y, reduction="sum"), nn.MSELoss("sum"), (X, Y)),
    (lambda: F.l1_loss(X, Y), nn.L1Loss(), (X, Y)),
    (lambda: F.smooth_l1_loss(X, Y, beta=0.3), nn.SmoothL1Loss(beta=0.3), (X, Y)),
    (lambda: F.huber_loss(X, Y, delta=0.3), nn.HuberLoss(delta=0.3), (X, Y)),
    (lambda: F.poisson_nll_loss(X, B, full=True), nn.PoissonNLLLoss(full=True), (X, B)),
    (lambda: F.binary_cross_entropy(P, B, W), nn.BCELoss(W), (P, B)),
    (lambda: F.binary_cross_entropy_with_logits(X, B, pos_weight=W), nn.BCEWithLogitsLoss(pos_weight=W), (X, B)),
    (
        lambda: F.cross_entropy(X, CLASSES, W, label_smoothing=0.1),
        nn.CrossEntropyLoss(W, label_smoothing=0.1),
        (X, CLASSES),
    ),
    (lambda: F.nll_loss(X, CLASSES, ignore_index=0), nn.NLLLoss(ignore_index=0), (X, CLASSES)),
    (lambda: F.hinge_loss(X, B, 0.5), nn.HingeLoss(0.5), (X, B)),
    (lambda: F.perceptron_loss(X, B, reduction="mean"), nn.PerceptronLoss("mean"), (X, B)),
]


@pytest.mark.parametrize(("function", "layer"), PAIRS, ids=lambda value: getattr(type(value), "__name__", ""))
def test_activations_and_norms(function, layer):
    np.testing.assert_array_equal(function(), layer.double()(X).detach())


@pytest.mark.parametrize(("function", "loss", "arguments"), LOSSES, ids=[type(one[1]).__name__ for one in LOSSES])
def test_losses(function, loss, arguments):
    np.testing.assert_array_equal(function(), loss(*arguments))


def test_linear_and_dropout():
    layer = nn.Linear(3, 2).double()
    np.testing.assert_array_equal(F.linear(X, layer.weight, layer.bias).detach(), layer(X).detach())
    np.testing.assert_array_equal(F.linear(X, layer.weight).detach(), X @ layer.weight.detach().T)
    assert F.dropout(X, 0.5, training=False) is X
    rng.manual_seed(0)
    first = F.dropout(X, 0.5)
    rng.manual_seed(0)
    np.testing.assert_array_equal(first, nn.Dropout(0.5)(X))


def test_batch_norm_with_running_statistics():
    layer = nn.BatchNorm1d(3, momentum=0.3).double()
    mean, var = Tensor(np.zeros(3)), Tensor(np.ones(3))
    layer(X)
    F.batch_norm(X, mean, var, training=True, momentum=0.3)
    np.testing.assert_array_equal(mean, layer.running_mean)
    np.testing.assert_array_equal(var, layer.running_var)
    np.testing.assert_array_equal(F.batch_norm(X, mean, var), layer.eval()(X).detach())


def test_functions_of_torchs_name_have_torchs_arguments_in_order():
    torch = pytest.importorskip("torch")
    left_out = {"size_average", "reduce", "_stacklevel", "dtype", "inplace"}
    unweighted = {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"}  # PyTorch's also take weights
    builtin = {"relu", "selu", "silu", "mish", "sigmoid", "tanh", "step"}  # operations themselves
    for name in F.__all__:
        theirs = getattr(torch.nn.functional, name, None)
        if theirs is None or name in builtin or not inspect.isfunction(theirs):
            continue
        wanted = [one for one in inspect.signature(theirs).parameters if one not in left_out]
        ours = [one for one in inspect.signature(getattr(F, name)).parameters if one not in left_out]
        assert [one for one in ours if one in wanted] == ours, name
        assert wanted == ours or name in unweighted, name


def test_parameters_to_vector_and_back():
    net = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    vector = utils.parameters_to_vector(net.parameters())
    assert vector.shape == (11,)
    (vector * vector).sum().backward()
    np.testing.assert_allclose(net[1].weight.grad, 2 * net[1].weight.detach(), rtol=1e-6)
    array = net[0].weight._data
    utils.vector_to_parameters(Tensor(np.arange(11.0)), net.parameters())
    assert net[0].weight._data is array
    np.testing.assert_array_equal(utils.parameters_to_vector(net.parameters()).detach(), np.arange(11.0))
    with pytest.raises(ShapeError):
        utils.vector_to_parameters(np.ones(10), net.parameters())
    with pytest.raises(ConfigError):
        utils.parameters_to_vector([])


def test_clipping_is_that_of_the_optimisers():
    from chainrule.optim import clip

    assert nn.utils.clip_grad_norm_ is clip.clip_grad_norm_
    assert nn.utils.clip_grad_value_ is clip.clip_grad_value_
    with pytest.raises(AttributeError):
        nn.utils.clip_grad
    assert all(hasattr(utils, name) for name in utils.__all__)


def test_all_names_exist():
    assert all(hasattr(nn, name) for name in nn.__all__)
    assert all(hasattr(F, name) for name in F.__all__)
