"""What surrounds the steps (schedules, clipping, groups, callbacks, saved state) acts the same on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.engines import native
from chainrule.train import Callback, blocks
from helpers.parity import Trained, assert_alike, assert_parity, needs_native, rebuilt, threads, trained

pytestmark = needs_native

DTYPES = ("float64", "float32")
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def mlp() -> nn.Sequential:
    return nn.Sequential(nn.Linear(5, 9), nn.Tanh(), nn.Linear(9, 33), nn.ReLU(), nn.Linear(33, 3))


def normalised() -> nn.Sequential:
    first = nn.Sequential(nn.Linear(5, 9, bias=False), nn.BatchNorm1d(9), nn.ReLU(), nn.Dropout(0.3))
    return nn.Sequential(first, nn.Linear(9, 3))


def data(rows: int = 43, dtype: str = "float64") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((rows, 5)).astype(dtype)
    return X, (X @ rng.standard_normal((5, 3))).argmax(axis=1)


def sgd(model: nn.Module) -> optim.Optimizer:
    return optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def adam(model: nn.Module) -> optim.Optimizer:
    return optim.Adam(model.parameters(), lr=0.01, eps=1e-4)


def trainer(
    dtype: str = "float64",
    build: Callable[[], Any] = mlp,
    optimizer: Callable[[Any], Any] = adam,
    schedule: Callable[[Any], Any] | None = None,
    callbacks: Callable[[], Any] = list,
    **options: Any,
) -> Callable[[str], Trained]:
    """A training that can be run on any engine."""

    def run(engine: str) -> Trained:
        model = rebuilt(build, dtype)
        algorithm = optimizer(model)
        chosen: dict[str, Any] = {"epochs": 4, "batch_size": 8, "metrics": [], "seed": 5, "verbose": 0, **options}
        if schedule is not None:
            chosen["schedule"] = schedule(algorithm)
        history = cr.fit(
            model, data(dtype=dtype), optimizer=algorithm, callbacks=callbacks(), engine=engine, **chosen
        )  # fmt: skip
        return trained(model, history, algorithm)

    return run


# ---- schedules, clipping, groups

SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "step": lambda o: optim.lr_scheduler.StepLR(o, 1, 0.5),
    "exponential": lambda o: optim.lr_scheduler.ExponentialLR(o, 0.8),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 3),
    "one cycle": lambda o: optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=24),
    "cosines that double": lambda o: optim.lr_scheduler.CosLogLR(o, total_steps=24),
    "momentum down to nothing": lambda o: optim.lr_scheduler.OneCycleLR(
        o, max_lr=0.1, total_steps=24, base_momentum=0.0, max_momentum=0.9
    ),
    "plateau": lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.5),
}


@each_dtype
@pytest.mark.parametrize("batch_size", [8, 43], ids=["batches", "joined epochs"])
@pytest.mark.parametrize("watched", [False, True], ids=["alone", "watched"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name: str, watched: bool, batch_size: int, dtype: str) -> None:
    callbacks = (lambda: [Callback()]) if watched else list
    epochs = 4 if batch_size == 8 else 24
    run = trainer(
        dtype, optimizer=sgd, schedule=SCHEDULES[name], callbacks=callbacks, batch_size=batch_size, epochs=epochs
    )
    wanted = assert_parity(run, dtype, (1, 2))
    assert len(set(wanted.curves["lr"])) > 1


def test_a_schedule_of_adams_averages() -> None:
    run = trainer(schedule=lambda o: optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=24))
    assert_parity(run, "float64", (1, 2))


@each_dtype
@pytest.mark.parametrize("build", [mlp, normalised])
@pytest.mark.parametrize("clips", [{"clip_norm": 0.1}, {"clip_value": 0.01}, {"clip_norm": 0.05, "clip_value": 0.02}])
def test_clipping(clips: dict[str, float], build: Callable[[], Any], dtype: str) -> None:
    wanted = assert_parity(trainer(dtype, build, sgd, **clips), dtype)
    with pytest.raises(AssertionError):
        assert_alike(trainer(dtype, build, sgd)("native"), wanted, dtype)


def groups(model: nn.Module) -> optim.Optimizer:
    named = list(model.named_parameters())
    return optim.AdamW(
        [
            {"params": named[2:4], "lr": 0.02, "weight_decay": 0.5, "betas": (0.7, 0.9), "eps": 1e-3},
            {"params": named[:1], "lr": 0.005, "amsgrad": True, "eps": 1e-3},
            {"params": named[4:], "maximize": False, "eps": 1e-3},
        ]
    )


def momentum_groups(model: nn.Module) -> optim.Optimizer:
    named = list(model.named_parameters())
    return optim.SGD([{"params": named[3:], "momentum": 0.9}, {"params": named[:3], "lr": 0.01}], lr=0.05)


@each_dtype
@pytest.mark.parametrize("optimizer", [groups, momentum_groups])
@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.1}, {"clip_value": 0.01}])
def test_several_groups_and_parameters_outside_them(optimizer: Any, options: dict[str, float], dtype: str) -> None:
    wanted = assert_parity(trainer(dtype, optimizer=optimizer, **options), dtype)
    if optimizer is groups:
        np.testing.assert_array_equal(wanted.state["0.bias"], rebuilt(mlp, dtype)[0].bias._data)


@each_dtype
@pytest.mark.parametrize(
    "frozen", [("0.weight", "0.bias"), ("2.weight",), ("2.bias", "4.weight"), ("0.weight", "2.weight", "4.weight")]
)
def test_frozen_parameters(frozen: tuple[str, ...], dtype: str) -> None:
    def build() -> nn.Sequential:
        model = mlp()
        for path, p in model.named_parameters():
            p.requires_grad_(path not in frozen)
        return model

    def some(model: nn.Module) -> optim.Optimizer:
        return optim.Adam([one for one in model.named_parameters() if one[1].requires_grad], lr=0.01, eps=1e-4)

    first = rebuilt(build, dtype)
    for optimizer in (adam, some):
        wanted = assert_parity(trainer(dtype, build, optimizer, clip_norm=0.3), dtype, (1, 3))
        for path in frozen:
            np.testing.assert_array_equal(wanted.state[path], first.state_dict()[path]._data)


# ---- inputs, masks, metrics


@each_dtype
@pytest.mark.parametrize("hidden", [3, 7, 100])
def test_images_of_bytes(hidden: int, dtype: str) -> None:
    rng = np.random.default_rng(2)
    images, labels = rng.integers(0, 256, (70, 28, 28), dtype=np.uint8), rng.integers(0, 10, 70)

    def run(engine: str) -> Trained:
        model = rebuilt(
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10)), dtype
        )
        optimizer = adam(model)
        history = cr.fit(
            model, (images, labels), optimizer=optimizer, epochs=2, batch_size=32, seed=1, engine=engine, verbose=0
        )
        return trained(model, history, optimizer)

    assert_parity(run, dtype, (1, 2, 5))


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 + 5, 2**63 + 1, 2**70 + 3])
def test_masks_are_the_same_for_seeds_of_any_size(seed: int) -> None:
    def build() -> nn.Sequential:
        return nn.Sequential(
            nn.Dropout(0.1),
            nn.Linear(5, 40),
            nn.Dropout(0.5),
            nn.ReLU(),
            nn.Dropout(0.0),
            nn.Linear(40, 3),
            nn.Dropout(0.2),
        )

    assert_parity(trainer(build=build, optimizer=sgd, seed=seed, callbacks=lambda: [Callback()]), "float64", (1, 2))


@each_dtype
def test_metrics_on_training_data(dtype: str) -> None:
    for build in (mlp, normalised):
        wanted = assert_parity(trainer(dtype, build, metrics=["accuracy"]), dtype, (1, 2))
        assert {"accuracy", "loss", "lr"} == wanted.curves.keys()


@each_dtype
def test_validation_and_early_stopping(dtype: str) -> None:
    run = trainer(
        dtype, normalised, lambda m: optim.SGD(m.parameters(), lr=1.5), validation=data(30, dtype), epochs=12,
        callbacks=lambda: [cr.train.EarlyStopping(patience=2)],
    )  # fmt: skip
    assert_parity(run, dtype, (1,))


@pytest.mark.parametrize("largest", [1, 2, 5, 16_384])
def test_the_block_size_changes_nothing(largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trainer(build=normalised, batch_size=4)("native")
    monkeypatch.setattr(blocks, "_LARGEST_BLOCK", largest)
    cut = trainer(build=normalised, batch_size=4)("native")
    for path, values in whole.state.items():
        np.testing.assert_array_equal(cut.state[path], values)


# ---- callbacks that change things between epochs


class Changing(Callback):
    """Calls `change(training, epoch)` at the beginning, or the end, of every epoch."""

    def __init__(self, change: Callable[[Any, int], None], at: str) -> None:
        self.change, self.at = change, at

    def on_epoch_begin(self, epoch: int) -> None:
        if self.at == "begin":
            self.change(self.training, epoch)

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        if self.at == "end":
            self.change(self.training, epoch)


def in_place(training: Any, epoch: int) -> None:
    training.model[0].weight._data[...] *= 0.9


def through_copy(training: Any, epoch: int) -> None:
    with cr.no_grad():
        training.model[2].bias.copy_(np.full(33, 0.1 * epoch, training.model[2].bias.dtype))


def other_arrays(training: Any, epoch: int) -> None:
    weight = training.model[2].weight
    weight._data = np.asfortranarray(weight._data + 0.01)
    bias = training.model[0].bias._data.copy()
    bias.flags.writeable = False
    training.model[0].bias._data = bias


def strided(training: Any, epoch: int) -> None:
    bias = training.model[2].bias
    values = np.zeros(66, bias.dtype)
    values[::2] = bias._data
    bias._data = values[::2]


def rate(training: Any, epoch: int) -> None:
    for group in training.optimizer.param_groups:
        group["lr"] *= 0.5


def momentum(training: Any, epoch: int) -> None:
    training.optimizer.param_groups[0]["momentum"] = (0.9, 0.0, 0.5, 0.0)[epoch]


def freeze(training: Any, epoch: int) -> None:
    training.model[2].weight.requires_grad_(epoch % 2 == 1)


def load_weights(training: Any, epoch: int) -> None:
    if epoch == 1:
        training.model.load_state_dict({k: v._data * 0.5 for k, v in training.model.state_dict().items()})


def load_optimizer(training: Any, epoch: int) -> None:
    if epoch == 0:
        training.kept = training.optimizer.state_dict()
    if epoch == 2:
        training.optimizer.load_state_dict(training.kept)


def forget_state(training: Any, epoch: int) -> None:
    if epoch == 1:
        training.optimizer.state.clear()


def add_group(training: Any, epoch: int) -> None:
    if epoch == 1 and len(training.optimizer.param_groups) == 1:
        training.optimizer.add_param_group({"params": [("4.bias", training.model[4].bias)], "lr": 0.2})


def smoothing(training: Any, epoch: int) -> None:
    training.plan.loss.label_smoothing = 0.1 * epoch


def replaced_parameter(training: Any, epoch: int) -> None:
    if epoch == 1:
        training.model[2].weight = nn.Parameter(training.model[2].weight._data * 0.5)


def replaced_layer(training: Any, epoch: int) -> None:
    if epoch == 1:
        training.model[1] = nn.Sigmoid()


CHANGES = {
    change.__name__: change
    for change in (
        in_place, through_copy, other_arrays, strided, rate, momentum, freeze, load_weights, load_optimizer,
        forget_state, smoothing, replaced_parameter, replaced_layer,
    )
}  # fmt: skip


@pytest.mark.parametrize("at", ["begin", "end"])
@pytest.mark.parametrize("name", CHANGES)
def test_changes_between_epochs(name: str, at: str) -> None:
    run = trainer(optimizer=sgd, callbacks=lambda: [Changing(CHANGES[name], at)], loss=None)
    assert_parity(run, "float64", (1, 2))


@pytest.mark.parametrize("at", ["begin", "end"])
def test_a_group_that_is_added(at: str) -> None:
    def some(model: nn.Module) -> optim.Optimizer:
        return optim.Adam(list(model.named_parameters())[:-1], lr=0.01)

    assert_parity(trainer(optimizer=some, callbacks=lambda: [Changing(add_group, at)]), "float64", (1, 2))


# ---- one optimiser for several trainings


@each_dtype
@pytest.mark.parametrize("engines", [("native", "native"), ("native", "eager"), ("eager", "native")])
def test_a_training_goes_on_where_another_ended(engines: tuple[str, str], dtype: str) -> None:
    def run(first: str, second: str) -> Trained:
        model = rebuilt(normalised, dtype)
        optimizer = optim.RMSprop(model.parameters(), lr=0.01, momentum=0.5, eps=1e-3)
        for seed, engine in enumerate((first, second)):
            history = cr.fit(
                model,
                data(dtype=dtype),
                optimizer=optimizer,
                epochs=2,
                batch_size=8,
                metrics=[],
                seed=seed,
                engine=engine,
                verbose=0,
            )
        return trained(model, history, optimizer)

    assert_alike(run(*engines), run("eager", "eager"), dtype)


@pytest.mark.parametrize("engines", [("native", "native"), ("native", "eager"), ("eager", "native")])
def test_saved_optimizer_states_move_between_engines(engines: tuple[str, str]) -> None:
    def run(first: str, second: str) -> Trained:
        model = rebuilt(mlp, "float64")
        optimizer = groups(model)
        cr.fit(model, data(), optimizer=optimizer, epochs=2, batch_size=8, metrics=[], seed=1, engine=first, verbose=0)
        twin = rebuilt(mlp, "float64")
        twin.load_state_dict(model.state_dict())
        again = groups(twin)
        again.load_state_dict(optimizer.state_dict())
        history = cr.fit(
            twin, data(), optimizer=again, epochs=2, batch_size=8, metrics=[], seed=2, engine=second, verbose=0
        )
        return trained(twin, history, again)

    assert_alike(run(*engines), run("eager", "eager"), "float64")


def test_the_number_of_threads_is_the_processors_at_most() -> None:
    from chainrule.engines.base import Plan
    from chainrule.engines.lowering import lower
    from chainrule.engines.threads import processors
    from chainrule.losses import get

    model = nn.Sequential(nn.Linear(2000, 2000), nn.ReLU(), nn.Linear(2000, 10))
    lowered = lower(Plan(model, get("cross_entropy"), optim.SGD(model.parameters(), lr=0.1)))
    assert native._threads(lowered, 256) == processors()
    assert native._threads(lowered, 0) == 1


def test_the_helper_takes_as_many_threads_as_it_is_told() -> None:
    with threads(4):
        assert native._threads(None, 1) == 4  # type: ignore[arg-type]
