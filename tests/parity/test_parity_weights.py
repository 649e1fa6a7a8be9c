"""Weights of rows: the native engine counts each row as often as the eager one, and as PyTorch does by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.data.dataset import Dataset
from chainrule.engines import NativeEngine
from chainrule.engines.base import Plan
from chainrule.errors import TrainingError
from chainrule.train.together import train_together
from helpers.parity import (
    Trained,
    assert_alike,
    assert_parity,
    assert_same_bits,
    needs_native,
    rebuilt,
    threads,
    trained,
)

pytestmark = needs_native

ROWS, BATCH = 29, 8  # the last batch is a part of one
EPOCHS = 4

# Name, options, kind of targets; "classes" stands for one number for each output.
LOSSES: dict[str, tuple[str, dict[str, Any], str]] = {
    "cross-entropy": ("cross_entropy", {}, "classes"),
    "cross-entropy, class weights": ("cross_entropy", {"weight": "classes"}, "classes"),
    "cross-entropy, ignored": ("cross_entropy", {"ignore_index": 0, "weight": "classes"}, "classes"),
    "cross-entropy, all": (
        "cross_entropy",
        {"ignore_index": 0, "weight": "classes", "label_smoothing": 0.2},
        "classes",
    ),
    "cross-entropy, smoothed": ("cross_entropy", {"label_smoothing": 0.3}, "classes"),
    "cross-entropy, probabilities": ("cross_entropy", {}, "probabilities"),
    "cross-entropy, weighted probabilities": ("cross_entropy", {"weight": "classes"}, "probabilities"),
    "nll": ("nll", {}, "classes"),
    "nll, class weights": ("nll", {"weight": "classes", "ignore_index": 1}, "classes"),
    "bce": ("bce", {}, "hard"),
    "bce, output weights": ("bce", {"weight": "classes"}, "soft"),
    "bce with logits": ("bce_with_logits", {}, "hard"),
    "bce with logits, all": (
        "bce_with_logits",
        {"weight": "classes", "pos_weight": "classes", "label_smoothing": 0.1},
        "soft",
    ),
    "hinge": ("hinge", {"margin": 0.7}, "signs"),
    "perceptron": ("perceptron", {}, "signs"),
    "mse": ("mse", {}, "numbers"),
    "l1": ("l1", {}, "numbers"),
    "smooth l1": ("smooth_l1", {"beta": 0.4}, "numbers"),
    "huber": ("huber", {"delta": 0.5}, "numbers"),
    "poisson": ("poisson", {}, "counts"),
    "poisson, full": ("poisson", {"log_input": False, "full": True, "eps": 1e-3}, "counts"),
}
ENDS: dict[str, Callable[[], nn.Module]] = {"nll": lambda: nn.LogSoftmax(dim=1), "bce": nn.Sigmoid}


def targets(kind: str, outputs: int, dtype: str, rows: int = ROWS) -> np.ndarray:
    rng = np.random.default_rng(7)
    soft = rng.uniform(0, 1, (rows, outputs))
    if kind == "classes":
        return rng.integers(0, outputs, rows)
    found: dict[str, np.ndarray] = {
        "probabilities": soft / soft.sum(axis=1, keepdims=True),
        "hard": soft > 0.5,
        "soft": soft,
        "signs": np.where(soft > 0.5, 1, -1),
        "numbers": rng.standard_normal((rows, outputs)),
        "counts": rng.poisson(2.0, (rows, outputs)),
    }
    return found[kind].astype(dtype)


def row_weights(rows: int = ROWS) -> np.ndarray:
    """Zeros among them, and nothing else in the whole second batch of rows taken in order."""
    rng = np.random.default_rng(11)
    weights = rng.uniform(0.1, 4, rows)
    weights[rng.random(rows) < 0.25] = 0
    weights[BATCH : 2 * BATCH] = 0
    return weights


def network(outputs: int, hidden: int = 9, end: Callable[[], nn.Module] | None = None) -> nn.Sequential:
    return nn.Sequential(nn.Linear(5, hidden), nn.Tanh(), nn.Linear(hidden, outputs), *([end()] if end else []))


def trainer(
    loss: str | tuple[str, dict[str, Any], str], dtype: str = "float64", reduction: str = "mean", outputs: int = 3,
    weights: np.ndarray | None = None, hidden: int = 9, build: Callable[[], Any] | None = None,
    **options: Any,
) -> Callable[[str], Trained]:  # fmt: skip
    """A training that can be run on any engine; rows in order unless told."""
    name, settings, kind = LOSSES[loss] if isinstance(loss, str) else loss
    each = np.linspace(0.3, 2, outputs).tolist()
    settings = {key: each if value == "classes" else value for key, value in settings.items()}
    end = nn.Softplus if settings.get("log_input") is False else ENDS.get(name)
    X = np.random.default_rng(1).standard_normal((ROWS, 5)).astype(dtype)
    chosen: dict[str, Any] = {"epochs": EPOCHS, "batch_size": BATCH, "metrics": [], "seed": 2, "shuffle": False}
    chosen.update(options)

    def run(engine: str) -> Trained:
        model = rebuilt(build or (lambda: network(outputs, hidden, end)), dtype)
        # Momentum, by which even a batch that counts for nothing changes the parameters.
        algorithm = optim.SGD(model.parameters(), lr=0.05 if reduction == "mean" else 0.01, momentum=0.9)
        given = Dataset(X, targets(kind, outputs, dtype), weights=row_weights() if weights is None else weights)
        history = cr.fit(
            model, given, loss=cr.losses.get(name, reduction=reduction, **settings), optimizer=algorithm,
            engine=engine, verbose=0, **chosen,
        )  # fmt: skip
        return trained(model, history, algorithm)

    return run


each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


@each_dtype
@pytest.mark.parametrize("outputs", [3, 40], ids=["a panel", "two panels"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(loss: str, reduction: str, outputs: int, dtype: str) -> None:
    wanted = assert_parity(trainer(loss, dtype, reduction, outputs), dtype, (1, 2))
    assert len(wanted.curves["loss"]) == EPOCHS
    assert np.isfinite(wanted.curves["loss"]).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_comparison_sees_weights(loss: str) -> None:
    """A training whose rows all count the same is another one, in its losses and in its parameters."""
    wanted, got = trainer(loss)("eager"), trainer(loss, weights=np.ones(ROWS))("native")
    for kind in ("curves", "state"):
        same = [np.allclose(value, getattr(got, kind)[name], 1e-4) for name, value in getattr(wanted, kind).items()]
        assert not all(same)
    with pytest.raises(AssertionError):
        assert_alike(got, wanted, "float32")


@each_dtype
@pytest.mark.parametrize("loss", ["bce with logits, all", "hinge", "mse"])
def test_one_output(loss: str, dtype: str) -> None:
    assert_parity(trainer(loss, dtype, outputs=1), dtype, (1, 2))


@each_dtype
@pytest.mark.parametrize("batch_size", [1, 2, ROWS, 16])
def test_batches_of_any_size_in_random_order(batch_size: int, dtype: str) -> None:
    for loss in ("cross-entropy", "mse"):
        assert_parity(trainer(loss, dtype, batch_size=batch_size, shuffle=True), dtype, (1, 2, 5))


@each_dtype
@pytest.mark.parametrize("options", [{"clip_norm": 0.05}, {"clip_value": 0.01}, {"metrics": ["accuracy"]}])
@pytest.mark.parametrize("normalised", [False, True])
def test_what_surrounds_the_loss(options: dict[str, Any], normalised: bool, dtype: str) -> None:
    def build() -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(5, 9, bias=False), nn.BatchNorm1d(9), nn.Tanh(), nn.Dropout(0.3), nn.Linear(9, 3)
        )

    assert_parity(trainer("cross-entropy", dtype, build=build if normalised else None, **options), dtype, (1, 2))


@each_dtype
@pytest.mark.parametrize("loss", ["cross-entropy", "bce", "mse"])
def test_the_smallest_networks(loss: str, dtype: str) -> None:
    """Those that have a way of their own where no row has a weight."""
    assert_parity(trainer(loss, dtype, outputs=2, hidden=2), dtype, (1,))


@each_dtype
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_a_logic_gate_whose_rows_differ(loss: str, dtype: str) -> None:
    """Straight code trains such a network where all four rows count the same."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype), np.array([[0], [1], [1], [0]], dtype)

    def run(engine: str, weights: Any = (1.0, 0.0, 3.0, 0.5)) -> Trained:
        model = rebuilt(lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid()), dtype)
        optimizer = optim.SGD(model.parameters(), lr=0.5)
        given = Dataset(X, y, weights=np.array(weights))
        history = cr.fit(
            model, given, loss=loss, optimizer=optimizer, epochs=50, batch_size=4, metrics=[], seed=0, verbose=0,
            engine=engine, shuffle=False,
        )  # fmt: skip
        return trained(model, history, optimizer)

    wanted = assert_parity(run, dtype, (1, 2))
    with pytest.raises(AssertionError):
        assert_alike(run("native", (1.0,) * 4), wanted, dtype)


