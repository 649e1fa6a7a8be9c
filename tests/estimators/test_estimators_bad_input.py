"""Tables as they come: each odd one either works sensibly or gives one clear error."""

from __future__ import annotations

import datetime
import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pandas")

import pandas as pd

from chainrule.errors import ChainruleError
from chainrule.estimators import MLPClassifier, MLPRegressor, PerceptronClassifier
from chainrule.train import Callback

N = 60
RNG = np.random.default_rng(0)
SIGNAL = RNG.normal(size=N)
LABELS = np.where(SIGNAL > 0, "up", "down")


def table(**columns):
    return pd.DataFrame({"signal": SIGNAL, **columns})


def learned(X, y=LABELS, **options):
    """A classifier that has found the signal, and whose answers are numbers."""
    model = MLPClassifier(random_state=0, max_iter=60, **options).fit(X, y)
    assert model.score(X, y) > 0.9
    assert np.isfinite(model.predict_proba(X)).all()
    return model


def mixed():
    cells = [1, "two", 3.5, None, True, "1"] * 10
    return pd.Series(cells, dtype=object)


WORKS = {
    "constant": table(c=1.0),
    "constant text": table(c="same"),
    "all missing": table(c=np.nan),
    "all missing objects": table(c=pd.Series([None] * N, dtype=object)),
    "duplicate columns": table(c=SIGNAL, d=SIGNAL),
    "all-unique text": table(c=[f"id-{i}" for i in range(N)]),
    "all-unique numbers": table(c=np.arange(N) * 7 + 3),
    "some missing": table(c=np.where(np.arange(N) % 3, SIGNAL, np.nan)),
    "subnormal": table(c=RNG.integers(0, 5, N) * 5e-324),
    "1e308": table(c=np.where(np.arange(N) % 2, 1e308, -1e308)),
    "int64 beyond float32": table(c=2**62 + np.arange(N)),
    "uint64": table(c=np.array([2**64 - 1 - i for i in range(N)], np.uint64)),
    "mixed objects": table(c=mixed()),
    "dates": table(c=pd.date_range("2024-01-01", periods=N)),
    "dates of Python": table(c=[datetime.date(2024, 1, 1) + datetime.timedelta(i) for i in range(N)]),
    "empty strings": table(c=["", "a", "b"] * 20),
    "only empty strings": table(c=[""] * N),
    "booleans": table(c=SIGNAL > 1),
    "nullable": table(c=pd.array([1, None, 3] * 20, dtype="Int64")),
    "categorical dtype": table(c=pd.Categorical(["x", "y", "z"] * 20)),
    "text numbers": table(c=[f"{i % 7},5" for i in range(N)]),
    "names that are numbers": pd.DataFrame({0: SIGNAL, 1: 0.0}),
    "a list": SIGNAL[:, None].tolist(),
    "objects of numbers": SIGNAL[:, None].astype(object),
    "strings of numbers": SIGNAL[:, None].astype(str),
    "float16": SIGNAL[:, None].astype(np.float16),
    "booleans in a matrix": (SIGNAL > 0)[:, None],
    "more columns than rows": np.concatenate([SIGNAL[:, None]] * 100, axis=1),
    "Fortran order, read-only": np.asfortranarray(np.stack([SIGNAL, SIGNAL], axis=1)),
}
WORKS["Fortran order, read-only"].setflags(write=False)


