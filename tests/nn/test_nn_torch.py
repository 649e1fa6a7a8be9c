"""Every layer against PyTorch: recorded values, and live on other sizes, options and dtypes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.nn_cases import (
    LAYERS,
    Draw,
    assert_same_results,
    chainrule_library,
    layer_inputs,
    layer_results,
    torch_library,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "nn" / "layers.npz"


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN, allow_pickle=False) as stored:
        return dict(stored)


def part(stored, prefix):
    return {key.removeprefix(prefix): value for key, value in stored.items() if key.startswith(prefix)}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_recorded_values(golden, name, dtype):
    case = LAYERS[name](Draw(name))
    found = layer_results(case, chainrule_library(), part(golden, f"{name}/in/"), dtype)
    assert_same_results(found, part(golden, f"{name}/out/"), dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_torch(name, seed, dtype):
    pytest.importorskip("torch")
    case = LAYERS[name](Draw(f"{name} {seed}"))
    ours, theirs = chainrule_library(), torch_library()
    inputs = layer_inputs(case, case.make(ours.nn), seed)
    expected = layer_results(case, theirs, inputs, dtype)
    assert_same_results(layer_results(case, ours, inputs, dtype), expected, dtype)


@pytest.mark.parametrize("name", LAYERS)
def test_repr_equals_torch(name):
    torch = pytest.importorskip("torch")
    case = LAYERS[name](Draw(name))
    assert repr(case.make(chainrule_library().nn)) == repr(case.make(torch.nn))


def test_comparison_notices_wrong_answers(golden):
    right = part(golden, "mlp/out/")
    assert_same_results(right, right, "float64")
    for key in right:
        wrong = right | {key: right[key] + (1 if right[key].dtype.kind == "i" else 1e-6)}
        with pytest.raises(AssertionError):
            assert_same_results(wrong, right, "float64")
        with pytest.raises(AssertionError):
            assert_same_results({k: v for k, v in right.items() if k != key}, right, "float64")
        with pytest.raises(AssertionError):
            assert_same_results(right | {key: right[key][None]}, right, "float64")


def test_comparison_notices_a_broken_layer(golden):
    case = LAYERS["batch_norm"](Draw("batch_norm"))
    lib = chainrule_library()
    make = case.make

    def biased(nn):  # updates the running variance as if n were n + 1
        layer = make(nn)
        layer.momentum = 0.11
        return layer

    case.make = biased
    found = layer_results(case, lib, part(golden, "batch_norm/in/"), "float64")
    with pytest.raises(AssertionError):
        assert_same_results(found, part(golden, "batch_norm/out/"), "float64")
