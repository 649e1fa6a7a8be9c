"""`explain.diagnose`: each finding where it belongs, and none on networks that learn well."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, losses, nn
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError, UnknownNameError
from chainrule.explain.baseline import constant_loss
from chainrule.explain.findings import Finding
from chainrule.messages import keys


@pytest.fixture(autouse=True)
def _seeded() -> None:
    cr.manual_seed(3)


def blobs(rows: int = 120, features: int = 4, classes: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    y = np.arange(rows) % classes
    return (random.normal(size=(rows, features)) + 2 * np.eye(classes, features)[y]).astype(np.float32), y


def mlp(*sizes: int, activation: Any = nn.ReLU) -> nn.Sequential:
    layers: list[Any] = []
    for before, after in itertools.pairwise(sizes):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers[:-1])


def kinds(*arguments: Any, **options: Any) -> list[str]:
    return explain.diagnose(*arguments, **options).kinds()


# Healthy --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid])
@pytest.mark.parametrize("name", ["iris", "penguins"])
def test_no_finding_on_a_healthy_run(name: str, activation: Any) -> None:
    data = cr.data.load(name).prepare(seed=1)
    model = mlp(data.n_features, 16, data.n_classes, activation=activation)
    assert kinds(model, data) == []
    history = cr.fit(model, data.train, lr=0.01, epochs=60, validation=data.test, verbose=0)
    found = explain.diagnose(model, data, history)
    assert found.findings == ()
    assert found.healthy
    assert found.loss is not None
    assert found.baseline is not None
    assert found.loss < 0.25 * found.baseline


def test_no_finding_on_a_healthy_regression() -> None:
    x = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    y = np.sin(x[:, 0]) + x[:, 1]
    model = mlp(3, 32, 1, activation=nn.Tanh)
    history = cr.fit(model, (x, y), loss="mse", lr=0.01, epochs=60, validation=0.2, verbose=0)
    assert kinds(model, (x, y), history) == []


def test_saturation_that_does_no_harm_is_no_finding() -> None:
    model = mlp(2, 4, 1, activation=nn.Tanh)
    data = cr.data.load("xor")
    history = cr.fit(model, data, optimizer="adam", lr=0.1, epochs=300, verbose=0)
    for parameter in model[0].parameters():
        parameter._data *= 4
    found = explain.diagnose(model, data, history)
    assert found.findings == ()
    assert max(layer.saturated for layer in found.layers if layer.saturated is not None) > 0.5


# Layers ---------------------------------------------------------------------------------------------------------------


def test_dead_relus() -> None:
    model, data = mlp(4, 10, 3), blobs()
    model[0].bias._data[:6] = -100
    found = explain.diagnose(model, data)
    assert found.kinds() == ["dead_relu"]
    dead = found.findings[0]
    assert dead.where == "1"
    assert dead.evidence == {"dead": 6, "units": 10, "share": 0.6, "rows": 120}
    model[0].bias._data[2:6] = 1
    assert kinds(model, data) == []


def test_some_dead_relus_do_no_harm_to_a_network_that_has_learned() -> None:
    model, data = mlp(4, 16, 3), blobs()
    cr.fit(model, data, lr=0.02, epochs=60, verbose=0)
    model[0].bias._data[:6], model[2].weight._data[:, :6] = -100, 0
    cr.fit(model, data, lr=0.02, epochs=60, verbose=0)
    found = explain.diagnose(model, data)
    assert found.layers[1].dead == 6 / 16
    assert found.findings == ()
    model[0].bias._data[:9] = -100
    assert kinds(model, data) == ["dead_relu"]


@pytest.mark.parametrize("activation", [nn.Tanh, nn.Sigmoid])
def test_saturated_activations(activation: Any) -> None:
    model, data = mlp(4, 10, 3, activation=activation), blobs()
    model[0].bias._data[:] = 12.0
    found = explain.diagnose(model, data)
    assert found.kinds()[0] == "saturated"
    assert found.findings[0].evidence["activation"] == activation.__name__
    assert found.findings[0].evidence["share"] == pytest.approx(1.0)


def test_saturation_is_where_the_derivative_is_below_a_twentieth_of_its_maximum() -> None:
    z = np.linspace(-5, 5, 41).astype(np.float32)[:, None]
    for activation, derivative in ((nn.Sigmoid(), 4 / (2 + 2 * np.cosh(z))), (nn.Tanh(), 1 / np.cosh(z) ** 2)):
        model = nn.Sequential(nn.Linear(1, 1), activation, nn.Linear(1, 1))
        model[0].weight._data[:], model[0].bias._data[:] = 1, 0
        layers = explain.diagnose(model, z).layers
        assert layers[1].saturated == pytest.approx((derivative < 0.05).mean())


def test_gradients_vanish_in_deep_sigmoids_and_not_in_shallow_ones() -> None:
    found = explain.diagnose(mlp(4, *[16] * 8, 3, activation=nn.Sigmoid), blobs())
    assert "vanishing" in found.kinds()
    numbers = next(finding for finding in found.findings if finding.kind == "vanishing").evidence
    assert numbers["ratio"] == pytest.approx(numbers["last"] / numbers["first"])
    assert numbers["ratio"] > 1e3
    assert len(numbers["layers"]) == 9
    assert kinds(mlp(4, 16, 16, 3, activation=nn.Sigmoid), blobs()) == []


def test_gradients_explode_with_large_weights_alone() -> None:
    model = mlp(4, *[64] * 5, 3)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    assert "exploding" in kinds(model, blobs())
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
    assert kinds(model, blobs()) == []


def test_layers_gradients_are_those_of_autograd() -> None:
    model, (x, y) = mlp(4, 5, 3, activation=nn.Tanh), blobs()
    found = explain.diagnose(model, (x, y), loss="cross_entropy")
    hidden = model[0](cr.tensor(x))
    hidden.retain_grad()
    loss = losses.get("cross_entropy")(model[2](model[1](hidden)), cr.tensor(y))
    loss.backward()
    assert found.layers[0].gradient == pytest.approx(np.linalg.norm(hidden.grad.numpy()), rel=1e-5)
    assert found.loss == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.parametrize(("value", "kind"), [(0.0, "zero_weights"), (0.3, "symmetric")])
def test_equal_units(value: float, kind: str) -> None:
    model = mlp(4, 6, 3, activation=nn.Tanh)
    nn.init.constant_(model[0].weight, value)
    nn.init.constant_(model[0].bias, 0.1)
    found = explain.diagnose(model, blobs())
    assert found.kinds() == [kind]
    assert found.findings[0].evidence == {"units": 6, "distinct": 1}
    assert kinds(model) == [kind]  # without data, too


def test_a_last_layer_of_zeros_is_no_fault() -> None:
    model = mlp(4, 6, 3)
    nn.init.zeros_(model[2].weight)
    nn.init.zeros_(model[2].bias)
    assert kinds(model, blobs()) == []
    single = nn.Sequential(nn.Linear(4, 3))
    nn.init.zeros_(single[0].weight)
    assert kinds(single) == []


@pytest.mark.parametrize(("std", "kind"), [(1e-3, "small_weights"), (20.0, "large_weights")])
def test_weights_of_a_wrong_size(std: float, kind: str) -> None:
    model = mlp(4, 16, 3)
    nn.init.normal_(model[0].weight, std=std)
    assert kind in kinds(model)
    assert kind in kinds(model, blobs())
    assert kinds(mlp(4, 16, 3)) == []


# Data -----------------------------------------------------------------------------------------------------------------


def test_unscaled_inputs() -> None:
    x, y = blobs()
    scaled = explain.diagnose(mlp(4, 8, 3), (x, y))
    assert scaled.findings == ()
    x[:, 2] *= 1000
    found = explain.diagnose(mlp(4, 8, 3), (x, y))
    assert found.findings[0].kind == "unscaled_inputs"
    assert found.findings[0].evidence["size"] == pytest.approx(np.sqrt((x[:, 2].astype(float) ** 2).mean()))
    assert "unscaled_inputs" in kinds(mlp(4, 8, 3), (x * 1e-7, y))
    normalised = nn.Sequential(nn.BatchNorm1d(4), *mlp(4, 8, 3))
    assert kinds(normalised, (x, y)) == []


def test_imbalanced_classes() -> None:
    x, _ = blobs()
    found = explain.diagnose(mlp(4, 8, 1), (x, np.arange(120) < 10))
    assert found.kinds() == ["imbalance"]
    assert found.findings[0].evidence == {"most": 110, "fewest": 10, "share": pytest.approx(110 / 120)}
    assert kinds(mlp(4, 8, 1), (x, np.arange(120) < 20)) == []


def test_unscaled_targets() -> None:
    x = blobs()[0]
    assert kinds(mlp(4, 8, 1), (x, 5000 + x[:, 0]), loss="mse") == ["unscaled_targets"]
    assert kinds(mlp(4, 8, 1), (x, 5 + x[:, 0]), loss="mse") == []


@pytest.mark.parametrize(
    ("end", "outputs", "loss", "kind"),
    [
        (nn.Sigmoid, 1, "bce_with_logits", "activated_logits"),
        (None, 1, "bce_with_logits", None),
        (None, 1, "bce", "no_probabilities"),
        (nn.Sigmoid, 1, "bce", None),
        (nn.Softmax, 2, "cross_entropy", "activated_logits"),
        (None, 2, "nll", "no_log_probabilities"),
        (nn.LogSoftmax, 2, "nll", None),
        (nn.Softmax, 2, "nll", "no_log_probabilities"),
    ],
)
def test_outputs_that_do_not_match_the_loss(end: Any, outputs: int, loss: str, kind: str | None) -> None:
    x, y = blobs(classes=2)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, outputs))
    if end is not None:
        model.append(end())
    assert kinds(model, (x, y), loss=loss) == ([] if kind is None else [kind])


def test_targets_out_of_reach() -> None:
    x = blobs()[0]
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
    assert kinds(model, (x, x[:, 0]), loss="mse") == ["unreachable_targets"]
    assert kinds(model, (x, x[:, 0] > 0), loss="mse") == []


def test_targets_of_another_form() -> None:
    x, y = blobs()
    assert kinds(mlp(4, 8, 3), (x, x[:, 0]), loss="cross_entropy") == ["targets_refused"]
    assert kinds(mlp(4, 8, 2), (x, y), loss="cross_entropy") == ["targets_refused"]
    assert kinds(mlp(4, 8, 3), (x, x[:, 0]), loss="mse") == ["targets_refused"]
    classes = cr.data.from_arrays(x, y)
    assert kinds(mlp(4, 8, 1), classes, loss="mse") == ["classes_as_numbers"]


def test_the_best_constant() -> None:
    y = np.array([0, 0, 0, 1])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert constant_loss(losses.get("cross_entropy"), y, 2) == pytest.approx(entropy)
    assert constant_loss(losses.get("bce_with_logits"), y.reshape(-1, 1), 1) == pytest.approx(entropy)
    assert constant_loss(losses.get("bce"), y.reshape(-1, 1), 1) == pytest.approx(entropy)
    assert constant_loss(losses.get("mse"), np.array([[1.0], [3.0]]), 1) == pytest.approx(1)
    assert constant_loss(losses.get("l1"), np.array([[1.0], [3.0], [11.0]]), 1) == pytest.approx(10 / 3)
    assert constant_loss(losses.get("hinge"), y, 1) is None


# Curves ---------------------------------------------------------------------------------------------------------------

EPOCHS = np.arange(40)
DECAY = (0.1 + np.exp(-EPOCHS / 8)).tolist()


@pytest.mark.parametrize(
    ("curves", "kind"),
    [
        ({"loss": DECAY}, None),
        ({"loss": DECAY, "val_loss": [1.1 * value for value in DECAY]}, None),
        ({"loss": [1.0, 0.9]}, None),
        ({}, None),
        ({"loss": [1.0, 2.0, 40.0]}, "diverging"),
        ({"loss": [1.0, float("nan")]}, "diverging"),
        ({"loss": (1 - 0.002 * EPOCHS).tolist()}, "slow"),
        ({"loss": [1.0 + 0.3 * (-1) ** i for i in range(40)]}, "oscillating"),
        ({"loss": [0.7 + 0.001 * (-1) ** i for i in range(40)]}, "flat"),
        ({"loss": DECAY, "val_loss": (0.02 + np.exp(-EPOCHS / 3) + EPOCHS / 800).tolist()}, None),  # 0.05 of 1
        ({"loss": DECAY, "val_loss": (0.5 + (EPOCHS / 10 - 1) ** 2).tolist()}, "overfitting"),
    ],
)
def test_curves(curves: dict[str, list[float]], kind: str | None) -> None:
    assert kinds(mlp(4, 8, 3), history=curves) == ([] if kind is None else [kind])


def test_learning_rates_in_real_runs() -> None:
    data = blobs()
    found = {}
    for lr in (1e-5, 0.1, 300.0):
        cr.manual_seed(0)
        model = mlp(4, 8, 3, activation=nn.Tanh)
        history = cr.fit(model, data, optimizer="sgd", lr=lr, epochs=30, seed=0, verbose=0)
        found[lr] = kinds(model, data, history)
    assert found[0.1] == []
    assert "slow" in found[1e-5]
    assert {"diverging", "oscillating"} & set(found[300.0])


def test_overfitting_in_a_real_run_names_the_best_epoch() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 10)).astype(np.float32), random.integers(0, 2, 60)
    model = mlp(10, 64, 1)
    history = cr.fit(model, (x, y), lr=0.01, epochs=60, validation=0.5, seed=0, verbose=0)
    found = explain.diagnose(model, (x, y), history)
    assert found.kinds() == ["overfitting"]
    assert found.findings[0].evidence["best"] == int(np.argmin(history["val_loss"])) + 1


def memorised(loss: str | None = None) -> tuple[nn.Sequential, cr.data.Splits]:
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 10)).astype(np.float32)
    y = random.integers(0, 2, 120) if loss is None else random.normal(size=120)
    splits = cr.data.from_arrays(x, y).split(0.5, seed=0)
    model = mlp(10, 64, 1)
    cr.fit(model, splits.train, loss=loss, lr=0.01, epochs=80, verbose=0)
    return model, splits


@pytest.mark.parametrize("loss", [None, "mse"])
def test_overfitting_is_told_from_held_out_rows_without_a_curve(loss: str | None) -> None:
    model, splits = memorised(loss)
    found = explain.diagnose(model, splits, model.history)
    assert found.kinds() == ["overfitting_held_out"]
    assert found.notes == ()
    seen = found.findings[0].evidence
    for name, part in (("trained", splits.train), ("held_out", splits.test)):
        scores = cr.evaluate(model, part)
        assert seen[name] == pytest.approx(scores["loss"], rel=1e-5)
        assert seen[f"{name}_rows"] == 60
        assert seen.get(f"{name}_accuracy") == scores.get("accuracy")
    assert ("Accuracy" in found.explain("en")) is (loss is None)
    validated = cr.data.Splits(splits.train, validation=splits.test)
    for same in (
        explain.diagnose(model, validated),
        explain.diagnose(model, splits.train, held_out=(splits.test.inputs, splits.test.targets)),
    ):
        assert same.findings[0].evidence == seen
    assert "과적합" in found.explain("ko")


def test_without_held_out_rows_overfitting_is_not_judged_and_that_is_said() -> None:
    model, splits = memorised()
    for found in (explain.diagnose(model, splits.train, model.history), explain.diagnose(model)):
        assert found.findings == ()
        assert found.to_dict()["notes"] == [{"kind": "overfitting_not_judged"}]
        assert "Overfitting not judged: no held-out rows" in found.explain("en")
        assert "과적합은 판단하지 않았습니다" in found.explain("ko")
    watched = {"loss": DECAY, "val_loss": [1.1 * value for value in DECAY]}
    assert explain.diagnose(model, splits.train, watched).notes == ()


def test_one_bad_row_among_those_held_out_is_chance() -> None:
    x, y = blobs(classes=2)
    model = mlp(4, 8, 1)
    cr.fit(model, (x, y), lr=0.05, epochs=60, verbose=0)
    tested = y.copy()
    tested[:1] = 1 - tested[:1]
    assert kinds(model, (x, y), held_out=(x, tested)) == []
    tested[1:20] = 1 - tested[1:20]
    assert kinds(model, (x, y), held_out=(x, tested)) == ["overfitting_held_out"]


def test_held_out_rows_that_cannot_be_used() -> None:
    model, (x, y) = mlp(4, 8, 3), blobs()
    with pytest.raises(DataError, match="no targets"):
        explain.diagnose(model, (x, y), held_out=x)
    with pytest.raises(ShapeError):
        explain.diagnose(model, (x, y), held_out=(x[:, :2], y))
    with pytest.raises(DataError):
        explain.diagnose(model, (x, y), held_out=(x, y + 1))
    with pytest.raises(ConfigError):
        explain.diagnose(model, held_out=(x, y))


def test_underfitting_in_a_real_run() -> None:
    x = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    y = 3 * np.sign(x[:, 0] * x[:, 1])
    model = nn.Sequential(nn.Linear(2, 1))
    nn.init.constant_(model[0].bias, 3.0)
    history = cr.fit(model, (x, y), loss="mse", optimizer="sgd", lr=0.05, epochs=60, verbose=0)
    assert kinds(model, (x, y), history) == ["underfitting"]


@pytest.mark.parametrize(
    ("layers", "loss"),
    [
        ([nn.Linear(2, 1)], None),
        ([nn.Linear(2, 3), nn.Linear(3, 1), nn.Sigmoid()], "bce"),
        ([nn.Linear(2, 2)], "cross_entropy"),
    ],
)
def test_a_linear_network_on_xor_gets_the_proof(layers: list[nn.Module], loss: str | None) -> None:
    pytest.importorskip("scipy")
    model, data = nn.Sequential(*layers), cr.data.load("xor")
    history = cr.fit(model, data, loss=loss, optimizer="adam", lr=0.05, epochs=200, verbose=0)
    for curves in (history, None):
        found = explain.diagnose(model, data, curves)
        assert found.kinds() == ["not_separable"]
        assert found.findings[0].evidence["point"] == pytest.approx([0.5, 0.5])
        assert "the point (0.5, 0.5)" in found.explain("en")
        assert "초평면" in found.explain("ko")


def test_no_proof_where_it_would_not_help() -> None:
    x, y = blobs(classes=2)
    y[:3] = 1 - y[:3]  # a little overlap is no fault of a linear network
    model = nn.Sequential(nn.Linear(4, 1))
    history = cr.fit(model, (x, y), lr=0.05, epochs=60, verbose=0)
    assert "not_separable" not in kinds(model, (x, y), history)
    hidden = mlp(2, 4, 1)
    hidden[0].weight._data[:], hidden[0].bias._data[:] = 0.5, -9  # dead, so that it learns nothing
    flat = {"loss": [0.7 + 0.001 * (-1) ** i for i in range(40)]}
    assert "not_separable" not in kinds(hidden, cr.data.load("xor"), flat)
    same = np.zeros((8, 2), np.float32)  # one point with both labels: a hidden layer would not help
    assert kinds(nn.Sequential(nn.Linear(2, 1)), (same, np.arange(8) % 2), flat) == ["flat"]


# The whole ------------------------------------------------------------------------------------------------------------


def test_the_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    model[1].eval()
    before = {path: np.array(value._data) for path, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    assert kinds(model, blobs()) == []
    after = model.state_dict()
    assert all(np.array_equal(before[path], after[path]._data) for path in before)
    assert [module.training for module in model.modules()] == modes
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_texts_are_there_in_both_languages() -> None:
    model = mlp(4, 10, 3)
    model[0].bias._data[:] = -100
    found = explain.diagnose(model, blobs())
    assert "Dead ReLUs in layer 1" in found.explain("en")
    assert "10 of 10 units (100%)" in found.explain("en")
    assert "죽은 ReLU" in found.explain("ko")
    assert json.loads(found.to_json())["findings"][0]["kind"] == "dead_relu"
    assert set(found.findings[0].texts("en")) == {"title", "evidence", "cause", "advice"}
    assert "nothing" in explain.diagnose(mlp(4, 10, 3), blobs()).explain("en")


def test_every_finding_has_its_four_texts_and_causes_have_two_sentences() -> None:
    names = [key.removeprefix("diagnose.") for key in keys() if key.startswith("diagnose.")]
    found = {name.rpartition("_")[0] for name in names} - {""}
    assert len(found) > 20
    for kind in found:
        assert {f"{kind}_{part}" for part in ("title", "evidence", "cause", "advice")} <= set(names)
    numbers = {"best": 1}
    for kind in found:
        for lang in ("en", "ko"):
            cause = Finding(kind, "0", numbers).cause(lang)
            assert cause.count(". ") == 1, (kind, lang, cause)


def test_tables_and_trained_preprocessing() -> None:
    table = cr.data.load("iris")
    data = table.prepare(seed=0)
    model = mlp(4, 8, 3)
    cr.fit(model, data.train, lr=0.02, epochs=60, verbose=0)
    assert kinds(model, table) == []  # its raw centimetres are scaled as in training


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("model",), DTypeError),
        ((mlp(4, 3), 5), ConfigError),
        ((mlp(4, 3), np.zeros((0, 4), np.float32)), DataError),
        ((mlp(4, 3), np.zeros((5, 7), np.float32)), ShapeError),
        ((mlp(4, 3), np.full((5, 4), np.nan)), DataError),
        ((mlp(4, 3), None, [1.0]), DTypeError),
        ((mlp(4, 3), None, {"loss": ["a"]}), DTypeError),
    ],
)
def test_bad_input(arguments: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        explain.diagnose(*arguments)
    with pytest.raises(UnknownNameError):
        explain.diagnose(mlp(4, 3), loss="mes")
