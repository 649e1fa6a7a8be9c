"""The same seed gives the same bits, whatever is watched, shown or joined on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.core import rng
from chainrule.engines import EagerEngine
from chainrule.train import Callback, History, LambdaCallback, blocks


def model(dropout: float = 0.3, norm: bool = True) -> nn.Sequential:
    cr.manual_seed(5)
    layers = [nn.Linear(3, 7), *([nn.BatchNorm1d(7)] if norm else []), nn.Tanh(), nn.Dropout(dropout), nn.Linear(7, 3)]
    return nn.Sequential(*layers)


def data(rows: int = 40) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(1).standard_normal((rows, 3)).astype(np.float32)
    return X, (X @ np.arange(9).reshape(3, 3)).argmax(axis=1)


def train(rows: int = 40, dropout: float = 0.3, **options: Any) -> tuple[History, dict[str, np.ndarray]]:
    net = model(dropout)
    chosen = {"epochs": 12, "batch_size": 8, "lr": 0.01, "seed": 3, "verbose": 0, "metrics": [], **options}
    history = cr.fit(net, data(rows), **chosen)
    return history, {path: value._data.copy() for path, value in net.state_dict().items()}


def assert_identical(one: tuple[History, dict[str, np.ndarray]], other: tuple[History, dict[str, np.ndarray]]) -> None:
    assert one[0]["loss"] == other[0]["loss"]
    assert one[0]["lr"] == other[0]["lr"]
    for path, values in one[1].items():
        np.testing.assert_array_equal(values, other[1][path], err_msg=path)


def test_the_same_seed_gives_the_same_bits() -> None:
    assert_identical(train(), train())


@pytest.mark.parametrize("dropout", [0.0, 0.3], ids=["order", "order-and-masks"])
def test_another_seed_gives_another_curve(dropout: float) -> None:
    assert train(dropout=dropout)[0]["loss"] != train(dropout=dropout, seed=4)[0]["loss"]


def test_dropout_alone_follows_the_seed() -> None:
    same = {"batch_size": 40, "shuffle": False}
    assert train(**same)[0]["loss"] == train(**same)[0]["loss"]
    assert train(**same)[0]["loss"] != train(**same, seed=4)[0]["loss"]


def test_without_a_seed_manual_seed_decides_and_the_history_tells() -> None:
    curves = []
    for seed in (1, 1, 2):
        net = model()
        cr.manual_seed(seed)
        curves.append(cr.fit(net, data(), epochs=3, verbose=0))
    assert curves[0]["loss"] == curves[1]["loss"] != curves[2]["loss"]
    again = cr.fit(model(), data(), epochs=3, verbose=0, seed=curves[2].seed)
    assert again["loss"] == curves[2]["loss"]


OBSERVERS: dict[str, dict[str, Any]] = {
    "callback": {"callbacks": [Callback()]},
    "lambda": {"callbacks": [LambdaCallback(on_epoch_end=lambda epoch, logs: None)]},
    "metrics": {"metrics": ["accuracy"]},
    "validation": {"validation": data(23)},
    "lines": {"verbose": 2},
    "bar": {"verbose": 1},
}


@pytest.mark.parametrize("schedule", [None, "exponential", "one_cycle", "warmup_cosine"])
@pytest.mark.parametrize("rows", [40, 43], ids=["whole-batches", "last-batch-partial"])
@pytest.mark.parametrize("observer", OBSERVERS)
def test_looking_on_changes_nothing(observer: str, rows: int, schedule: str | None) -> None:
    assert_identical(train(rows, schedule=schedule, **OBSERVERS[observer]), train(rows, schedule=schedule))


class Peeping(Callback):
    """Predicts and evaluates in the middle of training."""

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.model.preprocessing = self.training.data.preprocessing
        cr.predict(self.model, data(5)[0])
        cr.evaluate(self.model, data(9))


def test_predicting_between_epochs_changes_nothing() -> None:
    assert_identical(train(callbacks=Peeping()), train())


@pytest.mark.parametrize("schedule", [None, "step", "one_cycle"])
@pytest.mark.parametrize("largest", [1, 2, 3, 7, 50])
def test_the_length_of_blocks_changes_nothing(
    largest: int, schedule: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_LARGEST_BLOCK", 1)
    single = train(schedule=schedule)
    monkeypatch.setattr(blocks, "_LARGEST_BLOCK", largest)
    monkeypatch.setattr(blocks, "_BLOCK_SECONDS", 1e9)
    assert_identical(train(schedule=schedule), single)


def test_blocks_really_had_different_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    run = EagerEngine.run

    def spy(self: Any, plan: Any, state: Any, data: Any, index: np.ndarray, rates: Any) -> Any:
        lengths.append(len(index))
        return run(self, plan, state, data, index, rates)

    monkeypatch.setattr(EagerEngine, "run", spy)
    monkeypatch.setattr(blocks, "_BLOCK_SECONDS", 1e9)
    train(epochs=30, engine="eager")
    assert sum(lengths) == 150
    assert max(lengths) > 5  # several epochs of 5 steps joined
    lengths.clear()
    train(epochs=30, callbacks=[Callback()], engine="eager")
    assert max(lengths) == 5


# Dropout masks -------------------------------------------------------------------------------------------------------


class Spy(nn.Module):
    """Keeps what comes out of the layer that it wraps."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.seen = layer, []

    def forward(self, x: Any) -> Any:
        out = self.layer(x)
        if self.training:
            self.seen.append(np.asarray(out._data) != 0)
        return out


def test_masks_are_a_function_of_seed_step_layer_and_element() -> None:
    spies = Spy(nn.Dropout(0.4)), Spy(nn.Dropout(0.7))
    net = nn.Sequential(
        nn.Linear(3, 6), nn.Sigmoid(), spies[0], nn.Linear(6, 5), nn.Sigmoid(), spies[1], nn.Linear(5, 3)
    )
    cr.fit(net, data(20), epochs=3, batch_size=8, seed=2**40 + 7, verbose=0)
    sizes = [8, 8, 4] * 3
    for layer, (spy, p) in enumerate(zip(spies, (0.4, 0.7), strict=True)):
        assert len(spy.seen) == len(sizes)
        for step, (rows, seen) in enumerate(zip(sizes, spy.seen, strict=True)):
            expected = rng.keep_mask(np, 2**40 + 7, step, layer, (rows, 6 - layer), p)
            np.testing.assert_array_equal(seen, expected, err_msg=f"layer {layer}, step {step}")


def test_a_second_training_does_not_depend_on_the_first() -> None:
    cr.fit(model(), data(), epochs=2, verbose=0, seed=9)
    assert_identical(train(), train())


def test_training_in_a_thread_is_training() -> None:
    import threading

    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(train()))
    thread.start()
    thread.join()
    assert_identical(found[0], train())


def test_initial_weights_follow_manual_seed() -> None:
    one, other = model().state_dict(), model().state_dict()
    assert all((one[path]._data == other[path]._data).all() for path in one)
