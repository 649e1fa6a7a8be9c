"""The loop: what a history holds, schedules, unequal batches, exceptions on the way."""

from __future__ import annotations

import signal
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError
from chainrule.train import Callback, LambdaCallback


def net(outputs: int = 1, norm: bool = False) -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), *([nn.BatchNorm1d(4)] if norm else []), nn.Tanh(), nn.Linear(4, outputs))


def numbers(rows: int = 20) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((rows, 2))
    return X, X[:, 0] * 2 - X[:, 1]


def classes(rows: int = 20) -> tuple[np.ndarray, np.ndarray]:
    X, y = numbers(rows)
    return X, (y > 0).astype(int)


def fit(model: nn.Module, data: Any, **options: Any) -> cr.History:
    return cr.fit(model, data, **{"verbose": 0, "seed": 0, **options})


# History -------------------------------------------------------------------------------------------------------------


def test_the_curves_of_a_history() -> None:
    history = fit(net(), numbers(), epochs=4, validation=0.25, metrics=["mae", "r2"], batch_size=6)
    assert list(history) == ["loss", "mae", "r2", "val_loss", "val_mae", "val_r2", "lr"]
    assert all(len(curve) == 4 and np.isfinite(curve).all() for curve in history.values())
    assert all(type(value) is float for curve in history.values() for value in curve)
    assert history.epochs == 4
    assert history.engine == cr.engines.available()[0]
    assert history.seed == 0
    assert history.stopped is None
    assert history.best_epoch is None
    assert history.seconds > 0
    assert history.history is history


def test_only_losses_and_rates_without_metrics() -> None:
    assert list(fit(net(), numbers(), epochs=2, metrics=[])) == ["loss", "lr"]


def test_history_to_pandas() -> None:
    pytest.importorskip("pandas")
    frame = fit(net(), numbers(), epochs=3).to_pandas()
    assert list(frame.columns) == ["loss", "mae", "lr"]
    assert frame.index.tolist() == [1, 2, 3]
    assert frame.index.name == "epoch"


def test_an_epochs_loss_is_the_mean_over_its_rows() -> None:
    """With a rate of 0 it is the loss of all rows, though batches have 6, 6, 6 and 2."""
    model = net()
    history = fit(model, numbers(), epochs=2, batch_size=6, optimizer="sgd", lr=0.0)
    whole = cr.evaluate(model, numbers())
    np.testing.assert_allclose(history["loss"], whole["loss"], rtol=1e-6)
    np.testing.assert_allclose(history["mae"], whole["mae"], rtol=1e-6)


def test_an_epochs_summed_loss_is_the_sum_over_its_rows() -> None:
    model = net()
    loss = nn.MSELoss(reduction="sum")
    history = fit(model, numbers(), epochs=1, batch_size=6, optimizer="sgd", lr=0.0, loss=loss, metrics=[])
    np.testing.assert_allclose(history["loss"][0], cr.evaluate(model, numbers())["loss"], rtol=1e-6)


def test_validation_is_measured_after_the_last_step_in_evaluation_mode() -> None:
    model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1))
    held_out = numbers(33)
    history = fit(model, numbers(), epochs=3, validation=held_out)
    assert cr.evaluate(model, held_out) == pytest.approx(
        {"loss": history["val_loss"][-1], "mae": history["val_mae"][-1]}, rel=1e-6
    )


def test_after_training_a_model_is_in_evaluation_mode_and_knows_its_data_and_loss() -> None:
    model = net(2)
    fit(model, classes(), epochs=1)
    assert not model.training
    assert not model[0].training
    assert model.objective is not None
    assert model.objective.name == "cross_entropy"
    assert model.preprocessing.shape == (2,)
    assert all(p.grad is None for p in model.parameters())


def test_gradients_from_before_are_no_part_of_the_first_step() -> None:
    one, other = net(), net()
    for p in other.parameters():
        p.grad = Tensor.of(np.full(p.shape, 100.0, np.float32))
    assert fit(one, numbers(), epochs=2)["loss"] == fit(other, numbers(), epochs=2)["loss"]


