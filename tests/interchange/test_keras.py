"""Networks of Keras: recorded files and live objects come in, ours go out, and hostile files end in one line."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses, nn
from chainrule.data.inputs import ArrayInputs
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Target
from chainrule.errors import ChainruleError, ConfigError, DTypeError, FormatError, MissingDependencyError
from chainrule.interchange import export, from_keras, from_object, keras_apart, read, to_keras
from chainrule.interchange.keras_layers import ACTIVATIONS
from helpers.keras_cases import networks, output_of, recorded, rows_for

CLOSE = 1e-6
read_here: Any = keras_apart.read_here  # in this process: for files by the thousand, none of which is endless
OBJECTIVES = {
    "classes": "cross_entropy", "double": None, "functional": "bce_with_logits", "keras2_functional": "bce_with_logits",
    "keras2_sequential": "cross_entropy", "logits": "cross_entropy", "plain": None, "regression": "huber",
}  # fmt: skip
LOGITS = {"logits"}  # where Keras gives them, too
ENDLESS = [(1156, 235), (2995, 166), (4360, 255), (12008, 131), (13051, 41)]


@pytest.fixture(scope="module")
def keras() -> Any:
    """Keras, on PyTorch where nothing else was chosen: the smallest of what CI has anyway."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras", exc_type=ImportError)


