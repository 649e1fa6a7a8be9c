"""Inside scikit-learn: pipelines, searches, calibration, importances, routing, joblib."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("pandas")

import joblib
import pandas as pd
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_multilabel_classification
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chainrule.estimators import MLPClassifier, MLPRegressor, PerceptronClassifier

IRIS = load_iris(return_X_y=True)


def quick(**options):
    return MLPClassifier((16,), random_state=0, max_iter=80, **options)


def test_in_a_pipeline():
    X, y = IRIS
    model = make_pipeline(StandardScaler(), quick()).fit(X, y)
    assert model.score(X, y) > 0.9
    features = make_pipeline(quick(), LogisticRegression()).fit(X, y)  # the hidden layer as a transformer
    assert features.score(X, y) > 0.9


def test_after_a_column_transformer():
    frame = pd.DataFrame({"city": ["a", "b", "c"] * 20, "age": np.arange(60.0)})
    y = (frame.city == "a").astype(int)
    columns = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough", sparse_threshold=1.0)
    assert make_pipeline(columns, quick()).fit(frame, y).score(frame, y) > 0.9


def test_grid_search_over_everything():
    X, y = IRIS
    grid = {"hidden_layer_sizes": [(4,), (8, 8)], "dropout": [0.0, 0.1], "norm": [None, "batch"]}
    search = GridSearchCV(quick(), grid, cv=2).fit(X, y)
    assert len(search.cv_results_["mean_test_score"]) == 8
    assert search.best_score_ > 0.8


def test_cross_validation_calibration_and_ensembles():
    X, y = load_breast_cancer(return_X_y=True)
    assert cross_val_score(quick(), X, y, cv=3, scoring="roc_auc").min() > 0.97
    calibrated = CalibratedClassifierCV(quick(), cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.95
    assert BaggingClassifier(quick(), n_estimators=2, random_state=0).fit(X, y).score(X, y) > 0.95
    assert VotingClassifier([("a", quick()), ("b", quick())], voting="soft").fit(X, y).score(X, y) > 0.95
    chain = ClassifierChain(quick()).fit(*make_multilabel_classification(60, n_classes=2, random_state=0))
    assert len(chain.estimators_) == 2


def test_calibration_of_scores_without_probabilities():
    X, y = load_breast_cancer(return_X_y=True)
    for model in (quick(loss="hinge"), PerceptronClassifier(scaling="standard", max_iter=20, random_state=0)):
        assert not hasattr(model, "predict_proba")
        assert CalibratedClassifierCV(model, cv=2).fit(X, y).score(X, y) > 0.93


def test_importances_and_dependence():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"real": rng.normal(size=200), "noise": rng.normal(size=200), "kind": ["p", "q"] * 100})
    y = (frame.real > 0).astype(int)
    model = quick().fit(frame, y)
    found = permutation_importance(model, frame, y, n_repeats=3, random_state=0).importances_mean
    assert found[0] > 0.3
    assert abs(found[1]) < 0.1
    curve = partial_dependence(model, frame, ["real"], kind="average")["average"][0]
    assert curve[-1] - curve[0] > 0.5
    by_category = partial_dependence(model, frame, ["kind"], categorical_features=["kind"])
    assert by_category["average"].shape[1] == 2


def test_weights_are_routed():
    X, y = IRIS
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        weights = np.where(y == 0, 0.0, 1.0)
        search = GridSearchCV(model, {"alpha": [0.0, 1e-3]}, cv=2).fit(X, y, sample_weight=weights)
        assert set(search.predict(X)) <= {1, 2}
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, model).fit(X, y, sample_weight=weights)
        assert set(pipeline.predict(X)) <= {1, 2}


def test_validation_rows_go_through_a_pipeline():
    X, y = IRIS
    with sklearn.config_context(enable_metadata_routing=True):
        model = quick(early_stopping=True).set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(StandardScaler(), model, transform_input=["X_val"])
        pipeline.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
        assert len(pipeline[-1].validation_curve_) == pipeline[-1].n_iter_


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_in_several_processes_and_threads(backend):
    X, y = IRIS
    alone = [clone(quick()).set_params(random_state=seed).fit(X, y).predict_proba(X) for seed in range(4)]
    with joblib.parallel_config(backend, n_jobs=2):
        together = joblib.Parallel()(
            joblib.delayed(_fitted)(clone(quick()).set_params(random_state=seed), X, y) for seed in range(4)
        )
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)


def _fitted(model, X, y):
    return model.fit(X, y).predict_proba(X)


def _threads():
    from chainrule.engines.threads import processors

    return processors()


def test_workers_share_the_processors():
    with joblib.parallel_config("loky", n_jobs=2, inner_max_num_threads=1):
        assert joblib.Parallel()(joblib.delayed(_threads)() for _ in range(2)) == [1, 1]


@pytest.mark.parametrize("dump", [pickle.dumps, None], ids=["pickle", "joblib"])
def test_pickles(dump, tmp_path):
    frame = pd.DataFrame({"city": ["a", "b", None] * 20, "age": np.arange(60.0)})
    y = np.where(frame.city == "a", "yes", "no")
    model = quick(callbacks=None).fit(frame, y)
    model.predict(frame)
    if dump is not None:
        copy = pickle.loads(pickle.dumps(model))
    else:
        joblib.dump(model, tmp_path / "model.joblib")
        copy = joblib.load(tmp_path / "model.joblib")
    assert np.array_equal(copy.predict_proba(frame), model.predict_proba(frame))
    assert len(pickle.dumps(model)) < 60_000
    assert copy.partial_fit(frame, y).n_iter_ == model.n_iter_ + 1
    assert clone(model).get_params() == model.get_params()


def test_a_search_of_a_regressor_on_a_frame():
    data = load_diabetes(as_frame=True)
    model = MLPRegressor((16,), random_state=0, max_iter=40, learning_rate_init=0.01)
    assert GridSearchCV(model, {"loss": ["squared_error", "huber"]}, cv=3).fit(data.data, data.target).best_score_ > 0.3


def test_frames_of_other_libraries():
    polars = pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"city": ["a", "b", None] * 20, "age": np.arange(60.0)})
    y = np.where(frame.city == "a", "yes", "no")
    wanted = quick().fit(frame, y).predict_proba(frame)
    for other in (
        polars.from_pandas(frame),
        polars.from_pandas(frame).lazy(),
        pyarrow.Table.from_pandas(frame),
        frame.to_dict("list"),
    ):
        model = quick().fit(other, y)
        assert model.feature_names_in_.tolist() == ["city", "age"]
        assert np.array_equal(model.predict_proba(other), wanted)
    assert np.array_equal(quick().fit(polars.from_pandas(frame), polars.Series(y)).predict_proba(frame), wanted)


def test_names_that_come_out():
    X, y = IRIS
    model = quick().fit(X, y)
    assert model.get_feature_names_out()[:2].tolist() == ["mlpclassifier0", "mlpclassifier1"]
    assert model.set_output(transform="pandas").transform(X).shape == (150, 16)
