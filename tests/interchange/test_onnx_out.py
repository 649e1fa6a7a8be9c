"""Networks as ONNX graphs: onnxruntime computes what they compute, and what comes back in computes it still."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses, nn
from chainrule.data.encoders import BooleanEncoder, CategoricalEncoder, NumericEncoder
from chainrule.data.inputs import ArrayInputs, TableInputs
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Target
from chainrule.errors import ChainruleError, ConfigError, FormatError
from chainrule.interchange import export, read, save_onnx, to_onnx
from chainrule.interchange.onnx import from_onnx
from chainrule.nn.registry import LAYERS as REGISTRY

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

CLOSE = 1e-6
LAYERS = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(1.5), nn.SELU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
    nn.Softplus(), nn.Softplus(2.0, 3.0), nn.Softplus(0.5), nn.Mish(), nn.Hardtanh(-2, 0.5), nn.Sigmoid(), nn.Tanh(),
    nn.Step(), nn.Step(signed=True), nn.Identity(), nn.Dropout(0.5), nn.LayerNorm(5, eps=0.1), nn.BatchNorm1d(5),
    nn.Softmax(dim=1), nn.LogSoftmax(dim=-1), nn.Softmax(), nn.LayerNorm(5, bias=False), nn.BatchNorm1d(5, bias=False),
    nn.LayerNorm(5, elementwise_affine=False), nn.BatchNorm1d(5, affine=False), nn.Scale(5), nn.SmoothClip(0.7),
    nn.Linear(5, 5, bias=False), nn.Flatten(), nn.Sequential(nn.Linear(5, 5), nn.Tanh()),
]  # fmt: skip


def network(*middle: nn.Module) -> nn.Module:
    """Linear, the layers, batch normalisation that cannot be folded, linear; with moved numbers and statistics."""
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), *middle, nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 2, bias=False))
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.LayerNorm, nn.Scale)) and layer.weight is not None:
            layer.weight._data = np.linspace(0.5, 1.5, 5, dtype=np.float32)
    rng = np.random.default_rng(1)
    with cr.no_grad():
        for _ in range(3):
            model(cr.Tensor.of(rng.normal(size=(20, 3)).astype(np.float32) * 3))
    return model.eval()


def rows_of(count: int = 6, *shape: int) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(count, *(shape or (3,)))).astype(np.float32) * 2


def session(model: Any) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(model: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    opened = session(model)
    return dict(zip([one.name for one in opened.get_outputs()], opened.run(None, {"input": x}), strict=True))


def outputs(model: nn.Module, rows: np.ndarray) -> np.ndarray:
    with cr.no_grad():
        return np.asarray(model(cr.Tensor.of(rows)).numpy())


def assert_agree(found: Any, expected: np.ndarray) -> None:
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=CLOSE, atol=CLOSE)


def test_agreement_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_agree([[1.0]], np.array([[1.00001]]))


def test_no_layer_is_forgotten() -> None:
    tested = {type(layer).__name__ for layer in LAYERS} | {"Linear", "Sequential"}
    assert set(REGISTRY) == tested


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_every_layer_there_and_back(layer: nn.Module) -> None:
    model, x = network(layer), rows_of()
    written = to_onnx(model)
    onnx.checker.check_model(written, full_check=True)
    assert_agree(run(written, x)["output"], outputs(model, x))
    back = from_onnx(written.SerializeToString())
    assert_agree(outputs(back, x), outputs(model, x))
    again = from_onnx(to_onnx(back))
    assert [repr(one) for one in again] == [repr(one) for one in back]


def test_layers_come_back_as_they_were() -> None:
    model = network(*(nn.Sequential(nn.Linear(5, 5), one) for one in LAYERS if isinstance(one, nn.GELU | nn.SELU)))
    kinds = [type(one).__name__ for one in from_onnx(to_onnx(model))]
    assert kinds == "Linear Linear SELU Linear GELU Linear GELU ReLU BatchNorm1d Linear".split()
    state = {name: value.numpy() for name, value in from_onnx(to_onnx(model)).state_dict().items()}
    assert np.array_equal(state["0.weight"], model.state_dict()["0.weight"].numpy())


def test_far_out_nothing_overflows() -> None:
    rows = np.array([[-300.0, 0, 300], [900, -900, 2]], np.float32)
    for layer in (
        nn.Sigmoid(),
        nn.Softplus(),
        nn.Softmax(dim=1),
        nn.ELU(),
        nn.Mish(),
        nn.SmoothClip(),
        nn.GELU("tanh"),
    ):
        model = nn.Sequential(nn.Linear(3, 3, bias=False), layer)
        model[0].weight._data = np.eye(3, dtype=np.float32)
        assert_agree(run(to_onnx(model), rows)["output"], outputs(model, rows))


def test_more_axes_and_doubles() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Softmax(-1), nn.LayerNorm((2, 4)), nn.Flatten(), nn.Linear(8, 2))
    model.preprocessing = Preprocessing(ArrayInputs((2, 3), "float32", 1.0, None), Target())
    x = rows_of(6, 2, 3)
    written = to_onnx(model.eval())
    assert_agree(run(written, x)["output"], outputs(model, x))
    assert_agree(outputs(from_onnx(written), x), outputs(model, x))
    double = nn.Sequential(nn.Linear(3, 4, dtype="float64"), nn.Tanh(), nn.Linear(4, 1, dtype="float64"))
    x = rows_of()
    assert_agree(run(to_onnx(double), x)["output"], outputs(double, x.astype(np.float64)))
    images = nn.Sequential(nn.Flatten(), nn.Linear(6, 2))
    images.preprocessing = Preprocessing(ArrayInputs((2, 3), "uint8", 1 / 255, None), Target())
    x = rows_of(4, 2, 3)
    assert_agree(run(to_onnx(images), x)["output"], outputs(images, x))


def test_inputs_with_a_far_mean_keep_their_digits() -> None:
    model = nn.Sequential(nn.BatchNorm1d(3, eps=0.0), nn.Linear(3, 2))
    model[0].running_mean._data = np.array([2000.0, -500, 0], np.float32)
    x = rows_of() + np.array([2000, -500, 0], np.float32)
    written = to_onnx(model.eval())
    assert_agree(run(written, x)["output"], outputs(model, x))
    assert_agree(outputs(from_onnx(written), x), outputs(model, x))


def test_one_graph_for_any_number_of_rows() -> None:
    model = network(nn.Tanh())
    opened = session(to_onnx(model))
    for count in (1, 2, 77):
        x = rows_of(count)
        assert_agree(opened.run(None, {"input": x})[0], outputs(model, x))


# ------------------------------------------------------------------------------------------ predictions


@pytest.fixture(scope="module")
def penguins() -> Any:
    cr.manual_seed(0)
    table = cr.data.load("penguins")
    splits = table.prepare(test=0)
    model = nn.Sequential(nn.Linear(splits.train.preprocessing.n_features, 6), nn.Tanh(), nn.Linear(6, 3))
    cr.fit(model, splits.train, optimizer="adam", lr=0.05, epochs=3, verbose=0)
    return model.eval(), table


def feeds(opened: Any, frame: dict[str, list[Any]]) -> dict[str, np.ndarray]:
    """Columns as the graph takes them."""
    made = {}
    for one in opened.get_inputs():
        cells = frame[one.name]
        if one.type == "tensor(string)":
            made[one.name] = np.array([["" if cell is None else cell] for cell in cells], object)
        else:
            made[one.name] = np.array([[np.nan if cell is None else cell] for cell in cells], np.float64)
    return made


def assert_same_predictions(model: nn.Module, frame: dict[str, list[Any]]) -> None:
    opened = session(to_onnx(model))
    label, probabilities = opened.run(["label", "probabilities"], feeds(opened, frame))
    assert_agree(probabilities, cr.predict_proba(model, frame))
    assert label.tolist() == cr.predict(model, frame).tolist()


def test_the_preprocessing_comes_along(penguins: Any) -> None:
    model, table = penguins
    cells = {name: [table[name][row] for row in (*range(12), 3, 271)] for name in model.preprocessing.columns}
    frame = {
        name: [*(None if one is None or one != one else one for one in column), None] for name, column in cells.items()
    }
    assert any(one is None for column in frame.values() for one in column[:-1])
    assert_same_predictions(model, frame)
    with pytest.raises(FormatError, match=r"one input: got 7.*without the preprocessing"):
        from_onnx(to_onnx(model))
    plain = to_onnx(model, preprocessing=False)
    x = model.preprocessing.transform(frame)
    assert_agree(run(plain, x)["probabilities"], cr.predict_proba(model, frame))
    back = from_onnx(plain)
    assert_agree(cr.predict_proba(back, x), cr.predict_proba(model, frame))
    assert cr.predict(back, x).tolist() == cr.predict(model, frame).tolist()
    raw = run(to_onnx(model, preprocessing=False, link=False), x)
    assert_agree(raw["output"], outputs(model, x))


NAMES = ['a"b', "label", "input", "probabilities", "*/", "", "Gemm", "0.weight", "né", "0.5", "Concat", "x6", "tab\t"]


def test_names_stay_names_and_years_keep_their_digits() -> None:
    kinds = ("a'\"\\", "*/", "né", "0.5")
    encoders = (
        *(NumericEncoder(name, 0.5, 2000.0, 3.0, place % 2 == 0) for place, name in enumerate(NAMES)),
        CategoricalEncoder("kind", kinds),
        CategoricalEncoder("two", ("n", "y"), False, True, (0.5,), (0.5,)),
        CategoricalEncoder("none", ()),
        BooleanEncoder("flag", True, True, 0.5, 2.0),
    )
    inputs = TableInputs(encoders)
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(len(inputs.feature_names), 3)).eval()
    model.preprocessing = Preprocessing(inputs, Target("y", "multiclass", ("né", "", "b")))
    model.objective = losses.get("cross_entropy")
    opened = session(to_onnx(model))
    frame: dict[str, list[Any]] = {name: [2001.0 + place, None, 1999.123456789] for place, name in enumerate(NAMES)}
    frame |= {"kind": ["né", "unseen", None], "two": ["y", "n", "z"], "none": ["a", None, "b"], "flag": [0, None, 1]}
    expected = cr.predict_proba(model, {**frame, "flag": ["no", None, "yes"]})
    named = {(one if one else "x6_"): cells for one, cells in frame.items()}
    found = opened.run(None, feeds(opened, named))
    assert [one.name for one in opened.get_outputs()] == ["label_", "probabilities_"]
    assert_agree(found[1], expected)
    assert found[0].tolist() == [("né", "", "b")[place] for place in expected.argmax(axis=1)]


def classifier(outputs: int, loss: str, task: str | None, classes: tuple[str, ...] | None, *last: nn.Module) -> Any:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, outputs), *last).eval()
    model.objective = losses.get(loss)
    model.preprocessing = Preprocessing(ArrayInputs((3,), "float32", 1.0, None), Target("y", task, classes))  # type: ignore[arg-type]
    return model


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (classifier(3, "cross_entropy", "multiclass", ("a", "b", "c")), "probabilities"),
        (classifier(3, "cross_entropy", "multiclass", ("a", "b")), "probabilities"),
        (classifier(3, "cross_entropy", "multiclass", None), "probabilities"),
        (classifier(3, "nll", "multiclass", ("a", "b", "c"), nn.LogSoftmax(1)), "probabilities"),
        (classifier(1, "bce_with_logits", "binary", ("no", "yes")), "probabilities"),
        (classifier(1, "bce_with_logits", "binary", None), "probabilities"),
        (classifier(1, "bce", "binary", ("no", "yes"), nn.Sigmoid()), "probabilities"),
        (classifier(1, "hinge", "binary", ("no", "yes")), "scores"),
        (classifier(1, "perceptron", "binary", ("no", "yes")), "scores"),
        (classifier(1, "mse", "binary", ("no", "yes")), "scores"),
    ],
    ids=lambda value: value.objective.name if isinstance(value, nn.Module) else value,
)
def test_labels_and_numbers_of_every_loss(model: Any, names: str) -> None:
    x = rows_of(20)
    written = to_onnx(model)
    found = run(written, x)
    assert list(found) == ["label", names]
    assert found["label"].tolist() == cr.predict(model, x).tolist()
    if names == "probabilities":
        assert_agree(found[names], cr.predict_proba(model, x))
        back = from_onnx(written.SerializeToString())
        assert_agree(cr.predict_proba(back, x), found[names])
        if model.preprocessing.classes != ["a", "b"]:  # fewer names than outputs
            assert cr.predict(back, x).tolist() == found["label"].tolist()
    else:
        assert_agree(found[names], outputs(model, x))


def test_several_labels_at_once() -> None:
    model, x = classifier(3, "bce_with_logits", None, None), rows_of()
    found = run(to_onnx(model), x)
    assert list(found) == ["probabilities"]
    assert_agree(found["probabilities"], cr.predict_proba(model, x))


@pytest.mark.parametrize("loss", ["mse", "l1", "poisson"])
def test_a_regression_in_its_own_units(loss: str) -> None:
    x = rows_of(40)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    y = np.abs(np.round(x[:, :1])) if loss == "poisson" else 100 * x[:, :1] + 7
    cr.fit(model, (x, y), loss=loss, epochs=3, verbose=0)
    written = to_onnx(model)
    np.testing.assert_allclose(
        np.ravel(run(written, x)["prediction"]), np.ravel(cr.predict(model, x)), rtol=1e-6, atol=1e-5
    )
    if loss != "poisson":
        back = from_onnx(written)
        np.testing.assert_allclose(outputs(back, x), run(written, x)["prediction"], rtol=1e-6, atol=1e-5)


# ------------------------------------------------------------------------------------- files, refusals


def test_files(tmp_path: Path) -> None:
    model, x = network(nn.GELU()), rows_of()
    path = tmp_path / "model.onnx"
    save_onnx(model, path, name="mine")
    first = path.read_bytes()
    save_onnx(model, path, name="mine")
    assert path.read_bytes() == first
    loaded = onnx.load(path)
    assert loaded.graph.name == "mine"
    assert loaded.producer_name == "chainrule"
    assert loaded.ir_version == 8
    assert [(one.domain, one.version) for one in loaded.opset_import] == [("", 17)]
    assert all(one.data_type == onnx.TensorProto.FLOAT for one in loaded.graph.initializer)
    assert_agree(outputs(read(path), x), outputs(model, x))


def test_refusals() -> None:
    class Mine(nn.Module):
        def forward(self, input: Any) -> Any:
            return input

    with pytest.raises(FormatError, match=r"cannot have a Mine.*layer 1"):
        to_onnx(nn.Sequential(nn.Linear(2, 2), Mine()))
    with pytest.raises(FormatError, match="running statistics"):
        to_onnx(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)))
    with pytest.raises(FormatError, match="samples in relation"):
        to_onnx(nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=0)))
    with pytest.raises(FormatError, match="layer 1 does not fit"):
        to_onnx(nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 2)))
    with pytest.raises(FormatError, match="how many inputs"):
        to_onnx(nn.Sequential(nn.ReLU()))
    broken = nn.Sequential(nn.Linear(1, 1))
    broken[0].bias._data = np.array([np.nan], np.float32)
    with pytest.raises(FormatError, match="not finite"):
        to_onnx(broken)
    broken[0].bias._data = np.array([1e300])
    with pytest.raises(FormatError, match="not finite"):
        to_onnx(broken)
    with pytest.raises(ChainruleError, match="not a model"):
        to_onnx(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="to_onnx"):
        export(nn.Sequential(nn.Linear(1, 1)), "onnx")


def test_dates_are_refused() -> None:
    table = cr.data.Table({"day": ["2024-01-01", "2024-02-03", "2024-03-05", "2024-04-07"] * 3, "y": [0, 1, 1, 0] * 3})
    splits = table.prepare(target="y", test=0)
    model = nn.Sequential(nn.Linear(splits.train.preprocessing.n_features, 2))
    cr.fit(model, splits.train, epochs=1, verbose=0)
    with pytest.raises(FormatError, match=r"dates, as column 'day'.*--features"):
        to_onnx(model)
    assert to_onnx(model, preprocessing=False)