@pytest.fixture(autouse=True)
def quietly() -> Iterator[None]:
    """Keras calls HDF5 a thing of the past, and PyTorch warns of its own old ways within Keras."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def assert_agrees(model: nn.Module, rows: np.ndarray, expected: np.ndarray, name: str) -> None:
    """What the network gives in the user's units is what Keras's gives, to six digits."""
    assert not model.training
    raw = model(cr.Tensor.of(rows)).detach().numpy()
    found = raw if model.objective is None or name in LOGITS else np.asarray(model.objective.link(raw))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)


def test_agreement_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_agrees(nn.Identity().eval(), np.ones((2, 2)), np.ones((2, 2)) + 1e-5, "")


# ------------------------------------------------------------------------------------- files, recorded


@pytest.mark.parametrize("name", OBJECTIVES)
def test_recorded_files(name: str, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    files, rows, expected = recorded()[name]
    assert set(files) == {"keras", "h5"}
    shown = set()
    for ending, content in files.items():
        path = tmp_path / f"network.{ending}"
        path.write_bytes(content)
        model = read(path)
        assert_agrees(model, rows, expected, name)
        assert OBJECTIVES[name] == (None if model.objective is None else model.objective.name)
        model.save(tmp_path / "ours.safetensors")
        assert_agrees(cr.load(tmp_path / "ours.safetensors"), rows, expected, name)
        with pytest.raises(ConfigError, match="says itself"):
            read(path, "relu")
        shown.add(repr(model))
    assert len(shown) == 1


def test_what_the_files_say_besides_numbers(tmp_path: Path) -> None:
    pytest.importorskip("h5py")

    def model(name: str) -> Any:
        (tmp_path / "file").write_bytes(recorded()[name][0]["keras"])
        return read(tmp_path / "file")

    classes = model("classes")
    norms = [layer for layer in classes.modules() if isinstance(layer, nn.BatchNorm1d)]
    assert [(norm.momentum, norm.eps) for norm in norms] == [(0.1, 1e-3), (0.01, 0.1)]
    assert norms[1].bias is None
    assert [layer.p for layer in classes.modules() if isinstance(layer, nn.Dropout)] == [0.2]
    assert model("logits").objective.label_smoothing == pytest.approx(0.1)
    assert model("double")[0].weight.dtype == np.float64
    assert isinstance(model("plain")[-1], nn.Softmax)
    rows, expected = recorded()["classes"][1:]
    assert cr.predict(classes, rows).tolist() == expected.argmax(axis=1).tolist()
    np.testing.assert_allclose(cr.predict_proba(classes, rows), expected, rtol=CLOSE, atol=CLOSE)


def test_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    files, _, _ = recorded()["plain"]
    for content in files.values():
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(MissingDependencyError, match=r'pip install "chainrule\[keras\]"'):
            read_here(tmp_path / "file")


def test_keras_is_not_imported(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    (tmp_path / "file").write_bytes(recorded()["plain"][0]["keras"])
    code = f"import sys; from chainrule.interchange import read; read({str(tmp_path / 'file')!r}); "
    code += "assert not {'keras', 'tensorflow', 'torch', 'jax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env={**os.environ, "PYTHONPATH": _source()})


def _source() -> str:
    return str(Path(cr.__file__).parents[1])


# ----------------------------------------------------------------------------------------- live, in


def test_objects_and_their_files(keras: Any, tmp_path: Path) -> None:
    for name, network in networks(keras).items():
        rows = rows_for(network)
        expected = output_of(network, rows)
        made = [from_keras(network), from_object(network)]
        for path in (tmp_path / "network.keras", tmp_path / "network.h5"):
            network.save(str(path))
            made.append(read(path))
        for model in made:
            assert_agrees(model, rows, expected, name)
            assert OBJECTIVES[name] == (None if model.objective is None else model.objective.name)
    with pytest.raises(ConfigError, match="says itself"):
        from_object(network, "relu")


def test_every_layer_that_both_have(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    kinds: list[Any] = [layers.Activation(name) for name in ACTIVATIONS]
    kinds += [
        layers.ReLU(), layers.ReLU(max_value=6), layers.ReLU(max_value=1.5), layers.ReLU(negative_slope=0.3),
        layers.LeakyReLU(), layers.ELU(alpha=1.5), layers.Softmax(), layers.Softmax(axis=1), layers.Identity(),
        layers.Dropout(0.9), layers.GaussianNoise(0.5), layers.GaussianDropout(0.5), layers.AlphaDropout(0.5),
        layers.ActivityRegularization(0.1), layers.Reshape((5,)), layers.Flatten(), layers.Reshape((-1,)),
        layers.BatchNormalization(), layers.BatchNormalization(scale=False), layers.BatchNormalization(center=False),
        layers.BatchNormalization(scale=False, center=False, epsilon=0.5), layers.BatchNormalization(axis=1),
        layers.LayerNormalization(), layers.LayerNormalization(scale=False), layers.LayerNormalization(center=False),
        layers.LayerNormalization(scale=False, center=False, axis=1), layers.Rescaling(0.3, offset=-2.0),
        layers.Rescaling([0.1, 0.2, 0.3, 0.4, 0.5], offset=np.arange(5.0)), layers.Normalization(),
        layers.Dense(5, activation=layers.LeakyReLU(negative_slope=0.4)), layers.Dense(5, activation=layers.ReLU(3.0)),
        layers.Dense(5, activation=keras.activations.log_softmax), layers.Activation(layers.ELU(alpha=0.5)),
        layers.UnitNormalization(),
    ]  # fmt: skip
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(9, 4)) * 2).astype(np.float32)
    refused = []
    for place, layer in enumerate(kinds):
        before: list[Any] = [layers.Dense(5), layers.Activation("linear")] if place % 2 else [layers.Dense(5)]
        network = keras.Sequential([keras.Input((4,)), *before, layer, layers.Dense(5)])
        network.set_weights([rng.uniform(0.1, 0.4, array.shape).astype(array.dtype) for array in network.get_weights()])
        if isinstance(layer, layers.Normalization):
            layer.finalize_state()  # as its own adapt does
        expected = output_of(network, rows)
        network.save(str(tmp_path / "network.keras"))
        try:
            found = [from_keras(network), read(tmp_path / "network.keras")]
        except FormatError:
            refused.append(type(layer).__name__)
            continue
        for model in found:
            assert_agrees(model, rows, expected, "")
    assert refused == ["UnitNormalization"]


def test_rescaling_at_every_place(keras: Any) -> None:
    layers = keras.layers
    vector = {"scale": [0.5, 2.0, -1.0], "offset": [1.0, 0.0, 3.0]}
    rows = (np.random.default_rng(0).normal(size=(5, 2, 3)) * 2).astype(np.float32)
    rescaled, dense = layers.Rescaling, layers.Dense
    cases = [
        [rescaled(**vector), layers.Flatten(), dense(2, use_bias=False)],
        [rescaled(0.1, 2.0), dense(2), layers.Flatten()],
        [layers.Flatten(), dense(3), rescaled(**vector), dense(2)],
        [layers.Flatten(), dense(3, use_bias=False, activation="relu"), rescaled(**vector), dense(2)],
        [layers.Flatten(), dense(3), rescaled(**vector)],
    ]
    for case in cases:
        network = keras.Sequential([keras.Input((2, 3)), *case])
        assert_agrees(from_keras(network), rows, output_of(network, rows), "")
    for case in ([rescaled(**vector), layers.ReLU()], [rescaled(2.0)], [rescaled(2.0), rescaled(2.0), dense(2)]):
        with pytest.raises(FormatError, match="Dense layer beside it"):
            from_keras(keras.Sequential([keras.Input((3,)), *case]))
    with pytest.raises(FormatError, match="of the same inputs"):
        from_keras(keras.Sequential([keras.Input((2, 3)), rescaled(np.arange(6.0).reshape(2, 3).tolist()), dense(2)]))


def test_the_loss_that_was_compiled(keras: Any) -> None:
    layers, lossy = keras.layers, keras.losses

    def objective(loss: Any, last: str = "linear", units: int = 3) -> Any:
        network = keras.Sequential([keras.Input((2,)), layers.Dense(units, activation=last)])
        network.compile(loss=loss)
        model = from_keras(network)
        rows = rows_for(network)
        linked = rows if model.objective is None else None
        raw = model(cr.Tensor.of(rows)).detach().numpy()
        stripped = len(model) < 1 + (last != "linear")
        found = np.asarray(model.objective.link(raw)) if stripped else raw
        np.testing.assert_allclose(found, output_of(network, rows), rtol=CLOSE, atol=CLOSE)
        assert linked is None or model.objective is None
        return None if model.objective is None else model.objective.name

    sparse = lossy.SparseCategoricalCrossentropy
    assert objective("sparse_categorical_crossentropy", "softmax") == "cross_entropy"
    assert objective("categorical_crossentropy", "softmax") == "cross_entropy"
    assert objective(lossy.sparse_categorical_crossentropy, "softmax") == "cross_entropy"
    assert objective(sparse(from_logits=True)) == "cross_entropy"
    assert objective([sparse(from_logits=True, ignore_class=2)]) == "cross_entropy"
    assert objective("sparse_categorical_crossentropy") is None
    assert objective(sparse(from_logits=True), "softmax") is None
    assert objective("binary_crossentropy", "sigmoid", 1) == "bce_with_logits"
    assert objective(lossy.BinaryCrossentropy(from_logits=True), units=1) == "bce_with_logits"
    assert objective(lossy.BinaryCrossentropy(label_smoothing=0.1), "sigmoid") is None
    for name, ours in {
        "mse": "mse",
        "MeanSquaredError": "mse",
        "mae": "l1",
        "huber": "huber",
        "hinge": "hinge",
    }.items():
        assert objective(name) == ours
    assert objective(lossy.MeanAbsoluteError(reduction="sum")) == "l1"
    assert objective("log_cosh") is None
    assert objective(lambda y, p: (y - p) ** 2) is None


def test_objects_that_cannot_become_networks(keras: Any) -> None:
    layers = keras.layers
    image = keras.Input((4,))
    one = layers.Dense(4)
    branched = keras.Model(image, layers.add([one(image), layers.Dense(4)(image)]))
    twice = keras.Model(image, one(one(image)))
    two_outputs = keras.Model(image, [one(image), layers.Dense(2)(image)])
    sampled = keras.Model(image, layers.Dropout(0.5)(image, training=True))
    computed = keras.Model(image, one(image) * 2.0)
    for network in (branched, twice, two_outputs, computed):
        with pytest.raises(FormatError):
            from_keras(network)
    with pytest.raises(FormatError, match="arguments besides its input"):
        from_keras(sampled)
    with pytest.raises(FormatError, match="not built"):
        from_keras(keras.Sequential([layers.Dense(2)]))

    class Own(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    class OwnModel(keras.Model):
        def call(self, x: Any) -> Any:
            return x

    with pytest.raises(FormatError, match=r"somebody's own code.*Own"):
        from_keras(keras.Sequential([image, Own()]))
    with pytest.raises(FormatError, match="runs code"):
        from_keras(keras.Sequential([image, layers.Lambda(lambda x: x)]))
    with pytest.raises(FormatError):
        from_keras(keras.Sequential([image, layers.Dense(2, activation=lambda x: x)]))
    with pytest.raises(FormatError, match="Conv1D"):
        from_keras(keras.Sequential([keras.Input((4, 2)), layers.Conv1D(2, 2)]))
    for layer in (layers.ReLU(threshold=1.0), layers.ReLU(6.0, 0.1), layers.PReLU(), layers.Reshape((2, 2)),
                  layers.Softmax(axis=0), layers.Activation("hard_sigmoid"), layers.Dropout(0.1, noise_shape=(1, 4)),
                  layers.Normalization(invert=True, mean=0.0, variance=1.0)):  # fmt: skip
        network = keras.Sequential([image])
        network.add(layer)
        with pytest.raises(FormatError):
            from_keras(network)
    with pytest.raises(DTypeError, match="OwnModel"):
        from_keras(OwnModel())
    with pytest.raises(DTypeError, match=r"Sequential or functional"):
        from_keras(3)


# ---------------------------------------------------------------------------------------- live, out

OUT = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(1.5), nn.SELU(), nn.GELU(), nn.SiLU(), nn.Softplus(),
    nn.Softplus(2.0), nn.Mish(), nn.Hardtanh(), nn.Hardtanh(-2, 0.5), nn.Hardtanh(0, 2), nn.Sigmoid(), nn.Tanh(),
    nn.Identity(), nn.Dropout(0.5), nn.LayerNorm(5, eps=0.1), nn.LayerNorm(5, bias=False), nn.BatchNorm1d(5),
    nn.LayerNorm(5, elementwise_affine=False), nn.BatchNorm1d(5, affine=False), nn.BatchNorm1d(5, momentum=None),
    nn.Softmax(dim=1), nn.LogSoftmax(dim=-1), nn.Softmax(), nn.Scale(5),
]  # fmt: skip


def ours(*middle: nn.Module) -> nn.Module:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3, 5), nn.Sequential(*middle), nn.Linear(5, 2, bias=False))
    rng = np.random.default_rng(0)
    for _, value in model.state_dict().items():
        if value._data.dtype.kind == "f":
            value._data[...] = rng.uniform(0.2, 1.0, value.shape)
    return model.eval()


def raw(model: nn.Module, rows: np.ndarray) -> np.ndarray:
    with cr.no_grad():
        return model(cr.Tensor.of(rows)).numpy()


def test_networks_become_keras_and_come_back(keras: Any, tmp_path: Path) -> None:
    rows = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32) * 2
    for layer in OUT:
        model = ours(layer)
        space: dict[str, Any] = {}
        exec(compile(export(model, "keras", name="build"), "generated", "exec"), space)
        made = to_keras(model)
        for one in (made, space["build"]()):
            np.testing.assert_allclose(output_of(one, rows), raw(model, rows), rtol=CLOSE, atol=CLOSE)
        made.save(str(tmp_path / "network.keras"))
        again = keras.saving.load_model(str(tmp_path / "network.keras"))
        np.testing.assert_allclose(output_of(again, rows), raw(model, rows), rtol=CLOSE, atol=CLOSE)
        if not isinstance(layer, nn.Hardtanh) or layer.min_val in (0, -1):
            np.testing.assert_allclose(
                raw(read(tmp_path / "network.keras"), rows), raw(model, rows), rtol=CLOSE, atol=CLOSE
            )
    momentum = [
        one.momentum for one in to_keras(ours(nn.BatchNorm1d(5, momentum=0.3))).layers if hasattr(one, "momentum")
    ]
    assert momentum == [pytest.approx(0.7)]


def test_double_precision_and_the_shape_of_images(keras: Any) -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2), nn.ReLU()).double().eval()
    model.preprocessing = Preprocessing(ArrayInputs((3, 2), "float64", 1.0, None), Target())
    made = to_keras(model)
    assert made.input_shape == (None, 3, 2)
    assert {str(one.dtype) for one in made.weights} == {"float64"}
    rows = np.random.default_rng(0).normal(size=(4, 3, 2))  # which Keras takes in single precision
    if keras.backend.backend() != "jax":
        np.testing.assert_allclose(output_of(made, rows), raw(model, rows), rtol=CLOSE, atol=CLOSE)


@pytest.mark.parametrize(("loss", "outputs"), [("cross_entropy", 2), ("bce_with_logits", 1), ("nll", 2), ("mse", 1)])
def test_the_link_at_the_end(keras: Any, loss: str, outputs: int) -> None:
    cr.manual_seed(0)
    last = [nn.LogSoftmax(dim=1)] if loss == "nll" else []
    model = nn.Sequential(nn.Linear(3, outputs), *last).eval()
    model.objective = losses.get(loss)
    rows = np.random.default_rng(2).normal(size=(6, 3)).astype(np.float32)
    found = output_of(to_keras(model, link=True), rows)
    np.testing.assert_allclose(found, np.asarray(model.objective.link(raw(model, rows))), rtol=CLOSE, atol=CLOSE)
    np.testing.assert_allclose(output_of(to_keras(model), rows), raw(model, rows), rtol=CLOSE, atol=CLOSE)


def test_networks_that_keras_does_not_have() -> None:
    for layer in (nn.Step(), nn.GELU("tanh"), nn.SmoothClip(), nn.Softplus(1.0, 5.0), nn.Hardtanh(-100, 1),
                  nn.Softmax(dim=0), nn.BatchNorm1d(5, track_running_stats=False)):  # fmt: skip
        with pytest.raises(FormatError, match="Keras"):
            export(ours(layer), "keras")
    with pytest.raises(FormatError, match="how many inputs"):
        export(nn.Sequential(nn.ReLU()), "keras")
    with pytest.raises(DTypeError):
        to_keras(3)  # type: ignore[arg-type]


def test_without_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingDependencyError, match="pip install keras"):
        to_keras(nn.Sequential(nn.Linear(2, 1)))


# ------------------------------------------------------------------------------------- hostile files


def refused(content: bytes, folder: Path, message: str = "", reader: Callable[[Path], nn.Module] = read_here) -> None:
    """In this process, for there are many; `read` has one of its own for each."""
    path = folder / "file"
    path.write_bytes(content)
    with pytest.raises(ChainruleError, match=message) as caught:
        reader(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_files_that_end_too_soon(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    for content in recorded()["plain"][0].values():
        ends = {*range(0, 200, 7), *range(200, len(content), 97), *range(len(content) - 60, len(content), 3)}
        for end in sorted(ends):
            refused(content[:end], tmp_path)
        for end in (0, 1, 7, 8, len(content) // 2, len(content) - 1):
            refused(content[:end], tmp_path, reader=read)


def changed_zip(
    content: bytes, change: Callable[[str, bytes], bytes | None], compression: int = 0, **more: bytes
) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", compression) as new:
        for name in old.namelist():
            if (kept := change(name, old.read(name))) is not None:
                new.writestr(name, kept)
        for name, one in more.items():
            new.writestr(name, one)
    return made.getvalue()


def changed_config(name: str, change: Callable[[Any], Any]) -> bytes:
    def on_config(entry: str, content: bytes) -> bytes:
        if entry != "config.json":
            return content
        config = json.loads(content)
        return json.dumps(change(config) or config).encode()

    return changed_zip(recorded()[name][0]["keras"], on_config)


def test_archives_that_lie(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    good = recorded()["plain"][0]["keras"]

    def same(name: str, content: bytes) -> bytes:
        return content

    refused(changed_zip(good, same, zipfile.ZIP_DEFLATED), tmp_path, "compressed")
    refused(changed_zip(good, same, **{"../../evil": b"x"}), tmp_path, "leads out")
    refused(changed_zip(good, same, **{"assets/..\\evil": b"x"}), tmp_path, "leads out")
    refused(changed_zip(good, same, **{"/etc/passwd": b"x"}), tmp_path, "leads out")
    refused(changed_zip(good, lambda n, c: None if n.endswith(".h5") else c), tmp_path, "lacks the network's numbers")
    refused(changed_zip(good, lambda n, c: b"[" * 10**6 if n == "config.json" else c), tmp_path, "nested too deeply")
    refused(changed_zip(good, lambda n, c: b"{" if n == "config.json" else c), tmp_path, "JSON")
    refused(changed_zip(good, lambda n, c: b"3" if n == "config.json" else c), tmp_path, "damaged")
    refused(changed_zip(good, lambda n, c: b"\xff" if n == "config.json" else c), tmp_path, "damaged")
    refused(changed_zip(good, lambda n, c: b" " * 2**25 if n == "config.json" else c), tmp_path, "too long")
    refused(changed_zip(good, lambda n, c: c[:3000] if n.endswith(".h5") else c), tmp_path, "HDF5")
    refused(changed_zip(good, lambda n, c: b"" if n.endswith(".h5") else c), tmp_path, "HDF5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refused(changed_zip(good, same, **{"config.json": b"{}"}), tmp_path, "two entries")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 10**8)
        archive.writestr("model.weights.h5", b"")
    refused(bomb.getvalue(), tmp_path, "too long")
    claimed = bytearray(good)  # a size of 4 GiB in the central directory
    place = good.rindex(b"model.weights.h5") - 46
    claimed[place + 20 : place + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    refused(bytes(claimed), tmp_path, "size|larger than the file")


def dense(config: Any) -> Any:
    return next(one for one in config["config"]["layers"] if one["class_name"] == "Dense")


def test_descriptions_that_lie(tmp_path: Path) -> None:
    pytest.importorskip("h5py")

    def layer(**values: Any) -> bytes:
        return changed_config("plain", lambda config: dense(config).update(values))

    def arguments(**values: Any) -> bytes:
        return changed_config("plain", lambda config: dense(config)["config"].update(values))

    refused(layer(class_name="Lambda"), tmp_path, "runs code")
    refused(layer(module="os", class_name="system"), tmp_path, r"own code.*os\.system")
    refused(layer(module="__main__"), tmp_path, "own code")
    refused(layer(registered_name="mine>Dense"), tmp_path, "mine>Dense")
    refused(layer(class_name="Conv2D"), tmp_path, "Conv2D.*Known: InputLayer, Dense")
    refused(layer(class_name=3), tmp_path, "without a class")
    refused(layer(config=3), tmp_path, "without arguments")
    refused(layer(class_name="Sequential"), tmp_path, "without layers")
    refused(arguments(units=10**12), tmp_path, "size and numbers disagree")
    refused(arguments(use_bias="yes"), tmp_path, "neither true nor false")
    refused(arguments(use_bias=False), tmp_path, "other numbers")
    refused(arguments(activation={"class_name": "__lambda__", "config": {"value": "x"}}), tmp_path, "runs code")
    refused(arguments(activation={"module": "os", "class_name": "function", "config": "system"}), tmp_path, "own code")
    refused(arguments(activation={"class_name": "function", "config": "system"}), tmp_path, "system")
    refused(arguments(activation="no\nsuch" + "x" * 10**5), tmp_path, "no such")
    refused(changed_config("plain", lambda config: {**config, "class_name": "MyModel"}), tmp_path, "MyModel")
    refused(changed_config("plain", lambda config: config["config"].update(layers=3)), tmp_path, "without layers")
    refused(
        changed_config("plain", lambda config: config["config"]["layers"].append(None)), tmp_path, "without a class"
    )
    refused(
        changed_config("plain", lambda config: config["config"]["layers"].append(dense(config))), tmp_path, "same name"
    )
    refused(changed_config("plain", lambda config: config["config"].update(layers=[])), tmp_path, "no layers")

    def nested(config: Any) -> Any:
        for _ in range(60):
            config = {"module": "keras", "class_name": "Sequential", "config": {"name": "x", "layers": [config]}}
        return config

    refused(changed_config("plain", nested), tmp_path, "nested too deeply")

    def in_circles(config: Any) -> None:
        for one in config["config"]["layers"]:
            one["inbound_nodes"] = config["config"]["layers"][-1]["inbound_nodes"]

    refused(changed_config("functional", in_circles), tmp_path, "branches")
    for value in (3, [3], [[3]], [{"args": 3}], [{"args": [{"class_name": "__keras_tensor__", "config": 3}]}], [[[]]]):
        changed = changed_config("functional", lambda c, v=value: c["config"]["layers"][2].update(inbound_nodes=v))
        refused(changed, tmp_path)
    for key in ("epsilon", "momentum", "axis", "scale"):
        for value in ("x", None, [], {}, 1e300, True, [[1]], {"config": {"value": "x"}}):

            def change(config: Any, key: str = key, value: Any = value) -> None:
                norm = next(one for one in config["config"]["layers"] if one["class_name"] == "BatchNormalization")
                norm["config"][key] = value

            if (key, value) != ("scale", True):
                refused(changed_config("classes", change), tmp_path)
    assert read_changed(tmp_path, lambda config: config.update(compile_config={"loss": {"class_name": "os>system"}}))
    assert read_changed(tmp_path, lambda config: config.update(compile_config=[3]))


def read_changed(folder: Path, change: Callable[[Any], Any]) -> nn.Module:
    (folder / "file").write_bytes(changed_config("plain", change))
    return read_here(folder / "file")


def with_numbers(change: Callable[[Any], None]) -> bytes:
    """A file of Keras whose first kernel was put there by `change`, which gets its group."""
    import h5py

    def on_numbers(name: str, content: bytes) -> bytes:
        if not name.endswith(".h5"):
            return content
        file = io.BytesIO(content)
        with h5py.File(file, "r+") as opened:
            group = opened["layers/dense/vars"]
            del group["0"]
            change(group)
        return file.getvalue()

    return changed_zip(recorded()["plain"][0]["keras"], on_numbers)


def test_numbers_that_lie(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    secret = tmp_path / "secret"
    secret.write_bytes(np.ones(9, np.float32).tobytes())
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["kernel"] = np.ones((3, 3), np.float32)

    def kernel(group: Any) -> None:
        group["0"] = np.ones((3, 3), np.float32)

    (tmp_path / "good").write_bytes(with_numbers(kernel))
    assert read_here(tmp_path / "good")[0].weight.detach().numpy().tolist() == np.ones((3, 3)).tolist()

    def virtual(group: Any) -> None:
        layout = h5py.VirtualLayout((3, 3), np.float32)
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "kernel", (3, 3))
        group.create_virtual_dataset("0", layout)

    def linked(link: Any) -> Callable[[Any], None]:
        return lambda group: group.__setitem__("0", link)

    def made(*args: Any, **options: Any) -> Callable[[Any], None]:
        return lambda group: group.create_dataset("0", *args, **options)

    outside = [(str(secret), 0, 36)]
    elsewhere = h5py.ExternalLink(str(tmp_path / "other.h5"), "kernel")
    cases: dict[str, list[Callable[[Any], None]]] = {
        "links to another": [linked(elsewhere), linked(h5py.SoftLink("/layers"))],
        "another file, or a view": [made((3, 3), np.float32, external=outside), virtual],
        "promises more": [made((10**6, 10**6), np.float32), made((10**4, 10**4), np.float32, chunks=(10, 10))],
        "packed": [made(data=np.ones((3, 3)), compression="gzip", chunks=(3, 3))],
        "holds no numbers": [made(data=np.array([b"abc"])), made(data=h5py.Empty("f4")), made(data=np.ones(2, "c8"))],
        "quantised": [made(data=np.ones((3, 3), np.int8))],
        "no array of numbers with 2 axes": [made(data=np.ones(3)), made(data=np.ones((3, 3, 3)))],
        "do not fit": [made(data=np.ones((3, 4)))],
        "something else in the place": [lambda group: group.create_group("0")],
        "lacks numbers": [lambda group: group.create_group("x")],
        "cannot be taken over": [made(data=np.ones((5, 3), np.float32))],
    }  # fmt: skip
    for message, changes in cases.items():
        for change in changes:
            refused(with_numbers(change), tmp_path, message)


def test_whole_files_of_hdf5_that_lie(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    good = recorded()["plain"][0]["h5"]

    def changed(change: Callable[[Any], None]) -> bytes:
        file = io.BytesIO(good)
        with h5py.File(file, "r+") as opened:
            change(opened)
        return file.getvalue()

    def attribute(name: str, value: Any, group: str = "/") -> bytes:
        return changed(lambda file: file[group].attrs.__setitem__(name, value))

    refused(changed(lambda file: file.attrs.__delitem__("model_config")), tmp_path, "Save the whole network")
    refused(changed(lambda file: file.__delitem__("model_weights")), tmp_path, "Save the whole network")
    refused(attribute("model_config", 3), tmp_path, "no text")
    refused(attribute("model_config", np.bytes_(b"\xff\xfe")), tmp_path)
    refused(attribute("model_config", "[" * 10**5), tmp_path, "nested too deeply")
    refused(attribute("model_config", "{}"), tmp_path, "without a class")
    refused(attribute("training_config", "{"), tmp_path, "JSON")
    paths = [name for name in _groups(good) if "weight_names" in _groups(good)[name]]
    for value in (["../secret", "x"], ["/etc/passwd", "x"], ["a" * 10**4, "x"], ["/".join("a" * 99), "b"], [1, 2]):
        refused(attribute("weight_names", value, paths[0]), tmp_path)
    assert read_h5(tmp_path, attribute("model_config", np.bytes_(_config(good))))[0].weight.shape == (3, 3)


def read_h5(folder: Path, content: bytes) -> nn.Module:
    (folder / "file").write_bytes(content)
    return read_here(folder / "file")


def _groups(content: bytes) -> dict[str, list[str]]:
    import h5py

    found: dict[str, list[str]] = {}
    with h5py.File(io.BytesIO(content)) as file:
        for name, group in file["model_weights"].items():
            if len(group.attrs.get("weight_names", ())):
                found[f"model_weights/{name}"] = list(group.attrs)
    return found


def _config(content: bytes) -> str:
    import h5py

    with h5py.File(io.BytesIO(content)) as file:
        return str(file.attrs["model_config"])


def an_endless_file() -> bytes:
    """A recorded network changed so that HDF5's library goes round in circles."""
    content = bytearray(recorded()["plain"][0]["h5"])
    for place, value in ENDLESS:
        content[place] = value
    return bytes(content)


def test_reading_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("h5py")
    monkeypatch.setattr(keras_apart, "SECONDS", 4.0)
    path = tmp_path / "a.h5"
    path.write_bytes(an_endless_file())
    with pytest.raises(FormatError, match="damaged"):
        read(path)


@pytest.mark.parametrize("end", ["os._exit(0)", "os._exit(3)", "os.abort()", "print('[1]')", "print('{')"])
def test_a_reader_that_dies_or_lies(end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    (tmp_path / "impostor.py").write_text(f"import os\n{end}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(keras_apart, "__name__", "impostor")
    with pytest.raises(FormatError, match="cannot bear"):
        read(path)
