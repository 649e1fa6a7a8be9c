"""`Trajectory`: the states are those that training passed through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError

XOR = cr.data.load("xor")


def model() -> Any:
    cr.manual_seed(2)
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Tanh(), nn.Linear(3, 1))


def arrays(module: Any) -> dict[str, np.ndarray]:
    return {path: np.array(value._data) for path, value in module.state_dict().items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[path], other[path]) for path in one)


def test_states_are_those_of_shorter_trainings() -> None:
    path, network = cr.train.Trajectory(every=3), model()
    before = arrays(network)
    cr.fit(network, XOR, lr=0.1, epochs=8, seed=0, callbacks=path, verbose=0)
    assert path.epochs == [0, 3, 6, 8]
    assert same(path.states[0], before)
    for epochs, state in zip(path.epochs[1:], path.states[1:], strict=True):
        shorter = model()
        cr.fit(shorter, XOR, lr=0.1, epochs=epochs, seed=0, verbose=0)
        assert same(state, arrays(shorter))
    assert not same(path.states[1], path.states[2])  # the comparison can fail


def test_it_ends_where_training_left_the_model() -> None:
    path, network = cr.train.Trajectory(), model()
    stopping = cr.train.EarlyStopping(monitor="val_loss", patience=2)
    contrary = (XOR.inputs, 1 - XOR.targets)  # whose loss grows
    history = cr.fit(network, XOR, lr=0.1, epochs=20, callbacks=[stopping, path], validation=contrary, verbose=0)
    assert history.best_epoch is not None
    assert same(path.states[-1], arrays(network))
    assert path.epochs[-1] == history.best_epoch
    assert len(path.states) == len(path.epochs) == history.epochs + 2


def test_a_second_training_is_a_new_path() -> None:
    path, network = cr.train.Trajectory(), model()
    cr.fit(network, XOR, epochs=3, callbacks=path, verbose=0)
    cr.fit(network, XOR, epochs=2, callbacks=path, verbose=0)
    assert path.epochs == [0, 1, 2]


def test_it_is_what_landscape_takes() -> None:
    path, network = cr.train.Trajectory(), model()
    cr.fit(network, XOR, lr=0.1, epochs=10, callbacks=path, verbose=0)
    found = cr.explain.landscape(network, XOR, directions="pca", trajectory=path.states, points=3)
    assert len(found.path) == 11
    assert found.path[-1] == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("every", [0, -1, 1.5, "2", True])
def test_bad_input(every: Any) -> None:
    with pytest.raises(ConfigError):
        cr.train.Trajectory(every)
