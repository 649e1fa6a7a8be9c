"""The model file: exact round trips, the same bytes every time, and never half a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses, nn
from chainrule.core.tensor import Tensor
from chainrule.errors import DTypeError, FormatError, MissingFileError
from chainrule.interchange import bundle
from helpers.bundle_cases import trained

SOURCE = str(Path(__file__).parents[2] / "src")


def assert_same_model(one: nn.Module, other: nn.Module, inputs: np.ndarray) -> None:
    assert repr(one) == repr(other)
    state, loaded = one.state_dict(), other.state_dict()
    assert list(state) == list(loaded)
    for path, value in state.items():
        assert value._data.dtype == loaded[path]._data.dtype
        assert value._data.tobytes() == loaded[path]._data.tobytes(), path
    one.eval()
    assert one(Tensor.of(inputs))._data.tobytes() == other(Tensor.of(inputs))._data.tobytes()


# Round trips ---------------------------------------------------------------------------------------------------------

# Constructor arguments of every layer in the registry, and the shape of a sample.
LAYERS: dict[str, tuple[tuple[tuple[Any, ...], dict[str, Any]], ...]] = {
    "Linear": (((4, 3), {}), ((4, 2), {"bias": False})),
    "Flatten": (((), {}), ((), {"start_dim": 1, "end_dim": -1})),
    "Identity": (((), {}),),
    "Dropout": (((0.3,), {}),),
    "BatchNorm1d": (((4,), {"eps": 1e-3, "momentum": None}), ((4,), {"affine": False}), ((4,), {"momentum": 0.25})),
    "LayerNorm": (((4,), {}), (([4],), {"elementwise_affine": False}), ((4,), {"bias": False, "eps": 0.1})),
    "LeakyReLU": (((0.3,), {}),),
    "ELU": (((0.5,), {}),),
    "GELU": (((), {}), (("tanh",), {})),
    "Softplus": (((2.0, 10.0), {}),),
    "Hardtanh": (((-2.0, 0.5), {}),),
    "Scale": (((4,), {}),),
    "SmoothClip": (((), {}), ((2.5,), {})),
    "Softmax": (((1,), {}), ((), {})),
    "LogSoftmax": (((1,), {}),),
    "Step": (((), {}), ((-1.0, 1.0), {})),
}
EVERY = [
    pytest.param(getattr(nn, name), *arguments, id=f"{name}-{i}")
    for name in nn.LAYERS
    if name != "Sequential"
    for i, arguments in enumerate(LAYERS.get(name, (((), {}),)))
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "args", "kwargs"), EVERY)
def test_every_layer_comes_back_exactly(kind: Any, args: Any, kwargs: Any, dtype: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    model = kind(*args, **kwargs).to(dtype)
    for value in model.state_dict().values():
        if value._data.dtype.kind == "f":
            value._data[...] = rng.standard_normal(value.shape) ** 2
    model.save(tmp_path / "a")
    loaded = cr.load(tmp_path / "a")
    assert type(loaded) is kind
    assert not loaded.training
    assert_same_model(model, loaded, rng.standard_normal((3, 4)).astype(dtype))


def test_nested_and_named_layers(tmp_path: Path) -> None:
    inner = nn.Sequential({"weird name, \N{SNOWMAN}": nn.Linear(3, 2), "act": nn.Tanh()})
    model = nn.Sequential(nn.Flatten(), inner, nn.Sequential(), nn.Linear(2, 1))
    model.save(tmp_path / "a")
    assert_same_model(model, cr.load(tmp_path / "a"), np.ones((2, 3), np.float32))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_trained_model_comes_back_with_all_that_it_knows(dtype: str, tmp_path: Path) -> None:
    model = trained(dtype)
    model.save(tmp_path / "a")
    loaded = cr.load(str(tmp_path / "a"))
    X = np.random.default_rng(2).standard_normal((9, 3))
    assert_same_model(model, loaded, X.astype(dtype))
    assert loaded.preprocessing == model.preprocessing
    assert cr.predict(loaded, X).tolist() == cr.predict(model, X).tolist()
    assert set(cr.predict(loaded, X)) <= {"amber", "beige", "cyan"}
    assert cr.predict_proba(loaded, X).tobytes() == cr.predict_proba(model, X).tobytes()
    y = cr.predict(model, X)
    assert cr.evaluate(loaded, (X, y)) == cr.evaluate(model, (X, y))


LOSSES = [
    losses.CrossEntropyLoss(weight=[0.1, 1 / 3, 2.0], label_smoothing=0.1, ignore_index=-7),
    losses.NLLLoss(weight=[1.0, 2.0, 3.0], reduction="sum"),
    losses.BCEWithLogitsLoss(pos_weight=[0.7]),
    losses.BCELoss(weight=[[0.25]]),
    losses.HingeLoss(margin=0.3),
    losses.PerceptronLoss(),
    losses.MSELoss(reduction="sum"),
    losses.L1Loss(),
    losses.SmoothL1Loss(beta=0.1),
    losses.HuberLoss(delta=1e-30),
    losses.PoissonNLLLoss(log_input=False, full=True, eps=1e-4),
    losses.QuantileLoss(quantile=0.9),
    losses.BinaryFocalLoss(gamma=1.5, alpha=0.3),
    losses.FocalLoss(gamma=0.5, weight=[0.1, 1.0, 2.0]),
    losses.MultiMarginLoss(margin=0.4, reduction="sum"),
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_every_loss_comes_back_with_its_options(loss: losses.Loss, tmp_path: Path) -> None:
    model = nn.Linear(2, 3)
    model.objective = loss
    model.save(tmp_path / "a")
    loaded = cr.load(tmp_path / "a").objective
    assert type(loaded) is type(loss)
    assert loaded.config() == loss.config()


def test_all_losses_are_tried() -> None:
    assert {loss.name for loss in LOSSES} == set(losses.LOSSES)


def test_a_table_comes_back(tmp_path: Path) -> None:
    table = cr.data.load("penguins")
    splits = table.prepare() if hasattr(table, "prepare") else table
    model = nn.Sequential(nn.Linear(splits.n_features, 8), nn.ReLU(), nn.Linear(8, splits.n_classes))
    cr.fit(model, splits.train, epochs=2, verbose=0, seed=0)
    model.save(tmp_path / "a")
    loaded = cr.load(tmp_path / "a")
    assert loaded.preprocessing == model.preprocessing
    assert cr.predict(loaded, splits.test).tolist() == cr.predict(model, splits.test).tolist()


def test_infinities_and_nan_are_kept(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    model.weight._data[...] = [[np.nan, np.inf], [-np.inf, -0.0]]
    model.save(tmp_path / "a")
    assert cr.load(tmp_path / "a").weight._data.tobytes() == model.weight._data.tobytes()


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        trained().save(tmp_path / name)
    cr.load(tmp_path / "a").save(tmp_path / "c")
    contents = {(tmp_path / name).read_bytes() for name in "abc"}
    assert len(contents) == 1


def test_saving_draws_no_random_numbers_and_loading_none(tmp_path: Path) -> None:
    model = trained()
    cr.manual_seed(3)
    before = cr.core.rng.generator().bit_generator.state
    model.save(tmp_path / "a")
    cr.load(tmp_path / "a")
    assert cr.core.rng.generator().bit_generator.state == before


def test_the_safetensors_package_reads_it(tmp_path: Path) -> None:
    reader = pytest.importorskip("safetensors.numpy")
    model = trained()
    model.save(tmp_path / "a.safetensors")
    found = reader.load_file(tmp_path / "a.safetensors")
    assert {path: value.tobytes() for path, value in found.items()} == {
        path: value._data.tobytes() for path, value in model.state_dict().items()
    }


# The user's own classes -----------------------------------------------------------------------------------------------


class Own(nn.Module):
    def __init__(self, features: int = 2) -> None:
        super().__init__()
        self.inner = nn.Linear(features, 1)

    def forward(self, x: Any) -> Any:
        return self.inner(x).tanh()


class Linear(nn.Linear):
    """A user's class that has a layer's name."""


def test_a_module_of_the_users_own_is_filled(tmp_path: Path) -> None:
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.arange(40.0)
    model, other = Own(), Own()
    cr.fit(model, (X, y), epochs=2, verbose=0)
    model.save(tmp_path / "a")
    again = cr.load(tmp_path / "a", into=other)
    assert again is other
    assert not again.training
    assert (cr.predict(again, X) == cr.predict(model, X)).all()
    assert cr.evaluate(again, (X, y)) == cr.evaluate(model, (X, y))


@pytest.mark.parametrize(
    "make",
    [Own, lambda: nn.Sequential(nn.Linear(2, 2), Own()), lambda: Linear(2, 2)],
    ids=["own", "inside", "namesake"],
)
def test_a_module_of_the_users_own_is_not_built(make: Callable[[], nn.Module], tmp_path: Path) -> None:
    make().save(tmp_path / "a")
    with pytest.raises(FormatError, match=r"which only that class can build.*into="):
        cr.load(tmp_path / "a")


def test_a_model_to_fill_has_to_fit(tmp_path: Path) -> None:
    Own(2).save(tmp_path / "a")
    other = Own(3)
    before = other.inner.weight.detach().numpy().copy()
    with pytest.raises(FormatError, match="does not fit the model to fill"):
        cr.load(tmp_path / "a", into=other)
    assert (other.inner.weight.detach().numpy() == before).all()


# What cannot be saved ------------------------------------------------------------------------------------------------


class OwnLoss(losses.MSELoss):
    pass


def _with_loss() -> nn.Module:
    model = nn.Linear(2, 1)
    model.objective = OwnLoss()
    return model


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_with_loss, r"OwnLoss is not one of chainrule's own losses.*Set model.objective"),
        (lambda: nn.Hardtanh(0.0, float("inf")), "the layers cannot be described in a file"),
    ],
)
def test_what_cannot_be_described_is_refused(make: Callable[[], nn.Module], message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message):
        make().save(tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(DTypeError, match="not a model"):
        bundle.save(3, tmp_path / "a")  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match="not a path"):
        nn.Linear(1, 1).save(5)  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match="not a path"):
        cr.load(None)
    with pytest.raises(MissingFileError, match="nowhere"):
        nn.Linear(1, 1).save(tmp_path / "nowhere" / "a")
    with pytest.raises(MissingFileError, match="does not exist"):
        cr.load(tmp_path / "a")
    with pytest.raises(MissingFileError, match="folder"):
        cr.load(tmp_path)


# Dying while saving --------------------------------------------------------------------------------------------------

WRITER = f"""
import sys; sys.path.insert(0, {SOURCE!r})
import numpy as np
from chainrule import nn
model = nn.Linear(300, 300)
k = 0
while True:
    k += 1
    model.weight._data[...] = k
    model.bias._data[...] = k
    model.save(sys.argv[1])
    if k == 1:
        print("ready", flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    for delay in (0.0, 0.011, 0.023, 0.05):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            time.sleep(delay)
            os.kill(child.pid, signal.SIGKILL)
        loaded = cr.load(path)
        assert len({*loaded.weight._data.ravel().tolist(), *loaded.bias._data.tolist()}) == 1


def test_a_failed_save_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    nn.Linear(2, 2).save(path)
    before = path.read_bytes()
    with pytest.raises(FormatError):
        _with_loss().save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
