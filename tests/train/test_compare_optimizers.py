"""`compare.optimizers` and `compare.optimizer_paths`: the same start and batches, and steps computed by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, DTypeError, ShapeError, UnknownNameError

compare = cr.train.compare
IRIS = cr.data.load("iris")


def small() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))


class Spy(nn.Module):
    """Passes rows on, and remembers those that it is trained on."""

    seen: list[list[np.ndarray]]

    def __deepcopy__(self, memo: Any) -> Spy:
        return Spy(self.seen)

    def __init__(self, seen: list[list[np.ndarray]]) -> None:
        super().__init__()
        self.seen = seen
        self.mine: list[np.ndarray] = []
        seen.append(self.mine)

    def forward(self, input: Any) -> Any:
        if self.training:
            self.mine.append(np.array(input._data))
        return input


@pytest.fixture(scope="module")
def race() -> Any:
    return compare.optimizers(IRIS, build=small, epochs=5, seed=2)


def test_each_run_is_the_one_that_fit_makes(race: Any) -> None:
    rows = IRIS.prepare(test=0).train
    makers: dict[str, Any] = {
        "sgd": lambda p: cr.optim.SGD(p, lr=0.01), "momentum": lambda p: cr.optim.SGD(p, lr=0.01, momentum=0.9),
        "adagrad": lambda p: cr.optim.Adagrad(p, lr=0.01), "rmsprop": lambda p: cr.optim.RMSprop(p, lr=0.001),
        "adam": lambda p: cr.optim.Adam(p, lr=0.001),
    }  # fmt: skip
    assert [run.name for run in race.runs] == list(makers)
    for name, make in makers.items():
        cr.manual_seed(2)
        model = small()
        first = cr.evaluate(model, rows)["loss"]
        cr.fit(model, rows, optimizer=make(model.named_parameters()), epochs=5, seed=2, verbose=0)
        run = race.run(name)
        assert (run.start, run.losses[-1]) == pytest.approx((first, cr.evaluate(model, rows)["loss"]), abs=1e-6)


def test_all_see_the_same_batches() -> None:
    seen: list[list[np.ndarray]] = []

    def build() -> nn.Sequential:
        return nn.Sequential(Spy(seen), nn.Linear(4, 3))

    compare.optimizers(IRIS, ["sgd", "adam"], build=build, epochs=3, engine="eager")
    first, second = (batches for batches in seen if len(batches) == 3 * 5)
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one, two)
    assert not np.array_equal(first[0], first[5])  # another order in another epoch


def test_the_goal_and_who_reached_it(race: Any) -> None:
    ends = [run.losses[-1] for run in race.runs]
    assert race.goal == np.median(ends)
    for run in race.runs:
        if run.goal_epoch is None:
            assert min(run.losses) > race.goal
        else:
            assert run.losses[run.goal_epoch - 1] <= race.goal
            assert all(loss > race.goal for loss in run.losses[: run.goal_epoch - 1])
            assert run.goal_seconds == run.seconds[run.goal_epoch - 1]
        assert list(run.seconds) == sorted(run.seconds)
        assert run.seconds[0] > 0
    given = compare.optimizers(IRIS, ["sgd"], build=small, epochs=2, goal=1e-9)
    assert (given.goal, given.runs[0].goal_epoch) == (1e-9, None)
    assert "not reached" in given.lines("en")[1]


def test_rates_and_configurations() -> None:
    race = compare.optimizers(IRIS, ["sgd", "adam"], lr={"sgd": 0.5}, epochs=1)
    assert [run.lr for run in race.runs] == [0.5, 0.001]
    assert [run.lr for run in compare.optimizers(IRIS, ["sgd", "adadelta"], lr=0.3, epochs=1).runs] == [0.3, 0.3]
    own = {"heavy": {"name": "sgd", "momentum": 0.99, "lr": 0.1}, "light": {"name": "SGD"}}
    assert [(run.name, run.lr) for run in compare.optimizers(IRIS, own, epochs=1).runs] == [
        ("heavy", 0.1),
        ("light", 0.01),
    ]


def test_divergence_is_a_result() -> None:
    x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    race = compare.optimizers((x, 3 * x[:, 0]), ["sgd", "adam"], lr={"sgd": 1e30}, epochs=4, loss="mse")
    sgd, adam = race.runs
    assert sgd.stopped
    assert sgd.end == math.inf
    assert adam.stopped is None
    assert race.goal is not None
    lines = "\n".join(race.lines("en"))
    assert "Lowest training loss at the end: Adam" in lines
    json.loads(race.to_json())


def test_words_and_json(race: Any) -> None:
    best = min(race.runs, key=lambda run: run.losses[-1])
    for lang in ("en", "ko"):
        assert any(f"{best.losses[-1]:.3g}" in line and best.title in line for line in race.lines(lang))
    assert "other" in race.lines("en")[-1]
    assert len(json.loads(race.to_json())["runs"]) == 5


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((IRIS, ["adma"]), {}, UnknownNameError, "adam"),
        ((IRIS, []), {}, ConfigError, "no optimizer"),
        ((IRIS, {"a": 3}), {}, DTypeError, "mapping"),
        ((IRIS, {"a": {"lr": 3}}), {}, DTypeError, "mapping"),
        ((IRIS, ["sgd"]), {"lr": {"adam": 1}}, UnknownNameError, "adam"),
        ((IRIS, ["sgd"]), {"lr": -1}, ConfigError, "lr"),
        ((IRIS, ["sgd"]), {"optimizer": "adam"}, ConfigError, "takes no optimizer"),
        ((IRIS, ["sgd"]), {"validation": 0.2}, ConfigError, "takes no validation"),
        ((IRIS, ["sgd"]), {"batch_size": 0}, ConfigError, "batch_size"),
        ((3,), {}, ConfigError, "unknown form"),
    ],
)
def test_refusals(arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        compare.optimizers(*arguments, **{"epochs": 1, **options})


# Paths


def by_hand(name: str, lr: float, steps: int) -> np.ndarray:
    """The textbook's updates on x²/20 + y², written out."""
    p = np.array([-7.0, 2.0])
    v, m, s, points = np.zeros(2), np.zeros(2), np.zeros(2), [p]
    for t in range(1, steps + 1):
        g = np.array([p[0] / 10, 2 * p[1]])
        if name == "sgd":
            p = p - lr * g
        elif name == "momentum":
            v = 0.9 * v - lr * g
            p = p + v
        elif name == "adagrad":
            s = s + g * g
            p = p - lr * g / (np.sqrt(s) + 1e-10)
        elif name == "rmsprop":
            s = 0.99 * s + 0.01 * g * g
            p = p - lr * g / (np.sqrt(s) + 1e-8)
        else:
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
            p = p - lr * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        points.append(p)
    return np.array(points)


