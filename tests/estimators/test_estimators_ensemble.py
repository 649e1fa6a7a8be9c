"""Several networks as one, and the rows that each holds out."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

import chainrule as cr
from chainrule import nn
from chainrule.estimators import MLPClassifier, MLPRegressor
from chainrule.estimators.ensemble import averaged, folds
from chainrule.estimators.presets import TableFacts, resolve


def network(seed: int, *hidden: int) -> nn.Sequential:
    cr.manual_seed(seed)
    scale = nn.Scale(4, dtype=np.float64)
    with cr.no_grad():
        scale.weight._assign(np.random.default_rng(seed).normal(1, 0.5, 4))
    layers: list[nn.Module] = [nn.SmoothClip(), scale]
    width = 4
    for size in hidden:
        layers += [nn.Linear(width, size, dtype=np.float64), nn.SELU(), nn.Dropout(0.2)]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 3, dtype=np.float64)).eval()


@pytest.mark.parametrize("hidden", [(), (5,), (6, 3), (5, 5, 5)])
def test_one_network_gives_the_mean_of_several(hidden: tuple[int, ...]) -> None:
    members = [network(seed, *hidden) for seed in range(3)]
    whole = averaged(members)
    x = cr.tensor(np.random.default_rng(9).normal(0, 2, (20, 4)))
    with cr.no_grad():
        expected = np.mean([member(x).numpy() for member in members], axis=0)
        np.testing.assert_allclose(whole(x).numpy(), expected, rtol=1e-12)
        assert np.abs(members[0](x).numpy() - expected).max() > 1e-3
    linear = [layer for layer in whole.children() if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear] == [*(3 * size for size in hidden), 3]


def test_every_row_is_held_out_once_and_classes_keep_their_shares() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 23])
    found = folds(labels, len(labels), 0.2, seed=1)
    assert len(found) == 5
    np.testing.assert_array_equal(np.sort(np.concatenate([held for _, held in found])), np.arange(103))
    for train, held in found:
        np.testing.assert_array_equal(np.sort(np.concatenate([train, held])), np.arange(103))
        assert np.abs(np.bincount(labels[held]) - [10, 6, 4.6]).max() <= 1
    assert not np.array_equal(found[0][1], folds(labels, 103, 0.2, seed=2)[0][1])
    assert folds(None, 9, 0.2, seed=0) == []


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_estimators_average(kind: type) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    y = X[:, 0] * X[:, 1]
    model = kind(hidden_layer_sizes=(12, 12), ensemble=3, max_iter=60, random_state=0)
    model.fit(X, y > 0 if kind is MLPClassifier else y)
    assert [w.shape for w in model.coefs_] == [(3, 36), (36, 36), (36, 1)]
    assert model.score(X, y > 0 if kind is MLPClassifier else y) > 0.8
    alone = kind(hidden_layer_sizes=(12, 12), random_state=0, max_iter=5).fit(X, y > 0 if kind is MLPClassifier else y)
    assert alone.coefs_[0].shape == (3, 12)  # as many neurons as asked for


@pytest.mark.parametrize("rows", [5, 19, 20, 300, 5_000, 60_000, 10**6])
@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_auto_stays_sane_and_says_why(task: str, rows: int) -> None:
    settings = resolve("auto", TableFacts(task, rows, 5, 2, 9, 1 if task in ("binary", "regression") else 4))  # type: ignore[arg-type]
    assert 1 <= settings.batch_size <= max(1024, rows)
    # Rows times epochs times networks times weights of a layer: what a fit takes, about.
    assert settings.ensemble * settings.epochs * rows * settings.hidden_layer_sizes[0] ** 2 < 7e11 * max(1, rows / 1e6)
    assert str(settings.epochs) in " ".join(settings.notes)
    assert (settings.validation_fraction == 0) == (rows < 20)
