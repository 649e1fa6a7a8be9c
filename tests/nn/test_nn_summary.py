"""`summary`: shapes, counts, and the table."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ConfigError, ShapeError

NET = nn.Sequential(
    nn.Flatten(),
    nn.Linear(784, 128),
    nn.BatchNorm1d(128),
    nn.ReLU(),
    nn.Sequential(nn.Dropout(0.2), nn.Linear(128, 10, bias=False)),
)


def test_table():
    assert str(nn.summary(NET)).splitlines() == [
        "Sequential, input (N, 784)",
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        " Layer   Type          Output shape   Parameters",
        "─────────────────────────────────────────────────",
        " 0       Flatten       (N, 784)                0",
        " 1       Linear        (N, 128)          100,480",
        " 2       BatchNorm1d   (N, 128)              256",
        " 3       ReLU          (N, 128)                0",
        " 4.0     Dropout       (N, 128)                0",
        " 4.1     Linear        (N, 10)             1,280",
        "━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        " Parameters: 102,016 (399.5 KB)",
        " Running statistics: 257",
    ]


def test_values():
    found = nn.summary(NET, (28, 28))
    assert found.input_shape == (28, 28)
    assert [one.output_shape for one in found.layers] == [(784,), (128,), (128,), (128,), (128,), (10,)]
    assert found.parameters == found.trainable == 102016
    assert found.to_dict()["layers"][1]["parameters"] == 100480
    assert NET.training
    assert NET[0]._hooks is None or not NET[0]._hooks.after
    assert NET[2].num_batches_tracked.item() == 0


def test_frozen_and_shared_parameters():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    net[0].bias.requires_grad_(False)
    found = nn.summary(net)
    assert (found.parameters, found.trainable) == (8, 6)
    assert [one.parameters for one in found.layers] == [6, 2]
    assert " Trainable: 6, frozen: 2" in str(found)


def test_a_module_of_ones_own():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(np.ones(3, np.float32))
            self.inner = nn.Linear(3, 2)

        def forward(self, x):
            return self.inner(x * self.scale)

    found = nn.summary(Net())
    assert [(one.path, one.output_shape, one.parameters) for one in found.layers] == [
        ("", (2,), 3),
        ("inner", (2,), 8),
    ]


def test_without_a_known_input_shapes_are_left_out():
    found = nn.summary(nn.Sequential(nn.ReLU(), nn.Tanh()))
    assert found.input_shape is None
    assert "?" in str(found)
    assert nn.summary(nn.Sequential(nn.ReLU()), 4).layers[0].output_shape == (4,)


def test_errors():
    with pytest.raises(ShapeError, match="does not fit"):
        nn.summary(nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)))
    for wrong in ("784", (2, -1), [1.5]):
        with pytest.raises(ConfigError):
            nn.summary(NET, wrong)
