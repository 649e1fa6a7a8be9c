"""Callbacks count as Keras's do, and what they write can be read at any time."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim, train
from chainrule.errors import ChainruleError, ConfigError, FormatError, UnknownNameError
from chainrule.train import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)


def net() -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


def data(rows: int = 12) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((rows, 2))
    return X, X[:, 0]


def fit(model: nn.Module | None = None, **options: Any) -> cr.History:
    return cr.fit(model or net(), data(), **{"verbose": 0, "seed": 0, "metrics": [], **options})


class Scripted(Callback):
    """Puts numbers of the test's choice in place of the recorded ones, for the callbacks after it."""

    def __init__(self, **curves: list[float]) -> None:
        self.curves = curves

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        logs.update({name: curve[epoch] for name, curve in self.curves.items()})


def epochs_run(losses: list[float], stopping: EarlyStopping) -> cr.History:
    return fit(epochs=len(losses), callbacks=[Scripted(loss=losses), stopping])


# Early stopping ------------------------------------------------------------------------------------------------------

# (losses, options, epochs run), worked by hand after Keras 3's algorithm: it stops once its `wait` has reached the
# patience, but never in the first epoch.
COUNTING: list[tuple[list[float], dict[str, Any], int]] = [
    ([5, 4, 3, 2, 1], {"patience": 0}, 5),
    ([5, 4, 4, 3, 2], {"patience": 0}, 3),
    ([5, 4, 4, 3, 2], {"patience": 1}, 3),
    ([5, 4, 4, 3, 3, 3, 3], {"patience": 2}, 6),
    ([5, 6, 7, 4, 5, 6, 7], {"patience": 3}, 7),
    ([5, 6, 7, 8, 4], {"patience": 3}, 4),
    ([5, 4.9, 4.8, 4.7, 4.6], {"patience": 2, "min_delta": 0.5}, 3),
    ([5, 4.7, 4.4, 4.1, 3.8], {"patience": 2, "min_delta": 0.5}, 5),
    ([1, 2, 3, 3, 3], {"patience": 1, "mode": "max"}, 4),
    ([1, 9, 9, 9, 5, 6, 7], {"patience": 2, "start_from_epoch": 3}, 7),
    ([1, 9, 9, 9, 9, 9, 9], {"patience": 2, "start_from_epoch": 3}, 6),
    ([float("nan"), float("nan"), 3, 2, 1], {"patience": 0}, 2),
    ([float("nan"), 4, 3, 2, 1], {"patience": 1}, 5),
]


@pytest.mark.parametrize(("losses", "options", "expected"), COUNTING)
def test_patience_counts_as_in_keras(losses: list[float], options: dict[str, Any], expected: int) -> None:
    history = epochs_run(losses, EarlyStopping("loss", **options))
    assert history.epochs == expected
    assert history.stopped is not None or expected == len(losses)


def test_the_reason_for_stopping() -> None:
    assert epochs_run([5, 5, 5, 5], EarlyStopping("loss", patience=2)).stopped == "loss has not improved for 2 epochs"
    assert epochs_run([5, 5, 5, 5], EarlyStopping("loss", patience=1)).stopped == "loss has not improved for 1 epoch"


class Recording(Callback):
    """Keeps the parameters of every epoch."""

    def on_train_begin(self) -> None:
        self.epochs: list[dict[str, np.ndarray]] = []

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.epochs.append(self.training.snapshot().state)


@pytest.mark.parametrize("restore", [True, False])
def test_the_best_parameters_come_back(restore: bool) -> None:
    model, recording = net(), Recording()
    stopping = EarlyStopping("loss", patience=2, restore_best_weights=restore)
    script = Scripted(loss=[5, 3, 4, 6, 7, 8])
    history = fit(model, epochs=6, callbacks=[script, recording, stopping])
    assert history.epochs == 4
    assert history.best_epoch == (2 if restore else None)
    for path, value in model.state_dict().items():
        np.testing.assert_array_equal(value._data, recording.epochs[1 if restore else 3][path])


def test_the_best_parameters_come_back_also_without_stopping() -> None:
    history = fit(epochs=4, callbacks=[Scripted(loss=[5, 3, 4, 6]), EarlyStopping("loss", patience=9)])
    assert history.stopped is None
    assert history.best_epoch == 2


def test_nothing_is_restored_if_the_last_epoch_is_the_best() -> None:
    history = fit(epochs=3, callbacks=[Scripted(loss=[5, 4, 3]), EarlyStopping("loss")])
    assert history.best_epoch is None