@pytest.mark.parametrize("name", WORKS)
def test_it_learns_in_spite_of(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        learned(WORKS[name])


@pytest.mark.parametrize("X", [np.ones((N, 2)), np.full((N, 1), np.nan), pd.DataFrame({"c": [None] * N}),
                               pd.DataFrame({"id": [f"u{i}" for i in range(N)]}), pd.DataFrame({"c": ["same"] * N})],
                         ids=["constant", "missing", "None", "identifiers", "one text"])  # fmt: skip
def test_a_table_without_information_gives_the_commonest(X):
    y = np.array(["a"] * 40 + ["b"] * 20)
    model = MLPClassifier(random_state=0, max_iter=30).fit(X, y)
    assert (model.predict(X.iloc[:3] if hasattr(X, "iloc") else X[:3])[0]) in ("a", "b")
    assert model.score(X, y) >= 0.6


INFINITE = np.array([[np.inf], *SIGNAL[1:, None]])
CLASHES = [
    ("infinity", INFINITE, LABELS, "infinity"),
    ("infinity in a frame", table(c=INFINITE[:, 0]), LABELS, "column 'c' holds infinity"),
    ("infinity among text", table(c=INFINITE[:, 0], t=["p", "q"] * 30), LABELS, "'c' holds 1 infinite value"),
    ("no rows", np.empty((0, 3)), [], "0 sample"),
    ("no rows in a frame", table()[:0], [], "0 sample"),
    ("no columns", np.empty((N, 0)), LABELS, "0 feature"),
    ("no columns in a frame", pd.DataFrame(index=range(N)), LABELS, "0 feature"),
    ("one dimension", SIGNAL, LABELS, "Reshape your data"),
    ("three dimensions", np.ones((N, 2, 2)), LABELS, "dim 3"),
    ("rows of unequal length", [[1.0], [1.0, 2.0]] * 30, LABELS, "rows of X differ in length"),
    ("integers beyond float64", np.full((N, 1), 10**400, object), LABELS, "'x0' holds 60 infinite values"),
    ("lengths", SIGNAL[:, None], LABELS[:-1], "inconsistent numbers of samples"),
    ("complex", SIGNAL[:, None] + 1j, LABELS, "Complex data"),
    ("dictionaries", table(c=pd.Series([{}] * N)), LABELS, "'c' holds a dict"),
    ("two names alike", pd.concat([table(), table()], axis=1), LABELS, "two columns are called 'signal'"),
    ("names of two kinds", pd.DataFrame({"a": SIGNAL, 1: SIGNAL}), LABELS, "string names"),
    ("no labels", SIGNAL[:, None], None, "y"),
    ("missing labels", SIGNAL[:, None], np.where(SIGNAL > 1, np.nan, 1.0), "NaN"),
    ("missing text labels", SIGNAL[:, None], np.where(SIGNAL > 1, None, "a"), "missing values"),
    ("complex labels", SIGNAL[:, None], SIGNAL + 1j, r"Complex data not supported: got \(0\.1"),
    ("containers as labels", SIGNAL[:, None], [{}] * N, "y holds containers: got dict"),
    ("labels of unequal length", SIGNAL[:, None], [[1], [1, 0]] * 30, "rows of y differ in length"),
    ("numbers as labels", SIGNAL[:, None], SIGNAL, "Unknown label type"),
    ("labels of two kinds", SIGNAL[:, None], np.array([1, "a"] * 30, object), "y mixes text|Unknown label"),
    ("several classes in a row", SIGNAL[:, None], RNG.integers(0, 3, (N, 2)), "several columns of classes"),
]  # fmt: skip


@pytest.mark.parametrize(("X", "y", "message"), [one[1:] for one in CLASHES], ids=[one[0] for one in CLASHES])
@pytest.mark.parametrize("kind", [MLPClassifier, PerceptronClassifier])
def test_one_clear_error(kind, X, y, message):
    with pytest.raises((ValueError, TypeError), match=message):
        kind().fit(X, y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(SIGNAL > 1, np.nan, 1.0), "NaN"),
        (np.full(N, np.inf), "inf"),
        (LABELS, "could not be read as numbers: got 'up' in entry 0. Use MLPClassifier"),
        (pd.Series(LABELS, dtype="string"), "could not be read as numbers: got 'up'"),
        (np.array([None, *SIGNAL[1:]], object), r"missing values \(NaN\) \(in entry 0\)"),
        (pd.date_range("2024-01-01", periods=N), "dates or times: expected numbers"),
        (SIGNAL + 1j, r"Complex data not supported: got \(0\.1"),
        ([[1.0], [1.0, 2.0]] * 30, "rows of y differ in length"),
        ([{}] * N, "could not be read as numbers: got {} in entry 0"),
    ],
    ids=["NaN", "infinity", "text", "string", "None", "dates", "complex", "ragged", "dictionaries"],
)
def test_targets_that_are_no_numbers(y, message):
    with pytest.raises(ValueError, match=message) as caught:
        MLPRegressor().fit(SIGNAL[:, None], y)
    assert len(str(caught.value).splitlines()) == 1 or "NaN" in message


