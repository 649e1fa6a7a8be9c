"""Which loss is the usual one, and targets in the form that a loss takes."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import losses, nn
from chainrule.errors import ShapeError
from chainrule.nn.objective import check_targets, shaped_targets, usual_loss

FLOAT = np.dtype(np.float32)


@pytest.mark.parametrize(
    ("task", "last", "outputs", "name"),
    [
        ("regression", nn.Linear(1, 3), 3, "mse"),
        ("binary", nn.Linear(1, 1), 1, "bce_with_logits"),
        ("binary", nn.Sigmoid(), 1, "bce"),
        ("binary", nn.Sigmoid(), 2, "cross_entropy"),
        ("binary", nn.LogSoftmax(), 2, "nll"),
        ("multiclass", nn.LogSoftmax(), 3, "nll"),
        ("multiclass", None, 3, "cross_entropy"),
    ],
)
def test_the_usual_loss(task: str, last: nn.Module | None, outputs: int, name: str) -> None:
    found = usual_loss(task, last, outputs)
    assert found is not None
    assert found.name == name


def test_no_loss_without_a_task() -> None:
    assert usual_loss(None, nn.Linear(1, 1), 1) is None


def test_classes_are_indices_and_quantities_have_the_shape_of_the_outputs() -> None:
    labels = np.array([0.0, 1.0, 1.0])
    indices = shaped_targets(losses.get("cross_entropy"), "binary", labels, (2,), FLOAT)
    assert indices.dtype == np.int64
    assert indices.tolist() == [0, 1, 1]
    column = shaped_targets(losses.get("bce_with_logits"), "binary", labels, (1,), FLOAT)
    assert column.dtype == FLOAT
    assert column.tolist() == [[0.0], [1.0], [1.0]]
    soft = shaped_targets(losses.get("cross_entropy"), "regression", np.eye(3), (3,), FLOAT)
    assert soft.dtype == FLOAT
    assert soft.shape == (3, 3)


def test_what_fits_no_loss_stays_as_it_is_and_is_refused() -> None:
    loss, targets = losses.get("mse"), np.zeros((4, 3))
    assert shaped_targets(loss, "regression", targets, (2,), FLOAT) is targets
    with pytest.raises(ShapeError, match="output"):
        check_targets(loss, targets, 2)
    check_targets(loss, np.zeros((4, 3, 2)), 6)
    numbers = np.array([0.5, 2.5])
    assert shaped_targets(losses.get("cross_entropy"), "regression", numbers, (2,), FLOAT) is numbers