def test_the_direction_follows_the_metric() -> None:
    def closeness(outputs: Any, targets: Any) -> float:
        return 1.0

    def badness(outputs: Any, targets: Any) -> float:
        return 1.0

    own = [closeness, cr.metrics.Metric("badness", badness, higher_is_better=False)]
    for name, curve, epochs in (("closeness", [1, 2, 3, 2, 1], 4), ("badness", [3, 2, 1, 2, 3], 4)):
        stopping = EarlyStopping(name)
        history = fit(epochs=5, metrics=own, callbacks=[Scripted(**{name: curve}), stopping])
        assert history.epochs == epochs


@pytest.mark.parametrize("kind", [EarlyStopping, ReduceLROnPlateau])
def test_what_is_not_recorded_cannot_be_watched(kind: Any) -> None:
    with pytest.raises(ConfigError, match=r"'val_loss' is recorded. Give validation data.*Recorded: loss, lr"):
        fit(epochs=3, callbacks=kind())
    with pytest.raises(ConfigError, match="'acuracy'"):
        fit(epochs=3, callbacks=kind("acuracy"))
    with pytest.raises(UnknownNameError, match="mode 'least'"):
        fit(epochs=3, callbacks=kind("loss", mode="least"))


def test_one_early_stopping_serves_two_trainings() -> None:
    stopping = EarlyStopping("loss", patience=1)
    assert fit(epochs=3, callbacks=[Scripted(loss=[1, 2, 3]), stopping]).epochs == 2
    assert fit(epochs=3, callbacks=[Scripted(loss=[9, 8, 7]), stopping]).epochs == 3


# Reduce on plateau ---------------------------------------------------------------------------------------------------

# (losses, options, rates of the epochs) worked by hand after Keras 3's algorithm.
PLATEAUS: list[tuple[list[float], dict[str, Any], list[float]]] = [
    ([5, 5, 5, 5, 5], {"patience": 1, "factor": 0.5}, [1, 1, 0.5, 0.25, 0.125]),
    ([5, 5, 5, 5, 5], {"patience": 2, "factor": 0.5}, [1, 1, 1, 0.5, 0.5]),
    ([5, 4, 4, 3, 3], {"patience": 1, "factor": 0.5}, [1, 1, 1, 0.5, 0.5]),
    ([5, 5, 5, 5, 5, 5], {"patience": 1, "factor": 0.5, "cooldown": 2}, [1, 1, 0.5, 0.5, 0.25, 0.25]),
    ([5, 5, 5, 5, 5], {"patience": 1, "factor": 0.5, "min_lr": 0.3}, [1, 1, 0.5, 0.3, 0.3]),
    ([5, 4.99, 4.98, 4.97], {"patience": 1, "factor": 0.5, "min_delta": 0.1}, [1, 1, 0.5, 0.25]),
    ([1, 2, 3, 3], {"patience": 1, "factor": 0.5, "mode": "max"}, [1, 1, 1, 1]),
]


@pytest.mark.parametrize(("losses", "options", "rates"), PLATEAUS)
def test_plateaus_count_as_in_keras(losses: list[float], options: dict[str, Any], rates: list[float]) -> None:
    callbacks = [Scripted(loss=losses), ReduceLROnPlateau("loss", **options)]
    history = fit(epochs=len(losses), optimizer="sgd", lr=1.0, callbacks=callbacks)
    assert history["lr"] == rates


def test_a_factor_that_does_not_reduce() -> None:
    with pytest.raises(ConfigError, match="factor"):
        ReduceLROnPlateau(factor=1.5)


# Checkpoints ---------------------------------------------------------------------------------------------------------


def test_a_checkpoint_after_every_epoch(tmp_path: Path) -> None:
    model, recording = net(), Recording()
    checkpoint = ModelCheckpoint(tmp_path / "net-{epoch:03d}-{loss:.3f}.safetensors")
    history = fit(model, epochs=3, callbacks=[recording, checkpoint])
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [
        f"net-{epoch:03d}-{loss:.3f}.safetensors" for epoch, loss in enumerate(history["loss"], 1)
    ]
    for file, state in zip(files, recording.epochs, strict=True):
        loaded = cr.load(file)
        for path, value in loaded.state_dict().items():
            np.testing.assert_array_equal(value._data, state[path])
        assert loaded.objective.name == "mse"


def test_a_checkpoint_of_the_best(tmp_path: Path) -> None:
    recording = Recording()
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}", "loss", save_best_only=True)
    fit(epochs=5, callbacks=[Scripted(loss=[5, 3, 4, 2, 2]), recording, checkpoint])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1", "2", "4"]


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 1)

    def forward(self, x: Any) -> Any:
        return self.inner(x)


