"""The model file: exact round trips, the same bytes every time, and no belief in what a file says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import losses, nn
from chainrule.core.tensor import Tensor
from chainrule.errors import ChainruleError, DTypeError, FormatError, MissingFileError
from chainrule.interchange import bundle, safetensors

SOURCE = str(Path(__file__).parents[2] / "src")


def trained(dtype: str = "float32", **options: Any) -> nn.Sequential:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Dropout(0.2), nn.Linear(5, 3)).to(dtype)
    X = np.random.default_rng(0).standard_normal((30, 3))
    y = np.array(["amber", "beige", "cyan"])[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0)]
    cr.fit(model, (X, y), epochs=2, verbose=0, seed=0, **options)
    return model


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


# What cannot be saved ------------------------------------------------------------------------------------------------


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 1)


class Linear(nn.Linear):
    """A user's class that has a layer's name."""


class OwnLoss(losses.MSELoss):
    pass


def _with_loss() -> nn.Module:
    model = nn.Linear(2, 1)
    model.objective = OwnLoss()
    return model


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Own, "Own is not one of chainrule's own layers"),
        (lambda: nn.Sequential(nn.Linear(2, 2), Own()), r"Own is not one.*layer 1"),
        (lambda: Linear(2, 2), "Linear is not one of chainrule's own layers"),
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


# Hostile files -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "good.safetensors"
    trained(loss=losses.CrossEntropyLoss(weight=[1.0, 2.0, 3.0])).save(path)
    return path


def refused(path: Path, message: str | None = None) -> None:
    """Loading ends in one line of ours, soon, with little memory."""
    began = time.perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(ChainruleError, match=message) as caught:
            cr.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 2000
    assert time.perf_counter() - began < 5
    assert peak < 64 * 2**20


def with_metadata(good: Path, target: Path, **parts: str) -> Path:
    """As `rewritten`, faster: the numbers are copied as they stand."""
    content = good.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header["__metadata__"] |= parts
    text = json.dumps(header).encode()
    target.write_bytes(len(text).to_bytes(8, "little") + text + content[start:])
    return target


def rewritten(good: Path, target: Path, tensors: Any = None, **parts: Any) -> Path:
    """A copy of the file with other tensors and other texts in its metadata (None: left out)."""
    kept, metadata = safetensors.read(good)
    changed = {**metadata, **{k: v if isinstance(v, str | None) else json.dumps(v) for k, v in parts.items()}}
    safetensors.write(
        target, kept if tensors is None else tensors(kept), {k: v for k, v in changed.items() if v is not None}
    )
    return target


def test_rewriting_alone_does_no_harm(good: Path, tmp_path: Path) -> None:
    assert repr(cr.load(rewritten(good, tmp_path / "a"))) == repr(cr.load(good))


PARTS = ("model", "preprocessing", "objective")
JUNK: list[Any] = [
    "", "{", "nul", "[1,", "NaN", '"text"', "[]", "{}", "3", "true", "-1e999", "[[[]]]", '{"type":3}', '{"a":1,"a":2}',
    '"\\ud800"', "\0", "9" * 5000, "[" * 100_000, '{"type":"Linear"}', '{"name":"mse","name":"l1"}', '{"name":{}}',
    '{"type":"Sequential","layers":{}}', '{"type":"Sequential","layers":[[]]}', '{"format":"chainrule.preprocessing"}',
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("text", JUNK, ids=lambda text: repr(text[:24]))
def test_junk_in_place_of_a_part(part: str, text: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", **{part: text}))


@pytest.mark.parametrize("part", [*PARTS, "format", "version"])
def test_a_part_that_is_missing(part: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", **{part: None}), part if part in PARTS else None)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("format", "other", "not a chainrule model"),
        ("version", "2", "another version.*expected 1, got 2.*Install a newer chainrule"),
        ("version", "0x1", "another version.*Save the model again"),
        ("version", "", "another version"),
    ],
)
def test_other_formats_and_versions(part: str, value: str, message: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", **{part: value}), message)


def mutations(value: Any) -> list[Any]:
    """Every way to put junk in place of one value, anywhere inside, to drop one, or to add a key."""
    junk: tuple[Any, ...] = (None, True, -1, 10**12, 10**30, 1.5, "x" * 50, [], {}, [[1]], {"type": "Linear"})
    found: list[Any] = [one for one in junk if one != value]
    if isinstance(value, dict):
        found.append({**value, "extra": 1})
        for key, inner in value.items():
            found.append({k: v for k, v in value.items() if k != key})
            found += [{**value, key: changed} for changed in mutations(inner)]
    elif isinstance(value, list) and len(value) < 8:
        for i, inner in enumerate(value):
            found.append(value[:i] + value[i + 1 :])
            found.append([*value[: i + 1], inner, *value[i + 1 :]])
            found += [[*value[:i], changed, *value[i + 1 :]] for changed in mutations(inner)]
    return found


@pytest.mark.parametrize("part", PARTS)
def test_every_single_change_of_a_part_loads_or_is_refused(part: str, good: Path, tmp_path: Path) -> None:
    """Some changes make another valid model (a dropout rate of 1.5 does not); none escapes, allocates or takes long."""
    metadata = safetensors.read_header(good).metadata
    path, accepted, changes = tmp_path / "a", 0, mutations(json.loads(metadata[part]))
    began = time.perf_counter()
    for changed in changes:
        with_metadata(good, path, **{part: json.dumps(changed)})
        try:
            model = cr.load(path)
            accepted += 1
            cr.predict(model, np.ones((2, 3)))
        except ChainruleError:
            continue
    assert len(changes) > 50
    assert accepted < len(changes) / 2
    assert time.perf_counter() - began < 30
    if sys.platform == "linux":
        import resource

        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * 2**20  # KiB: nothing of 10^12 was made


SIZE = 10**12
HUGE: dict[str, Any] = {
    "linear": {"type": "Linear", "config": {"in_features": SIZE, "out_features": SIZE}},
    "linear-thin": {"type": "Linear", "config": {"in_features": SIZE, "out_features": 1}},
    "linear-no-bias": {"type": "Linear", "config": {"in_features": 1, "out_features": SIZE, "bias": False}},
    "batch-norm": {"type": "BatchNorm1d", "config": {"num_features": SIZE}},
    "batch-norm-buffers": {"type": "BatchNorm1d", "config": {"num_features": SIZE, "affine": False}},
    "layer-norm": {"type": "LayerNorm", "config": {"normalized_shape": [10**6, 10**6]}},
    "nested": {
        "type": "Sequential",
        "layers": [["a", {"type": "Linear", "config": {"in_features": 10**6, "out_features": 10**6}}]],
    },
    "many-large": {
        "type": "Sequential",
        "layers": [[str(i), {"type": "Linear", "config": {"in_features": 60, "out_features": 1}}] for i in range(9000)],
    },
    "many": {"type": "Sequential", "layers": [[str(i), {"type": "ReLU", "config": {}}] for i in range(20_000)]},
}


@pytest.mark.parametrize("name", HUGE)
def test_layers_larger_than_the_file_are_not_made(name: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", model=HUGE[name]), "layers are larger than what it holds")


def test_a_part_without_end(good: Path, tmp_path: Path) -> None:
    described = '{"type":"Sequential","layers":[' + '["0",{"type":"ReLU","config":{}}],' * 100_000 + "[]]}"
    refused(rewritten(good, tmp_path / "a", model=described), "'model' part is too long")


def test_layers_nested_too_deeply(good: Path, tmp_path: Path) -> None:
    text = '{"type":"Sequential","layers":[["0",' * 10_000 + "null" + "]]}" * 10_000
    refused(rewritten(good, tmp_path / "a", model=text), "nested too deeply")
    shallow = '{"type":"Sequential","layers":[["0",' * 100 + '{"type":"ReLU","config":{}}' + "]]}" * 100
    refused(rewritten(good, tmp_path / "a", model=shallow), "nested too deeply")


def test_names(good: Path, tmp_path: Path) -> None:
    relu = {"type": "ReLU", "config": {}}
    for name, message in {"a.b": "bad name", "": "bad name", "forward": "already exists", "_modules": "exists"}.items():
        described = {"type": "Sequential", "layers": [[name, relu]]}
        refused(rewritten(good, tmp_path / "a", model=described), message)
    twice = {"type": "Sequential", "layers": [["0", relu], ["0", relu]]}
    refused(rewritten(good, tmp_path / "a", model=twice), "two layers have the same name")
    for kind in ("Module", "os.system", "chainrule.nn.Linear", "__class__", "linear"):
        refused(rewritten(good, tmp_path / "a", model={"type": kind, "config": {}}), "unknown layer type")
    refused(rewritten(good, tmp_path / "a", objective={"name": "eval"}), "unknown loss 'eval'")
    refused(rewritten(good, tmp_path / "a", objective={"name": "mse", "beta": 1}), "unknown option")


TENSORS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "missing": (lambda t: {k: v for k, v in t.items() if k != "0.bias"}, "'0.bias'|larger"),
    "extra": (lambda t: {**t, "9.weight": np.zeros(3, np.float32)}, "unexpected '9.weight'"),
    "renamed": (lambda t: {("0.bios" if k == "0.bias" else k): v for k, v in t.items()}, r"did you mean '0.bios'"),
    "other shape": (lambda t: {**t, "0.weight": t["0.weight"].T.copy()}, r"'0.weight' has shape \(3, 5\)"),
    "scalar": (lambda t: {**t, "0.bias": np.zeros((), np.float32)}, "'0.bias' has shape|larger"),
    "wide": (lambda t: {**t, "0.bias": t["0.bias"].astype(np.float64)}, "another dtype"),
    "half": (lambda t: {**t, "0.bias": t["0.bias"].astype(np.float16)}, "another dtype"),
    "whole": (lambda t: {**t, "0.bias": np.ones(5, np.int64)}, "another dtype"),
    "truth": (lambda t: {**t, "0.bias": np.ones(5, np.bool_)}, "another dtype"),
    "none": (lambda t: {}, "larger than what it holds"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_do_not_belong(name: str, good: Path, tmp_path: Path) -> None:
    change, message = TENSORS[name]
    refused(rewritten(good, tmp_path / "a", tensors=change), message)


def test_preprocessing_that_does_not_fit_the_layers(good: Path, tmp_path: Path) -> None:
    described = json.loads(safetensors.read_header(good).metadata["preprocessing"])
    described["inputs"]["shape"] = [4]
    refused(rewritten(good, tmp_path / "a", preprocessing=described), r"does not take this input|does not fit")


def test_a_foreign_safetensors_file(tmp_path: Path) -> None:
    safetensors.write(tmp_path / "a", {"weight": np.zeros(3, np.float32)})
    refused(tmp_path / "a", "a safetensors file, but not a chainrule model")
    safetensors.write(tmp_path / "a", {"weight": np.zeros(3, np.float32)}, {"format": "pt"})
    refused(tmp_path / "a", "got 'pt'")


@pytest.mark.parametrize("content", [b"", b"\0", b"hello, world", b"PK\x03\x04" + b"\0" * 99, b"\x80\x04." * 9])
def test_other_files(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    refused(tmp_path / "a")


def test_a_file_cut_off_anywhere(good: Path, tmp_path: Path) -> None:
    content = good.read_bytes()
    lengths = [*range(24), *range(24, len(content), 41), len(content) - 1]
    for length in lengths:
        (tmp_path / "a").write_bytes(content[:length])
        with pytest.raises(ChainruleError):
            cr.load(tmp_path / "a")
    (tmp_path / "a").write_bytes(content + b"\0")
    refused(tmp_path / "a", "goes on after its last tensor")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), header=st.booleans())
def test_flipped_bits_load_or_are_refused(place: float, flip: int, header: bool, good: Path, tmp_path: Path) -> None:
    content = bytearray(good.read_bytes())
    end = 8 + int.from_bytes(content[:8], "little") if header else len(content)
    content[int(place * end)] ^= flip
    (tmp_path / "a").write_bytes(content)
    with contextlib.suppress(ChainruleError):
        cr.predict(cr.load(tmp_path / "a"), np.ones((2, 3)))


def test_nothing_is_executed_or_imported(good: Path, tmp_path: Path) -> None:
    named = {"type": "this", "config": {}}
    before = set(sys.modules)
    refused(rewritten(good, tmp_path / "a", model=named, objective={"name": "antigravity"}))
    assert not {"this", "antigravity"} & (set(sys.modules) - before)


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


def test_a_failed_save_keeps_the_old_file(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "a"
    nn.Linear(2, 2).save(path)
    before = path.read_bytes()
    with pytest.raises(FormatError):
        Own().save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