def test_parameters_outside_the_optimizer_stay_and_gather_no_gradients() -> None:
    model = net()
    kept = model[0].weight._data.copy()
    fit(model, numbers(), epochs=2, optimizer=optim.SGD(model[2].parameters(), lr=0.1))
    np.testing.assert_array_equal(model[0].weight._data, kept)
    assert model[0].weight.grad is None


def test_frozen_layers_stay() -> None:
    model = net()
    model[0].requires_grad_(False)
    kept, trained = model[0].weight._data.copy(), model[2].weight._data.copy()
    fit(model, numbers(), epochs=2)
    np.testing.assert_array_equal(model[0].weight._data, kept)
    assert (model[2].weight._data != trained).any()


def test_an_optimizer_keeps_its_state_from_one_training_to_the_next() -> None:
    whole, parts = net(), net()
    options = {"batch_size": 20, "shuffle": False, "metrics": []}
    fit(whole, numbers(), epochs=6, optimizer=optim.Adam(whole.parameters(), lr=0.1), **options)
    optimizer = optim.Adam(parts.parameters(), lr=0.1)
    for _ in range(3):
        fit(parts, numbers(), epochs=2, optimizer=optimizer, **options)
    assert optimizer.state["0.weight"]["step"] == 6
    np.testing.assert_array_equal(whole[0].weight._data, parts[0].weight._data)


def test_a_single_row_left_over_joins_the_batch_before_it_under_batch_normalisation() -> None:
    sizes: list[int] = []
    model = net(norm=True)
    model[0].register_forward_hook(lambda module, args, out: sizes.append(len(out)) if module.training else None)
    history = fit(model, numbers(17), epochs=2, batch_size=8)
    assert sizes == [8, 9, 8, 9]
    assert history.epochs == 2
    sizes.clear()
    plain = net()
    plain[0].register_forward_hook(lambda module, args, out: sizes.append(len(out)) if module.training else None)
    fit(plain, numbers(17), epochs=1, batch_size=8)
    assert sizes == [8, 8, 1]


def test_batch_normalisation_of_single_rows_is_refused_in_one_line() -> None:
    with pytest.raises(ChainruleError, match=r"more than 1 value per channel"):
        fit(net(norm=True), numbers(6), epochs=1, batch_size=1)


# Schedules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("observed", [False, True], ids=["joined", "observed"])
@pytest.mark.parametrize(
    ("name", "options", "rates"),
    [
        ("StepLR", {"step_size": 2, "gamma": 0.5}, [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]),
        ("ExponentialLR", {"gamma": 0.5}, [0.8, 0.4, 0.2, 0.1, 0.05, 0.025]),
        ("MultiStepLR", {"milestones": [1, 5], "gamma": 0.1}, [0.8, 0.08, 0.08, 0.08, 0.08, 0.008]),
        ("LinearLR", {"start_factor": 0.25, "total_iters": 3}, [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]),
    ],
)
def test_an_epochs_rate_is_the_one_that_its_steps_used(
    name: str, options: dict[str, Any], rates: list[float], observed: bool
) -> None:
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.8)
    schedule = getattr(optim.lr_scheduler, name)(optimizer, **options)
    watching = [LambdaCallback(on_epoch_end=lambda epoch, logs: used.append(optimizer.param_groups[0]["lr"]))]
    used: list[float] = []
    callbacks = watching if observed else []
    history = fit(
        model,
        numbers(),
        epochs=6,
        optimizer=optimizer,
        schedule=schedule,
        metrics=[],
        callbacks=callbacks,
        batch_size=10,
    )
    np.testing.assert_allclose(history["lr"], rates, rtol=1e-12)
    assert schedule.last_epoch == 6
    if observed:
        np.testing.assert_allclose(used, rates, rtol=1e-12)


def test_a_schedule_by_steps_records_each_epochs_first_rate() -> None:
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    schedule.interval = "step"
    history = fit(model, numbers(), epochs=3, batch_size=7, optimizer=optimizer, schedule=schedule)
    np.testing.assert_allclose(history["lr"], [0.1, 0.1 / 8, 0.1 / 64])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 / 512)