@pytest.mark.parametrize("dtype", ["int64", "float32", "bool"])
def test_weights_of_any_dtype_and_layout(dtype: str) -> None:
    whole = np.arange(ROWS) % 3 % (2 if dtype == "bool" else 3)
    spread = np.zeros(2 * ROWS, dtype)
    spread[::2] = whole
    wanted = trainer("mse", weights=whole.astype(np.float64))("native")
    for weights in (whole.astype(dtype), spread[::2]):
        got = trainer("mse", weights=weights)("native")
        assert got.engine == "native"
        assert_same_bits(got, wanted)


@each_dtype
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_no_row_counts(reduction: str, dtype: str) -> None:
    run = trainer("cross-entropy", dtype, reduction, weights=np.zeros(ROWS))
    wanted = assert_parity(run, dtype, (1, 2))
    np.testing.assert_array_equal(wanted.curves["loss"], 0)
    np.testing.assert_array_equal(run("native").state["0.weight"], rebuilt(lambda: network(3), dtype)[0].weight._data)


@each_dtype
def test_the_same_weight_for_all_rows_is_none(dtype: str) -> None:
    for loss in ("cross-entropy", "mse", "bce with logits"):
        same = trainer(loss, dtype, weights=np.full(ROWS, 0.25))("native")
        name, options, kind = LOSSES[loss]
        model = rebuilt(lambda: network(3), dtype)
        optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        X = np.random.default_rng(1).standard_normal((ROWS, 5)).astype(dtype)
        history = cr.fit(
            model, Dataset(X, targets(kind, 3, dtype)), loss=cr.losses.get(name, **options), optimizer=optimizer,
            epochs=EPOCHS, batch_size=BATCH, metrics=[], seed=2, shuffle=False, engine="native", verbose=0,
        )  # fmt: skip
        assert_alike(same, trained(model, history, optimizer), dtype)


