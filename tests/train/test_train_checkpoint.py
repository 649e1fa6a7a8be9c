"""A run that is broken off and resumed ends with the bits of one that never was; another run is refused by name."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.core import rng
from chainrule.engines import native_build
from chainrule.errors import ChainruleError, ConfigError, DTypeError, FormatError, MissingFileError
from chainrule.interchange import safetensors
from chainrule.optim import lr_scheduler
from chainrule.train import (
    Callback,
    Checkpoints,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
    Trajectory,
)

ROWS, FEATURES = 50, 4
_no_native = pytest.mark.skipif(native_build.load().module is None, reason="the native engine is not built")
ENGINES = ["eager", pytest.param("native", marks=_no_native)]


class KilledError(Exception):
    """Ends a run without letting it save anything."""


class Killer(Callback):
    """Ends the run in an epoch, before its checkpoint; 0 for never."""

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        if epoch + 1 == self.epoch:
            raise KilledError


def data() -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(5).standard_normal((ROWS, FEATURES)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] > 0).astype(np.int64)


def net(*inside: nn.Module) -> nn.Sequential:
    cr.manual_seed(3)
    return nn.Sequential(nn.Linear(FEATURES, 6), *inside, nn.Linear(6, 2))


def usual() -> nn.Sequential:
    return net(nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3))


def result(model: nn.Module, history: cr.History) -> dict[str, Any]:
    """All that a training leaves behind, except how long it took."""
    return {
        "curves": {name: [value.hex() for value in values] for name, values in history.items()},
        "stopped": history.stopped,
        "best_epoch": history.best_epoch,
        "seed": history.seed,
        "arrays": {path: value._data.tobytes() for path, value in model.state_dict().items()},
        "random": cr.core.rng.generator().integers(2**60, size=3).tolist(),
    }


Options = Callable[[nn.Module], dict[str, Any]]


def trained(
    folder: Path | None, options: Options, build: Callable[[], nn.Sequential] = usual, kill: int = 0, **more: Any
) -> tuple[dict[str, Any], nn.Sequential]:
    """Train a new model, as a new process would; returns what came of it."""
    model = build()
    wanted = options(model)
    wanted["callbacks"] = [*wanted.get("callbacks", ()), Killer(kill)]
    given: dict[str, Any] = {"epochs": 8, "batch_size": 8, "seed": 1, "verbose": 0, "lr": 0.02, **wanted, **more}
    if isinstance(given.get("optimizer"), optim.Optimizer):
        del given["lr"]
    if folder is not None:
        given |= {"checkpoint": Checkpoints(folder, every=1), "resume": True}
    history = cr.fit(model, data(), **given)
    return result(model, history), model


def check_resuming(folder: Path, options: Options, *, at: tuple[int, ...] = (1, 4, 8), **more: Any) -> dict[str, Any]:
    """Break a run off in each of the epochs `at`, go on each time, and compare with a run that nothing disturbed."""
    whole, _ = trained(None, options, **more)
    for epoch in at:
        with pytest.raises(KilledError):
            trained(folder, options, kill=epoch, **more)
        assert Checkpoints(folder).epochs == epoch - 1
    resumed, _ = trained(folder, options, **more)
    assert resumed == whole
    again, _ = trained(folder, options, **more)  # nothing is left to do
    assert again == whole
    return whole


# --------------------------------------------------------------------------------------------- the same bits


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "adagrad", "adadelta", "adamw"])
def test_every_optimizer(tmp_path: Path, engine: str, optimizer: str) -> None:
    check_resuming(tmp_path, lambda _: {"engine": engine, "optimizer": optimizer}, at=(3,))


SCHEDULES: dict[str, Callable[[optim.Optimizer], Any]] = {
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=8),
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=8 * 7),
    "cos_log": lambda o: lr_scheduler.CosLogLR(o, total_steps=8 * 7),
    "step": lambda o: lr_scheduler.StepLR(o, step_size=2),
    "plateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.05, cooldown=1),
    "restarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=3),
    "lambda": lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 1 / (epoch + 1)),
    "sequential": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, total_iters=3), lr_scheduler.ExponentialLR(o, 0.9)], milestones=[3]
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", SCHEDULES)
def test_every_kind_of_schedule(tmp_path: Path, engine: str, name: str) -> None:
    def options(model: nn.Module) -> dict[str, Any]:
        optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        return {"engine": engine, "optimizer": optimizer, "schedule": SCHEDULES[name](optimizer), "validation": 0.2}

    whole = check_resuming(tmp_path, options, at=(2, 6))
    assert len(set(whole["curves"]["lr"])) > 1, "the rate never changed, so nothing was tested"


@pytest.mark.parametrize("engine", ENGINES)
def test_callbacks_keep_their_state(tmp_path: Path, engine: str) -> None:
    """Patience, the best parameters, the reduced rate: all go on where they were."""
    log = tmp_path / "log.csv"

    def options(_: nn.Module) -> dict[str, Any]:
        return {
            "engine": engine,
            "validation": 0.3,
            "epochs": 40,
            "lr": 0.05,
            "callbacks": [
                EarlyStopping(patience=6),
                ReduceLROnPlateau(patience=1, factor=0.7),
                ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True),
                CSVLogger(log),
            ],
        }

    whole, _ = trained(None, options)
    assert whole["best_epoch"] is not None
    epochs = len(whole["curves"]["loss"])
    assert whole["best_epoch"] < epochs < 40
    best, lines = (tmp_path / "best.safetensors").read_bytes(), log.read_bytes()
    for epoch in (whole["best_epoch"] - 1, whole["best_epoch"] + 2, epochs):
        with pytest.raises(KilledError):
            trained(tmp_path / "run", options, kill=epoch)
    for _ in range(2):  # the second time, nothing is left to do but to bring the best parameters back
        assert trained(tmp_path / "run", options)[0] == whole
        assert log.read_bytes() == lines
    assert (tmp_path / "best.safetensors").read_bytes() == best


def test_a_trajectory_goes_on(tmp_path: Path) -> None:
    paths: list[Trajectory] = []

    def options(_: nn.Module) -> dict[str, Any]:
        paths.append(Trajectory())
        return {"callbacks": [paths[-1]]}

    check_resuming(tmp_path, options, at=(3,))
    assert paths[0].epochs == paths[-1].epochs == list(range(9))
    for one, other in zip(paths[0].states, paths[-1].states, strict=True):
        assert all(np.array_equal(one[path], other[path]) for path in one)


class Counting(Callback):
    """A user's own."""

    def on_train_begin(self) -> None:
        self.seen: dict[str, Any] = {"$odd": (), "best": None, "least": math.inf}

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        self.seen["$odd"] += (epoch,)
        self.seen["best"] = np.float32(logs["loss"])

    def state_dict(self) -> dict[str, Any]:
        return self.seen

    def load_state_dict(self, state: Any) -> None:
        self.seen = dict(state)


