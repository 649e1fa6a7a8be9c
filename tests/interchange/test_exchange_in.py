"""Networks of other libraries: what comes out computes what went in, and files are read without running them."""

from __future__ import annotations

import io
import itertools
import pickle
import pickletools
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ChainruleError, ConfigError, DTypeError, FormatError, UnknownNameError
from chainrule.interchange import from_book, from_object, from_sklearn, from_torch, read

CLOSE = 1e-6


def assert_agrees(model: nn.Module, x: np.ndarray, expected: Any) -> None:
    """The network's raw output is the source's, to six digits."""
    found = model(cr.Tensor.of(x)).detach().numpy()
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)


def test_agreement_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_agrees(nn.Identity(), np.ones((2, 2)), np.ones((2, 2)) + 1e-5)


# ------------------------------------------------------------------------------------- the textbook


def book(*sizes: int, dtype: Any = np.float32) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    made = {}
    for place, (inputs, outputs) in enumerate(itertools.pairwise(sizes), 1):
        made[f"W{place}"] = rng.normal(size=(inputs, outputs)).astype(dtype)
        made[f"b{place}"] = rng.normal(size=outputs).astype(dtype)
    return made


def test_the_textbooks_dictionary(tmp_path: Path) -> None:
    weights = book(3, 4, 2)
    x = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)
    hidden = 1 / (1 + np.exp(-(x @ weights["W1"] + weights["b1"])))
    expected = hidden @ weights["W2"] + weights["b2"]
    path = tmp_path / "weights"
    path.write_bytes(pickle.dumps(dict(reversed(weights.items()))))
    for model in (from_book(weights), read(path)):
        assert_agrees(model, x, expected)
        assert not model.training
        assert model.objective is not None
        assert model.objective.name == "cross_entropy"
    relu = np.maximum(x @ weights["W1"] + weights["b1"], 0) @ weights["W2"] + weights["b2"]
    assert_agrees(read(path, "relu"), x, relu)
    assert_agrees(
        from_book(weights, "identity"), x, (x @ weights["W1"] + weights["b1"]) @ weights["W2"] + weights["b2"]
    )
    assert from_book(book(2, 1, dtype=np.float64)).state_dict()["0.weight"].dtype == np.float64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b2": None}, "b2"),
        ({"W2": np.ones((5, 2), np.float32)}, "layer 2 does not fit"),
        ({"b1": np.ones(3, np.float32)}, "bias of layer 1"),
        ({"W1": np.array([["a"]])}, "weight of layer 1"),
        ({"b2": [1.0, 2.0]}, "bias of layer 2"),
        ({"gamma1": np.ones(4)}, "gamma1"),
        ({"W4": np.ones((2, 2))}, "W3"),
    ],
)
def test_a_dictionary_that_is_not_the_textbooks(change: dict[str, Any], message: str) -> None:
    weights = {key: value for key, value in {**book(3, 4, 2), **change}.items() if value is not None}
    with pytest.raises(FormatError, match=message):
        from_book(weights)


def test_an_activation_by_its_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'sigmoid'"):
        from_book(book(3, 4, 2), "sigmiod")
    with pytest.raises(DTypeError, match="dictionary"):
        from_book([1])  # type: ignore[arg-type]


def test_the_textbooks_own_network(data_folder: Path) -> None:
    model = read(data_folder / "book" / "sample_weight.pkl")
    assert [tuple(value.shape) for value in model.parameters()] == [
        (50, 784), (50,), (100, 50), (100,), (10, 100), (10,),
    ]  # fmt: skip
    assert cr.evaluate(model, cr.data.load("mnist").test)["accuracy"] == pytest.approx(0.9352)


# ------------------------------------------------------------------------------------- scikit-learn


