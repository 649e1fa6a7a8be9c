"""Neither predicting nor training keeps anything.

Counted are the blocks of memory that Python objects hold, arrays and graph nodes among them: unlike tracing, counting
costs nothing, so that tens of thousands of steps can be watched.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn
from chainrule.train import Callback


def net() -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.2), nn.Linear(4, 2))


def data(rows: int = 8) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((rows, 2))
    return X, (X[:, 0] > 0).astype(int)


def blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()


def growth(work: Callable[[], Any], calls: int) -> int:
    """Blocks that `calls` calls leave behind, after some to warm up."""
    for _ in range(20):
        work()
    before = blocks()
    for _ in range(calls):
        work()
    return blocks() - before


def test_the_measure_sees_what_is_kept() -> None:
    kept: list[np.ndarray] = []
    assert growth(lambda: kept.append(np.zeros(10)), 1000) >= 1000


def test_predicting_keeps_nothing() -> None:
    model = net()
    cr.fit(model, data(), epochs=1, verbose=0)
    X = data()[0]
    assert growth(lambda: cr.predict(model, X), 2000) < 100


class StepsOnly(Callback):
    """Measures between two epochs of one training."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last, self.sizes = first, last, []

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        if epoch in (self.first, self.last):
            self.sizes.append(blocks())


def test_training_keeps_only_the_curves() -> None:
    watching = StepsOnly(2, 12)
    index = np.random.default_rng(0).integers(0, 8, 4000)
    X, y = data()
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Dropout(0.2), nn.Linear(2, 2))
    cr.fit(
        model, (X[index], y[index]), epochs=13, batch_size=4, optimizer="sgd", verbose=0, metrics=[], callbacks=watching
    )
    assert watching.sizes[1] - watching.sizes[0] < 200  # over 10,000 steps


def test_joined_epochs_keep_only_the_curves() -> None:
    def train(epochs: int) -> int:
        before = blocks()
        history = cr.fit(net(), data(), epochs=epochs, optimizer="sgd", verbose=0, metrics=[])
        kept = blocks() - before
        assert history.epochs == epochs
        return kept

    train(10)
    assert train(3000) - train(1000) < 2000 * 2 + 200  # a loss and a rate for each epoch


def test_a_training_that_ended_is_freed() -> None:
    assert (
        growth(lambda: cr.fit(net(), data(), epochs=2, verbose=0, validation=data(6)), 60) < 300
    )  # a model is some 100 blocks


def test_no_graph_hangs_on_the_model() -> None:
    model = net()
    cr.fit(model, data(), epochs=2, verbose=0)
    assert all(p.grad is None and p.grad_fn is None for p in model.parameters())
    assert all(not b.requires_grad for b in model.buffers())


def test_using_a_model_leaves_no_trace() -> None:
    model = net()
    cr.fit(model, data(), epochs=2, verbose=0)
    model.train()
    model[1].eval()  # a frozen layer
    modes = [layer.training for layer in model.modules()]
    state = {path: value._data.copy() for path, value in model.state_dict().items()}
    versions = [value._version for value in [*model.parameters(), *model.buffers()]]
    cr.manual_seed(1)
    mask = cr.core.rng._state.free_step
    drawn = cr.core.rng.generator().bit_generator.state
    cr.predict(model, data()[0])
    cr.predict_proba(model, data()[0])
    cr.evaluate(model, data())
    assert [layer.training for layer in model.modules()] == modes
    assert cr.core.rng.generator().bit_generator.state == drawn
    assert cr.core.rng._state.free_step == mask
    assert [value._version for value in [*model.parameters(), *model.buffers()]] == versions
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value._data, state[path])
    assert all(p.grad is None for p in model.parameters())