def test_a_callback_of_the_users_own(tmp_path: Path) -> None:
    made: list[Counting] = []

    def options(_: nn.Module) -> dict[str, Any]:
        made.append(Counting())
        return {"callbacks": [made[-1]]}

    check_resuming(tmp_path, options, at=(5,))
    assert made[-1].seen["$odd"] == tuple(range(8))
    assert made[-1].seen["least"] == math.inf


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_short_epochs_that_run_as_one_block(tmp_path: Path, engine: str, dtype: str) -> None:
    """Without anybody who looks, epochs are joined; where they are cut must not show."""
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype)
    y = np.array([0, 1, 1, 0], dtype)

    def fitted(epochs: int, **options: Any) -> dict[str, Any]:
        cr.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 4, dtype=dtype), nn.Tanh(), nn.Linear(4, 1, dtype=dtype))
        settings: dict[str, Any] = {"loss": "mse", "batch_size": 2, "lr": 0.05, "engine": engine, "verbose": 0}
        return result(model, cr.fit(model, (X, y), epochs=epochs, **settings, **options))

    whole = fitted(700)
    folder = tmp_path / "run"
    for epochs in (1, 137, 138, 500, 700):
        resumed = fitted(epochs, checkpoint=folder, resume=True)
    assert resumed == whole


