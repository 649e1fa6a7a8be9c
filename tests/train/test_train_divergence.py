"""A loss that is not a number ends training at once: it says where and why, and leaves what was good."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.data.dataset import Dataset
from chainrule.errors import TrainingError
from chainrule.train import Callback, EarlyStopping, TerminateOnNaN


def data(rows: int = 12) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((rows, 2)).astype(np.float32)
    return X, X[:, 0].astype(np.float32)


class Bomb(nn.Module):
    """Passes its input on; in training step `at` (from 1) puts `value` into it, times the input."""

    keeps_shape = True

    def __init__(self, at: int, value: float = np.nan) -> None:
        super().__init__()
        self.at, self.value, self.step = at, value, 0

    def forward(self, x: Any) -> Any:
        self.step += self.training
        return x * self.value if self.training and self.step == self.at else x


class Exploding(nn.Module):
    """The identity, with a gradient that is not finite once |x| < eps: √ at 0."""

    def forward(self, x: Any) -> Any:
        return (x * x).sqrt()


def net(*inside: nn.Module) -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), *inside, nn.Linear(4, 1))


def state(model: nn.Module) -> dict[str, np.ndarray]:
    return {path: value._data.copy() for path, value in model.state_dict().items()}


def fit(model: nn.Module, rows: int = 12, **options: Any) -> cr.History:
    return cr.fit(model, data(rows), **{"verbose": 0, "seed": 0, "metrics": [], "batch_size": 4, **options})


def assert_finite(model: nn.Module) -> None:
    for path, value in model.state_dict().items():
        assert np.isfinite(value._data).all(), path


OBSERVED = pytest.mark.parametrize("callbacks", [(), (Callback(),)], ids=["joined", "observed"])


@OBSERVED
def test_an_exploding_layer_is_named_with_the_step_and_what_was_good_is_kept(callbacks: Any) -> None:
    model, twin = net(Bomb(at=3 * 7 + 2)), net(Bomb(at=0))
    history = fit(model, epochs=30, callbacks=callbacks)
    whole = fit(twin, epochs=7, callbacks=callbacks)
    assert history.stopped == (
        "loss became nan in epoch 8 at step 23: all layers are finite; loss 'mse' is not, for these targets"
    )
    assert history["loss"] == whole["loss"]
    assert history.epochs == 7
    assert not model.training
    assert_finite(model)


class Growing(nn.Module):
    """Multiplies by a factor that grows without bound in training: overflows in a step that can be told in advance."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("power", cr.tensor(np.float32(1.0)))

    def forward(self, x: Any) -> Any:
        if self.training:
            self.power._assign(self.power._data * np.float32(1e3))
        return x * self.power


@OBSERVED
def test_a_layer_whose_output_overflows_is_named(callbacks: Any) -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), Growing(), nn.Tanh(), nn.Linear(4, 1), nn.Softplus())
    history = fit(model, epochs=30, callbacks=callbacks)
    # 1e3^13 > 3.4e38.  The loss stays finite, for tanh(±inf) = ±1, but not the gradient.
    assert history.stopped == (
        "the update in epoch 5 at step 13 would have made parameter '0.weight' (of layer '0', Linear) not finite: "
        "layer '1' (Growing) is the first whose output is not finite"
    )
    assert history.epochs == 4
    assert_finite(model)


@OBSERVED
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_huge_rate_stops_and_leaves_finite_parameters(optimizer: str, callbacks: Any) -> None:
    model = net()
    with pytest.raises(TrainingError, match=r"in epoch 1 at step \d.*Lower the learning rate") as caught:
        fit(model, epochs=5, optimizer=optimizer, lr=1e38, callbacks=callbacks)
    assert "Linear" in str(caught.value) or "loss 'mse'" in str(caught.value)
    assert_finite(model)