def test_targets_in_text_and_objects_are_numbers():
    X = SIGNAL[:, None]
    wanted = MLPRegressor(random_state=0, max_iter=3).fit(X, SIGNAL).predict(X)
    for y in (SIGNAL.astype(object), SIGNAL.astype(str), pd.Series(SIGNAL, dtype="Float64")):
        np.testing.assert_array_equal(MLPRegressor(random_state=0, max_iter=3).fit(X, y).predict(X), wanted)


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [([True, False], "boolean"), ([3, 5], "Int64"), (["a", "b"], "string"), (["a", "b"], "category")],
)
def test_labels_come_back_as_they_were(labels, dtype):
    y = pd.Series(labels * 30, dtype=dtype)
    model = MLPClassifier(max_iter=1).fit(SIGNAL[:, None], y)
    assert model.classes_.tolist() == labels or model.classes_.tolist() == sorted(labels)
    assert {type(one) for one in model.predict(SIGNAL[:, None]).tolist()} == {type(labels[0])}


def test_errors_show_labels_as_they_are():
    with pytest.raises(ValueError, match=r"y holds 'down', which is none of the classes: expected \['up'\]"):
        MLPClassifier().partial_fit(SIGNAL[:, None], LABELS, classes=["up"])


@pytest.mark.parametrize(("weights", "message"), [("balanced", "sample_weight is no column"), ([-1.0] * N, "Negative"),
                                                  ([np.nan] * N, "NaN"), ([1.0] * (N - 1), "shape")])  # fmt: skip
def test_weights_that_make_no_sense(weights, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier().fit(SIGNAL[:, None], LABELS, sample_weight=weights)


def test_regression_targets():
    X = SIGNAL[:, None]
    for y in (np.full(N, 3.5), SIGNAL * 1e300, SIGNAL * 1e-300, 2**60 + np.arange(N), SIGNAL + 1e12):
        model = MLPRegressor(random_state=0, max_iter=40).fit(X, y)
        found = model.predict(X)
        assert np.isfinite(found).all()
        assert np.abs(found - y).mean() <= 1.001 * np.abs(y - np.mean(y)).mean() + 1e-3 * (np.ptp(y) == 0)


# One row, one class ---------------------------------------------------------------------------------------------------


def test_one_row():
    assert MLPClassifier(max_iter=3).fit([[1.0, 2.0]], ["a"]).predict([[5.0, 6.0]]).tolist() == ["a"]
    np.testing.assert_allclose(MLPRegressor(max_iter=3).fit([[1.0, 2.0]], [7.0]).predict([[1.0, 2.0]]), [7.0], atol=1)
    assert MLPClassifier(norm="batch", max_iter=3).fit([[0.0], [1.0], [2.0]], [0, 1, 1]).predict([[1.0]]).shape == (1,)


def test_one_class():
    model = MLPClassifier(max_iter=5).fit(SIGNAL[:, None], ["only"] * N)
    assert set(model.predict(SIGNAL[:, None])) == {"only"}
    assert model.predict_proba(SIGNAL[:2, None]).tolist() == [[1.0], [1.0]]


def test_a_class_with_one_row():
    y = np.array(["rare", *["a", "b"] * 30])[:N]
    assert MLPClassifier(max_iter=5).fit(SIGNAL[:, None], y).classes_.tolist() == ["a", "b", "rare"]


# At predict -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    return learned(table(city=["Seoul", "Busan", None] * 20, age=RNG.normal(40, 9, N)))


def test_unseen_categories_count_as_others(fitted):
    X = table(city="Daegu", age=40.0)
    missing = table(city=None, age=40.0)
    assert (fitted.predict_proba(X) == fitted.predict_proba(missing)).all()


def test_values_that_were_never_missing_may_be_missing_later(fitted):
    X = table(city="Seoul", age=np.nan)
    X["signal"] = np.nan
    assert np.isfinite(fitted.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[["age", "city", "signal"]], "same order"),
        (lambda X: X.drop(columns="city"), "now missing"),
        (lambda X: X.assign(more=1), "unseen at fit time"),
        (lambda X: X.rename(columns={"age": "years"}), "unseen at fit time"),
        (lambda X: X.assign(age="old"), "'age' holds 'old' in row 0"),
        (lambda X: X.assign(signal=np.inf), "'signal' holds 60 infinite values"),
        (lambda X: X[:0], "0 sample"),
    ],
)
def test_other_columns_than_in_fit(fitted, change, message):
    X = table(city="Seoul", age=40.0)
    with pytest.raises(ValueError, match=message):
        fitted.predict(change(X))