def estimators() -> dict[str, tuple[Any, np.ndarray]]:
    sklearn = pytest.importorskip("sklearn")
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import Perceptron
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    assert sklearn.__version__
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    three = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0.3)
    small = {"hidden_layer_sizes": (5, 4), "max_iter": 4, "random_state": 0}
    frozen = np.random.RandomState(3)
    made = {
        "relu": (MLPClassifier(**small), three),
        "tanh": (MLPClassifier(**small, activation="tanh", solver="sgd", early_stopping=True), three),
        "logistic": (MLPClassifier(**small, activation="logistic", solver="lbfgs"), three > 0),
        "identity": (MLPClassifier(**{**small, "random_state": frozen}, activation="identity"), three),
        "none hidden": (MLPClassifier(**{**small, "hidden_layer_sizes": ()}), three),
        "texts": (MLPClassifier(**small), np.array(["x", "y", "z"])[three]),
        "objects": (MLPClassifier(**small), np.array(["x", "y", "z"], object)[three]),
        "several labels": (MLPClassifier(**small), np.stack([three > 0, three > 1], 1).astype(int)),
        "float32": (MLPClassifier(**small), three),
        "regressor": (MLPRegressor(**small), x[:, 0]),
        "two targets": (MLPRegressor(**small, activation="tanh"), x[:, :2]),
        "perceptron": (Perceptron(), three > 0),
        "perceptron of three": (Perceptron(fit_intercept=False), three),
        "perceptron stopped": (Perceptron(early_stopping=True, penalty="l2"), three),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name, (one, y) in made.items():
            one.fit(x.astype(np.float32) if name == "float32" else x, y)
    return {name: (one, x.astype(np.float32)) for name, (one, _) in made.items()}


@pytest.fixture(scope="module")
def fitted() -> dict[str, tuple[Any, np.ndarray]]:
    return estimators()


def assert_same_estimator(model: nn.Module, estimator: Any, x: np.ndarray) -> None:
    expected = estimator.predict(x)
    found = cr.predict(model, x)
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)
    else:
        labels = expected if expected.ndim == 2 else expected.astype(str)
        assert found.tolist() == labels.tolist()
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_allclose(cr.predict_proba(model, x), estimator.predict_proba(x), rtol=CLOSE, atol=CLOSE)
    elif hasattr(estimator, "decision_function"):
        raw = model(cr.tensor(x.astype(np.float64))).detach().numpy()
        np.testing.assert_allclose(raw.squeeze(), estimator.decision_function(x), rtol=CLOSE, atol=CLOSE)


def test_estimators_and_their_pickles(fitted: dict[str, tuple[Any, np.ndarray]], tmp_path: Path) -> None:
    path = tmp_path / "estimator.anything"
    for name, (estimator, x) in fitted.items():
        assert_same_estimator(from_sklearn(estimator), estimator, x)
        for protocol in (2, 4, 5):
            path.write_bytes(pickle.dumps(estimator, protocol))
            model = read(path)
            assert_same_estimator(model, estimator, x)
        model.save(tmp_path / "ours.safetensors")
        assert_same_estimator(cr.load(tmp_path / "ours.safetensors"), estimator, x)
        assert all(np.isfinite(value.detach().numpy()).all() for value in model.parameters()), name