@pytest.mark.parametrize("name", ["sgd", "momentum", "adagrad", "rmsprop", "adam"])
def test_paths_are_those_computed_by_hand(name: str) -> None:
    path = compare.optimizer_paths(names=[name], steps=30).paths[0]
    expected = by_hand(name, path.lr, 30)
    np.testing.assert_allclose(path.points, expected, atol=1e-9)
    np.testing.assert_allclose(path.values, expected[:, 0] ** 2 / 20 + expected[:, 1] ** 2, atol=1e-9)
    assert path.length == pytest.approx(np.linalg.norm(np.diff(expected, axis=0), axis=1).sum())
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(path.points, by_hand(name, path.lr * 1.01, 30), atol=1e-9)


def test_the_grid_holds_the_function_and_all_points() -> None:
    found = compare.optimizer_paths()
    x, y = np.meshgrid(found.x, found.y)
    np.testing.assert_allclose(found.z, x**2 / 20 + y**2)
    points = np.concatenate([path.points for path in found.paths])
    assert found.x[0] < points[:, 0].min() < points[:, 0].max() < found.x[-1]
    assert found.y[0] < points[:, 1].min() < points[:, 1].max() < found.y[-1]
    assert json.loads(found.to_json())["formula"] == "f(x, y) = x²/20 + y²"


def test_functions_of_ones_own() -> None:
    def rosenbrock(x: Any, y: Any) -> Any:
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2

    found = compare.optimizer_paths(rosenbrock, (-1, 1), names=["adam"], steps=200, bounds=(-2, 2, -1, 3))
    assert found.paths[0].values[-1] < found.paths[0].values[0]
    assert found.formula is None
    assert found.minimum is None
    assert (found.x[0], found.y[-1]) == (-2, 3)

    def one_by_one(x: Any, y: Any) -> Any:
        return cr.stack([x.reshape(()), y.reshape(())]).pow(2).sum()

    bowl = compare.optimizer_paths(one_by_one, (1, 1), names=["sgd"], lr=0.1, steps=2, bounds=(-1, 1, -1, 1))
    x, y = np.meshgrid(bowl.x, bowl.y)
    np.testing.assert_allclose(bowl.z, x**2 + y**2)


def test_a_path_that_leaves_all_numbers_ends_there() -> None:
    found = compare.optimizer_paths(names=["sgd", "adam"], lr={"sgd": 1e200})
    lost, fine = found.paths
    assert not lost.finite
    assert np.isfinite(lost.points).all()
    assert fine.finite
    assert np.isfinite(found.z).all()
    assert "no longer finite" in found.lines("en")[1]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"start": (1,)}, DTypeError, "start"),
        ({"start": (1, math.nan)}, ConfigError, "start"),
        ({"f": 3}, DTypeError, "function"),
        ({"f": lambda x, y: 3}, ShapeError, "one number"),
        ({"f": lambda x, y: x.log()}, ConfigError, "not finite at the start"),
        ({"steps": 0}, ConfigError, "steps"),
        ({"bounds": (1, 0, 0, 1)}, ConfigError, "bounds"),
        ({"bounds": 3}, DTypeError, "bounds"),
        ({"names": "newton"}, UnknownNameError, "optimizer"),
    ],
)
def test_refused_paths(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        compare.optimizer_paths(**options)
