"""The tables that come with the package."""

from __future__ import annotations

import timeit
from importlib import resources

import numpy as np
import pytest

from chainrule.data import from_arrays, load


def test_iris_is_scikit_learns() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    theirs, ours = sklearn.load_iris(), load("iris")
    np.testing.assert_array_equal(np.stack([ours[name] for name in ours.columns[:4]], axis=1), theirs.data)
    assert ours["species"].tolist() == theirs.target_names[theirs.target].tolist()


def test_sizes_classes_and_sources() -> None:
    iris, penguins = load("iris"), load("penguins")
    assert (len(iris), len(penguins)) == (150, 344)
    assert iris.target == penguins.target == "species"
    assert iris.task == "multiclass"
    assert penguins.schema["island"].kind == "categorical"
    assert penguins.schema["sex"].kind == "categorical"
    notes = (resources.files("chainrule.data") / "files" / "README.md").read_text()
    assert "CC0" in notes
    assert "Fisher" in notes


@pytest.mark.timing
def test_a_batch_of_images_is_quick() -> None:
    rng = np.random.default_rng(0)
    images = from_arrays(rng.integers(0, 256, (20_000, 784), dtype=np.uint8), np.arange(20_000) % 10)
    rows = rng.permutation(20_000)[:32]
    assert min(timeit.repeat(lambda: images.batch(rows), number=200, repeat=20)) / 200 < 25e-6