def test_the_plateau_schedule_sees_the_validation_loss() -> None:
    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    schedule = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5, threshold=0.999)
    history = fit(model, numbers(), epochs=4, optimizer=optimizer, schedule=schedule, validation=0.2)
    assert history["lr"] == [0.5, 0.5, 0.25, 0.125]  # nothing ever counts as better after the first epoch
    assert schedule.best == history["val_loss"][0]


def test_one_cycle_by_name_fits_the_training() -> None:
    history = fit(net(), numbers(), epochs=10, batch_size=6, schedule="one_cycle", lr=0.1)
    assert max(history["lr"]) > 0.09
    assert history["lr"][-1] < 0.01


# Exceptions on the way -----------------------------------------------------------------------------------------------


class Breaking(Callback):
    def __init__(self, event: str, epoch: int = 2) -> None:
        self.event, self.at, self.ended = event, epoch, 0

    def on_train_begin(self) -> None:
        if self.event == "train_begin":
            raise RuntimeError("broken")

    def on_epoch_begin(self, epoch: int) -> None:
        if self.event == "epoch_begin" and epoch == self.at:
            raise RuntimeError("broken")

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        if self.event == "epoch_end" and epoch == self.at:
            raise RuntimeError("broken")

    def on_train_end(self) -> None:
        self.ended += 1


@pytest.mark.parametrize("event", ["train_begin", "epoch_begin", "epoch_end"])
def test_an_exception_in_a_callback_leaves_everything_in_order(event: str) -> None:
    before = signal.getsignal(signal.SIGINT)
    model, twin = net(), net()
    optimizer, other = optim.Adam(model.parameters(), lr=0.1), optim.Adam(twin.parameters(), lr=0.1)
    breaking, watching = Breaking(event), Breaking("never")
    with pytest.raises(RuntimeError, match="broken"):
        fit(model, numbers(), epochs=9, optimizer=optimizer, callbacks=[watching, breaking])
    done = {"train_begin": 0, "epoch_begin": 2, "epoch_end": 3}[event]
    assert signal.getsignal(signal.SIGINT) is before
    assert not model.training
    assert watching.ended == 1
    assert breaking.ended == (event != "train_begin")
    if done:
        fit(twin, numbers(), epochs=done, optimizer=other)
        assert optimizer.state["0.weight"]["step"] == done
        for path, kept in other.state.items():
            for name, value in kept.items():
                np.testing.assert_array_equal(optimizer.state[path][name], value)
    for mine, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_array_equal(mine._data, theirs._data)


