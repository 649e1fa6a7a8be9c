"""Ctrl-C ends training cleanly: soon, with the best parameters, and once only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.train import Callback, EarlyStopping

SOURCE = str(Path(__file__).parents[2] / "src")


@pytest.fixture(autouse=True)
def _usual_handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def net() -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))


def data(rows: int = 16) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((rows, 2))
    return X, X[:, 0] - X[:, 1] ** 2


class Pressing(nn.Module):
    """Ctrl-C in the middle of training steps."""

    keeps_shape = True

    def __init__(self, *at: int) -> None:
        super().__init__()
        self.at, self.step = at, 0

    def forward(self, x: Any) -> Any:
        self.step += self.training
        if self.training and self.step in self.at:
            signal.raise_signal(signal.SIGINT)
        return x


def fit(*inside: nn.Module, **options: Any) -> tuple[nn.Sequential, cr.History]:
    model = nn.Sequential(*inside, *net())
    return model, cr.fit(model, data(), **{"verbose": 0, "seed": 0, "batch_size": 4, "epochs": 50, **options})


def test_the_running_block_is_finished_and_the_history_kept() -> None:
    model, history = fit(Pressing(9), metrics=["rmse"])
    assert history.stopped == "interrupted"
    assert 2 <= history.epochs <= 3
    assert len(history["rmse"]) == history.epochs
    assert not model.training


@pytest.mark.parametrize("metrics", [[], ["rmse"]], ids=["joined", "observed"])
def test_the_parameters_are_those_of_the_steps_that_were_taken(metrics: list[str]) -> None:
    from chainrule import optim

    model = nn.Sequential(Pressing(40), *net())
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    options: dict[str, Any] = {"verbose": 0, "seed": 0, "batch_size": 16, "metrics": metrics}
    history = cr.fit(model, data(), epochs=10**6, optimizer=optimizer, **options)
    assert 40 <= history.epochs == optimizer.state["1.weight"]["step"]
    twin = nn.Sequential(Pressing(), *net())
    cr.fit(twin, data(), epochs=history.epochs, optimizer="adam", lr=0.05, **options)
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(mine._data, theirs._data)


class Best(Callback):
    """Keeps every epoch's parameters."""

    def on_train_begin(self) -> None:
        self.states: list[dict[str, np.ndarray]] = []

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.states.append(self.training.snapshot().state)


def test_the_model_has_the_best_parameters_by_validation_loss() -> None:
    keeping = Best()
    # A rate that makes the loss go up and down.
    model, history = fit(Pressing(30), validation=data(30), optimizer="sgd", lr=0.6, callbacks=keeping)
    best = int(np.argmin(history["val_loss"]))
    assert best + 1 < history.epochs
    assert history.best_epoch == best + 1
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value._data, keeping.states[best][path])


def test_steps_after_the_best_epoch_are_undone_though_it_is_the_last_whole_one() -> None:
    keeping = Best()
    model, history = fit(Pressing(4 * 3 + 1), validation=data(30), lr=0.01, callbacks=keeping)
    if history.epochs == 3 and np.argmin(history["val_loss"]) == 2:
        assert history.best_epoch == 3
    best = int(np.argmin(history["val_loss"]))
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value._data, keeping.states[best][path])


def test_an_interruption_within_an_epoch_goes_back_to_the_best_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.train import blocks

    monkeypatch.setattr(blocks, "_LARGEST_BLOCK", 1)
    keeping = Best()
    model, history = fit(Pressing(4 * 3 + 2), validation=data(30), lr=0.01, callbacks=keeping)
    assert history.epochs == 3
    assert int(np.argmin(history["val_loss"])) == 2
    assert history.best_epoch == 3
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value._data, keeping.states[2][path])


def test_early_stopping_has_its_say_too() -> None:
    _, history = fit(Pressing(30), optimizer="sgd", lr=0.6, metrics=[], callbacks=EarlyStopping("loss", patience=99))
    assert history.stopped == "interrupted"
    assert history.best_epoch in (None, int(np.argmin(history["loss"])) + 1)


def test_a_second_interruption_is_raised_at_once() -> None:
    pressing = Pressing(9, 10)
    with pytest.raises(KeyboardInterrupt):
        fit(pressing, epochs=10**6)
    assert pressing.step == 10


def test_an_interruption_in_a_callback_ends_training_after_the_epoch() -> None:
    class InCallback(Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == 4:
                signal.raise_signal(signal.SIGINT)

    _, history = fit(callbacks=InCallback())
    assert history.stopped == "interrupted"
    assert history.epochs == 5


def test_the_previous_handler_comes_back_and_is_not_called() -> None:
    called: list[int] = []

    def own(number: int, frame: Any) -> None:
        called.append(number)

    signal.signal(signal.SIGINT, own)
    try:
        _, history = fit(Pressing(9))
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert history.stopped == "interrupted"
    assert not called


def test_a_program_that_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _, history = fit(Pressing(9))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert history.stopped is None
    assert history.epochs == 50


def test_a_thread_trains_without_touching_the_handler() -> None:
    found: list[Any] = []

    class Looking(Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=lambda: found.append(fit(epochs=2, callbacks=Looking())[1]))
    thread.start()
    thread.join()
    assert found[:2] == [signal.default_int_handler] * 2
    assert found[2].epochs == 2


CHILD = f"""
import sys, time; sys.path.insert(0, {SOURCE!r})
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, chainrule as cr
from chainrule import nn
X = np.random.default_rng(0).standard_normal((4096, 20)); y = X[:, 0]
model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 1))
class Ready(cr.train.Callback):
    def on_epoch_begin(self, epoch):
        if epoch == 1:
            print("ready", flush=True)
history = cr.fit(model, (X, y), epochs=10**6, batch_size=16, validation=0.2, callbacks=Ready(), verbose=0)
print(history.stopped, history.epochs == len(history["val_loss"]), flush=True)
"""


def test_a_child_process_ends_soon_and_cleanly() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.1)
        os.kill(child.pid, signal.SIGINT)
        began = time.perf_counter()
        line = child.stdout.readline()
        took = time.perf_counter() - began
        _, errors = child.communicate(timeout=20)
    assert line == "interrupted True\n"
    assert child.returncode == 0
    assert errors == ""
    assert took < 2  # 0.1 s on a machine that is not busy: a block takes 0.05 s
