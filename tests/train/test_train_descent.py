"""`learning_rates`: descent against worked numbers and PyTorch-like SGD; what the paths and verdicts say."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleError, ConfigError, DataError, DTypeError, UnknownNameError
from chainrule.train.steepest import behaviour

XOR = cr.data.load("xor")
# L(w, b) = ½·((w + b − 3)² + (−w + b − 1)²) = w² − 2w + b² − 4b + 5 = (w − 1)² + (b − 2)².
POINTS = (np.array([[1.0], [-1.0]]), np.array([3.0, 1.0]))
BOTH = ("0.weight[0,0]", "0.bias[0]")


def line() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(1, 1)).double()
    with cr.no_grad():
        model[0].weight._assign(np.array([[-1.0]]))
        model[0].bias._assign(np.array([0.0]))
    return model


def network() -> nn.Sequential:
    cr.manual_seed(3)
    return nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)).double()


def test_paths_and_losses_of_a_bowl_are_the_worked_ones() -> None:
    # The gradient is 2·(w − 1, b − 2), so that each step shrinks the distance to (1, 2) by 1 − 2η.
    found = cr.train.learning_rates(line(), POINTS, (0.05, 0.3, 0.95, 1.05), steps=10, weights=BOTH, loss="mse")
    for run, rate in zip(found.runs, (0.05, 0.3, 0.95, 1.05), strict=True):
        shrink = (1 - 2 * rate) ** np.arange(11)
        assert run.path == pytest.approx(np.array([1.0, 2.0]) - shrink[:, None] * [2.0, 2.0])
        assert run.losses == pytest.approx(8 * shrink**2)
        assert (run.distances == 0).all()
        assert len(run.losses) == len(run.path) == 11
    assert [run.verdict for run in found.runs] == ["slow", "converges", "overshoots", "diverges"]
    assert [run.rises for run in found.runs] == [0, 0, 0, 10]
    assert found.landscape.kind == "slice"
    w, b = np.meshgrid(found.landscape.x, found.landscape.y)
    assert found.landscape.loss == pytest.approx((w - 1) ** 2 + (b - 2) ** 2)
    assert found.landscape.center == (-1.0, 0.0)


def test_verdicts_compare_with_the_best_run() -> None:
    def verdicts(*rates: float) -> list[str]:
        runs = cr.train.learning_rates(line(), POINTS, rates, steps=10, weights=BOTH, loss="mse", points=2).runs
        return [run.verdict for run in runs]

    assert verdicts(0.05) == ["converges"]  # there is no better one
    assert verdicts(0.05, 0.5) == ["slow", "converges"]
    assert verdicts(0.5, 0.99) == ["converges", "overshoots"]
    assert verdicts(0.3, 1.0) == ["converges", "overshoots"]  # from one side to the other for ever
    assert verdicts(1.0001, 2.0) == ["diverges", "diverges"]
    assert behaviour(np.array([3.0, 2.0, 2.5, 1.0, 1.5])) == "oscillates"
    assert behaviour(np.array([3.0, 2.0, 1.0])) == "converges"
    assert behaviour(np.array([3.0, 2.0, np.nan])) == "diverges"


def test_where_a_path_leaves_the_picture() -> None:
    found = cr.train.learning_rates(line(), POINTS, (0.3, 1.5), steps=10, weights=BOTH, loss="mse")
    good, bad = found.runs
    assert good.left is None
    assert bad.left is not None
    x, y = bad.path.T
    inside = (
        (x >= found.landscape.x[0])
        & (x <= found.landscape.x[-1])
        & (y >= found.landscape.y[0])
        & (y <= found.landscape.y[-1])
    )
    assert inside[: bad.left].all()
    assert not inside[bad.left]


def test_all_weights_move_as_sgd_moves_them() -> None:
    model = network()
    found = cr.train.learning_rates(model, XOR, (0.5,), steps=20)
    other = copy.deepcopy(model)
    history = cr.fit(other, XOR, optimizer="sgd", lr=0.5, epochs=20, batch_size=4, verbose=0)
    assert found.runs[0].losses[:-1] == pytest.approx(history["loss"], rel=1e-6)
    assert found.runs[0].losses[-1] == pytest.approx(cr.evaluate(other, XOR)["loss"], rel=1e-6)
    assert found.landscape.kind == "pca"
    assert found.landscape.center == (0.0, 0.0)
    assert found.runs[0].path[0] == pytest.approx([0, 0])
    # The plane holds the path but for `distances`.
    moved = np.concatenate([p._data.ravel() for p in other.parameters()]) - np.concatenate(
        [p._data.ravel() for p in model.parameters()]
    )
    length = np.hypot(np.linalg.norm(found.runs[0].path[-1]), found.runs[0].distances[-1])
    assert length == pytest.approx(np.linalg.norm(moved), rel=1e-5)


def test_two_weights_alone_are_trained() -> None:
    names = ("0.weight[0,1]", "2.bias[0]")
    model = network()
    before = {path: np.array(value._data) for path, value in model.state_dict().items()}
    found = cr.train.learning_rates(model, XOR, (0.2,), steps=5, weights=names, points=3)
    slice_ = cr.explain.landscape(model, XOR, names, points=3)
    assert (found.runs[0].distances == 0).all()
    assert found.runs[0].path[0] == pytest.approx(slice_.center)
    state = copy.deepcopy(before)
    state["0.weight"][0, 1], state["2.bias"][0] = found.runs[0].path[-1]
    other = copy.deepcopy(model)
    other.load_state_dict(state)
    assert found.runs[0].losses[-1] == pytest.approx(cr.evaluate(other, XOR)["loss"], rel=1e-6)
    assert all(np.array_equal(before[path], value._data) for path, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("model", "data", "options"),
    [
        (line, POINTS, {"weights": BOTH, "loss": "mse"}),
        (line, POINTS, {"loss": "mse"}),
        (network, XOR, {}),
        (network, cr.data.load("moons"), {}),
    ],
)
def test_chosen_rates_are_small_right_and_large(model: Any, data: Any, options: dict[str, Any]) -> None:
    found = cr.train.learning_rates(model(), data, points=5, **options)
    small, right, large = found.runs
    assert small.lr < right.lr < large.lr
    assert [run.verdict for run in found.runs] == ["slow", "converges", "diverges"]
    assert right.losses[-1] < small.losses[-1] < small.losses[0] < large.losses[-1]
    assert right.left is None
    assert "diverges" in repr(found)


def test_beyond_all_numbers() -> None:
    # Steps of (1 − 2η) = −1999 pass 1e308 before the hundredth one; every number up to there stays.
    found = cr.train.learning_rates(line(), POINTS, (0.3, 1000.0), steps=200, weights=BOTH, loss="mse")
    bad = found.runs[1]
    assert bad.verdict == "diverges"
    assert len(bad.losses) == len(bad.path) < 100
    assert bad.left == 1
    assert json.loads(found.to_json())["runs"][1]["verdict"] == "diverges"
    alone = cr.train.learning_rates(line(), POINTS, (1000.0,), steps=200, loss="mse", points=3)
    assert np.isfinite(alone.landscape.x).all()


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((line(), POINTS, ()), {}, ConfigError),
        ((line(), POINTS, (0.1, 0.1)), {}, ConfigError),
        ((line(), POINTS, (0.1, -1)), {}, ConfigError),
        ((line(), POINTS, ("a",)), {}, ConfigError),
        ((line(), POINTS, 0.1), {}, ConfigError),
        ((line(), POINTS, np.arange(1, 9)), {}, ConfigError),
        ((line(), POINTS), {"steps": 0}, ConfigError),
        ((line(), POINTS), {"points": 1}, ConfigError),
        ((line(), POINTS), {"weights": ("0.weight[0,0]", "1.bias[0]")}, UnknownNameError),
        ((line(), POINTS), {"weights": BOTH[:1]}, ConfigError),
        ((line(), POINTS[0]), {}, DataError),
        (("model", POINTS), {}, DTypeError),
    ],
)
def test_bad_input(arguments: tuple[Any, ...], options: dict[str, Any], error: type[ChainruleError]) -> None:
    with pytest.raises(error):
        cr.train.learning_rates(*arguments, **{"loss": "mse", **options})
