"""Everything that users hand to `fit`, `evaluate` and `predict`, and what they get back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data.arrays import from_arrays
from chainrule.data.dataset import Dataset, Splits
from chainrule.errors import ChainruleError, ConfigError, DataError, ShapeError

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
SCORE = X @ np.array([[1.0, -1.0, 0.5], [0.3, 1.0, -1.0], [-1.0, 0.2, 1.0]])
Y = SCORE.argmax(axis=1)
NAMES = np.array(["ash", "birch", "cedar"])


def net(outputs: int = 3, *end: nn.Module, inputs: int = 3) -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, outputs), *end)


def fit(model: nn.Module, data: Any, **options: Any) -> cr.History:
    return cr.fit(model, data, **{"verbose": 0, "seed": 0, "epochs": 30, "lr": 0.05, "batch_size": 16, **options})


# Forms of data -------------------------------------------------------------------------------------------------------


def pandas_frame() -> Any:
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(X, columns=["a", "b", "c"]), pd.Series(Y, name="kind")


def polars_frame() -> Any:
    pl = pytest.importorskip("polars")
    return pl.DataFrame(X, schema=["a", "b", "c"]), pl.Series("kind", Y)


FORMS: dict[str, Any] = {
    "numpy": lambda: (X, Y),
    "lists": lambda: (X.tolist(), Y.tolist()),
    "a list of the two": lambda: [X, Y],
    "tensors": lambda: (cr.tensor(X), cr.tensor(Y)),
    "float32": lambda: (X.astype(np.float32), Y.astype(np.int32)),
    "column of targets": lambda: (X, Y[:, None]),
    "one-hot": lambda: (X, np.eye(3)[Y]),
    "pandas": pandas_frame,
    "polars": polars_frame,
    "frame and array": lambda: (pandas_frame()[0], Y),
    "dataset": lambda: from_arrays(X, Y),
    "splits": lambda: Splits(from_arrays(X, Y)),
    "fortran order": lambda: (np.asfortranarray(X), Y),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_training(form: str) -> None:
    data = FORMS[form]()
    model, expected = net(), net()
    history = fit(model, data)
    assert history["loss"] == fit(expected, (X, Y))["loss"]
    assert history["accuracy"][-1] > 0.9
    assert cr.evaluate(model, data) == pytest.approx(cr.evaluate(expected, (X, Y)))
    if not isinstance(data, Dataset | Splits):
        np.testing.assert_array_equal(cr.predict(model, data[0]).astype(int), cr.predict(expected, X))
        assert cr.predict_proba(model, data[0]).tobytes() == cr.predict_proba(expected, X).tobytes()


def test_a_table(tmp_path: Any) -> None:
    columns = {"a": X[:, 0], "b": X[:, 1], "colour": NAMES[(X[:, 2] > 0).astype(int)], "kind": NAMES[Y]}
    table = cr.data.Table(columns, target="kind")
    model = net(inputs=table.prepare(test=0).n_features)
    fit(model, table, validation=0.25)
    assert model.preprocessing.classes == ["ash", "birch", "cedar"]
    for unseen in (table, {k: v for k, v in columns.items() if k != "kind"}, dict(reversed(columns.items()))):
        labels = cr.predict(model, unseen)
        assert np.mean(labels == columns["kind"]) > 0.7
    assert cr.evaluate(model, table)["accuracy"] == np.mean(cr.predict(model, table) == columns["kind"])
    assert cr.evaluate(model, cr.data.Table(columns)) == cr.evaluate(model, table)


def test_a_tables_held_out_rows_do_not_shape_its_preprocessing() -> None:
    table = cr.data.Table({"a": X[:, 0] * 100 + 7, "y": Y.astype(str)}, target="y")
    model = net(inputs=1)
    fit(model, table, validation=0.5, epochs=1)
    encoder = model.preprocessing.inputs.encoders[0]
    whole = table.prepare(test=0).train.preprocessing.inputs.encoders[0]
    assert encoder != whole


def test_validation_data_are_prepared_as_the_training_data() -> None:
    """A table with other rows has another mean, and other classes come first in it."""
    rows = np.arange(60)
    first, second = rows[Y != 0][:20], rows

    def table(chosen: np.ndarray) -> Any:
        return cr.data.Table({"a": X[chosen, 0], "b": X[chosen, 1] * 9, "kind": NAMES[Y[chosen]]}, target="kind")

    model = net(inputs=2)
    history = fit(model, table(second), validation=table(first), epochs=3)
    assert history["val_loss"][-1] == pytest.approx(cr.evaluate(model, table(first))["loss"])
    seen = Dataset(model.preprocessing.transform(table(first)), Y[first])
    assert history["val_loss"][-1] == pytest.approx(cr.evaluate(model, seen, loss="cross_entropy")["loss"])
    texts = net()
    history = fit(texts, (X, NAMES[Y]), validation=(X[first], NAMES[Y[first]]), epochs=3)
    assert history["val_accuracy"][-1] == np.mean(cr.predict(texts, X[first]) == NAMES[Y[first]])


def test_a_second_training_forgets_the_first_ones_preprocessing() -> None:
    model = net()
    fit(model, (X, NAMES[Y]), epochs=1)
    other = np.array(["x", "y", "z"])
    fit(model, (X, other[Y]), validation=(X[:9], other[Y[:9]]), epochs=1)
    assert set(cr.predict(model, X)) <= {"x", "y", "z"}


@pytest.mark.parametrize("share", [0.25, np.float32(0.25)])
def test_a_fraction_held_out_is_stratified_and_seeded(share: Any) -> None:
    seen: list[int] = []
    model = net()
    model[0].register_forward_hook(lambda module, args, out: seen.append(len(out)) if module.training else None)
    one = fit(model, (X, Y), validation=share, epochs=1, batch_size=100)
    assert seen == [45]
    same = {"validation": 0.25, "epochs": 1, "batch_size": 100, "engine": "eager"}  # which runs the hook
    assert one["val_loss"] == fit(net(), (X, Y), **same)["val_loss"]
    assert one["val_loss"] != fit(net(), (X, Y), **same, seed=1)["val_loss"]


def test_splits_use_the_part_that_is_meant() -> None:
    parts = from_arrays(X, Y).split(test=0.2, validation=0.2)
    model = net()
    history = fit(model, parts, validation=parts, epochs=2)
    assert history["val_loss"][-1] == pytest.approx(cr.evaluate(model, parts.validation)["loss"])
    assert cr.evaluate(model, parts) == cr.evaluate(model, parts.test)
    assert len(cr.predict(model, parts)) == len(parts.test)


# Precision -----------------------------------------------------------------------------------------------------------


def test_a_float64_model_sees_all_digits() -> None:
    fine = X + 1e-12 * RNG.standard_normal(X.shape)
    model = net(1).double()
    y = SCORE[:, 0]
    history = fit(model, (fine, y), epochs=2, optimizer="sgd", lr=0.0)
    with cr.no_grad():
        output = model(cr.tensor(fine))._data[:, 0]
    assert history["loss"][0] == pytest.approx(((output - y) ** 2).mean(), rel=1e-13)
    np.testing.assert_array_equal(cr.predict(model, fine), output)
    assert cr.evaluate(model, (fine, y))["loss"] == pytest.approx(history["loss"][0], rel=1e-13)
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(fine, columns=list("abc"))
    framed = net(1).double()
    fit(framed, (frame, y), epochs=1, optimizer="sgd", lr=0.0)
    np.testing.assert_array_equal(cr.predict(framed, frame[["c", "a", "b"]]), output)


def test_dtypes_of_parameters_do_not_change() -> None:
    for dtype in ("float32", "float64"):
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.GELU(), nn.Linear(4, 3)).to(dtype)
        fit(model, (X, Y), epochs=2, clip_norm=1.0, schedule="cosine")
        assert {str(p.dtype) for p in model.parameters()} == {dtype}
        assert cr.predict_proba(model, X).dtype == dtype


def test_images_of_bytes() -> None:
    images = RNG.integers(0, 256, (40, 4, 5), dtype=np.uint8)
    images[:20, 0] = 255
    y = np.repeat([1, 0], 20)
    model = nn.Sequential(nn.Flatten(), nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 2))
    assert fit(model, (images, y))["accuracy"][-1] == 1.0
    assert (cr.predict(model, images) == y).all()
    assert (cr.predict(model, images.astype(np.float32) / 255) == y).all()
    assert (cr.predict(model, images.reshape(40, 20)) == y).all()
    assert cr.evaluate(model, (images, y))["accuracy"] == 1.0


# Tasks ---------------------------------------------------------------------------------------------------------------


def test_regression_reports_in_the_users_units() -> None:
    y = 1000 + 50 * SCORE[:, 0]
    table = cr.data.Table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "price": y}, target="price")
    model = net(1)
    history = fit(model, table, metrics=["mae", "rmse", "r2"], epochs=60, validation=table)
    predicted = cr.predict(model, table)
    assert predicted.shape == (60,)
    assert np.abs(predicted - y).mean() < 20
    assert history["val_mae"][-1] == pytest.approx(np.abs(predicted - y).mean(), rel=1e-4)
    assert history["val_rmse"][-1] == pytest.approx(np.sqrt(((predicted - y) ** 2).mean()), rel=1e-4)
    assert history["val_loss"][-1] == pytest.approx(((predicted - y) ** 2).mean() / y.var(), rel=1e-4)
    scores = cr.evaluate(model, table, metrics=["mae"])
    assert scores["mae"] == pytest.approx(history["val_mae"][-1])
    assert repr(scores) == f"loss {scores['loss']:.4f} · mae {scores['mae']:.4f}"


def test_regression_with_several_outputs() -> None:
    model = net(3)
    fit(model, (X, SCORE), epochs=60)
    assert cr.predict(model, X).shape == (60, 3)
    assert cr.evaluate(model, (X, SCORE))["mae"] == pytest.approx(np.abs(cr.predict(model, X) - SCORE).mean(), rel=1e-5)


BINARY = (SCORE[:, 0] > 0).astype(int)


@pytest.mark.parametrize("y", [BINARY, BINARY.astype(float), BINARY.astype(bool)], ids=["int", "float", "bool"])
@pytest.mark.parametrize(
    ("model", "loss", "used"),
    [
        (lambda: net(1), None, "bce_with_logits"),
        (lambda: net(1, nn.Sigmoid()), None, "bce"),
        (lambda: net(2), None, "cross_entropy"),
        (lambda: net(2, nn.LogSoftmax(1)), None, "nll"),
        (lambda: net(1), "hinge", "hinge"),
        (lambda: net(1), "perceptron", "perceptron"),
        (lambda: net(1, nn.Sigmoid()), "mse", "mse"),
        (lambda: net(1), "mse", "mse"),
    ],
)
def test_two_classes(model: Any, loss: str | None, used: str, y: np.ndarray) -> None:
    network = model()
    history = fit(network, (X, y), loss=loss, validation=0.2, epochs=60)
    assert network.objective.name == used
    assert history["accuracy"][-1] > 0.85
    labels = cr.predict(network, X)
    assert labels.shape == (60,)
    expected = y.astype(str) if y.dtype == bool else BINARY
    assert np.mean(labels == expected) == pytest.approx(cr.evaluate(network, (X, y))["accuracy"])
    if network.objective.probabilistic:
        shares = cr.predict_proba(network, X)
        assert shares.shape == (60, 2)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_array_equal(shares.argmax(axis=1) == 1, labels == ("True" if y.dtype == bool else 1))
    else:
        with pytest.raises(ConfigError, match="gives no probabilities"):
            cr.predict_proba(network, X)


@pytest.mark.parametrize("loss", ["hinge", "perceptron"])
@pytest.mark.parametrize("kind", [int, float, "list"])
def test_signs_as_classes(loss: str, kind: Any) -> None:
    signs = 2 * BINARY - 1
    y = signs.tolist() if kind == "list" else signs.astype(kind)
    model = net(1)
    history = fit(model, (X, y), loss=loss, validation=(X, y))
    assert set(cr.predict(model, X).tolist()) <= {-1.0, 1.0}
    assert np.mean(cr.predict(model, X) == signs) == history["val_accuracy"][-1] > 0.9
    assert cr.evaluate(model, (X, y))["accuracy"] == history["val_accuracy"][-1]


def test_labels_that_are_text() -> None:
    model = net()
    fit(model, (X, NAMES[Y]))
    assert np.mean(cr.predict(model, X) == NAMES[Y]) == cr.evaluate(model, (X, NAMES[Y]))["accuracy"] > 0.9
    np.testing.assert_allclose(cr.predict_proba(model, X).sum(axis=1), 1, rtol=1e-6)


def test_text_of_two_classes_with_one_output() -> None:
    y = np.array(["no", "yes"])[BINARY]
    for loss in (None, "hinge", "mse"):
        model = net(1)
        fit(model, (X, y), loss=loss, epochs=60)
        assert np.mean(cr.predict(model, X) == y) > 0.85


def test_several_questions_at_once() -> None:
    y = (SCORE > 0).astype(float)
    y[:2] = [[1, 1, 0], [0, 0, 0]]
    model = net(3)
    history = fit(model, (X, y), loss="bce_with_logits", validation=(X, y), epochs=60)
    answers = cr.predict(model, X)
    assert answers.shape == (60, 3)
    assert history["val_accuracy"][-1] == pytest.approx(np.mean(answers == y))
    assert history["val_accuracy"][-1] > 0.85


def test_probabilities_as_targets() -> None:
    shares = np.exp(SCORE) / np.exp(SCORE).sum(axis=1, keepdims=True)
    model = net()
    history = fit(model, (X, shares), loss="cross_entropy", epochs=60, validation=0.2)
    assert history["accuracy"][-1] > 0.85
    assert cr.predict_proba(model, X) == pytest.approx(shares, abs=0.2)


def test_more_outputs_than_classes() -> None:
    model = net(7)
    model[2].bias._data[5] = 50.0
    fit(model, (X, NAMES[Y]), epochs=1, lr=0.0, optimizer="sgd")
    assert set(cr.predict(model, X)) <= set(NAMES)
    assert cr.predict_proba(model, X).shape == (60, 7)


def test_a_metric_that_an_epoch_cannot_give_is_not_a_number() -> None:
    y = np.zeros(60, int)
    y[-1] = 1
    history = fit(net(1), (X, y), metrics="roc_auc", validation=(X[:9], y[:9]), epochs=1)
    assert np.isfinite(history["roc_auc"][0])
    assert np.isnan(history["val_roc_auc"][0])


@pytest.mark.parametrize("metric", ["accuracy", "f1", "precision", "recall", "roc_auc", "log_loss"])
def test_metrics_are_those_of_the_predictions(metric: str) -> None:
    for outputs in (1, 2):
        model = net(outputs)
        fit(model, (X, BINARY), epochs=3, metrics=metric)
        shares = cr.predict_proba(model, X)[:, 1] if outputs == 1 else cr.predict_proba(model, X)
        expected = cr.metrics.get(metric)(shares, BINARY)
        assert cr.evaluate(model, (X, BINARY), metrics=[metric])[metric] == pytest.approx(expected)


def test_evaluating_by_another_loss() -> None:
    model = net()
    fit(model, (X, Y), epochs=2)
    smoothed = cr.losses.get("cross_entropy", label_smoothing=0.1)
    assert cr.evaluate(model, (X, Y), loss=smoothed)["loss"] != cr.evaluate(model, (X, Y))["loss"]
    assert list(cr.evaluate(model, (X, Y), metrics=[])) == ["loss"]
    assert list(cr.evaluate(model, (X, Y), metrics=["accuracy", "f1_macro"])) == ["loss", "accuracy", "f1_macro"]


# Few rows, other rows ------------------------------------------------------------------------------------------------


def test_a_single_row() -> None:
    model = net()
    fit(model, (X, Y))
    assert cr.predict(model, X[:1]).tolist() == cr.predict(model, X)[:1].tolist()
    assert cr.predict(model, X[:1].tolist()).shape == (1,)
    assert cr.predict_proba(model, X[:1]).shape == (1, 3)
    assert cr.evaluate(model, (X[:1], Y[:1]))["accuracy"] in (0.0, 1.0)


@pytest.mark.parametrize("batch_size", [1, 7, 60, 10_000])
def test_the_batch_size_of_predictions_does_not_matter(batch_size: int) -> None:
    model = net()
    fit(model, (X, Y), epochs=3)
    np.testing.assert_allclose(
        cr.predict_proba(model, X, batch_size=batch_size), cr.predict_proba(model, X), rtol=1e-5, atol=1e-7
    )
    assert cr.evaluate(model, (X, Y), batch_size=batch_size) == pytest.approx(cr.evaluate(model, (X, Y)), rel=1e-5)


def test_a_model_that_was_never_trained_gives_its_outputs() -> None:
    model = net(1)
    assert cr.predict(model, X).shape == (60,)
    assert cr.predict(net(2), X).shape == (60, 2)
    with pytest.raises(ConfigError, match="gives no probabilities: got not trained"):
        cr.predict_proba(model, X)


NOT_PREDICTED: dict[str, tuple[Any, type[ChainruleError], str]] = {
    "no rows": (np.zeros((0, 3)), DataError, "there are no rows to predict"),
    "nothing": ([], ShapeError, "shape"),
    "a row without axis": (X[0], ShapeError, "first axis|shape"),
    "too many columns": (np.ones((2, 4)), ShapeError, r"expected \(N, 3\), got \(2, 4\)"),
    "ragged": ([[1, 2, 3], [1, 2]], ShapeError, "same length"),
    "text": ([["a", "b", "c"]], ChainruleError, "not numbers"),
    "not finite": (np.full((2, 3), np.nan), DataError, "finite|NaN|nan"),
    "a pair": ((X, Y), ShapeError, "one array|shape"),
    "a number": (3.0, ShapeError, "shape"),
    "none": (None, ChainruleError, "shape|numbers"),
    "an empty data set": (Dataset(np.zeros((0, 3), np.float32)), DataError, "there are no rows"),
    "a data set of other samples": (Dataset(np.zeros((2, 5), np.float32)), ShapeError, "5"),
}


@pytest.mark.parametrize("name", NOT_PREDICTED)
@pytest.mark.parametrize("call", [cr.predict, cr.predict_proba], ids=["predict", "predict_proba"])
def test_what_cannot_be_predicted(call: Any, name: str) -> None:
    model = net()
    fit(model, (X, Y), epochs=1)
    data, kind, message = NOT_PREDICTED[name]
    with pytest.raises(kind, match=message) as caught:
        call(model, data)
    assert "\n" not in str(caught.value)


def test_wrong_columns_are_named() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = net()
    fit(model, (frame, Y), epochs=1)
    with pytest.raises(ChainruleError, match=r"\bb\b"):
        cr.predict(model, frame.drop(columns="b"))
    extra = frame.assign(d=1.0)[["d", "c", "b", "a"]]
    np.testing.assert_array_equal(cr.predict(model, extra), cr.predict(model, frame))


def test_what_cannot_be_evaluated() -> None:
    model = net()
    fit(model, (X, NAMES[Y]), epochs=1)
    with pytest.raises(DataError, match="no rows"):
        cr.evaluate(model, (X[:0], NAMES[Y[:0]]))
    with pytest.raises(DataError, match=r"'oak'.*none of the classes"):
        cr.evaluate(model, (X[:2], ["oak", "ash"]))
    with pytest.raises(ShapeError, match="differ in length"):
        cr.evaluate(model, (X, NAMES[Y[:9]]))
    with pytest.raises(ConfigError, match="unknown form"):
        cr.evaluate(model, X)
    with pytest.raises(DataError, match="no targets"):
        cr.evaluate(model, Dataset(X.astype(np.float32)))
    with pytest.raises(ConfigError, match="bad batch_size"):
        cr.evaluate(model, (X, NAMES[Y]), batch_size=0)
    with pytest.raises(ConfigError, match="'mae' is for regression"):
        cr.evaluate(model, (X, NAMES[Y]), metrics="mae")