def test_what_cannot_be_saved_is_said_before_training(tmp_path: Path) -> None:
    model = Own()
    start = model.inner.weight._data.copy()
    with pytest.raises(FormatError, match="Own is not one of chainrule's own layers"):
        fit(model, epochs=3, callbacks=ModelCheckpoint(tmp_path / "a"))
    with pytest.raises(ConfigError, match=r"cannot be filled in.*'val_loss'.*Known: epoch, loss, lr"):
        fit(epochs=3, callbacks=ModelCheckpoint(tmp_path / "{val_loss}"))
    np.testing.assert_array_equal(model.inner.weight._data, start)
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_in_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fit(epochs=3, callbacks=ModelCheckpoint(tmp_path / "nowhere" / "a"))


# The CSV log ---------------------------------------------------------------------------------------------------------


def rows(path: Path, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8")), delimiter=separator))


def test_the_log_is_whole_after_every_epoch(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    logger = CSVLogger(path)
    logger._SHARE = 0  # write after each epoch, however short
    lengths: list[int] = []

    def look(epoch: int, logs: Any) -> None:
        found = rows(path)
        lengths.append(len(found))
        assert {len(row) for row in found} == {4}
        assert [file.name for file in tmp_path.iterdir()] == ["log.csv"]

    history = fit(epochs=4, validation=data(), callbacks=[logger, LambdaCallback(on_epoch_end=look)])
    assert lengths == [2, 3, 4, 5]
    title, *lines = rows(path)
    assert title == ["epoch", "loss", "val_loss", "lr"]
    assert [line[0] for line in lines] == ["1", "2", "3", "4"]
    assert [float(line[1]) for line in lines] == history["loss"]
    assert [float(line[3]) for line in lines] == history["lr"]


def test_the_log_of_many_short_epochs_is_whole_at_the_end_and_costs_little(tmp_path: Path) -> None:
    import time

    began = time.perf_counter()
    fit(epochs=400)
    plain = time.perf_counter() - began
    began = time.perf_counter()
    fit(epochs=400, callbacks=CSVLogger(tmp_path / "log.csv"))
    assert len(rows(tmp_path / "log.csv")) == 401
    assert time.perf_counter() - began < 5 * plain + 1


def test_the_log_is_whole_after_an_exception(tmp_path: Path) -> None:
    def fail(epoch: int, logs: Any) -> None:
        if epoch == 5:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fit(epochs=9, callbacks=[CSVLogger(tmp_path / "log.csv"), LambdaCallback(on_epoch_end=fail)])
    assert len(rows(tmp_path / "log.csv")) == 7


def test_a_log_is_begun_anew_or_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    for append, expected in ((False, 3), (True, 5), (False, 3)):
        fit(epochs=2, callbacks=CSVLogger(path, separator="\t", append=append))
        assert len(rows(path, "\t")) == expected
    with pytest.raises(FormatError, match="other columns"):
        fit(epochs=2, validation=0.3, callbacks=CSVLogger(path, append=True))
    assert len(rows(path, "\t")) == 3


def test_a_log_that_cannot_be_written_is_said_before_training(tmp_path: Path) -> None:
    with pytest.raises(ChainruleError, match="nowhere"):
        fit(epochs=3, callbacks=CSVLogger(tmp_path / "nowhere" / "log.csv"))


# Others --------------------------------------------------------------------------------------------------------------


def test_lambda_callbacks_take_functions() -> None:
    with pytest.raises(ConfigError, match="on_epoch_end is not a function"):
        LambdaCallback(on_epoch_end=3)  # type: ignore[arg-type]


def test_all_callbacks_are_exported() -> None:
    assert train.TerminateOnNaN is TerminateOnNaN
    assert set(train.__all__) >= set(train.callbacks.__all__)


def test_schedules_and_callbacks_go_together() -> None:
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    callbacks = [Scripted(loss=[5, 5, 5, 5]), ReduceLROnPlateau("loss", patience=2, factor=0.1)]
    history = fit(model, epochs=4, optimizer=optimizer, schedule=schedule, callbacks=callbacks)
    np.testing.assert_allclose(history["lr"], [1.0, 0.5, 0.25, 0.0125])


@pytest.mark.parametrize("kind", [CSVLogger, ModelCheckpoint])
def test_users_that_do_not_exist_are_said_before_training(kind: Any) -> None:
    with pytest.raises(ChainruleError, match="home directory"):
        fit(epochs=1, callbacks=kind("~nosuchuser/file"))
