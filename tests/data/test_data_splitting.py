"""Splits and batches: complete, without overlap, in proportion, from one seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chainrule.data import batch_index, batches, split_indices
from chainrule.errors import ConfigError, DataError

LABELS = st.lists(st.integers(0, 4), min_size=2, max_size=80).map(lambda values: np.array(values, dtype=np.int64))


@given(LABELS, st.floats(0, 0.5), st.floats(0, 0.4), st.integers(0, 5), st.booleans())
def test_splits_are_complete_and_do_not_overlap(
    labels: np.ndarray, test: float, validation: float, seed: int, stratify: bool
) -> None:
    assume(np.ceil(test * len(labels)) + np.ceil(validation * len(labels)) < len(labels))
    parts = split_indices(labels, test, validation, seed, stratify)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    assert len(parts[2]) == np.ceil(round(test * len(labels), 9))
    assert len(parts[1]) == np.ceil(round(validation * len(labels), 9))
    again = split_indices(labels, test, validation, seed, stratify)
    assert all((a == b).all() for a, b in zip(parts, again, strict=True))


@given(st.lists(st.integers(5, 40), min_size=2, max_size=5), st.floats(0.05, 0.4), st.integers(0, 5))
def test_each_class_keeps_its_share(counts: list[int], test: float, seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    train, _, tested = split_indices(labels, test, 0.0, seed)
    exact = np.array(counts) * len(tested) / len(labels)
    assert (np.abs(np.bincount(labels[tested], minlength=len(counts)) - exact) < 1 + 1e-6).all()
    assert (np.bincount(labels[train], minlength=len(counts)) >= 1).all()


def test_rare_classes_stay_in_training() -> None:
    labels = np.array([0] * 20 + [1])
    for seed in range(20):
        assert 1 in labels[split_indices(labels, 0.3, 0.2, seed)[0]]


def test_sizes_as_scikit_learn() -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    labels = np.array([0] * 33 + [1] * 50 + [2] * 17)
    for test in (0.1, 0.2, 0.25, 0.33, 17):
        theirs = selection.train_test_split(labels, test_size=test, stratify=labels, random_state=0)[1]
        ours = labels[split_indices(labels, test)[2]]
        assert np.bincount(ours).tolist() == np.bincount(theirs).tolist()


def test_seeds_differ_and_order_is_random() -> None:
    first, second = (split_indices(100, 0.2, seed=seed)[0].tolist() for seed in (0, 1))
    assert first != second
    assert first != sorted(first)


@pytest.mark.parametrize(
    ("test", "validation"), [(1.0, 0.0), (-0.1, 0.0), (0.5, 0.5), (10, 0), (float("nan"), 0), (True, 0), ("a", 0)]
)
def test_sizes_that_make_no_sense(test: float, validation: float) -> None:
    with pytest.raises(ConfigError):
        split_indices(10, test, validation)


@given(st.integers(1, 50), st.integers(1, 60), st.booleans(), st.integers(0, 9))
def test_batches_visit_each_row_once(n: int, batch_size: int, shuffle: bool, seed: int) -> None:
    visited = list(batches(n, batch_size, np.random.default_rng(seed), shuffle))
    assert sorted(np.concatenate(visited).tolist()) == list(range(n))
    assert [len(batch) for batch in visited[:-1]] == [batch_size] * (len(visited) - 1)
    full, rest = batch_index(n, batch_size, np.random.default_rng(seed), shuffle)
    assert full.shape == (n // batch_size, batch_size)
    assert rest.shape == (n % batch_size,)
    assert np.concatenate([full.ravel(), rest]).tolist() == np.concatenate(visited).tolist()


def test_batches_use_one_permutation_of_the_generator() -> None:
    ours, theirs = np.random.default_rng(3), np.random.default_rng(3)
    first = np.concatenate(list(batches(10, 4, ours)))
    assert first.tolist() == theirs.permutation(10).tolist()
    assert ours.random() == theirs.random()


def test_batches_refuse_nonsense() -> None:
    for size in (0, -1, 2.0, True):
        with pytest.raises(ConfigError, match="batch_size"):
            batches(10, size)
    with pytest.raises(DataError):
        batches(0, 4)
    with pytest.raises(DataError):
        split_indices(0)