def test_text_that_holds_numbers_is_read_as_numbers(fitted):
    X = table(city="Seoul", age=40.0)
    assert (fitted.predict_proba(X) == fitted.predict_proba(X.assign(age="40"))).all()


def test_plain_scaling_says_which_number_is_too_large():
    X = np.stack([SIGNAL, np.full(N, 1e300)], axis=1)
    with pytest.raises(ChainruleError, match="column 'x1' holds a number too large for float32"):
        MLPClassifier(preset="classic").fit(X, LABELS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_layer_sizes": (0,)}, "hidden_layer_sizes"),
        ({"hidden_layer_sizes": "big"}, "hidden_layer_sizes"),
        ({"activation": "rleu"}, "Did you mean 'relu'"),
        ({"activation": ["relu", "tanh"], "hidden_layer_sizes": (3,)}, "does not fit the hidden layers"),
        ({"preset": "clasic"}, "Did you mean 'classic'"),
        ({"preset": ["auto"]}, "unknown preset"),
        ({"solver": "lbfgs"}, "lbfgs"),
        ({"solver": "adm"}, "Did you mean 'adam'"),
        ({"loss": "mse"}, "for regression targets"),
        ({"loss": "log_los"}, "unknown loss 'log_los'. Did you mean 'log_loss'"),
        ({"loss": "squared_error"}, "is for regression targets: got binary"),
        ({"learning_rate": "cosin"}, "Did you mean 'cosine'"),
        ({"learning_rate_init": -1}, "learning_rate_init"),
        ({"max_iter": 0}, "max_iter"),
        ({"batch_size": 0}, "batch_size"),
        ({"dropout": 1.5}, "bad dropout"),
        ({"norm": "group"}, "unknown norm"),
        ({"class_weight": {"sideways": 2}}, "none of the classes"),
        ({"class_weight": "even"}, "balanced"),
        ({"class_weight": {"up": "a"}}, "a number for each class"),
        ({"monitor": "acuracy"}, "unknown metric"),
        ({"scaling": "unit"}, "unknown scaling"),
        ({"dtype": "int8"}, "dtype"),
        ({"engine": "gpu"}, "unknown engine"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"early_stopping": "yes"}, "early_stopping"),
        ({"n_init": 0}, "n_init"),
        ({"callbacks": [3]}, "not a callback"),
        ({"random_state": "x"}, "seed"),
        ({"activation": abs}, "unknown activation <built-in function abs>"),
        ({"activation": [["relu"]], "hidden_layer_sizes": (3,)}, "unknown activation"),
        ({"norm": ["batch"], "hidden_layer_sizes": (3,)}, "unknown norm"),
        ({"dropout": "half"}, "bad dropout"),
        ({"solver_options": 3}, "bad solver_options: expected a dictionary"),
        ({"callbacks": Callback}, "not a callback"),
        ({"scaling": 3}, "bad scaling"),
        ({"warm_start": "yes"}, "bad warm_start: expected True or False"),
        ({"shuffle": None}, "bad shuffle"),
        ({"learning_rate": 0.01}, "Use learning_rate_init"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_parameters_that_make_no_sense(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        MLPClassifier(**options).fit(SIGNAL[:, None], LABELS)


@pytest.mark.parametrize("eta0", [-1, 0, "x", float("nan")])
def test_a_perceptrons_rate_is_called_by_its_name(eta0):
    with pytest.raises(ValueError, match="bad eta0: expected a number above 0"):
        PerceptronClassifier(eta0=eta0).fit(SIGNAL[:, None], LABELS)
