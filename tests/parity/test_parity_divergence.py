"""Steps that make something infinite or not a number: both engines end before them, with the same words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.data.dataset import Dataset
from chainrule.engines import EagerEngine, NativeEngine, native
from chainrule.engines.base import Plan
from chainrule.errors import TrainingError
from helpers.parity import Trained, assert_alike, assert_parity, needs_native, rebuilt, threads, trained

pytestmark = needs_native


def plain() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 40), nn.ReLU(), nn.Linear(40, 2))


def tiny() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


def normalised() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 40, bias=False), nn.BatchNorm1d(40), nn.ReLU(), nn.Dropout(0.2), nn.Linear(40, 2))


def averaged() -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm1d(4, affine=False, momentum=None), nn.Linear(4, 2))


BUILDS = (plain, tiny, normalised, averaged)
BATCH = 6


def data(dtype: str, rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((rows, 4)).astype(dtype)
    return X, np.column_stack([X[:, 0], X[:, 1] * X[:, 2]]).astype(dtype)


def run(
    engine: str,
    build: Callable[[], Any],
    dtype: str,
    optimizer: Callable[[Any], Any],
    spoil: Any = None,
    **options: Any,
) -> tuple[Trained, str | None]:
    """The training, and the error's text if it did not get through its first epoch."""
    model = rebuilt(build, dtype)
    X, y = data(dtype)
    if spoil is not None:
        spoil(model, X, y)
    algorithm = optimizer(model)
    chosen: dict[str, Any] = {"epochs": 6, "batch_size": BATCH, "metrics": [], "seed": 3, **options}
    if "schedule" in chosen:
        chosen["schedule"] = chosen["schedule"](algorithm)
    try:
        history = cr.fit(model, Dataset(X, y), loss="mse", optimizer=algorithm, engine=engine, verbose=0, **chosen)
    except TrainingError as error:
        history = cr.History()
        history.engine = engine
        return trained(model, history, algorithm), str(error)
    return trained(model, history, algorithm), None


def assert_ends_alike(
    build: Callable[[], Any], dtype: str, optimizer: Callable[[Any], Any], spoil: Any = None, **options: Any
) -> str:
    """Same curves, states, reasons and errors; returns the reason."""
    reasons: dict[str, str] = {}

    def one(engine: str) -> Trained:
        found, error = run(engine, build, dtype, optimizer, spoil, **options)
        # Whether sums overflow to inf or inf - inf comes up in them depends on their order.
        found.stopped = reason = (error or found.stopped or "").replace("became inf", "became nan")
        assert reasons.setdefault(engine, reason) == reason
        return found

    with np.errstate(all="ignore"):
        wanted = assert_parity(one, dtype, (1, 3))
    assert reasons["native"] == reasons["eager"]
    assert reasons["eager"]
    assert all(np.isfinite(value).all() for value in wanted.state.values()) or spoil is not None
    return reasons["eager"]


@pytest.fixture(params=[1, 4, 16_384], ids=lambda size: f"blocks of {size}")
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.train.blocks._LARGEST_BLOCK", request.param)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("build", BUILDS)
def test_a_rate_that_is_far_too_large(build: Callable[[], Any], dtype: str) -> None:
    rate = 1e300 if dtype == "float64" else 1e30
    reason = assert_ends_alike(build, dtype, lambda m: optim.SGD(m.parameters(), lr=rate))
    assert "epoch 1" in reason


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("epoch", [1, 2, 4])
@pytest.mark.parametrize("build", BUILDS)
def test_a_rate_that_becomes_too_large(build: Callable[[], Any], epoch: int) -> None:
    def later(number: int) -> float:
        return 1e307 if number >= epoch else 1.0

    def schedule(optimizer: Any) -> Any:
        return optim.lr_scheduler.LambdaLR(optimizer, later)

    reason = assert_ends_alike(build, "float64", lambda m: optim.SGD(m.parameters(), lr=0.01), schedule=schedule)
    assert f"epoch {epoch + 1}" in reason


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("step", [1, 8, 9, 17])
@pytest.mark.parametrize("build", BUILDS)
def test_a_step_of_a_cycle_that_is_too_much(build: Callable[[], Any], step: int) -> None:
    """Rates that change with every step, and masks that do: what is done again has to find both."""

    class Cycle(optim.lr_scheduler.LRScheduler):  # type: ignore[name-defined,misc]
        interval = "step"

        def get_lr(self) -> list[float]:
            factor = 1e308 if self.last_epoch == step else 1 / (1 + self.last_epoch)
            return [base * factor for base in self.base_lrs]

    def one(engine: str) -> Trained:
        model = rebuilt(build, "float64")
        optimizer = optim.Adam(model.parameters(), lr=2.0, eps=1e-3)
        try:
            history = cr.fit(
                model, Dataset(*data("float64")), loss="mse", optimizer=optimizer, schedule=Cycle(optimizer),
                engine=engine, epochs=4, batch_size=BATCH, metrics=[], seed=3, verbose=0,
            )  # fmt: skip
        except TrainingError as error:
            history = cr.History()
            history.engine, history.stopped = engine, str(error)
        return trained(model, history, optimizer)

    with np.errstate(all="ignore"):
        wanted = assert_parity(one, "float64", (1, 2))
    assert "parameter" in str(wanted.stopped)
    assert f"step {step + 1}" in str(wanted.stopped)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_row_of_the_data(build: Callable[[], Any], bad: float) -> None:
    def spoil(model: Any, X: np.ndarray, y: np.ndarray) -> None:
        X[7, 1] = bad

    reason = assert_ends_alike(build, "float64", lambda m: optim.SGD(m.parameters(), lr=0.01), spoil)
    assert "row 7" in reason