@OBSERVED
def test_an_update_that_overflows_is_undone_and_its_parameter_named(callbacks: Any) -> None:
    """The loss is finite, its gradient at 0 is not."""
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 1), Exploding())
    X, y = np.ones((8, 2), np.float32), np.arange(8, dtype=np.float32)
    with cr.no_grad():
        model[0].weight.fill_(0.0)
        model[0].bias.fill_(0.0)
    before = state(model)
    with pytest.raises(TrainingError) as caught:
        cr.fit(model, (X, y), epochs=3, verbose=0, callbacks=callbacks, metrics=[], seed=0)
    assert str(caught.value).startswith(
        "the update in epoch 1 at step 1 would have made parameter '0.weight' (of layer '0', Linear) not finite"
    )
    for path, values in state(model).items():
        np.testing.assert_array_equal(values, before[path])


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("norm", [False, True], ids=["plain", "running-statistics"])
def test_the_parameters_are_those_before_the_bad_update(norm: bool, optimizer: str) -> None:
    """The same training, ended one step earlier by hand, has the same bits: parameters, buffers, optimiser state."""

    class Poison(nn.Module):
        """Makes the gradient, not the loss, infinite in one step."""

        def __init__(self, at: int) -> None:
            super().__init__()
            self.register_buffer("step", cr.tensor(np.int64(0)))
            self.at = at

        def forward(self, x: Any) -> Any:
            if self.training:
                self.step._assign(self.step._data + 1)
                if int(self.step) == self.at:
                    return x + ((x * 0.0) * (x * 0.0)).sqrt()  # + 0, with the derivative 0/0
            return x

    at, results = 9, []
    for poison, epochs in ((at, 10), (0, 2)):
        layers = [nn.BatchNorm1d(4)] if norm else []
        model = net(*layers, nn.Dropout(0.2), Poison(poison))
        chosen = optim.get(optimizer, list(model.named_parameters()), lr=0.05)
        history = fit(model, rows=16, epochs=epochs, optimizer=chosen)  # 4 steps an epoch: the 9th opens the third
        kept = state(model)
        slots = {(path, k): np.array(v) for path, found in chosen.state.items() for k, v in found.items()}
        results.append((history, kept, slots))
    (bad, kept, slots), (good, expected, expected_slots) = results
    assert bad.stopped is not None
    assert "in epoch 3 at step 9 would have made parameter" in bad.stopped
    assert bad["loss"] == good["loss"]
    assert set(slots) == set(expected_slots)
    for key, values in expected_slots.items():
        np.testing.assert_array_equal(slots[key], values, err_msg=str(key))
    for path, values in expected.items():
        np.testing.assert_array_equal(kept[path], values, err_msg=path)


def test_running_statistics_do_not_take_in_the_bad_batch() -> None:
    model = net(Growing(), nn.BatchNorm1d(4))
    with_statistics = [path for path in model.state_dict() if "running" in path]
    history = fit(model, epochs=30)
    assert history.stopped is not None
    assert with_statistics
    assert_finite(model)


def test_the_first_epoch_raises_and_later_ones_stop() -> None:
    with pytest.raises(TrainingError, match="in epoch 1 at step 2"):
        fit(net(Bomb(at=2)), epochs=3)
    assert fit(net(Bomb(at=4)), epochs=3).epochs == 1


def test_terminate_on_nan_raises_in_any_epoch() -> None:
    model = net(Bomb(at=3 * 7 + 2))
    with pytest.raises(TrainingError, match="in epoch 8 at step 23"):
        fit(model, epochs=30, callbacks=TerminateOnNaN())
    assert_finite(model)
    assert fit(net(Bomb(at=23)), epochs=30, callbacks=TerminateOnNaN(raise_error=False)).epochs == 7


def test_early_stopping_restores_the_best_after_divergence_within_the_next_epoch() -> None:
    seen: dict[str, np.ndarray] = {}

    class Keeping(Callback):
        def on_epoch_end(self, epoch: int, logs: Any) -> None:
            if epoch == 1:
                seen.update(self.training.snapshot().state)

    model = net(Bomb(at=3 * 2 + 3))  # two epochs are whole, the third ends at its third step
    history = fit(model, epochs=9, lr=0.01, callbacks=[Keeping(), EarlyStopping("loss", patience=9)])
    assert history.epochs == 2
    assert history["loss"][1] < history["loss"][0]
    assert history.best_epoch == 2
    for path, values in state(model).items():
        np.testing.assert_array_equal(values, seen[path])


def test_inputs_that_are_not_finite_are_named_with_their_row() -> None:
    X, y = data()
    X[7, 1] = np.inf
    with pytest.raises(
        TrainingError, match=r"epoch 1 at step.*the inputs of that batch are not finite, in row 7 first"
    ):
        cr.fit(net(), Dataset(X, y), loss="mse", verbose=0)


def test_parameters_that_never_were_finite_are_named() -> None:
    model = net()
    model[2].weight._data[0, 1] = np.nan
    with pytest.raises(TrainingError, match=r"parameter '2.weight' \(of layer '2', Linear\) is not finite"):
        fit(model, epochs=3)


def test_looking_for_the_place_changes_nothing() -> None:
    model = net(nn.BatchNorm1d(4), nn.Dropout(0.5), Bomb(at=4))
    history = fit(model, epochs=3)
    assert history.stopped is not None
    twin = net(nn.BatchNorm1d(4), nn.Dropout(0.5), Bomb(at=0))
    fit(twin, epochs=1)
    for path, values in state(twin).items():
        np.testing.assert_array_equal(state(model)[path], values, err_msg=path)