@pytest.mark.parametrize("engine", ENGINES)
def test_clipping_weights_and_no_shuffling(tmp_path: Path, engine: str) -> None:
    def options(_: nn.Module) -> dict[str, Any]:
        return {"engine": engine, "clip_norm": 0.5, "clip_value": 0.2, "shuffle": False, "metrics": ["accuracy"]}

    check_resuming(tmp_path, options, at=(3,))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("validation", [None, 0.2])
def test_a_last_smaller_batch_that_is_left_out(tmp_path: Path, engine: str, validation: float | None) -> None:
    def options(_: nn.Module) -> dict[str, Any]:
        return {"engine": engine, "drop_last": True, "batch_size": 12, "validation": validation}

    check_resuming(tmp_path, options, at=(3,))
    with pytest.raises(ConfigError, match="another run: drop_last was True and is False"):
        trained(tmp_path, options, drop_last=False)


def test_leaving_nothing_out_is_no_other_run(tmp_path: Path) -> None:
    whole, _ = trained(None, lambda _: {"batch_size": 10})
    trained(tmp_path, lambda _: {"batch_size": 10, "epochs": 3})
    assert trained(tmp_path, lambda _: {"batch_size": 10, "drop_last": True})[0] == whole


class Noisy(nn.Module):
    """A layer of the user's own that draws from the program's generator."""

    keeps_shape = True

    def forward(self, x: Any) -> Any:
        return x * float(1 + 0.1 * rng.generator().standard_normal()) if self.training else x


def test_a_users_own_layer_that_draws_random_numbers(tmp_path: Path) -> None:
    check_resuming(tmp_path, lambda _: {}, build=lambda: net(Noisy(), nn.Tanh()), at=(2, 5))


def test_a_seed_that_was_not_named_is_the_one_of_the_checkpoint(tmp_path: Path) -> None:
    def fitted(**options: Any) -> dict[str, Any]:
        model = usual()
        return result(model, cr.fit(model, data(), verbose=0, validation=0.2, **options))

    whole = fitted(epochs=6)
    first = fitted(epochs=3, checkpoint=tmp_path / "run")
    rng.manual_seed(99)  # another process would have other random numbers
    model = usual()
    cr.manual_seed(4242)
    history = cr.fit(model, data(), verbose=0, validation=0.2, epochs=6, checkpoint=tmp_path / "run", resume=True)
    assert history.seed == first["seed"]
    assert result(model, history) == whole


def test_more_epochs_than_were_asked_for_at_first(tmp_path: Path) -> None:
    whole, _ = trained(None, lambda _: {}, epochs=8)
    trained(tmp_path, lambda _: {}, epochs=3)
    assert trained(tmp_path, lambda _: {}, epochs=8)[0] == whole
    with pytest.raises(ConfigError, match=r"gone further than that: expected epochs from 8, got 5"):
        trained(tmp_path, lambda _: {}, epochs=5)


def test_seconds_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # the last one is not within the seconds that are saved
    one = cr.fit(usual(), data(), epochs=2, seed=0, verbose=0, checkpoint=tmp_path)
    other = cr.fit(usual(), data(), epochs=2, seed=0, verbose=0, checkpoint=tmp_path, resume=True)
    assert other.seconds > 0.5 * one.seconds


# --------------------------------------------------------------------------------------------- the folder


def test_the_newest_checkpoints_stay(tmp_path: Path) -> None:
    settings = Checkpoints(tmp_path, every=2, max_to_keep=2)
    cr.fit(usual(), data(), epochs=7, seed=0, verbose=0, checkpoint=settings)
    names = sorted(path.name for path in tmp_path.iterdir())
    kept = ["checkpoint-00000006.safetensors", "checkpoint-00000007.safetensors"]
    assert names == [*kept, "lock", "manifest.json"]
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert [entry["file"] for entry in manifest["checkpoints"]] == kept


