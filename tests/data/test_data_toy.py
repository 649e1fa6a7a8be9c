"""Gates and figures."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data import blobs, circles, gates, load, moons, names, spirals
from chainrule.errors import ConfigError, UnknownNameError

TRUTH = {
    "and": [0, 0, 0, 1],
    "or": [0, 1, 1, 1],
    "nand": [1, 1, 1, 0],
    "nor": [1, 0, 0, 0],
    "xor": [0, 1, 1, 0],
    "xnor": [1, 0, 0, 1],
}


@pytest.mark.parametrize("name", TRUTH)
def test_truth_tables(name: str) -> None:
    gate = load(name.upper())
    assert gate.inputs.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert gate.targets.tolist() == TRUTH[name]
    assert gate.task == "binary"
    assert gate.name == name


@pytest.mark.parametrize("inputs", [1, 3, 5])
def test_more_inputs(inputs: int) -> None:
    rows = gates("xor", inputs=inputs)
    assert rows.inputs.shape == (2**inputs, inputs)
    assert rows.targets.tolist() == [bin(i).count("1") % 2 for i in range(2**inputs)]
    assert gates("nor", inputs=inputs).targets.tolist() == [1] + [0] * (2**inputs - 1)
    assert rows.inputs[-2].tolist() == [1.0] * (inputs - 1) + [0.0]


@pytest.mark.parametrize("make", [spirals, moons, circles, blobs])
def test_figures_are_seeded_balanced_and_shuffled(make: object) -> None:
    one, same, other = make(101, seed=1), make(101, seed=1), make(101, seed=2)
    assert (one.inputs == same.inputs).all()
    assert (one.targets == same.targets).all()
    assert (one.inputs != other.inputs).any()
    assert np.ptp(np.bincount(one.targets)) <= 1
    assert len(one) == 101
    assert (np.diff(one.targets) != 0).sum() > 20
    assert one.inputs.dtype == np.float32
    assert one.classes == [str(i) for i in range(one.n_classes)]


def test_shapes_as_scikit_learn() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    theirs_moons = sklearn.make_moons(100, shuffle=False)[0]
    theirs_circles = sklearn.make_circles(100, shuffle=False, factor=0.3)[0]
    for ours, theirs in ((moons(100, noise=0), theirs_moons), (circles(100, noise=0, factor=0.3), theirs_circles)):
        np.testing.assert_allclose(np.sort(ours.inputs, axis=0), np.sort(theirs, axis=0), atol=1e-6)
    cloud = blobs(30_000, centers=2, cluster_std=0.5, n_features=3)
    for label in (0, 1):
        np.testing.assert_allclose(cloud.inputs[cloud.targets == label].std(axis=0), 0.5, rtol=0.05)


def test_spirals_end_at_radius_two() -> None:
    rows = spirals(300, n_classes=3, noise=0.0)
    radius = np.hypot(*rows.inputs.T)
    assert radius.max() == pytest.approx(2, abs=1e-6)
    assert rows.n_classes == 3


def test_names_and_refusals() -> None:
    assert {"xor", "gates", "spirals", "iris", "penguins", "mnist", "fashion-mnist"} <= set(names())
    assert load("gates", gate="and", inputs=3).targets.sum() == 1
    with pytest.raises(UnknownNameError, match="Did you mean 'iris'"):
        load("irish")
    with pytest.raises(UnknownNameError, match="gate"):
        gates("xorr")
    with pytest.raises(UnknownNameError, match="option"):
        load("xor", colour=1)
    for call in (
        lambda: gates("xor", inputs=0),
        lambda: load("moons", noise=-1),
        lambda: load("spirals", n_samples=1),
        lambda: load("circles", factor=1.5),
        lambda: load("iris", folder="."),
    ):
        with pytest.raises(ConfigError):
            call()