class Failing(nn.Module):
    """Fails in the n-th training step."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.inner, self.left = nn.Linear(2, 1), at

    def forward(self, x: Any) -> Any:
        self.left -= self.training
        if self.left == 0:
            raise OSError("the disk is on fire")
        return self.inner(x)


def test_an_exception_in_a_model_leaves_the_steps_before_it() -> None:
    model = Failing(at=8)
    optimizer = optim.Adam(model.parameters())
    with pytest.raises(OSError, match="fire"):
        fit(model, numbers(), epochs=9, batch_size=5, optimizer=optimizer)
    assert optimizer.state["inner.weight"]["step"] == 7
    assert not model.training
    assert cr.core.mode.is_grad_enabled()


def test_a_callback_can_stop_training() -> None:
    class Stopping(Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == 1:
                self.training.stop("enough")

    history = fit(net(), numbers(), epochs=9, callbacks=Stopping())
    assert history.epochs == 2
    assert history.stopped == "enough"


def test_a_callback_that_replaces_parameters_is_followed() -> None:
    class Resetting(Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == 1:
                for p in self.model.parameters():
                    p.data = np.zeros(p.shape, np.float32)

    model = net()
    history = fit(model, numbers(), epochs=3, batch_size=20, callbacks=Resetting(), optimizer="sgd", lr=0.1)
    _, y = numbers()
    assert history["loss"][2] == pytest.approx(float((y**2).mean()), rel=1e-5)
    assert float(np.abs(model[2].bias._data).max()) > 0  # the third epoch trained what the callback left


def test_a_callback_can_unfreeze_layers() -> None:
    class Unfreezing(Callback):
        def on_epoch_begin(self, epoch: int) -> None:
            if epoch == 2:
                self.model[0].requires_grad_(True)

    model = net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    model[0].requires_grad_(False)
    start = model[0].weight._data.copy()
    fit(model, numbers(), epochs=2, optimizer=optimizer, callbacks=Unfreezing())
    np.testing.assert_array_equal(model[0].weight._data, start)
    fit(model, numbers(), epochs=4, optimizer=optimizer, callbacks=Unfreezing())
    assert (model[0].weight._data != start).all()


def test_events_come_in_order() -> None:
    seen: list[str] = []
    logging = LambdaCallback(
        on_train_begin=lambda: seen.append("begin"),
        on_train_end=lambda: seen.append("end"),
        on_epoch_begin=lambda epoch: seen.append(f"epoch {epoch}"),
        on_epoch_end=lambda epoch, logs: seen.append(f"{epoch}: {', '.join(logs)}"),
    )
    fit(net(), numbers(), epochs=2, callbacks=logging)
    assert seen == ["begin", "epoch 0", "0: loss, mae, lr", "epoch 1", "1: loss, mae, lr", "end"]


def test_a_row_left_over_that_joins_the_only_batch() -> None:
    X = np.random.default_rng(0).standard_normal((3, 2))
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))
    history = cr.fit(model, (X, X[:, 0]), epochs=200, batch_size=2, metrics=[], seed=0, engine="eager", verbose=0)
    assert history.epochs == 200
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("engine", ["eager", "auto"])
@pytest.mark.parametrize("observed", [False, True])
def test_a_last_smaller_batch_can_be_left_out(engine: str, observed: bool) -> None:
    X, y = numbers(20)
    options: dict[str, Any] = {"validation": numbers(20)} if observed else {}
    model = net()
    history = fit(
        model, (X, y), epochs=3, batch_size=8, drop_last=True, seed=1, engine=engine, optimizer="sgd", lr=0.1, **options
    )
    expected, order = net(), np.random.default_rng(1)
    losses = []
    for _ in range(3):
        rows = order.permutation(20)
        for batch in (rows[:8], rows[8:16]):
            found = nn.MSELoss()(
                expected(cr.tensor(X[batch].astype(np.float32))), cr.tensor(y[batch, None].astype(np.float32))
            )
            expected.zero_grad()
            found.backward()
            with cr.no_grad():
                for p in expected.parameters():
                    assert p.grad is not None
                    p -= 0.1 * p.grad
            losses.append(found.item())
    np.testing.assert_allclose(history["loss"], np.mean(np.reshape(losses, (3, 2)), axis=1), rtol=1e-5)
    np.testing.assert_allclose(model[0].weight.detach().numpy(), expected[0].weight.detach().numpy(), rtol=1e-5)
    few = fit(net(), numbers(5), epochs=2, batch_size=8, drop_last=True, seed=1, engine=engine, schedule="cos_log")
    assert few.epochs == 2  # a single batch is never left out


def test_a_schedule_ends_with_the_last_step_where_a_row_joins_the_batch_before() -> None:
    schedules: list[optim.lr_scheduler.LRScheduler] = []

    def watched(optimizer: optim.Optimizer) -> optim.lr_scheduler.LRScheduler:
        schedules.append(optim.lr_scheduler.get("one_cycle", optimizer, 2, 2))
        return schedules[-1]

    options: dict[str, Any] = {"epochs": 2, "batch_size": 8, "seed": 0, "lr": 0.1}
    named = fit(net(norm=True), numbers(17), schedule="one_cycle", **options)
    counted = fit(net(norm=True), numbers(17), schedule=watched, **options)
    assert schedules[0].last_epoch == 4
    assert named["lr"] == counted["lr"]