def test_saving_takes_a_small_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainrule.train.checkpoint_folder import Folder

    saved: list[int] = []
    save = Folder.save

    def counted(self: Folder, run: Any, kept: Any, epoch: int, *rest: Any) -> Any:
        saved.append(epoch)
        return save(self, run, kept, epoch, *rest)

    monkeypatch.setattr(Folder, "save", counted)
    cr.fit(usual(), data(), epochs=300, seed=0, verbose=0, checkpoint=tmp_path)
    assert saved[0] == 0
    assert saved[-1] == 300
    assert len(saved) < 100


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    names = ["notes.txt", "checkpoint-1.safetensors", ".checkpoint.tmp", "checkpoint-00000000.safetensors.bak"]
    for name in names:
        (tmp_path / name).write_text("mine")
    cr.fit(usual(), data(), epochs=2, seed=0, verbose=0, checkpoint=tmp_path)
    assert all((tmp_path / name).read_text() == "mine" for name in names)


def test_nothing_is_made_for_arguments_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(ChainruleError):
        cr.fit(usual(), data(), optimizer="no-such", checkpoint=tmp_path / "run")
    assert not (tmp_path / "run").exists()


# --------------------------------------------------------------------------------------------- another run


def refusal(folder: Path, options: Options = lambda _: {}, **more: Any) -> str:
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}
    with pytest.raises(ConfigError) as caught:
        trained(folder, options, **more)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"} == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    trained(folder, lambda _: {}, epochs=2)
    return folder


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 2}, "seed was 1 and is 2"),
        ({"batch_size": 16}, "batch_size was 8 and is 16"),
        ({"lr": 0.5}, "optimizer.groups.0.lr was 0.02 and is 0.5"),
        ({"optimizer": "sgd"}, "optimizer.name was 'adam' and is 'sgd'"),
        ({"shuffle": False}, "shuffle was True and is False"),
        ({"drop_last": True}, "drop_last was False and is True"),
        ({"clip_norm": 1.0}, "clip_norm was None and is 1.0"),
        ({"validation": 0.2}, "data.inputs.array was 'float32 (50, 4)' and is 'float32 (40, 4)'"),
        ({"schedule": "cosine"}, "schedule was None and is {'name': 'CosineAnnealingLR'"),
        ({"metrics": []}, "recorded was ['loss', 'accuracy', 'lr'] and is ['loss', 'lr']"),
        ({"build": lambda: net(nn.ReLU())}, "model.arrays.1.weight was 'float32 (6,)' and is None"),
        (
            {"build": lambda: net(nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.4))},
            "model.layers.layers.3.1.config.p was 0.3 and is 0.4",
        ),
        ({"options": lambda _: {"callbacks": [EarlyStopping("loss")]}}, "callbacks was ['Killer']"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_another_run_is_refused_by_what_differs(saved: Path, change: dict[str, Any], words: str) -> None:
    message = refusal(saved, **change)
    assert message.startswith("the checkpoints are of another run: ")
    assert words in message
    assert str(saved) in message


def test_another_engine_is_refused(tmp_path: Path) -> None:
    if native_build.load().module is None:
        pytest.skip("the native engine is not built")
    trained(tmp_path, lambda _: {"engine": "eager"}, epochs=1)
    assert "engine was 'eager' and is 'native'" in refusal(tmp_path, lambda _: {"engine": "native"})


def test_other_data_of_the_same_shape_are_refused(saved: Path) -> None:
    X, y = data()
    X[17, 2] += 1e-3
    model = usual()
    with pytest.raises(ConfigError, match=r"another run: data\.inputs has other values \(in "):
        cr.fit(model, (X, y), epochs=2, batch_size=8, seed=1, verbose=0, lr=0.02, callbacks=Killer(),
               checkpoint=saved, resume=True)  # fmt: skip


def test_a_refused_run_spoils_no_log(saved: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("precious")
    refusal(saved, lambda _: {"callbacks": [CSVLogger(log)]})
    assert log.read_text() == "precious"


def test_a_folder_in_use_is_not_begun_anew(saved: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds checkpoints already .* Pass resume=True"):
        cr.fit(usual(), data(), verbose=0, checkpoint=saved)


def test_a_schedule_made_for_another_number_of_epochs(tmp_path: Path) -> None:
    trained(tmp_path, lambda _: {"schedule": "cosine"}, epochs=2)
    assert "schedule.T_max was 2 and is 8" in refusal(tmp_path, lambda _: {"schedule": "cosine"})


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        ({"resume": True}, ConfigError, "resume needs to know where"),
        ({"checkpoint": 7}, DTypeError, "not a folder"),
        ({"checkpoint": ""}, ConfigError, "has no name"),
        ({"checkpoint": "a\0b"}, MissingFileError, "null"),
    ],
)
def test_arguments_that_make_no_sense(wanted: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        cr.fit(usual(), data(), verbose=0, **wanted)


@pytest.mark.parametrize("option", [{"every": 0}, {"max_to_keep": 0}, {"every": 1.5}])
def test_settings_that_make_no_sense(option: dict[str, Any]) -> None:
    with pytest.raises(ChainruleError):
        Checkpoints("run", **option)


def test_many_trainings_share_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one training"):
        cr.train.restarts(usual, data(), 2, checkpoint=tmp_path)


def test_state_that_no_file_can_hold_is_refused_before_the_first_epoch(tmp_path: Path) -> None:
    class Odd(Callback):
        def state_dict(self) -> dict[str, Any]:
            return {"thing": [1, object()]}

    begun: list[int] = []
    looking = LambdaCallback(on_epoch_begin=begun.append)
    with pytest.raises(ConfigError, match=r"got object \(in state/callbacks/0/1/thing/1\)"):
        cr.fit(usual(), data(), verbose=0, callbacks=[Odd(), looking], checkpoint=tmp_path)
    assert not begun


# --------------------------------------------------------------------------------------------- hostile files


def resumed(folder: Path) -> dict[str, Any]:
    return trained(folder, lambda _: {"callbacks": [EarlyStopping("loss", patience=9)]}, epochs=3)[0]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with pytest.raises(KilledError):
        trained(tmp_path, lambda _: {"callbacks": [EarlyStopping("loss", patience=9)]}, epochs=3, kill=3)
    return tmp_path


def forged(folder: Path, change: Callable[[Any, dict[str, np.ndarray]], Any]) -> None:
    """Change the only checkpoint's state, with checksums that are right."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    entry = manifest["checkpoints"][-1]
    arrays, metadata = safetensors.read(folder / entry["file"])
    state = json.loads(metadata["state"])
    replaced = change(state, arrays)
    metadata["state"] = replaced if isinstance(replaced, str) else json.dumps(state)
    entry["sha256"] = safetensors.write(folder / entry["file"], arrays, metadata)
    entry["bytes"] = (folder / entry["file"]).stat().st_size
    manifest["checkpoints"] = [entry]
    path.write_text(json.dumps(manifest), "utf-8")


def put(*place: Any, to: Any) -> Callable[[Any, Any], None]:
    def change(state: Any, arrays: Any) -> None:
        for key in place[:-1]:
            state = state[key]
        state[place[-1]] = to

    return change


FORGERIES: dict[str, Callable[[Any, dict[str, np.ndarray]], Any]] = {
    "no JSON": lambda s, a: "{",
    "no object": lambda s, a: "[]",
    "deep": lambda s, a: "[" * 900 + "]" * 900,
    "very deep": lambda s, a: "[" * 100_000,
    "a key twice": lambda s, a: '{"epoch": 1, "epoch": 2}',
    "unknown part": put("code", to="import os"),
    "missing part": lambda s, a: s.pop("order"),
    "epoch": put("epoch", to=1),
    "step": put("step", to=13),
    "step as text": put("step", to="14"),
    "huge step": put("step", to=10**40),
    "stopped": put("stopped", to=3),
    "no such array": put("model", "0.weight", to={"$array": "nowhere"}),
    "unknown mark": put("model", "0.weight", to={"$python": "os.system"}),
    "array of another shape": lambda s, a: a.update({"state/model/0.weight": np.zeros((6, 5), np.float32)}),
    "array of another dtype": lambda s, a: a.update({"state/model/0.weight": np.zeros((6, 4), np.float64)}),
    "array missing": lambda s, a: s["model"].pop("0.weight"),
    "array too many": put("model", "9.weight", to={"$array": "state/model/0.weight"}),
    "another optimizer": put("optimizer", "name", to="sgd"),
    "no optimizer": put("optimizer", to=None),
    "groups": put("optimizer", "param_groups", to=[]),
    "group without parameters": put("optimizer", "param_groups", 0, to={}),
    "negative rate": put("optimizer", "param_groups", 0, "lr", to=-1),
    "rate as text": put("optimizer", "param_groups", 0, "lr", to="0.1"),
    "slot": put("optimizer", "state", "0.weight", "exp_avg", to=[1, 2]),
    "slot's step": put("optimizer", "state", "0.weight", "step", to="many"),
    "another generator": put("order", "bit_generator", to="MT19937"),
    "generator's state": put("order", "state", "state", to=-(2**200)),
    "generator as text": put("order", to="PCG64"),
    "random": put("random", to={}),
    "random's seed": put("random", "seed", to=-5),
    "random's generator": put("random", "generator", to={"bit_generator": "PCG64", "state": 1}),
    "curves": put("curves", "loss", to=[1.0, 2.0]),
    "curves too short": lambda s, a: a.update({"state/curves/loss": np.zeros(1)}),
    "curves of whole numbers": lambda s, a: a.update({"state/curves/loss": np.zeros(2, np.int64)}),
    "best": put("best", to=[1.0]),
    "callbacks": put("callbacks", to=[]),
    "callback's name": put("callbacks", 0, 0, to="TerminateOnNaN"),
    "callback's state": put("callbacks", 0, 1, to={}),
    "callback's patience": put("callbacks", 0, 1, "waited", to="x"),
    "callback's pair": put("callbacks", 0, to="EarlyStopping"),
    "snapshot": put("callbacks", 0, 1, "best", to={"$snapshot": [1, 7, {}]}),
    "snapshot's parts": put("callbacks", 0, 1, "best", to={"$snapshot": [1]}),
    "schedule": put("schedule", to={"last_epoch": 3}),
}
_HARMLESS = {"schedule"}  # there is none to take it


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_state_is_refused_and_the_model_left_alone(run: Path, name: str) -> None:
    forged(run, FORGERIES[name])
    if name in _HARMLESS:
        resumed(run)
        return
    model = usual()
    before = {path: value._data.tobytes() for path, value in model.state_dict().items()}
    with pytest.raises((FormatError, ConfigError)) as caught:
        cr.fit(model, data(), epochs=3, batch_size=8, seed=1, verbose=0, lr=0.02, checkpoint=run, resume=True,
               callbacks=[EarlyStopping("loss", patience=9), Killer()])  # fmt: skip
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert {path: value._data.tobytes() for path, value in model.state_dict().items()} == before


def test_a_callback_that_refuses_its_state_leaves_the_model_alone(tmp_path: Path) -> None:
    class Refusing(Callback):
        def load_state_dict(self, state: Any) -> None:
            raise KeyError("no\nstate")

    def callbacks() -> list[Callback]:
        return [EarlyStopping("loss", patience=9), Refusing()]

    cr.fit(usual(), data(), epochs=2, seed=1, verbose=0, callbacks=callbacks(), checkpoint=tmp_path)
    model = usual()
    before = {path: value._data.tobytes() for path, value in model.state_dict().items()}
    with pytest.raises(FormatError, match="KeyError") as caught:
        cr.fit(model, data(), epochs=3, seed=1, verbose=0, callbacks=callbacks(), checkpoint=tmp_path, resume=True)
    assert "\n" not in str(caught.value)
    assert {path: value._data.tobytes() for path, value in model.state_dict().items()} == before


def test_an_honest_copy_is_taken(run: Path) -> None:
    """So that the forgeries are refused for what was forged."""
    forged(run, lambda state, arrays: None)
    resumed(run)


MANIFESTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "empty": lambda m: "",
    "no JSON": lambda m: "\0" * 50,
    "deep": lambda m: "[" * 100_000,
    "list": lambda m: "[]",
    "another format": lambda m: m.update(format="x"),
    "newer version": lambda m: m.update(version=2),
    "true version": lambda m: m.update(version=True),
    "extra": lambda m: m.update(more=1),
    "no run": lambda m: m.update(run=[]),
    "no list": lambda m: m.update(checkpoints={}),
    "no entry": lambda m: m.update(checkpoints=[3]),
    "none": lambda m: None,
    "path": lambda m: m["checkpoints"][-1].update(file="../../etc/passwd"),
    "absolute": lambda m: m["checkpoints"][-1].update(file="/etc/passwd"),
    "negative": lambda m: m["checkpoints"][-1].update(epoch=-1),
    "wide": lambda m: m["checkpoints"][-1].update(bytes=2**80),
    "sum": lambda m: m["checkpoints"][-1].update(sha256="0"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_forged_manifests_are_refused(run: Path, name: str) -> None:
    path = run / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    replaced = MANIFESTS[name](manifest)
    path.write_text(replaced if isinstance(replaced, str) else json.dumps(manifest), "utf-8")
    if name == "none":
        resumed(run)
        return
    with pytest.raises(FormatError) as caught:
        resumed(run)
    assert "\n" not in str(caught.value)


def test_a_damaged_checkpoint_is_gone_round(run: Path) -> None:
    whole = trained(None, lambda _: {"callbacks": [EarlyStopping("loss", patience=9)]}, epochs=3)[0]
    newest = run / "checkpoint-00000002.safetensors"
    content = bytearray(newest.read_bytes())
    content[-100] ^= 1
    newest.write_bytes(content)
    with pytest.warns(UserWarning, match=r"checksum is not the manifest's .*going on from the checkpoint of epoch 1"):
        assert resumed(run) == whole
    assert resumed(run) == whole


def test_no_checkpoint_is_intact(run: Path) -> None:
    for path in run.glob("checkpoint-*"):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FormatError, match=r"no checkpoint is intact: .*Name another folder"):
        resumed(run)


def test_a_manifest_that_is_gone_costs_no_checkpoints(run: Path) -> None:
    (run / "manifest.json").unlink()
    names = sorted(path.name for path in run.glob("checkpoint-*"))
    with pytest.raises(FormatError, match="manifest of the checkpoints is gone"):
        resumed(run)
    assert sorted(path.name for path in run.glob("checkpoint-*")) == names


def test_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from chainrule.cli.app import app
    from chainrule.cli.failures import report

    monkeypatch.chdir(tmp_path)
    usual_options = ["fit", "iris", "--layers", "4", "--engine", "eager"]

    def call(*options: str) -> Any:
        return CliRunner().invoke(app, [*usual_options, *options])

    assert call("--epochs", "4", "--out", "whole.safetensors").exit_code == 0
    assert call("--epochs", "2", "--checkpoint", "runs/iris", "--resume").exit_code == 0
    found = call("--epochs", "4", "--checkpoint", "runs/iris", "--resume", "--out", "resumed.safetensors")
    assert "Going on after epoch 2, from runs/iris" in found.output
    assert Path("whole.safetensors").read_bytes() == Path("resumed.safetensors").read_bytes()
    assert report(ConfigError('Pass resume=True, checkpoint="runs/iris"'), []) == 2
    refused = call("--epochs", "4", "--checkpoint", "runs/iris")
    assert refused.exit_code == 2
    assert "Pass --resume to go on" in refused.output
    assert "--resume needs" in call("--resume").output