def test_what_joblib_wrote(fitted: dict[str, tuple[Any, np.ndarray]], tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    for name in ("relu", "perceptron"):
        estimator, x = fitted[name]
        joblib.dump(estimator, tmp_path / "model.joblib")
        assert_same_estimator(read(tmp_path / "model.joblib"), estimator, x)
    whole = (tmp_path / "model.joblib").read_bytes()
    for end in range(0, len(whole), 7):
        (tmp_path / "cut").write_bytes(whole[:end])
        with pytest.raises(ChainruleError):
            read(tmp_path / "cut")


def test_columns_of_a_frame_are_kept() -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    from sklearn.linear_model import Perceptron

    frame = pandas.DataFrame({"b": [0.0, 0, 1, 1], "a": [0.0, 1, 0, 1]})
    estimator = Perceptron().fit(frame, [0, 0, 0, 1])
    model = from_object(estimator)
    assert model.preprocessing.columns == ["b", "a"]
    assert cr.predict(model, frame[["a", "b"]]).tolist() == [str(y) for y in estimator.predict(frame)]


def test_estimators_that_cannot_become_networks() -> None:
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    with pytest.raises(FormatError, match="not fitted"):
        from_sklearn(MLPClassifier())
    with pytest.raises(DTypeError, match="LogisticRegression"):
        from_sklearn(LogisticRegression())
    with pytest.raises(ConfigError, match="says itself"):
        from_object(MLPClassifier(), "relu")
    with pytest.raises(FormatError, match=r"LogisticRegression.*Nothing was executed"):
        read_bytes(pickle.dumps(LogisticRegression().fit([[0.0], [1.0]], [0, 1])))


def read_bytes(content: bytes) -> nn.Module:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        return read(path)


# ------------------------------------------------------------------------------------------ PyTorch


def networks(torch: Any) -> dict[str, Any]:
    tnn = torch.nn
    torch.manual_seed(0)
    made = {
        "flat": tnn.Sequential(
            tnn.Flatten(), tnn.Linear(4, 5), tnn.BatchNorm1d(5), tnn.ReLU(), tnn.Dropout(0.2), tnn.Linear(5, 3)
        ),
        "double": tnn.Sequential(tnn.Linear(4, 3), tnn.ReLU(), tnn.Linear(3, 1, bias=False)).double(),
        "one": tnn.Sequential(tnn.Linear(4, 2)),
        "plain norms": tnn.Sequential(
            tnn.Linear(4, 6), tnn.LayerNorm(6), tnn.ReLU(), tnn.Linear(6, 2), tnn.BatchNorm1d(2, affine=False)
        ),
    }
    for one in made.values():
        dtype = next(one.parameters()).dtype
        for _ in range(3):
            one(torch.randn(20, 4, dtype=dtype) * 2 + 1)  # moves running statistics
        one.eval()
    return made


def torch_bytes(torch: Any, value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


def test_networks_of_pytorch_in_every_form(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "model.bin"
    for name, network in networks(torch).items():
        dtype = next(network.parameters()).dtype
        x = torch.randn(7, 4, dtype=dtype)
        with torch.no_grad():
            expected = network(x).numpy()
        path.write_bytes(torch_bytes(torch, network))
        for model in (from_torch(network), read(path)):
            assert_agrees(model, x.numpy(), expected)
            assert list(model.state_dict()) == list(network.state_dict())
        for value in (network.state_dict(), {"epoch": 3, "model_state_dict": network.state_dict(), "lr": 0.1}):
            path.write_bytes(torch_bytes(torch, value))
            model = read(path, "relu")
            assert_agrees(model, x.numpy(), expected)
            assert list(model.state_dict()) == list(network.state_dict()), name
        safetensors = pytest.importorskip("safetensors.torch")
        safetensors.save_file(network.state_dict(), path)
        assert_agrees(read(path, "relu"), x.numpy(), expected)


def test_every_layer_that_both_have() -> None:
    torch = pytest.importorskip("torch")
    tnn = torch.nn
    torch.manual_seed(0)
    layers = [
        tnn.ReLU(), tnn.ReLU6(inplace=True), tnn.LeakyReLU(0.2), tnn.ELU(1.5), tnn.SELU(), tnn.GELU(), tnn.SiLU(),
        tnn.GELU("tanh"), tnn.Softplus(2, 5), tnn.Mish(), tnn.Hardtanh(-2, 0.5), tnn.Sigmoid(), tnn.Tanh(),
        tnn.Identity(), tnn.LayerNorm(5, eps=0.1, elementwise_affine=False), tnn.LayerNorm((5,), bias=False),
        tnn.BatchNorm1d(5, eps=0.5, momentum=None), tnn.Softmax(-1), tnn.LogSoftmax(dim=1), tnn.Dropout(0.9),
    ]  # fmt: skip
    x = torch.randn(9, 4) * 3
    for layer in layers:
        network = tnn.Sequential(tnn.Linear(4, 5), tnn.Sequential(layer)).eval()
        expected = network(x).detach().numpy()
        assert_agrees(from_torch(network), x.numpy(), expected)
        assert_agrees(read_bytes(torch_bytes(torch, network)), x.numpy(), expected)


def test_state_dicts_with_names_instead_of_numbers() -> None:
    torch = pytest.importorskip("torch")
    tnn = torch.nn

    class Net(tnn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.norm, self.fc2 = tnn.Linear(4, 5), tnn.LayerNorm(5), tnn.Linear(5, 2)

        def forward(self, x: Any) -> Any:
            return self.fc2(torch.tanh(self.norm(self.fc1(x))))

    torch.manual_seed(0)
    network, x = Net(), torch.randn(6, 4)
    with torch.no_grad():
        expected = network(x).numpy()
    assert_agrees(from_torch(network.state_dict(), "tanh"), x.numpy(), expected)
    wrapped = {f"module.net.{key}": value for key, value in network.state_dict().items()}
    assert_agrees(from_torch(wrapped, "tanh"), x.numpy(), expected)
    with pytest.raises(DTypeError, match=r"Net is a class of its own.*state_dict"):
        from_torch(network)


def test_tensors_that_are_views_or_half() -> None:
    torch = pytest.importorskip("torch")
    whole = torch.arange(24.0).reshape(4, 6)
    state = {"0.weight": whole.T[1:4, ::2], "0.bias": whole[1, :3].to(torch.bfloat16)}
    model = read_bytes(torch_bytes(torch, state))
    assert model.state_dict()["0.weight"].numpy().tolist() == state["0.weight"].tolist()
    assert model.state_dict()["0.bias"].numpy().tolist() == state["0.bias"].float().tolist()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"0.weight": np.ones((2, 3)), "2.weight": np.ones((1, 3))}, "layer 2 does not fit"),
        ({"0.weight": np.ones((2, 3)), "1.weight": np.ones((1, 2))}, "no place for an activation"),
        ({"0.weight": np.ones((2, 3)), "99.weight": np.ones((1, 2))}, "too many layers"),
        ({"0.weight": np.ones((2, 3, 3, 3))}, "no linear or normalisation"),
        ({"0.weight": np.ones((2, 3)), "0.weight_g": np.ones(2)}, "weight_g"),
        ({"0.weight": np.ones(3)}, "no linear layer"),
        ({"0.weight": np.ones((2, 3)), "0.bias": np.ones(3)}, "do not fit"),
        ({"0.weight": np.ones((2, 3)), "1.weight": np.ones(2), "1.bias": np.ones(3)}, "do not fit"),
        ({"0.weight": np.array([["a"]])}, "no tensor"),
        ({"a": 1}, "not a state dict"),
        ({}, "not a state dict"),
    ],
)
def test_state_dicts_that_are_no_network(state: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        from_torch(state, "relu")


def test_a_state_dict_needs_its_activation() -> None:
    state = {"0.weight": np.ones((2, 3)), "2.weight": np.ones((1, 2))}
    with pytest.raises(ConfigError, match="--activation relu"):
        from_torch(state)
    torch = pytest.importorskip("torch")
    with pytest.raises(ConfigError, match="says itself"):
        from_object(torch.nn.Sequential(torch.nn.Linear(1, 1)), "relu")
    with pytest.raises(UnknownNameError, match="Conv1d"):
        from_torch(torch.nn.Sequential(torch.nn.Conv1d(1, 1, 1)))


# -------------------------------------------------------------------------------------------- files


def test_files_of_pytorch_that_lie(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    good = torch_bytes(torch, {"0.weight": torch.ones(2, 3), "0.bias": torch.ones(2)})
    assert read_bytes(good).state_dict()["0.weight"].shape == (2, 3)
    for end in range(len(good)):
        with pytest.raises(ChainruleError):
            read_bytes(good[:end])
    with pytest.raises(FormatError, match=r"before version 1\.6"):
        read_bytes(torch_bytes(torch, {"0.weight": torch.ones(2, 3)}, _use_new_zipfile_serialization=False))

    def changed(change: Any, compression: int = zipfile.ZIP_STORED) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(good)) as old, zipfile.ZipFile(made, "w", compression) as new:
            for name in old.namelist():
                content = change(name.partition("/")[2], old.read(name))
                if content is not None:
                    new.writestr(name, content)
        return made.getvalue()

    cases = {
        "compressed": changed(lambda name, content: content, zipfile.ZIP_DEFLATED),
        "lacks the numbers": changed(lambda name, content: None if name == "data/0" else content),
        "another size": changed(lambda name, content: content[:-4] if name == "data/0" else content),
        "none that PyTorch wrote": changed(lambda name, content: None if name == "data.pkl" else content),
        "beyond its storage": changed(
            lambda name, content: (
                content.replace(b"K\x02K\x03\x86", b"K\x02K\x63\x86") if name == "data.pkl" else content
            )
        ),
        "not understood": changed(lambda name, content: content.replace(b"FloatStorage", b"FloatStoragf")),
    }
    for message, content in cases.items():
        with pytest.raises(FormatError, match=message if message != "not understood" else "Storagf"):
            read_bytes(content)


class Canary:
    """Unpickling writes a file."""

    path: str

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


NAMES = """model.pkl weights.pickle classifier.joblib model.pt model.pth model.bin model.safetensors model.npz model.npy
model.keras model.h5 model.onnx model model.csv""".split()


@pytest.mark.parametrize("name", NAMES)
def test_a_malicious_pickle_executes_nothing(name: str, tmp_path: Path) -> None:
    path, canary = tmp_path / name, tmp_path / "canary"
    Canary.path = str(canary)
    for protocol in range(6):
        evil = pickle.dumps({"W1": np.ones((2, 2)), "b1": Canary()}, protocol)
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.writestr("archive/data.pkl", evil)
            archive.writestr("archive/version", "3")
        opened = io.BytesIO()
        np.savez(opened, W1=np.array([Canary()], object), b1=np.ones(2))
        for content in (evil, pickletools.optimize(evil), zipped.getvalue(), opened.getvalue()):
            path.write_bytes(content)
            for read_it in (read, cr.load):
                with pytest.raises(ChainruleError) as caught:
                    read_it(path)
                assert "\n" not in str(caught.value)
            assert not canary.exists()
    pickle.loads(evil)["b1"].close()  # the canary sings when it is let
    assert canary.exists()


def test_our_own_file_and_others(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    model.save(tmp_path / "ours.pkl")
    x = np.ones((1, 2), np.float32)
    assert_agrees(read(tmp_path / "ours.pkl"), x, model(cr.Tensor.of(x)).detach().numpy())
    with pytest.raises(ConfigError, match="says itself"):
        read(tmp_path / "ours.pkl", "relu")
    for content in (b"", b"hello", b"\x89HDF\r\n\x1a\n" + bytes(50), pickle.dumps([1]), pickle.dumps(3)):
        with pytest.raises(ChainruleError) as caught:
            read_bytes(content)
        assert "\n" not in str(caught.value)