def test_a_step_that_is_too_much_is_the_same_one() -> None:
    """Steps that are done again to find it have the weights too."""
    X = np.random.default_rng(1).standard_normal((ROWS, 5))
    found = []
    for engine in ("eager", "native"):
        model = rebuilt(lambda: network(3), "float64")
        given = Dataset(X, targets("numbers", 3, "float64"), weights=row_weights())
        optimizer = optim.SGD(model.parameters(), lr=1e12)
        try:
            history = cr.fit(
                model, given, loss="mse", optimizer=optimizer, epochs=9, batch_size=BATCH, metrics=[], seed=1,
                shuffle=False, engine=engine, verbose=0,
            )  # fmt: skip
            found.append((history.stopped, len(history["loss"]), history.engine))
        except TrainingError as error:
            found.append((str(error), 0, engine))
    assert found[0][:2] == found[1][:2]
    assert found[0][0] is not None
    assert [one[2] for one in found] == ["eager", "native"]


def test_weights_that_do_not_fit_the_rows() -> None:
    model = rebuilt(lambda: network(3), "float64")
    X, index = np.zeros((6, 5)), np.arange(6).reshape(1, 6)
    plan = Plan(model, cr.losses.get("mse"), optim.SGD(model.named_parameters(), lr=0.1), input_shape=(5,))
    engine = NativeEngine()
    for bad in (np.ones(5), np.ones(7), np.ones((6, 1))):
        data = Dataset(X, np.zeros((6, 3)), weights=np.ones(6))
        data.weights = bad
        with pytest.raises(ValueError, match=re.escape("not one weight for each row")):
            engine.run(plan, engine.prepare(plan), data, index, None)


