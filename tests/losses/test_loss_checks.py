"""What the losses say to targets that do not fit, and `losses.get`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chainrule import losses, nn
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, ConfigError, DataError, DTypeError, ShapeError, UnknownNameError

CLASSES = np.array([0, 1, 2, 1])
BINARY = np.array([0, 1, 1, 0])
REAL = np.array([0.5, -1.0, 2.0, 3.0])


def says(caught, *parts):
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text, text
    return True


@pytest.mark.parametrize(
    ("name", "targets", "n_outputs"),
    [
        ("cross_entropy", CLASSES, 3),
        ("cross_entropy", CLASSES.astype(np.uint8), None),
        ("cross_entropy", np.full((4, 3), 1 / 3), 3),
        ("cross_entropy", np.array([0, -100, 2]), 3),
        ("nll", CLASSES, 3),
        ("bce", BINARY, 1),
        ("bce", BINARY[:, None] * 0.5, 1),
        ("bce_with_logits", BINARY.astype(bool), 1),
        ("bce_with_logits", np.zeros((4, 3)), 3),
        ("hinge", BINARY, 1),
        ("hinge", 2 * BINARY - 1, 1),
        ("perceptron", (2.0 * BINARY - 1)[:, None], 1),
        ("mse", REAL, 1),
        ("l1", REAL[:, None], None),
        ("mse", np.arange(4), 1),
        ("huber", np.zeros((4, 2)), 2),
        ("poisson", CLASSES, 1),
    ],
)
def test_good_targets_pass(name, targets, n_outputs):
    losses.get(name).check_targets(targets, n_outputs)


@pytest.mark.parametrize(
    ("name", "targets", "n_outputs", "error", "parts"),
    [
        ("cross_entropy", np.array([0, 1, 3]), 3, DataError, ["class indices from 0 to 2", "got 3", "row 2"]),
        ("cross_entropy", np.array([0, -1, 2]), 3, DataError, ["class indices from 0 to 2", "got -1", "row 1"]),
        ("cross_entropy", np.array([0, -1, 2]), None, DataError, ["class indices from 0", "got -1"]),
        ("cross_entropy", np.array([5, 6, 7]), 3, DataError, ["got 5 and 2 more"]),
        ("cross_entropy", np.array([0.0, 1.0]), 3, DTypeError, ["integer dtype", "float64", "astype"]),
        ("cross_entropy", np.array([True, False]), 2, DTypeError, ["integer"]),
        ("cross_entropy", np.zeros((4, 1), int), 3, ShapeError, ["(rows,)", "(4, 1)"]),
        ("cross_entropy", CLASSES, 1, ShapeError, ["one output for each class", "BCEWithLogitsLoss"]),
        ("cross_entropy", np.full((4, 2), 0.5), 3, ShapeError, ["(rows, 3)", "(4, 2)"]),
        ("cross_entropy", np.array([[0.5, np.nan]]), 2, DataError, ["finite"]),
        ("cross_entropy", np.array([[1.5, -0.5]]), 2, DataError, ["from 0 to 1"]),
        ("cross_entropy", np.array(["a", "b"]), 2, DTypeError, ["numbers"]),
        ("cross_entropy", np.array([None, 1], object), 2, DTypeError, ["numbers"]),
        ("nll", np.array([0, 9]), 3, DataError, ["got 9"]),
        ("bce", np.array([0, 1, 2]), 1, DataError, ["values from 0 to 1", "got 2", "row 2"]),
        ("bce_with_logits", np.array([0, np.nan, np.inf]), 1, DataError, ["finite", "got nan and 1 more", "row 1"]),
        ("bce_with_logits", np.array([0, -1]), 1, DataError, ["got -1"]),
        ("bce_with_logits", BINARY, 3, ShapeError, ["3 output(s)", "(rows, 3)", "(4,)"]),
        ("bce_with_logits", np.zeros((4, 2)), 1, ShapeError, ["(rows,) or (rows, 1)"]),
        ("hinge", np.array([0, 1, 2]), 1, DataError, ["0 and 1, or -1 and 1"]),
        ("hinge", np.array([0, 1, -1]), 1, DataError, ["0 and 1, or -1 and 1"]),
        ("perceptron", np.array([0.5, 1]), 1, DataError, ["got 0.5"]),
        ("mse", np.array([1.0, np.inf]), 1, DataError, ["finite", "inf", "row 1"]),
        ("mse", np.zeros((2, 2, 2)), 2, ShapeError, ["(2, 2, 2)"]),
        ("mse", np.array(["1.0"]), 1, DTypeError, ["numbers"]),
        ("poisson", np.array([1, -1]), 1, DataError, ["at least 0", "got -1"]),
    ],
)
def test_bad_targets(name, targets, n_outputs, error, parts):
    with pytest.raises(error) as caught:
        losses.get(name).check_targets(targets, n_outputs)
    assert says(caught, *parts)


def tensor(*shape):
    return Tensor(np.full(shape, 0.5))


@pytest.mark.parametrize(
    ("loss", "output", "target", "error", "parts"),
    [
        (nn.MSELoss(), tensor(4, 1), tensor(4), ShapeError, ["(4, 1)", "(4,)", "reshape(-1, 1)"]),
        (nn.MSELoss(), tensor(4), tensor(4, 1), ShapeError, ["(4,)", "(4, 1)"]),
        (nn.L1Loss(), tensor(4, 2), tensor(2), ShapeError, []),
        (nn.BCEWithLogitsLoss(), tensor(4, 1), tensor(4), ShapeError, ["BCEWithLogitsLoss"]),
        (nn.BCELoss(), Tensor([1.5, 0.2]), Tensor([1.0, 0.0]), DataError, ["from 0 to 1", "0.2 to 1.5", "Sigmoid"]),
        (nn.BCELoss(), tensor(2), Tensor([2.0, 0.0]), DataError, ["got 2.0"]),
        (nn.CrossEntropyLoss(), tensor(4, 3), np.array([0, 1]), ShapeError, ["(4,)", "(2,)"]),
        (nn.CrossEntropyLoss(), tensor(4, 3), np.zeros((4, 1), int), ShapeError, ["squeeze(1)"]),
        (nn.CrossEntropyLoss(), tensor(2, 3), np.array([0, 3]), DataError, ["0 to 2", "got 3"]),
        (nn.CrossEntropyLoss(), tensor(2, 3), np.array([0, -1]), DataError, ["got -1"]),
        (nn.CrossEntropyLoss(), tensor(2, 3), np.array([0.0, 1.0]), DTypeError, ["integer"]),
        (nn.CrossEntropyLoss(), tensor(), np.array(0), ShapeError, ["single number"]),
        (nn.CrossEntropyLoss(weight=[1.0, 2.0]), tensor(2, 3), np.array([0, 1]), ShapeError, ["3 numbers", "got 2"]),
        (nn.CrossEntropyLoss(), tensor(2, 3), "ab", DTypeError, ["numbers"]),
        (nn.CrossEntropyLoss(), tensor(2, 3), [[1], [1, 2]], ShapeError, []),
        (nn.MSELoss(), tensor(2), None, DTypeError, ["numbers"]),
    ],
)
def test_calling_with_what_does_not_fit(loss, output, target, error, parts):
    with pytest.raises(error) as caught:
        loss(output, target)
    assert says(caught, *parts)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.MSELoss("average"),
        lambda: nn.HuberLoss(delta=0),
        lambda: nn.HuberLoss(delta="1"),
        lambda: nn.SmoothL1Loss(beta=-1),
        lambda: nn.CrossEntropyLoss(label_smoothing=1.5),
        lambda: nn.CrossEntropyLoss(label_smoothing="a"),
        lambda: nn.BCEWithLogitsLoss(label_smoothing=-0.1),
        lambda: nn.CrossEntropyLoss(weight=[1, -1]),
        lambda: nn.CrossEntropyLoss(weight=[[1, 2]]),
        lambda: nn.CrossEntropyLoss(weight="heavy"),
        lambda: nn.CrossEntropyLoss(ignore_index=0.5),
        lambda: nn.BCEWithLogitsLoss(pos_weight=[np.nan]),
        lambda: nn.HingeLoss(margin=-1),
        lambda: nn.PoissonNLLLoss(eps=0),
    ],
)
def test_bad_options(make):
    with pytest.raises(ChainruleError) as caught:
        make()
    assert isinstance(caught.value, (ConfigError, UnknownNameError))
    assert says(caught)


# By name --------------------------------------------------------------------------------------------------------------


def test_get():
    assert isinstance(losses.get("cross_entropy"), nn.CrossEntropyLoss)
    assert isinstance(losses.get("Cross-Entropy"), nn.CrossEntropyLoss)
    assert isinstance(losses.get("mae"), nn.L1Loss)
    assert isinstance(losses.get(nn.HuberLoss, delta=2.0), nn.HuberLoss)
    assert losses.get("huber", delta=2.0).delta == 2.0
    loss = nn.MSELoss()
    assert losses.get(loss) is loss
    for name, kind in losses.LOSSES.items():
        assert losses.get(name).name == name
        assert type(losses.get(name)) is kind


def test_get_errors():
    with pytest.raises(UnknownNameError, match="Did you mean 'cross_entropy'"):
        losses.get("crossentropy")
    with pytest.raises(UnknownNameError, match="Did you mean 'delta'"):
        losses.get("huber", detla=2.0)
    with pytest.raises(ConfigError):
        losses.get(nn.MSELoss(), reduction="sum")
    for wrong in (3, None, dict, len):
        with pytest.raises(DTypeError):
            losses.get(wrong)


@pytest.mark.parametrize(
    "loss",
    [
        nn.CrossEntropyLoss([1.0, 2.0], 5, "sum", 0.25),
        nn.NLLLoss([1.0, 0.5], 1, "sum"),
        nn.BCELoss([2.0], "none"),
        nn.BCEWithLogitsLoss([1.0], "sum", [3.0], 0.25),
        nn.HingeLoss(0.5, "sum"),
        nn.PerceptronLoss("mean"),
        nn.MSELoss("sum"),
        nn.L1Loss("none"),
        nn.HuberLoss("sum", 0.5),
        nn.SmoothL1Loss("sum", 0.5),
        nn.PoissonNLLLoss(False, True, 1e-6, "sum"),
    ],
    ids=lambda loss: loss.name,
)
def test_config_survives_json_and_holds_every_argument(loss):
    config = json.loads(json.dumps(loss.config()))
    again = losses.get(loss.name, **config)
    assert again.config() == loss.config()
    code = type(loss).__init__.__code__
    assert sorted(config) == sorted(code.co_varnames[1 : code.co_argcount])
    assert all(value != type(loss)().config()[key] for key, value in config.items())


def test_losses_can_be_moved_like_modules():
    loss = nn.MSELoss()
    assert loss.to("cpu") is loss
    assert repr(loss) == "MSELoss()"
