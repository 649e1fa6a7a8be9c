"""How long a report takes: seconds for a small table, less than a minute for pictures."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.data.images import load_images

pytest.importorskip("matplotlib")
pytest.importorskip("sympy")
pytest.importorskip("scipy")


def seconds_of(model: nn.Module, data: object) -> float:
    start = time.process_time()  # what other programs do at the same time does not count
    found = cr.report(model, data, lang="en")
    found.html()
    assert [one.note for one in found.sections if one.state == "failed"] == []
    return time.process_time() - start


@pytest.mark.slow
@pytest.mark.timing
def test_iris_takes_less_than_ten_seconds() -> None:
    cr.manual_seed(0)
    parts = cr.data.load("iris").prepare(seed=0)
    model = nn.Sequential(nn.Linear(4, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 3))
    cr.fit(model, parts.train, epochs=50, verbose=0)
    assert seconds_of(model, parts) < 10


@pytest.mark.slow
@pytest.mark.timing
def test_fashion_mnist_takes_less_than_a_minute(data_folder: Path) -> None:
    cr.manual_seed(0)
    images = load_images("fashion-mnist", folder=data_folder / "fashion-mnist")
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    cr.fit(model, images.train, epochs=1, verbose=0)
    assert seconds_of(model, images) < 60
