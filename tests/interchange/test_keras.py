"""Networks of Keras: recorded files and live objects come in, and ours go out."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses, nn
from chainrule.data.inputs import ArrayInputs
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Target
from chainrule.errors import ConfigError, DTypeError, FormatError, MissingDependencyError
from chainrule.interchange import export, from_keras, from_object, read, to_keras
from chainrule.interchange.keras_apart import read_here
from chainrule.interchange.keras_layers import ACTIVATIONS
from helpers.keras_cases import networks, output_of, read_at_home, recorded, rows_for

CLOSE = 1e-6
OBJECTIVES = {
    "classes": "cross_entropy", "double": None, "functional": "bce_with_logits", "keras2_functional": "bce_with_logits",
    "keras2_sequential": "cross_entropy", "logits": "cross_entropy", "plain": None, "regression": "huber",
}  # fmt: skip
LOGITS = {"logits"}  # where Keras gives them, too


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
            found = [from_keras(network), read_at_home(tmp_path / "network.keras")]
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
            back = read_at_home(tmp_path / "network.keras")
            np.testing.assert_allclose(raw(back, rows), raw(model, rows), rtol=CLOSE, atol=CLOSE)
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
