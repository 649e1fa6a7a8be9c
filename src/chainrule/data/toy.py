"""Small data sets made on the spot: logic gates and figures in the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.arrays import from_arrays
from chainrule.data.checks import check_whole
from chainrule.data.dataset import Dataset
from chainrule.errors import ConfigError, UnknownNameError

__all__ = ["GATES", "blobs", "circles", "gates", "moons", "spirals"]

#: Gates by name.  XOR of more than two inputs is true for an odd number of ones.
GATES = ("and", "or", "nand", "nor", "xor", "xnor")


def gates(gate: str = "xor", inputs: int = 2) -> Dataset:
    """Return the truth table of a logic gate: ``2**inputs`` rows, in binary order.

    Args:
        gate: "and", "or", "nand", "nor", "xor" or "xnor", in any case.
        inputs: number of inputs, 1 to 16.

    >>> gates("nand").targets.tolist()
    [1, 1, 1, 0]
    """
    name = str(gate).lower()
    if name not in GATES:
        raise UnknownNameError("gate", gate, GATES)
    check_whole("inputs", inputs, 1, 16)
    bits = (np.arange(2**inputs)[:, None] >> np.arange(inputs)[::-1]) & 1
    plain = {"and": bits.all(axis=1), "or": bits.any(axis=1), "xor": bits.sum(axis=1) % 2 == 1}
    true = plain[name] if name in plain else ~plain[{"nand": "and", "nor": "or", "xnor": "xor"}[name]]
    names = [f"x{i + 1}" for i in range(inputs)]
    return from_arrays(
        bits.astype(np.float32),
        true.astype(np.int64),
        classes=["0", "1"],
        feature_names=names,
        target_name="y",
        name=name,
    )


def spirals(
    n_samples: int = 300, *, n_classes: int = 2, noise: float = 0.1, turns: float = 1.0, seed: int = 0
) -> Dataset:
    """Return points on spiral arms that start at the origin, one arm per class.

    Args:
        n_samples: number of points in all, divided evenly.
        n_classes: number of arms.
        noise: standard deviation of the Gaussian noise on both coordinates; the arms end at radius 2.
        turns: revolutions of each arm.
        seed: seed of the noise.
    """
    check_whole("n_classes", n_classes, 2, 100)
    labels = _labels(n_samples, n_classes)
    along = np.concatenate([np.linspace(0.05, 1, count) for count in np.bincount(labels)])
    angle = 2 * np.pi * (along * turns + labels / n_classes)
    points = 2 * along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _figure("spirals", points, labels, noise, seed)


def moons(n_samples: int = 200, *, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return two interleaving half circles, as scikit-learn's ``make_moons``.

    Args:
        n_samples: number of points in all.
        noise: standard deviation of the Gaussian noise on both coordinates; the radius is 1.
        seed: seed of the noise.
    """
    labels = _labels(n_samples, 2)
    upper, lower = (np.linspace(0, np.pi, count) for count in np.bincount(labels))
    points = np.concatenate(
        [
            np.stack([np.cos(upper), np.sin(upper)], axis=1),
            np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
        ]
    )
    return _figure("moons", points, labels, noise, seed)


def circles(n_samples: int = 200, *, noise: float = 0.05, factor: float = 0.5, seed: int = 0) -> Dataset:
    """Return a circle (class 0) around a smaller one (class 1), as scikit-learn's ``make_circles``.

    Args:
        n_samples: number of points in all.
        noise: standard deviation of the Gaussian noise on both coordinates; the outer radius is 1.
        factor: inner radius, in [0, 1).
        seed: seed of the noise.
    """
    if not 0 <= factor < 1:
        raise ConfigError("factor is not usable", expected="a number in [0, 1)", got=factor)
    labels = _labels(n_samples, 2)
    angle = np.concatenate([np.linspace(0, 2 * np.pi, count, endpoint=False) for count in np.bincount(labels)])
    radius = np.where(labels == 0, 1.0, factor)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return _figure("circles", points, labels, noise, seed)


def blobs(
    n_samples: int = 300, *, centers: int = 3, n_features: int = 2, cluster_std: float = 1.0, seed: int = 0
) -> Dataset:
    """Return Gaussian clouds around centres drawn from [−10, 10]ⁿ, as scikit-learn's ``make_blobs``.

    Args:
        n_samples: number of points in all.
        centers: number of clouds, which are the classes.
        n_features: number of dimensions.
        cluster_std: standard deviation of each cloud.
        seed: seed of centres and points.
    """
    check_whole("centers", centers, 2, 1000)
    check_whole("n_features", n_features, 1, 10_000)
    labels = _labels(n_samples, centers)
    middle = np.random.default_rng([seed, 1]).uniform(-10, 10, (centers, n_features))
    return _figure("blobs", middle[labels], labels, cluster_std, seed)


def _labels(n_samples: int, n_classes: int) -> NDArray[np.int64]:
    """Return class indices in order, each class equally often to within one."""
    check_whole("n_samples", n_samples, 2 * n_classes, 100_000_000)
    return np.sort(np.arange(n_samples) % n_classes)


def _figure(name: str, points: NDArray[Any], labels: NDArray[np.int64], noise: float, seed: int) -> Dataset:
    """Add noise, and shuffle the rows."""
    if not 0 <= noise < np.inf:
        raise ConfigError("noise is not usable", expected="a number from 0 on", got=noise)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(points))
    noisy = points[order] + noise * rng.standard_normal(points.shape)
    names = [f"x{i + 1}" for i in range(points.shape[1])]
    classes = [str(label) for label in range(int(labels.max()) + 1)]
    return from_arrays(noisy, labels[order], classes=classes, feature_names=names, target_name="class", name=name)
