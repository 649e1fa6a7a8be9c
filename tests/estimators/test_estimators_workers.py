"""Searches and cross-validation by several workers: the numbers of one, and no more threads than processors."""

from __future__ import annotations

import contextlib
import os

import numpy as np
import pytest

pytest.importorskip("sklearn")

import joblib
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score

from chainrule.estimators import MLPClassifier

IRIS = load_iris(return_X_y=True)
WORKERS = 2


@contextlib.contextmanager
def loky():
    with joblib.parallel_config("loky", n_jobs=WORKERS):
        yield


@contextlib.contextmanager
def dask():
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": WORKERS, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        distributed.LocalCluster(**options) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask", n_jobs=WORKERS),
    ):
        yield


def model():
    return MLPClassifier((16,), random_state=0, max_iter=15)


def searched():
    found = GridSearchCV(model(), {"alpha": [0.0, 1e-3], "dropout": [0.0, 0.3]}, cv=2).fit(*IRIS)
    return found.cv_results_["mean_test_score"], found.predict_proba(IRIS[0])


@pytest.mark.parametrize("workers", [loky, dask])
def test_several_workers_find_what_one_finds(workers, monkeypatch):
    for variable in ("CHAINRULE_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)  # which workers would take over
    scores, (means, probabilities) = cross_val_score(model(), *IRIS, cv=3), searched()

    def threads():  # of the native engine, in this process
        from chainrule.engines.threads import processors

        return os.getpid(), processors()

    with workers():
        assert np.array_equal(cross_val_score(model(), *IRIS, cv=3), scores)
        found, predicted = searched()
        each = joblib.Parallel()(joblib.delayed(threads)() for _ in range(2 * WORKERS))
    assert np.array_equal(found, means)
    assert np.array_equal(predicted, probabilities)
    assert os.getpid() not in {process for process, _ in each}
    most = max(1, (os.cpu_count() or 1) // WORKERS)
    assert {count for _, count in each} <= set(range(1, most + 1))
