"""The inverse questions for one neuron, against worked numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.neuron import neuron


def test_the_worked_example() -> None:
    one = neuron([3, -2], 1)
    assert one.z([-1, 2]) == -6
    assert one.output([[-1, 2], [1, -2]]).round(5).tolist() == [0.00247, 0.99966]
    assert one.intercepts == (-1 / 3, 0.5)
    assert (one.slope, one.offset) == (1.5, 0.5)
    assert one.line() == "3·x1 − 2·x2 + 1 = 0"


def test_the_line_is_where_z_is_zero() -> None:
    one = neuron([3, -2], 1)
    x1 = np.linspace(-5, 5, 7)
    line = np.stack([x1, one.slope * x1 + one.offset], axis=1)
    np.testing.assert_allclose(one.output(line), 0.5)
    assert one.z(one.nearest) == pytest.approx(0)
    assert np.linalg.norm(one.nearest) == pytest.approx(abs(one.distance))
    assert one.z(one.distance * one.normal) == pytest.approx(0)
    assert np.linalg.norm(one.normal) == pytest.approx(1)
    assert one.distances(line + 2 * one.normal) == pytest.approx(2)


def test_outputs_do_not_overflow_and_invert() -> None:
    one = neuron([1.0], 0.0)
    with np.errstate(over="raise"):
        assert one.output([[-800.0], [800.0]]).tolist() == [pytest.approx(0), 1.0]
    assert one.output([one.inverse(0.2)]) == pytest.approx(0.2)
    assert one.inverse(0.5) == 0
    assert one.inverse(0.9) == pytest.approx(math.log(9))
    with pytest.raises(ConfigError, match="between 0 and 1"):
        one.inverse(1.0)


def test_vertical_lines_and_more_inputs() -> None:
    vertical = neuron([2, 0], -1)
    assert (vertical.slope, vertical.offset, vertical.intercepts) == (None, None, (0.5, None))
    assert neuron([1, 2, 2], 3).distance == -1
    assert neuron([1, 2, 2], 3).to_dict()["nearest"] == pytest.approx([-1 / 3, -2 / 3, -2 / 3])


def test_a_layer_with_one_neuron() -> None:
    layer = nn.Linear(2, 1, bias=False)
    assert neuron(layer).bias == 0
    np.testing.assert_array_equal(neuron(layer).weights, layer.weight.detach().numpy()[0])
    with pytest.raises(ShapeError, match="one neuron"):
        neuron(nn.Linear(2, 2))


def test_bad_input() -> None:
    with pytest.raises(ConfigError, match="no line"):
        neuron([0, 0], 1)
    with pytest.raises(ConfigError, match="no line"):
        neuron([1, math.nan], 1)
    with pytest.raises(ShapeError, match="one dimension"):
        neuron([[1, 2]], 1)
    with pytest.raises(ConfigError, match="numbers"):
        neuron(["a"], 1)
    with pytest.raises(ShapeError, match="points"):
        neuron([1, 2]).z([1, 2, 3])
