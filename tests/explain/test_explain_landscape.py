"""`explain.landscape`: slices and planes against direct evaluation."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import explain, losses, nn
from chainrule.errors import ConfigError, DataError, DTypeError, ShapeError, UnknownNameError
from chainrule.explain.loss_at import LossAt, flat

XOR = cr.data.load("xor")


@pytest.fixture(scope="module")
def trained() -> tuple[nn.Sequential, list[dict[str, np.ndarray]]]:
    cr.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    states: list[dict[str, np.ndarray]] = []
    for _ in range(12):
        cr.fit(model, XOR, optimizer="adam", lr=0.05, epochs=10, seed=0, verbose=0)
        states.append({path: np.array(value._data) for path, value in model.state_dict().items()})
    return model, states


def direct(model: Any, state: dict[str, np.ndarray]) -> float:
    other = copy.deepcopy(model)
    other.load_state_dict(state)
    return float(cr.evaluate(other, XOR)["loss"])


def test_a_slice_is_the_loss_at_these_weights(trained: Any) -> None:
    model, states = trained
    found = explain.landscape(model, XOR, ("0.weight[1,0]", "2.bias[0]"), trajectory=states, points=7)
    assert found.kind == "slice"
    assert found.loss.shape == (7, 7)
    for i, j in ((0, 0), (2, 5), (6, 1)):
        state = copy.deepcopy(states[-1])
        state["0.weight"][1, 0], state["2.bias"][0] = found.x[j], found.y[i]
        assert found.loss[i, j] == pytest.approx(direct(model, state), rel=1e-5)
    assert found.center == (states[-1]["0.weight"][1, 0], states[-1]["2.bias"][0])
    assert found.loss[3, 3] == pytest.approx(found.center_loss)  # the model is in the middle
    assert found.path == pytest.approx(np.array([[s["0.weight"][1, 0], s["2.bias"][0]] for s in states]))
    assert found.x.min() < found.path[:, 0].min()
    assert json.loads(found.to_json())["names"] == ["0.weight[1,0]", "2.bias[0]"]


def test_how_far_states_are_off_the_plane(trained: Any) -> None:
    model, states = trained
    found = explain.landscape(model, XOR, ("0.weight[1,0]", "2.bias[0]"), trajectory=states, points=2)
    others = [copy.deepcopy(state) for state in states]
    for state in others:
        state["0.weight"][1, 0] = state["2.bias"][0] = 0.0
    all_of = np.array([np.concatenate([s[p].reshape(-1) for p, _ in model.named_parameters()]) for s in others])
    assert found.distances == pytest.approx(np.linalg.norm(all_of - all_of[-1], axis=1))
    assert found.distances[-1] == 0
    assert found.distances[0] > 0.1
    assert len(explain.landscape(model, XOR, points=2).distances) == 0


def test_gradients_are_those_of_finite_differences(trained: Any) -> None:
    model, states = trained
    loss_at, here = LossAt(model, XOR), flat(model, states[3])
    value, gradient = loss_at.with_gradient(here)
    assert value == pytest.approx(direct(model, states[3]), rel=1e-5)
    step = 1e-6 * np.eye(len(here))
    numeric = [(loss_at(here + one) - loss_at(here - one)) / 2e-6 for one in step]
    assert gradient == pytest.approx(np.array(numeric), abs=1e-7)
    frozen = copy.deepcopy(model)
    frozen[0].weight.requires_grad = False
    assert LossAt(frozen, XOR).with_gradient(here)[1] == pytest.approx(np.where(np.arange(13) < 6, 0, gradient))


def test_random_directions_are_filter_normalised(trained: Any) -> None:
    model, states = trained
    before = {path: np.array(value._data) for path, value in model.state_dict().items()}
    found = explain.landscape(model, XOR, points=3, span=1.0, seed=4)
    random = np.random.default_rng(4)
    moved = [copy.deepcopy(states[-1]) for _ in range(2)]
    for state in moved:
        for path, values in state.items():
            drawn = random.standard_normal(values.shape)
            if values.ndim == 2:
                values += drawn * (np.linalg.norm(values, axis=1) / np.linalg.norm(drawn, axis=1))[:, None]
            assert path in before
    assert found.loss[1, 2] == pytest.approx(direct(model, moved[0]), rel=1e-5)  # (1, 0)
    assert found.loss[2, 1] == pytest.approx(direct(model, moved[1]), rel=1e-5)  # (0, 1)
    assert found.loss[1, 1] == pytest.approx(found.center_loss)
    assert all(np.array_equal(before[path], value._data) for path, value in model.state_dict().items())


def test_principal_components_of_the_trajectory(trained: Any) -> None:
    model, states = trained
    found = explain.landscape(model, XOR, directions="pca", trajectory=states, points=5)
    all_of = np.array([np.concatenate([s[p].reshape(-1) for p, _ in model.named_parameters()]) for s in states])
    away = all_of - all_of[-1]
    values = np.sort(np.linalg.eigvalsh(away.T @ away))[::-1]
    assert found.explained == pytest.approx(tuple(values[:2] / values.sum()))
    assert (found.path**2).sum() == pytest.approx(values[:2].sum())
    assert found.path[-1] == pytest.approx([0, 0], abs=1e-9)
    assert np.abs(found.path).max() < max(found.x.max(), found.y.max())


def test_the_loss_of_data_that_say_nothing_else() -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 1))
    x, y = np.eye(2, dtype=np.float32), np.array([0.5, 2.5])
    found = explain.landscape(model, (x, y), loss="mse", points=3)
    expected = losses.get("mse")(model(cr.tensor(x)), cr.tensor(y[:, None].astype(np.float32))).item()
    assert found.center_loss == pytest.approx(expected)


@pytest.mark.parametrize(
    ("weights", "options", "error"),
    [
        (("0.weight[0,0]", "0.wight[0,0]"), {}, UnknownNameError),
        (("0.weight[0,0]", "0.weight"), {}, UnknownNameError),
        (("0.weight[0,0]", "0.weight[3,0]"), {}, ShapeError),
        (("0.weight[0,0]", "0.weight[0,0]"), {}, ConfigError),
        (("0.weight[0,0]",), {}, ConfigError),
        (None, {"directions": "best"}, UnknownNameError),
        (None, {"directions": "pca"}, ConfigError),
        (None, {"points": 1}, ConfigError),
        (None, {"span": 0}, ConfigError),
        (None, {"trajectory": [{}]}, UnknownNameError),
        (None, {"loss": "mes"}, UnknownNameError),
    ],
)
def test_bad_input(trained: Any, weights: Any, options: dict[str, Any], error: type[Exception]) -> None:
    model, states = trained
    with pytest.raises(error):
        explain.landscape(model, XOR, weights, **options)
    with pytest.raises(DataError, match="does not move"):
        explain.landscape(model, XOR, directions="pca", trajectory=[states[-1]] * 3)
    with pytest.raises(DataError, match="no targets"):
        explain.landscape(model, np.eye(2))
    with pytest.raises(DTypeError):
        explain.landscape("model", XOR)