WHERE = (("0.weight", 0), ("last.weight", 3), ("last.bias", 1))


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", WHERE, ids=lambda where: where[0])
def test_parameters_that_never_were_finite(build: Callable[[], Any], bad: float, where: tuple[str, int]) -> None:
    def spoil(model: Any, X: np.ndarray, y: np.ndarray) -> None:
        path = where[0].replace("last", str(len(model) - 1))
        if path in model.state_dict():
            model.state_dict()[path]._data.reshape(-1)[where[1]] = bad
        else:
            model[1].weight._data.reshape(-1)[where[1]] = bad

    assert_ends_alike(build, "float64", lambda m: optim.SGD(m.parameters(), lr=0.01), spoil)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_frozen_or_was_not_finite_before_does_not_end_a_training(bad: float) -> None:
    def one(engine: str) -> Trained:
        model = rebuilt(
            lambda: nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 9), nn.Sigmoid(), nn.Linear(9, 2)), "float64"
        )
        model[0].running_mean._data[1] = bad
        if bad == bad:  # sigmoid makes a number of infinities
            model[1].bias._data[3] = bad
            model[1].bias.requires_grad_(False)
        optimizer = optim.SGD(model.parameters(), lr=0.01)
        history = cr.fit(
            model, Dataset(*data("float64")), loss="mse", optimizer=optimizer, engine=engine,
            epochs=3, batch_size=BATCH, metrics=[], seed=3, verbose=0,
        )  # fmt: skip
        return trained(model, history, optimizer)

    wanted = assert_parity(one, "float64", (1, 2))
    assert wanted.stopped is None


@pytest.mark.parametrize("optimizer", [optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad, optim.Adadelta])
@pytest.mark.parametrize("build", BUILDS)
def test_other_optimisers(build: Callable[[], Any], optimizer: Any) -> None:
    assert_ends_alike(build, "float64", lambda m: optimizer(m.parameters(), lr=1e307, eps=1e-3))


@pytest.mark.parametrize("build", [plain, normalised])
def test_with_clipping(build: Callable[[], Any]) -> None:
    assert_ends_alike(build, "float64", lambda m: optim.SGD(m.parameters(), lr=1e308), clip_norm=0.5)
    assert_ends_alike(build, "float64", lambda m: optim.SGD(m.parameters(), lr=1e308), clip_value=0.5)


# ---- the engines themselves


def blocks(engine: Any, build: Callable[[], Any], steps: int, cuts: tuple[int, ...], lr: float) -> list[Any]:
    """Results of blocks of steps until one stops, then step counts, parameters and statistics."""
    model = rebuilt(build, "float64")
    optimizer = optim.SGD(model.named_parameters(), lr=lr, momentum=0.9)
    plan = Plan(model, cr.losses.get("mse"), optimizer, seed=9, keep_outputs=True, input_shape=(4,))
    dataset = Dataset(*data("float64"))
    index = np.random.default_rng(8).integers(0, len(dataset), (steps, BATCH))
    model.train()
    state = engine.prepare(plan)
    found: list[Any] = []
    for part in np.split(index, cuts):
        result = engine.run(plan, state, dataset, part, None)
        found.append((result.losses, result.stopped, result.cause))
        if result.stopped:
            break
    engine.write_back(plan, state)
    counts = [kept["step"] for kept in optimizer.state.values()]
    arrays = [np.array(value._data) for value in model.state_dict().values()]
    return [np.concatenate([losses for losses, _, _ in found]), found[-1][1:], counts, arrays]


@pytest.mark.parametrize("seconds", [0.0, 1.0], ids=["exchanged each time", "done again"])
@pytest.mark.parametrize("cuts", [(), (1, 2, 3), (7,), (13, 40)])
@pytest.mark.parametrize("build", BUILDS)
def test_wherever_blocks_begin(
    build: Callable[[], Any], cuts: tuple[int, ...], seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_REPLAY_SECONDS", seconds)
    with np.errstate(all="ignore"):
        wanted = blocks(EagerEngine(), build, 400, cuts, 8.0)
        with threads(2):
            got = blocks(NativeEngine(), build, 400, cuts, 8.0)
    assert wanted[1][0], "this rate was to be too large"
    assert len(got[0]) == len(wanted[0])
    assert got[1:3] == wanted[1:3]
    # A training that runs away doubles differences, too.
    np.testing.assert_allclose(got[0], wanted[0], rtol=1e-6)
    largest = max(float(np.abs(values).max()) for values in wanted[3])
    for mine, theirs in zip(got[3], wanted[3], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5 * largest)


def test_the_comparison_can_fail() -> None:
    one, _ = run("native", plain, "float64", lambda m: optim.SGD(m.parameters(), lr=0.01))
    other, _ = run("eager", plain, "float64", lambda m: optim.SGD(m.parameters(), lr=1e100))
    with pytest.raises(AssertionError):
        assert_alike(one, other, "float64")
