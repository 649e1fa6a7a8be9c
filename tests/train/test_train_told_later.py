"""Callbacks that keep to the logs are told of epochs that have run as one block, and notice nothing of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.engines import available
from chainrule.train import Callback, EarlyStopping, LambdaCallback
from chainrule.train.callbacks import takes_part

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] + 0.1 * RNG.normal(size=(64, 1))).astype(np.float32)

native = pytest.mark.skipif("native" not in available(), reason="the native engine is not built")


BETWEEN = {
    "nothing": list,
    "batch norm, dropout": lambda: [nn.BatchNorm1d(8), nn.Dropout(0.4)],
    "layer norm": lambda: [nn.LayerNorm(8)],
}


def net(between: str = "nothing") -> nn.Module:
    cr.manual_seed(3)
    return nn.Sequential(nn.Linear(3, 8), *BETWEEN[between](), nn.Tanh(), nn.Linear(8, 1))


class Watched(EarlyStopping):
    """Takes part, because it does something of its own after epochs."""

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        super().on_epoch_end(epoch, logs)


@pytest.mark.parametrize("monitor", ["loss", "mae"])
@pytest.mark.parametrize("patience", [0, 1, 7])
@pytest.mark.parametrize("batch_size", [16, 20])
def test_stops_at_the_same_epoch(monitor: str, patience: int, batch_size: int) -> None:
    found = []
    for kind in (EarlyStopping, Watched):
        stopping = kind(monitor, patience, min_delta=0.02, restore_best_weights=False)
        model = net()
        history = cr.fit(
            model, (X, Y), epochs=300, batch_size=batch_size, lr=0.01, seed=0, callbacks=[stopping], verbose=0
        )
        found.append((dict(history), history.stopped, model.state_dict()["0.weight"].numpy().copy()))
    assert 1 < len(found[0][0]["loss"]) < 300
    assert found[0][1] == found[1][1]
    for name, curve in found[0][0].items():
        np.testing.assert_allclose(curve, found[1][0][name], rtol=1e-6)
    np.testing.assert_array_equal(found[0][2], found[1][2])


def test_who_takes_part() -> None:
    assert not takes_part(EarlyStopping("loss"))
    assert takes_part(Watched("loss"))
    assert takes_part(Callback())
    assert takes_part(LambdaCallback(on_epoch_end=lambda epoch, logs: None))
    changed = EarlyStopping("loss")
    changed.on_epoch_end = lambda epoch, logs: None  # type: ignore[method-assign]
    assert takes_part(changed)


def test_epochs_begin_and_end_in_turn() -> None:
    seen: list[tuple[str, int]] = []

    class Quiet(Callback):
        takes_part = False

        def epochs_ahead(self) -> int:
            return 1000

        def on_epoch_begin(self, epoch: int) -> None:
            seen.append(("begin", epoch))

        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            assert self.training.epoch == epoch
            seen.append(("end", epoch))

    history = cr.fit(net(), (X, Y), epochs=40, batch_size=16, callbacks=[Quiet()], verbose=0)
    assert seen == [(what, epoch) for epoch in range(40) for what in ("begin", "end")]
    assert history.epochs == 40


@native
@pytest.mark.parametrize("between", BETWEEN)
def test_validation_by_the_engine_is_that_of_the_model(between: str) -> None:
    options: dict[str, Any] = {"epochs": 6, "batch_size": 20, "validation": (X[:33] + 1, Y[:33]), "seed": 1}
    curves = [cr.fit(net(between), (X, Y), engine=engine, verbose=0, **options) for engine in ("native", "eager")]
    np.testing.assert_allclose(curves[0]["val_loss"], curves[1]["val_loss"], rtol=2e-3)


@native
def test_snapshots_are_of_their_epoch() -> None:
    """The engine goes on while Python's copies are looked at."""
    kept: list[Any] = []

    class Keep(Callback):
        takes_part = False

        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            kept.append(self.training.snapshot())

    options: dict[str, Any] = {"batch_size": 20, "seed": 1, "engine": "native", "verbose": 0}
    cr.fit(net(), (X, Y), epochs=5, validation=(X, Y), callbacks=[Keep()], **options)
    for epochs, snapshot in enumerate(kept, 1):
        again = net()
        cr.fit(again, (X, Y), epochs=epochs, **options)
        for path, value in again.state_dict().items():
            np.testing.assert_array_equal(snapshot.state[path], value.numpy())