def test_networks_side_by_side_leave_them_to_one_at_a_time() -> None:
    X = np.random.default_rng(1).standard_normal((ROWS, 5))
    options = {"loss": "mse", "optimizer": "sgd", "lr": 0.05, "epochs": 2, "metrics": [], "verbose": 0}
    for weights in (None, row_weights()):
        models = [rebuilt(lambda: network(3, hidden=2), "float64") for _ in range(8)]
        given = Dataset(X, targets("numbers", 3, "float64"), weights=weights)
        assert (train_together(models, given, range(8), options) is None) == (weights is not None)


# ---- PyTorch


@pytest.mark.parametrize("batch_size", [ROWS, BATCH])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    "loss",
    ["cross-entropy", "cross-entropy, all", "cross-entropy, weighted probabilities", "nll, class weights", "bce", "mse",
     "bce with logits", "smooth l1", "huber", "l1", "poisson"],
)  # fmt: skip
def test_pytorch(loss: str, reduction: str, batch_size: int) -> None:
    """Its losses without reduction, times the weights, over the sum of these (or over 1)."""
    torch = pytest.importorskip("torch")
    name, settings, kind = LOSSES[loss]
    classes = torch.linspace(0.3, 2, 3, dtype=torch.float64)
    settings = {key: classes if value == "classes" else value for key, value in settings.items()}
    names = {
        "cross_entropy": "CrossEntropyLoss", "nll": "NLLLoss", "bce": "BCELoss", "bce_with_logits": "BCEWithLogitsLoss",
        "mse": "MSELoss", "smooth_l1": "SmoothL1Loss", "huber": "HuberLoss", "l1": "L1Loss",
        "poisson": "PoissonNLLLoss",
    }  # fmt: skip
    criterion = getattr(torch.nn, names[name])(reduction="none", **settings)
    start = rebuilt(lambda: network(3, end=ENDS.get(name)), "float64")
    ends = {"nll": [torch.nn.LogSoftmax(dim=1)], "bce": [torch.nn.Sigmoid()]}
    model = torch.nn.Sequential(
        torch.nn.Linear(5, 9), torch.nn.Tanh(), torch.nn.Linear(9, 3), *ends.get(name, [])
    ).double()  # fmt: skip
    model.load_state_dict({path: torch.tensor(np.array(value._data)) for path, value in start.state_dict().items()})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05 if reduction == "mean" else 0.01, momentum=0.9)
    X = torch.tensor(np.random.default_rng(1).standard_normal((ROWS, 5)))
    y, w = torch.tensor(targets(kind, 3, "float64")), torch.tensor(row_weights())
    curve = []
    for _ in range(EPOCHS):
        total = 0.0
        for at in range(0, ROWS, batch_size):
            rows = slice(at, at + batch_size)
            each = criterion(model(X[rows]), y[rows])
            each = each.mean(dim=1) if each.ndim > 1 else each
            value = (w[rows] * each).sum()
            if reduction == "mean" and w[rows].any():
                value = value / w[rows].sum()
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            total = value.item()
        curve.append(total)
    for count in (1, 2):
        with threads(count):
            got = trainer(loss, "float64", reduction, batch_size=batch_size)("native")
        for path, wanted in model.state_dict().items():
            np.testing.assert_allclose(got.state[path], wanted.numpy(), rtol=1e-9, atol=1e-12, err_msg=path)
        if batch_size == ROWS:  # an epoch's loss is that of its only batch
            np.testing.assert_allclose(got.curves["loss"], curve, rtol=1e-9)
