"""The recipe against the paper's formulas, written out with its own parametrisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import chainrule as cr
from chainrule import nn, optim
from chainrule.estimators import MLPClassifier, MLPRegressor, realmlp
from chainrule.estimators.network import build_network
from chainrule.estimators.presets import TableFacts, resolve
from chainrule.estimators.training import make_loss, make_optimizer

STEPS, BATCH, FEATURES, WIDTH = 12, 8, 5, 6
LR, BETAS, EPS = 0.04, (0.9, 0.95), 1e-8


class Published:
    """The network of the paper: clip, s·x, three times act(W·x/√n + b), W·x/√n + b; Adam for each kind."""

    def __init__(self, sizes: list[int], values: dict[str, np.ndarray]) -> None:
        self.sizes = sizes
        self.values = {name: cr.tensor(value.copy(), requires_grad=True) for name, value in values.items()}
        scale = [one for name, one in self.values.items() if name == "scale"]
        weights = [one for name, one in self.values.items() if name[0] == "W"]
        biases = [one for name, one in self.values.items() if name[0] == "b"]
        groups = [{"params": scale, "lr": 6 * LR}, {"params": weights, "lr": LR}, {"params": biases, "lr": 0.1 * LR}]
        self.adam = optim.Adam(groups, lr=LR, betas=BETAS, eps=EPS)

    def __call__(self, x: np.ndarray) -> Any:
        value = cr.tensor(x / np.sqrt(1 + (x / 3) ** 2)) * self.values["scale"]
        for i, size in enumerate(self.sizes):
            value = value @ self.values[f"W{i}"].transpose(0, 1) * (1 / np.sqrt(size)) + self.values[f"b{i}"]
            value = nn.functional.selu(value) if i + 1 < len(self.sizes) else value
        return value

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        self.adam.zero_grad()
        loss = nn.CrossEntropyLoss(label_smoothing=0.1)(self(x), cr.tensor(y))
        loss.backward()
        self.adam.step()
        return float(loss.item())


def facts(classes: int) -> TableFacts:
    task: Any = "binary" if classes == 2 else "multiclass"
    return TableFacts(task, 100, FEATURES, 0, FEATURES, 1 if classes == 2 else classes)


@pytest.mark.parametrize("classes", [2, 4])
def test_ordinary_layers_and_groups_do_what_the_paper_does(classes: int) -> None:
    rng = np.random.default_rng(classes)
    about = facts(classes)
    settings = resolve("strong", about)
    object.__setattr__(settings, "hidden_layer_sizes", (WIDTH,) * 3)
    ours = build_network(about, settings, np.float64, seed=1)
    layers = [one for one in ours.modules() if isinstance(one, nn.Linear)]
    assert not layers[-1].weight._data.any()
    assert not layers[-1].bias._data.any()
    sizes = [layer.in_features for layer in layers]
    values: dict[str, np.ndarray] = {"scale": np.ones(FEATURES)}
    for i, layer in enumerate(layers):
        rows = classes if layer is layers[-1] else layer.out_features
        last = layer is layers[-1]
        values[f"W{i}"] = np.zeros((rows, sizes[i])) if last else layer.weight._data * np.sqrt(sizes[i])
        values[f"b{i}"] = np.zeros(rows) if last else layer.bias._data
    theirs = Published(sizes, values)
    loss = make_loss(settings, about.task)
    optimizer = make_optimizer(settings, ours, about.outputs, loss)
    found, expected = [], []
    for _ in range(STEPS):
        x, y = rng.normal(0, 2, (BATCH, FEATURES)), rng.integers(0, classes, BATCH)
        expected.append(theirs.step(x, y))
        optimizer.zero_grad()
        targets = y if classes > 2 else y[:, None].astype(np.float64)
        value = loss(ours(cr.tensor(x)), cr.tensor(targets))
        value.backward()
        optimizer.step()
        found.append(value.item())
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert max(expected) - min(expected) > 0.01


def test_first_weights_are_drawn_as_published() -> None:
    about = TableFacts("regression", 1000, 40, 0, 40, 1)
    network = build_network(about, resolve("strong", about), np.float32, seed=3)
    kinds = [type(layer).__name__ for layer in network.children()]
    assert kinds == ["SmoothClip", "Scale", "Linear", "Mish", "Linear", "Mish", "Linear", "Mish", "Linear"]
    layers = [one for one in network.modules() if isinstance(one, nn.Linear)]
    for layer in layers[:-1]:
        assert np.std(layer.weight._data) * np.sqrt(layer.in_features) == pytest.approx(1, rel=0.05)
        assert np.std(layer.bias._data) == pytest.approx(1, rel=0.2)
        assert abs(np.mean(layer.weight._data)) * np.sqrt(layer.in_features) < 0.05


def test_rates_of_plain_descent_follow_the_same_parametrisation() -> None:
    network = nn.Sequential(nn.Scale(16), nn.Linear(16, 4), nn.Linear(4, 1))
    groups = realmlp.parameter_groups(network, 0.5, "sgd", decay=0.1)
    rates = {path: group["lr"] for group in groups for path, _ in group["params"]}
    assert rates == pytest.approx(
        {"0.weight": 3.0, "1.weight": 0.5 / 16, "1.bias": 0.05, "2.weight": 0.125, "2.bias": 0.05}
    )
    assert {path for group in groups if "weight_decay" in group for path, _ in group["params"]} == {
        "1.weight",
        "2.weight",
    }


def test_the_preset_fits_classes_numbers_and_words() -> None:
    rng = np.random.default_rng(0)
    x, word = rng.normal(size=(120, 2)), rng.choice(["a", "b"], 120)
    frame = {"x": x[:, 0], "z": x[:, 1], "w": word}
    pandas = pytest.importorskip("pandas")
    labels = np.where((x[:, 0] > 0) ^ (word == "a"), "yes", "no")
    options: dict[str, Any] = {"preset": "strong", "hidden_layer_sizes": (32, 32), "random_state": 0, "max_iter": 40}
    table = pandas.DataFrame(frame)
    classifier = MLPClassifier(**options).fit(table, labels)
    assert classifier.score(table, labels) > 0.9
    numbers = 100 * x[:, 0] * (word == "a") + 7
    assert MLPRegressor(**options).fit(table, numbers).score(table, numbers) > 0.9
