"""What the estimators' parameters do, against scikit-learn where it has them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn import neural_network
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Perceptron
from sklearn.utils.estimator_checks import check_sample_weight_equivalence_on_dense_data

import chainrule as cr
from chainrule.engines import available
from chainrule.estimators import MLPClassifier, MLPRegressor, PerceptronClassifier
from chainrule.train import Callback

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def quick(**options):
    return MLPClassifier(**{"hidden_layer_sizes": (16,), "random_state": 0, "max_iter": 30, **options})


def quick_regressor(**options):
    start = {"hidden_layer_sizes": (16,), "random_state": 0, "max_iter": 60, "learning_rate_init": 0.01}
    return MLPRegressor(**{**start, **options})


# scikit-learn's own numbers -------------------------------------------------------------------------------------------

LABELLED = make_multilabel_classification(40, 4, random_state=0)
LABELLED = LABELLED[0] / 20, LABELLED[1]  # large numbers would drive tanh into saturation, and gradients to rounding
PROBLEMS = {
    "classes": (neural_network.MLPClassifier, MLPClassifier, IRIS[0], IRIS[1]),
    "two classes": (neural_network.MLPClassifier, MLPClassifier, IRIS[0][:100], IRIS[1][:100]),
    "labels": (neural_network.MLPClassifier, MLPClassifier, *LABELLED),
    "a number": (neural_network.MLPRegressor, MLPRegressor, IRIS[0][:, :3], IRIS[0][:, 3]),
    "numbers": (neural_network.MLPRegressor, MLPRegressor, IRIS[0][:, :2], IRIS[0][:, 2:]),
}
ALGORITHMS = {
    "adam": {"solver": "adam", "alpha": 0.5, "epsilon": 1e-14},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.01, "alpha": 0.5, "momentum": 0.8},
    "plain sgd": {"solver": "sgd", "learning_rate_init": 0.01, "momentum": 0.0},
    # scikit-learn's Adam does not correct ε for bias, as the paper's first form does: the steps differ where ε counts.
    "batches": {"solver": "adam", "batch_size": 16, "activation": "tanh", "alpha": 0.0, "epsilon": 1e-14},
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("weighted", [False, True])
def test_classic_takes_scikit_learns_steps(problem, algorithm, weighted):
    theirs, ours, X, y = PROBLEMS[problem]
    common = {"hidden_layer_sizes": (5, 3), "shuffle": False, "random_state": 0, "warm_start": True, "tol": 0.0}
    common |= {"batch_size": len(X), "activation": "logistic", **ALGORITHMS[algorithm]}
    weights = {"sample_weight": np.arange(len(X)) % 3 + 0.5} if weighted else {}
    rate = common.pop("learning_rate_init", 0.001)
    with pytest.warns(match="Maximum iterations"):
        wanted = theirs(**common, learning_rate_init=1e-300, max_iter=1).fit(X, y)
    found = ours(**common, preset="classic", dtype="float64", learning_rate_init=1e-300, max_iter=1).fit(X, y)
    for mine, weight in zip(found.coefs_ + found.intercepts_, wanted.coefs_ + wanted.intercepts_, strict=True):
        mine[...] = weight
    with pytest.warns(match="Maximum iterations"):
        wanted.set_params(learning_rate_init=rate, max_iter=10).fit(X, y, **weights)
    found.set_params(learning_rate_init=rate, max_iter=10).fit(X, y, **weights)
    for mine, weight in zip(found.coefs_ + found.intercepts_, wanted.coefs_ + wanted.intercepts_, strict=True):
        np.testing.assert_allclose(mine, weight, rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(found.predict(X), wanted.predict(X), rtol=1e-5)


def test_classic_has_scikit_learns_defaults():
    mine, theirs = MLPClassifier(preset="classic", random_state=0), neural_network.MLPClassifier(random_state=0)
    settings = mine.fit(*IRIS).settings_
    assert settings.hidden_layer_sizes == theirs.hidden_layer_sizes
    assert (settings.activation, settings.optimizer, settings.lr) == (theirs.activation, theirs.solver, 0.001)
    assert (settings.l2, settings.epochs, settings.tol) == (theirs.alpha, theirs.max_iter, theirs.tol)
    assert (settings.patience, settings.batch_size) == (theirs.n_iter_no_change, 150)
    assert settings.validation_fraction == 0


def test_weights_are_repetitions_where_every_step_sees_all_rows():
    options = {"preset": "classic", "batch_size": 1000, "dtype": "float64", "scaling": None, "max_iter": 20}
    check_sample_weight_equivalence_on_dense_data("MLPClassifier", MLPClassifier(**options))
    check_sample_weight_equivalence_on_dense_data("MLPRegressor", MLPRegressor(**options))


# Layers ---------------------------------------------------------------------------------------------------------------


def test_layers():
    model = quick(
        hidden_layer_sizes=(8, 6, 4), activation=["relu", "tanh", "gelu"], dropout=[0.1, 0.0, 0.2], norm="layer"
    )
    kinds = [type(layer).__name__ for layer in model.fit(*IRIS).model_]
    assert kinds[:2] == ["SmoothClip", "Scale"]
    assert kinds[2:] == (
        "Linear LayerNorm ReLU Dropout Linear LayerNorm Tanh Linear LayerNorm GELU Dropout Linear".split()
    )  # fmt: skip
    assert [w.shape for w in model.coefs_] == [(4, 8), (8, 6), (6, 4), (4, 3)]
    assert model.transform(IRIS[0]).shape == (150, 4)
    assert quick(norm="batch", max_iter=60).fit(*IRIS).score(*IRIS) > 0.9


def test_the_hidden_layer_is_what_the_last_layer_sees():
    X, y = IRIS
    model = quick(dropout=0.3).fit(X, y)
    scores = model.transform(X) @ model.coefs_[-1] + model.intercepts_[-1]
    np.testing.assert_allclose(model.decision_function(X), scores, rtol=1e-4, atol=1e-5)


# Losses ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["log_loss", "focal", "hinge"])
@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["three", "two"])
def test_losses_of_classes(loss, data):
    model = quick(loss=loss, max_iter=100).fit(*data)
    assert model.score(*data) > 0.93
    assert hasattr(model, "predict_proba") == (loss != "hinge")


@pytest.mark.parametrize("data", [IRIS, CANCER, LABELLED], ids=["three", "two", "labels"])
def test_the_cross_entropy_has_several_names(data):
    found = [quick(loss=loss, max_iter=3).fit(*data).loss_curve_ for loss in (None, "log_loss", "cross_entropy")]
    assert found[0] == found[1] == found[2]
    assert found[0] != quick(loss="cross_entropy", label_smoothing=0.0, max_iter=3).fit(*data).loss_curve_
    with pytest.raises(ValueError, match="'log_loss' is for binary, multilabel, multiclass targets: got regression"):
        quick_regressor(loss="log_loss").fit(*DIABETES)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "smooth_l1", "quantile"])
def test_losses_of_numbers(loss):
    assert quick_regressor(loss=loss).fit(*DIABETES).score(*DIABETES) > 0.35


def test_quantiles_have_their_share_below():
    X, y = DIABETES
    for quantile in (0.1, 0.9):
        model = quick_regressor(loss=cr.losses.get("quantile", quantile=quantile), max_iter=150).fit(X, y)
        assert abs(np.mean(y < model.predict(X)) - quantile) < 0.07


def test_counts():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = rng.poisson(np.exp(1 + X[:, 0]))
    model = quick_regressor(loss="poisson").fit(X, y)
    assert (model.predict(X) > 0).all()
    assert np.corrcoef(np.log(model.predict(X)), 1 + X[:, 0])[0, 1] > 0.95
    with pytest.raises(ValueError, match="at least 0"):
        quick_regressor(loss="poisson").fit(X, -y - 1)


# Classes that weigh more ----------------------------------------------------------------------------------------------


def test_balanced_classes_find_the_rare_one():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = (X[:, 0] + rng.normal(size=400) > 2.2).astype(int)
    for loss in ("log_loss", "focal"):
        plain, balanced = (quick(class_weight=w, loss=loss).fit(X, y) for w in (None, "balanced"))
        recall = [np.mean(model.predict(X[y == 1])) for model in (plain, balanced)]
        assert recall[1] > recall[0] + 0.2


@pytest.mark.parametrize("data", [IRIS, CANCER], ids=["three", "two"])
def test_weights_of_classes_are_weights_of_rows(data):
    X, y = data
    weights = {0: 1.0, 1: 3.0, 2: 0.5}
    weights = {label: weights[label] for label in np.unique(y)}
    options = {"batch_size": 1000, "dtype": "float64", "max_iter": 10, "early_stopping": False, "solver": "sgd"}
    options["label_smoothing"] = 0.0  # which weighs the other classes, too
    by_class = quick(class_weight=weights, **options).fit(X, y)
    by_row = quick(**options).fit(X, y, sample_weight=np.array([weights[label] for label in y]))
    np.testing.assert_allclose(by_class.predict_proba(X), by_row.predict_proba(X), rtol=1e-6)
    assert by_row.engine_ == by_class.engine_


@pytest.mark.skipif("native" not in available(), reason="the native engine is not built")
@pytest.mark.parametrize("given", ["rows", "rows and classes"])
def test_weights_of_rows_are_no_reason_for_the_slower_engine(given):
    weights = np.random.default_rng(0).uniform(0, 2, len(IRIS[1]))
    options = {"class_weight": "balanced"} if given == "rows and classes" else {}
    options |= {"max_iter": 5, "dtype": "float64"}
    models = [quick(engine=engine, **options).fit(*IRIS, sample_weight=weights) for engine in ("auto", "eager")]
    assert [model.engine_ for model in models] == ["native", "eager"]
    np.testing.assert_allclose(*(model.predict_proba(IRIS[0]) for model in models), rtol=1e-6)
    regressor = MLPRegressor(max_iter=2, random_state=0).fit(*DIABETES, sample_weight=np.arange(len(DIABETES[1])) % 3)
    assert regressor.engine_ == "native"


# Several outputs ------------------------------------------------------------------------------------------------------


def test_numbers_of_different_size():
    X, y = DIABETES
    several = np.stack([y * 1e6, X[:, 2] * 1e-3, y + 5e4], axis=1)
    model = quick_regressor(max_iter=100).fit(X, several)
    assert model.predict(X).shape == several.shape
    assert model.score(X, several) > 0.4
    np.testing.assert_allclose(cr.predict(model.model_, X), model.predict(X), rtol=1e-3, atol=1e-6)
    assert model.fit(X, y[:, None]).predict(X).shape == (len(X), 1)
    assert model.fit(X, y).predict(X).shape == (len(X),)


def test_several_labels_in_a_row():
    X, y = make_multilabel_classification(200, 10, n_classes=4, random_state=0)
    model = quick(max_iter=60).fit(X, y)
    assert np.mean(model.predict(X) == y) > 0.7
    assert model.predict_proba(X).shape == (200, 4)
    assert model.predict(X).shape == (200, 4)


def test_labels_of_any_kind_come_back():
    X, y = IRIS
    for names in (np.array(["a", "b", "c"]), np.array([-5, 0, 7]), np.array([0.5, 1.5, 2.0]).astype(str)):
        found = quick().fit(X, names[y]).predict(X)
        assert found.dtype == names.dtype
        assert set(found) <= set(names)
    two = quick().fit(X[:100], y[:100] == 0).predict(X[:100])
    assert two.dtype == bool


# Training -------------------------------------------------------------------------------------------------------------


def test_validation_and_early_stopping():
    X, y = CANCER
    model = quick(max_iter=200, early_stopping=True, monitor="roc_auc", n_iter_no_change=5, metrics=["accuracy"]).fit(
        X, y
    )
    assert model.n_iter_ < 200
    assert len(model.validation_curve_) == len(model.loss_curve_) == model.n_iter_
    assert {"val_roc_auc", "val_accuracy", "accuracy"} <= model.history_.keys()
    curve = model.history_["val_roc_auc"]
    assert int(np.argmax(curve)) == len(curve) - 7  # n_iter_no_change is exceeded before it ends, as in scikit-learn
    given = quick(early_stopping=False).fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    assert len(given.validation_curve_) == given.n_iter_
    assert quick(early_stopping=False).fit(X, y).validation_curve_ is None


def test_training_ends_where_scikit_learns_would():
    """The loss has not improved by tol for more than n_iter_no_change epochs; epochs that run as one block count."""
    X, y = IRIS
    for size in (150, 40):
        model = MLPClassifier((8,), preset="classic", random_state=0, max_iter=400, tol=1e-2, learning_rate_init=0.01)
        model.set_params(batch_size=size).fit(X, y)
        best, waited, end = np.inf, 0, None
        for epoch, loss in enumerate(model.loss_curve_):
            waited = waited + 1 if loss > best - 1e-2 else 0
            best = min(best, loss) if waited == 0 else best
            end = epoch if waited > 10 and end is None else end
        assert end == model.n_iter_ - 1 < 399


class Count(Callback):
    def __init__(self):
        self.epochs = 0

    def on_epoch_end(self, epoch, logs):
        self.epochs += 1
        if logs["loss"] < 0.5:
            self.training.stop("good enough")


def test_callbacks():
    callback = Count()
    model = quick(callbacks=[callback], max_iter=100).fit(*IRIS)
    assert callback.epochs == model.n_iter_ < 100
    assert not hasattr(callback, "training")


@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive", "cosine", "one_cycle", "warmup_cosine"])
def test_schedules(schedule):
    model = quick(solver="sgd", learning_rate=schedule, learning_rate_init=0.1, early_stopping=False).fit(*IRIS)
    rates = model.history_["lr"]
    assert len(set(rates)) > 1 or schedule in ("constant", "adaptive")
    assert model.score(*IRIS) > 0.8


def test_the_same_seed_gives_the_same_network():
    for kind, data in ((MLPClassifier, IRIS), (MLPRegressor, DIABETES), (PerceptronClassifier, IRIS)):
        first, second = (kind(random_state=7, max_iter=5).fit(*data) for _ in range(2))
        assert all(np.array_equal(a, b) for a, b in zip(first.coefs_, second.coefs_, strict=True))
    state = cr.core.rng.get_rng_state()
    quick().fit(*IRIS)
    assert cr.core.rng.get_rng_state() == state


def test_restarts_keep_the_best():
    X, y = CANCER
    options = {"max_iter": 3, "hidden_layer_sizes": (3,), "early_stopping": True}
    best = quick(n_init=5, **options).fit(X, y)
    assert best.best_validation_loss_ <= quick(**options).fit(X, y).best_validation_loss_


def test_warm_start_goes_on():
    X, y = IRIS
    model = quick(warm_start=True, max_iter=5, early_stopping=False).fit(X, y)
    before = model.loss_
    assert model.fit(X, y).n_iter_ == 10
    assert model.loss_ < before
    with pytest.raises(ValueError, match="same classes"):
        model.fit(X, y + 1)


def test_partial_fit():
    X, y = IRIS
    model = quick()
    for _ in range(40):
        for part in range(3):
            rows = np.arange(part, 150, 3)
            model.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    assert model.n_iter_ == 120
    assert model.score(X, y) > 0.9
    with pytest.raises(ValueError, match="classes differ"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="none of the classes"):
        model.partial_fit(X, y + 5)
    regressor = quick_regressor()
    for _ in range(60):
        regressor.partial_fit(*DIABETES)
    assert regressor.score(*DIABETES) > 0.3


def test_engines_agree():
    # In float64: the last layer begins with zeros, so that Adam's first steps divide rounding errors by each other.
    options = {"max_iter": 5, "dtype": "float64"}
    found = [quick(engine=engine, **options).fit(*IRIS).predict_proba(IRIS[0]) for engine in ("native", "eager")]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-8)


def test_sparse_is_dense():
    sparse = pytest.importorskip("scipy.sparse")
    X, y = IRIS
    wanted = quick().fit(X, y).predict_proba(X)
    for kind in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array):
        assert np.array_equal(quick().fit(kind(X), y).predict_proba(kind(X)), wanted)


# The perceptron -------------------------------------------------------------------------------------------------------


def test_the_perceptron_takes_scikit_learns_steps():
    X, y = IRIS[0][:100], IRIS[1][:100]
    for epochs in (1, 3):
        mine = PerceptronClassifier(shuffle=False, max_iter=epochs, dtype="float64").fit(X[::7], y[::7])
        theirs = Perceptron(shuffle=False, max_iter=mine.n_iter_, tol=None).fit(X[::7], y[::7])
        np.testing.assert_allclose(mine.coef_, theirs.coef_, rtol=1e-9)
        np.testing.assert_allclose(mine.intercept_, theirs.intercept_, rtol=1e-9)


def test_the_perceptron_converges_if_it_can():
    X, y = IRIS
    model = PerceptronClassifier(random_state=0).fit(X, y == 0)
    assert model.converged_
    assert model.score(X, y == 0) == 1
    model = PerceptronClassifier(random_state=0, max_iter=20).fit(X, y == 1)
    assert not model.converged_
    assert model.n_iter_ == 20
    assert model.score(X, y == 1) >= 2 / 3  # no worse than the commonest class


# Opening --------------------------------------------------------------------------------------------------------------


def test_the_box_opens(tmp_path):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("sympy")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"height": rng.normal(170, 9, 80), "species": ["cat", "dog"] * 40})
    y = np.where((frame.species == "cat") & (frame.height > 165), "in", "out")
    model = quick(hidden_layer_sizes=(2,)).fit(frame, y)
    formula = str(model.explain_.equation())
    assert "height" in formula
    assert '[species = "dog"]' in formula  # one feature for two categories
    trace = model.explain_.trace(frame[:1], y[:1])
    assert trace.to_dict()
    assert model.explain_.trace(frame[:1]).to_dict()
    space = model.explain_.hidden_space(frame[:5])
    np.testing.assert_array_equal(space.stages[0].points, model._rows(frame[:5], y[:5]).inputs)
    np.testing.assert_array_equal(
        model.explain_.hidden_space((frame[:5], y[:5])).stages[-1].points, space.stages[-1].points
    )
    assert {"trace", "equation", "regions", "diagnose"} <= set(dir(model.explain_))
    with pytest.raises(AttributeError, match="Did you mean 'equation'"):
        model.explain_.equatoin
    model.model_.save(tmp_path / "model.safetensors")
    assert (cr.predict(cr.load(tmp_path / "model.safetensors"), frame) == model.predict(frame)).all()
    for name in ("explain_", "plot", "model_", "coefs_"):
        with pytest.raises(NotFittedError):
            getattr(MLPClassifier(), name)


def test_pictures_and_report(tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    pytest.importorskip("scipy")
    pytest.importorskip("sympy")
    X, y = IRIS
    model = quick().fit(X, y)
    model.plot.training_curves(path=tmp_path / "curves.png")
    model.plot.confusion((X, y), path=tmp_path / "confusion.png")
    report = model.report(X, y, tmp_path / "report.html", sections=["scores"])
    assert (tmp_path / "report.html").stat().st_size > 1000
    assert report.to_dict()
