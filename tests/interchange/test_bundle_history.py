"""Training curves in the model file: kept, thinned, and believed only if they are curves."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import FormatError
from chainrule.interchange import safetensors
from helpers.bundle_cases import trained


def stored(path: Path) -> Any:
    return json.loads(safetensors.read_header(path).metadata["history"])


def test_curves_come_back_exactly(tmp_path: Path) -> None:
    model = trained(validation=0.2)
    assert model.history is not None
    assert set(model.history) == {"loss", "accuracy", "val_loss", "val_accuracy", "lr"}
    model.save(tmp_path / "a")
    loaded = cr.load(tmp_path / "a")
    assert loaded.history == dict(model.history)
    loaded.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_long_curves_are_thinned_evenly_once(tmp_path: Path) -> None:
    model = trained()
    model.history = {"loss": [1 / (i + 1) for i in range(12_345)], "lr": [0.1] * 12_345}
    model.save(tmp_path / "a")
    history = cr.load(tmp_path / "a").history
    assert history is not None
    epochs = history["epoch"]
    assert len(epochs) == 1000
    assert (epochs[0], epochs[-1]) == (1, 12_345)
    assert set(np.diff(epochs)) <= {12, 13}
    assert history["loss"] == [1 / epoch for epoch in epochs]
    again = cr.load(tmp_path / "a")
    again.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_numbers_that_json_lacks(tmp_path: Path) -> None:
    model = trained()
    model.history = {"loss": [1.0, math.nan, math.inf, -math.inf]}
    model.save(tmp_path / "a")
    assert stored(tmp_path / "a") == {"loss": [1.0, "NaN", "Infinity", "-Infinity"]}
    assert str(cr.load(tmp_path / "a").history) == str(model.history)


def test_files_without_curves_still_load(tmp_path: Path) -> None:
    model = trained()
    model.history = None
    model.save(tmp_path / "a")
    assert "history" not in safetensors.read_header(tmp_path / "a").metadata
    assert cr.load(tmp_path / "a").history is None


@pytest.mark.parametrize(
    "own",
    [{}, {"loss": []}, {"loss": "abc"}, {"loss": [[1.0]]}, {"loss": [1.0], "other": [1.0, 2.0]}, {3: [1.0]},
     {"loss": [None]}, {"epoch": [1, 2]}, {"epoch": [2, 1], "loss": [1.0, 1.0]}, {"\ud800": [1.0]}, [1.0], "x",
     {"loss": [1.0, [2.0]]}, {str(i): [1.0] for i in range(100)}],
)  # fmt: skip
def test_what_is_no_curves_is_left_out(own: Any, tmp_path: Path) -> None:
    model = trained()
    model.history = own
    model.save(tmp_path / "a")
    assert "history" not in safetensors.read_header(tmp_path / "a").metadata


@pytest.mark.parametrize(
    "value",
    [[], {}, {"": [1.0]}, {"n" * 201: [1.0]}, {"loss": []}, {"loss": [1.0] * 1001}, {"loss": ["nan"]},
     {"loss": [True]}, {"loss": [None]}, {"loss": [10**400]}, {"loss": [1.0], "lr": [1.0, 2.0]}, {"epoch": [1]},
     {"epoch": [0], "loss": [1.0]}, {"epoch": [2, 2], "loss": [1.0, 1.0]}, {"epoch": [1.5], "loss": [1.0]},
     {"epoch": [10**12], "loss": [1.0]}, {"epoch": [True], "loss": [1.0]}, {str(i): [1.0] for i in range(66)}],
    ids=lambda value: repr(value)[:30],
)  # fmt: skip
def test_hostile_curves_are_refused(value: Any, tmp_path: Path) -> None:
    trained().save(tmp_path / "a")
    tensors, metadata = safetensors.read(tmp_path / "a")
    safetensors.write(tmp_path / "b", tensors, {**metadata, "history": json.dumps(value)})
    with pytest.raises(FormatError, match="curve") as caught:
        cr.load(tmp_path / "b")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ['{"loss":[1e999]}', '{"loss":[-1e999]}', '{"loss":[NaN]}'])
def test_numbers_beyond_double_precision(text: str, tmp_path: Path) -> None:
    trained().save(tmp_path / "a")
    tensors, metadata = safetensors.read(tmp_path / "a")
    safetensors.write(tmp_path / "b", tensors, {**metadata, "history": text})
    with pytest.raises(FormatError):
        cr.load(tmp_path / "b")


def test_a_class_with_a_history_of_its_own_keeps_it(tmp_path: Path) -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.history = nn.Linear(3, 3)

        def forward(self, x: Any) -> Any:
            return self.history(x)

    model = Own()
    rows = np.random.default_rng(0).standard_normal((30, 3))
    cr.fit(model, (rows, rows[:, 0] > 0), loss="cross_entropy", verbose=0)
    assert isinstance(model.history, nn.Linear)
    model.save(tmp_path / "a")
    assert isinstance(cr.load(tmp_path / "a", into=Own()).history, nn.Linear)
