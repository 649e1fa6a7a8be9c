"""XOR from gates, regions counted against a flood over sign patterns, linear networks against their product."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError
from chainrule.explain import collapse, line_regions, max_regions, xor_from_gates


def test_xor_is_and_of_nand_and_or() -> None:
    composed = xor_from_gates()
    table = {stage.name: stage.outputs.tolist() for stage in composed.stages}
    assert table == {"NAND": [1, 1, 1, 0], "OR": [0, 1, 1, 1], "AND": [0, 1, 1, 0]}
    assert composed.outputs.tolist() == [int(a) ^ int(b) for a, b in composed.inputs]
    heading, *body = "x1  x2  NAND  OR  AND", " 0   0     1   0    0", " 0   1     1   1    1", " 1   0     1   1    1"
    rows = "\n".join([heading, *body, " 1   1     0   1    0"])
    assert rows in composed.explain("en")
    assert rows in composed.explain("ko")
    assert "(−0.5)·x1 + (−0.5)·x2 > −0.7" in composed.explain("en")
    assert "퍼셉트론" in composed.explain("ko")


def test_the_most_regions() -> None:
    assert [max_regions(p) for p in range(7)] == [(p * p + p + 2) // 2 for p in range(7)]
    assert [max_regions(p, 1) for p in range(5)] == [1, 2, 3, 4, 5]
    assert [max_regions(p, 3) for p in range(6)] == [1, 2, 4, 8, 15, 26]  # the cake numbers
    assert max_regions(5, 9) == 32
    with pytest.raises(ConfigError, match="perceptrons"):
        max_regions(-1)


def sign_patterns(lines: np.ndarray) -> int:
    """Count the patterns of signs at points beside every crossing, and far away in every direction."""
    angles = np.linspace(0, 2 * np.pi, 1440, endpoint=False) + 1e-3
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = [ring * 1e5]
    for i in range(len(lines)):
        points.append(-lines[i, 2] * lines[i, :2] / (lines[i, :2] @ lines[i, :2]) + ring * 1e-3)
        for j in range(i):
            if abs(np.linalg.det(lines[[i, j], :2])) > 1e-12:
                points.append(np.linalg.solve(lines[[i, j], :2], -lines[[i, j], 2]) + ring * 1e-3)
    values = np.concatenate(points) @ lines[:, :2].T + lines[:, 2]
    return len({tuple(row) for row in values > 0})


@given(st.lists(st.tuples(*[st.integers(-2, 2)] * 3).filter(lambda row: any(row[:2])), min_size=1, max_size=7))
@settings(max_examples=60, deadline=None)
def test_regions_are_those_that_points_find(lines: list[tuple[int, ...]]) -> None:
    found = line_regions(lines)
    assert found.regions == sign_patterns(np.array(lines, dtype=float))
    assert found.regions <= found.most
    assert found.general == (found.regions == found.most)
    assert found.lines + found.repeated == len(lines)


@pytest.mark.parametrize(
    ("lines", "regions", "general"),
    [
        ([], 1, True),
        ([[1, 0, 0]], 2, True),
        ([[1, 0, 0], [2, 0, 0], [-0.5, 0, 0]], 2, True),
        ([[1, 0, 0], [1, 0, 1], [1, 0, 2]], 4, False),
        ([[1, 0, 0], [0, 1, 0], [1, 1, 0]], 6, False),
        ([[1, 0, 0], [0, 1, 0], [1, 1, -1]], 7, True),
        ([[0.1, 0.2, 0.3], [1, 0, 0]], 4, True),
    ],
)
def test_special_positions(lines: list[Any], regions: int, general: bool) -> None:
    found = line_regions(lines)
    assert (found.regions, found.general) == (regions, general)
    assert str(regions) in found.explain("en")
    assert f"영역 {regions}개" in found.explain("ko")


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([[0, 0, 1]], DataError),
        ([[1, 2]], ShapeError),
        ([[1, 2, 3], [1]], ShapeError),
        ([["a", "b", "c"]], DTypeError),
        ([[1, np.nan, 0]], DataError),
        (np.ones((501, 3)), ConfigError),
    ],
)
def test_what_are_no_lines(lines: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        line_regions(lines)


def test_a_linear_network_is_one_layer() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(3, 5), nn.Identity(), nn.Sequential(nn.Linear(5, 4, bias=False)), nn.Linear(4, 2)
    )
    found = collapse(model)
    x = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    expected = model(cr.tensor(x)).detach().numpy()
    np.testing.assert_allclose(x @ found.weight.T + found.bias, expected, atol=1e-5)
    np.testing.assert_allclose(found.linear()(cr.tensor(x.astype(float))).detach().numpy(), expected, atol=1e-5)
    assert len(found.products) == 3
    np.testing.assert_allclose(found.products[1], found.weights[1] @ found.weights[0])
    assert found.superposition.difference < 1e-12
    assert np.abs(found.superposition.together).max() > 0.1
    assert (found.parameters_before, found.parameters_after) == (20 + 24 + 10, 8)
    for lang, words in (("en", "3 linear layers"), ("ko", "중첩의 원리")):
        assert words in found.explain(lang)
        assert "W3·W2·W1 = [" in found.explain(lang)


def test_what_does_not_collapse() -> None:
    with pytest.raises(ConfigError, match="got ReLU"):
        collapse(nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)))
    with pytest.raises(ConfigError, match="no linear layers"):
        collapse(nn.Sequential())
    with pytest.raises(ShapeError, match="layer 2"):
        collapse([(np.ones((2, 2)), None), (np.ones((1, 3)), None)])
    with pytest.raises(ShapeError, match="layer 1"):
        collapse([(np.ones((2, 2)), [1, 2, 3])])


@pytest.mark.parametrize("bad", [None, object(), "xy", np.zeros(2), np.zeros((3, 5)), [("a", "b")], [([[1.0]], "b")]])
def test_what_is_no_list_of_layers(bad: Any) -> None:
    with pytest.raises((DTypeError, ShapeError)):
        collapse(bad)
